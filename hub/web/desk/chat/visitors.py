"""Visitors of live conversations: what the page is told of those whose tickets it shows, when it asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from hub.actions.chat.visitors import MOST, goes_on, read_visitors
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.visit import Visit
from storage.chat import VisitorRow


async def show_visitors(visit: Visit) -> web.StreamResponse:
    """GET ?tickets=T-10019.T-10027; by ticket, of those that are live conversations."""
    codes = _codes(visit.query.get("tickets", ""))
    found = await read_visitors(visit.ctx, visit.actor, codes) if codes else ()
    told = {
        show_code(TICKET, one.code): tell_visitor(
            visit.voice, one, visit.now, goes_on=goes_on(visit.ctx, one)
        )
        for one in found
    }
    return web.json_response(told, headers={"Cache-Control": "no-store"})


def _codes(given: str) -> list[int]:
    """What is no number of a ticket is left out."""
    codes = []
    for one in given.split(".")[:MOST]:
        try:
            codes.append(read_code(TICKET, one))
        except NotACode:
            continue
    return codes


def tell_visitor(voice: Voice, row: VisitorRow, now: datetime, *, goes_on: bool) -> Mapping[str, Any]:
    """`state`: writing, here, left, or "" where nothing is known; `said` in a word, `more` in a sentence. `seen`: the last
    answer that was before their eyes, as text: the number is longer than scripts count. `by`: how they are answered, mail or
    chat."""
    state = "writing" if row.typing and row.here else "here" if row.here else "left" if row.away_since else ""
    said = voice.say(_WORDS[state]) if state else ""
    more, by = _more(voice, row, state, now, goes_on), "mail" if row.by_mail else "chat"
    return {"state": state, "said": said, "more": more, "seen": str(row.seen_line), "by": by}


_WORDS = {
    "writing": N_("Writing…"),
    "here": N_("Here now"),
    "left": N_("Left the chat"),
}


def _more(voice: Voice, row: VisitorRow, state: str, now: datetime, goes_on: bool) -> str:
    if state == "writing":
        return voice.say(N_("The visitor is writing…"))
    if state == "here":
        return voice.say(N_("The visitor is here"))
    if row.away_since is None:
        return ""
    at = voice.stamp(row.away_since, now)
    if row.by_mail:
        return voice.say(
            N_("The visitor left (%(time)s); it goes on by e-mail: %(address)s"), time=at, address=row.mail
        )
    if not goes_on:
        return voice.say(N_("The visitor left (%(time)s)"), time=at)
    if row.mail:
        return voice.say(
            N_("The visitor left (%(time)s); what they do not see goes to %(address)s"),
            time=at,
            address=row.mail,
        )
    return voice.say(N_("The visitor left (%(time)s) and named no e-mail address"), time=at)
