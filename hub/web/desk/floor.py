"""The wallboard: what waits, who is here, what nobody can have. For everybody, and for the screen on the wall (`?tv=1`)."""

from datetime import datetime, time

from aiohttp import web

from hub.actions.floor.wallboard import Board, read_board
from hub.model.people import Presence
from hub.model.permissions import Permission
from hub.web.desk.say.floor import meter, say_wait
from hub.web.desk.say.targets import when_due
from hub.web.desk.visit import Visit
from routing.retell import retell
from storage import listening
from storage.listening import InHandRow

TALKS = 6
"""So many of an agent's tickets are named, live ones first."""


async def show_floor(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("floor.html", section="floor", tv=_is_tv(visit), **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_floor.html", **await _read(visit))


async def _read(visit: Visit) -> dict[str, object]:
    local = visit.now.astimezone(visit.voice.zone)
    midnight = datetime.combine(local.date(), time(), tzinfo=visit.voice.zone)
    board = await read_board(visit.ctx, midnight)
    here = [one for one in board.agents if one.presence != Presence.OFFLINE]
    talks: dict[int, list[InHandRow]] = {}
    if visit.may(Permission.LISTEN_IN):
        asked = [one.id for one in board.agents if one.tickets]
        for talk in await visit.ctx.database.read(lambda c: listening.in_hand(c, asked, TALKS)):
            talks.setdefault(talk.agent_id, []).append(talk)
    titles = {
        queue.now.name: queue.now.title_zh if visit.voice.chinese else queue.now.title_en
        for queue in board.queues
    }
    return {
        "board": board,
        "titles": titles,
        "stuck": [(one, _reasons(visit, one.why, titles)) for one in board.stuck],
        "here": here,
        "talks": talks,
        "gone": [one for one in board.agents if one.presence == Presence.OFFLINE],
        "share": _percent(visit, board),
        "meter": meter,
        "wait": lambda expected: say_wait(visit.voice, expected),
        "when_due": when_due,
    }


def _percent(visit: Visit, board: Board) -> str:
    share = board.in_time_share
    # Rounded down: 100% is said when nothing was late.
    return "–" if share is None else visit.voice.percent(int(share * 100) / 100)


def _reasons(visit: Visit, why: object, titles: dict[str, str]) -> list[str]:
    return [reason for told in retell(why, visit.voice.locale, titles) for reason in told.reasons]


def _is_tv(visit: Visit) -> bool:
    return visit.query.get("tv", "") == "1"
