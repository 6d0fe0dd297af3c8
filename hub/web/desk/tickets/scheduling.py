"""Sending later: the moments to choose from, what waits, and what is done to it."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from hub.actions.answers import schedule
from hub.actions.answers.later import moments
from hub.actions.failures import NotFound
from hub.web.desk.say.scheduled import say_moment
from hub.web.desk.tickets.composing import composer_context
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import entries_asked, read_work, work_context
from hub.web.desk.visit import Visit
from routing.calendars import Calendar
from storage import scheduled


async def show_moments(visit: Visit) -> web.StreamResponse:
    """What "later" may be, as things stand now: by the agent's own clock, on days on which they work."""
    ticket_code(visit.request.match_info["code"])
    name = await visit.ctx.database.read(lambda c: scheduled.calendar_of(c, visit.agent.id))
    calendars = visit.ctx.rules.policies.calendars
    calendar = calendars.get(name) or next(iter(calendars.values()), None)
    offered = moments(visit.now, visit.voice.zone, _works(calendar))
    earliest = visit.now.astimezone(visit.voice.zone).strftime("%Y-%m-%dT%H:%M")
    return visit.page(
        "_moments.html", moments=[say_moment(visit.voice, one) for one in offered], earliest=earliest
    )


def _works(calendar: Calendar | None) -> Callable[[Any], bool]:
    """Without a calendar: from Monday to Friday."""
    if calendar is None:
        return lambda day: day.weekday() < 5
    return lambda day: bool(calendar.hours_of(day))


async def post_edit(visit: Visit) -> web.StreamResponse:
    """It waits no longer: its words are in the composer again."""
    await _do(visit, schedule.cancel_scheduled)
    return await _show_composer(visit)


async def post_restore(visit: Visit) -> web.StreamResponse:
    """The words of one that was cancelled are in the composer again."""
    await _do(visit, schedule.restore_scheduled)
    return await _show_composer(visit)


async def post_now(visit: Visit) -> web.StreamResponse:
    """It leaves now."""
    await _do(visit, schedule.send_scheduled_now)
    return await _show_thread(visit)


async def post_cancel(visit: Visit) -> web.StreamResponse:
    """It does not leave; the thread keeps its words for a while."""

    async def cancel(*args: Any, **more: Any) -> object:
        return await schedule.cancel_scheduled(*args, **more, into_draft=False)

    await _do(visit, cancel)
    return await _show_thread(visit)


async def _do(visit: Visit, act: Callable[..., Awaitable[object]]) -> None:
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of a scheduled reply")
    code = ticket_code(visit.request.match_info["code"])
    row = await visit.ctx.database.read(lambda c: scheduled.look(c, int(given)))
    if row is None or row.ticket_code != code:
        raise NotFound("There is no such scheduled reply on this ticket.")
    await act(visit.ctx, scheduled_id=row.id, actor=visit.actor)


async def _show_composer(visit: Visit) -> web.StreamResponse:
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_sent.html", **await composer_context(visit, work, given=True))


async def _show_thread(visit: Visit) -> web.StreamResponse:
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, entries_asked(visit.query))
    return visit.page("_thread.html", **work_context(visit, work))
