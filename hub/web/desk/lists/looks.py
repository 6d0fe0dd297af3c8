"""Who looks on: what a page tells over its socket, and what it is told of colleagues when it asks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from hub.actions.lists.looks import Doing, Look, read_looks
from hub.actions.lists.seen import mark_seen
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import ticket_lists
from storage.looks import LookRow

SHOWN = 3
"""Faces of one ticket; the sentence names them all."""


def read_look(said: str) -> Look | None:
    """What a page says: {"ticket": "T-10019", "doing": "typing"}, or no ticket. None for anything else.

    >>> read_look('{"ticket": null, "doing": "viewing"}')
    Look(ticket_code=None, doing=<Doing.VIEWING: 'viewing'>)
    """
    try:
        told = orjson.loads(said)
        ticket, doing = told["ticket"], Doing(told["doing"])
        return Look(ticket_code=None if ticket is None else read_code(TICKET, ticket), doing=doing)
    except (ValueError, KeyError, TypeError, AttributeError, NotACode):
        return None


async def show_looks(visit: Visit) -> web.StreamResponse:
    """By ticket: faces, and one sentence."""
    tickets: defaultdict[int, list[LookRow]] = defaultdict(list)
    for one in await read_looks(visit.ctx, visit.actor):
        tickets[one.code].append(one)
    told = {show_code(TICKET, code): _tell(visit.voice, rows) for code, rows in tickets.items()}
    return web.json_response(told, headers={"Cache-Control": "no-store"})


async def post_seen(visit: Visit) -> web.StreamResponse:
    """The ticket as it stood at this number of its ledger is before the agent's eyes."""
    code = ticket_code(visit.request.match_info["code"])
    given = visit.query.get("seq", "")
    ids = await visit.ctx.database.read(lambda c: ticket_lists.ids_of(c, [code]))
    if code in ids and given.isascii() and given.isdigit() and len(given) < 10:
        await mark_seen(visit.ctx, agent_id=visit.agent.id, ticket_id=ids[code], seq=int(given))
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


def _tell(voice: Voice, rows: Sequence[LookRow]) -> Mapping[str, Any]:
    """`typing`: the sentence about those who write a reply, "" where nobody does."""
    order = {Doing.TYPING: 0, Doing.VIEWING: 1, Doing.IDLE: 2}
    rows = sorted(rows, key=lambda one: (order[Doing(one.doing)], one.name))
    by_doing = {doing: [one.name for one in rows if one.doing == doing] for doing in Doing}
    typing = _sentence(voice, Doing.TYPING, by_doing[Doing.TYPING])
    others = [_sentence(voice, doing, by_doing[doing]) for doing in (Doing.VIEWING, Doing.IDLE)]
    return {
        "faces": [{"letter": one.name[:1].upper(), "doing": one.doing} for one in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
        "said": voice.say(N_("; ")).join(one for one in (typing, *others) if one),
        "typing": typing,
    }


def _sentence(voice: Voice, doing: Doing, names: Sequence[str]) -> str:
    if not names:
        return ""
    one, many = _SENTENCES[doing]
    text = one if len(names) == 1 else many
    return voice.say(text, names=voice.say(N_(", ")).join(names))


_SENTENCES: Mapping[Doing, tuple[str, str]] = {
    Doing.TYPING: (N_("%(names)s is typing a reply"), N_("%(names)s are typing replies")),
    Doing.VIEWING: (N_("%(names)s is looking at it"), N_("%(names)s are looking at it")),
    Doing.IDLE: (N_("%(names)s has it open"), N_("%(names)s have it open")),
}
