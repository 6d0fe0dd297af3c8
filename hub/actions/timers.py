"""What happens by itself when its time has come. A timer fires once: mark and effect are one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.answers.schedule import settle_scheduled
from hub.actions.chat.part import look_at_chats
from hub.actions.context import Context
from hub.actions.errands.tasks import say_tasks_due
from hub.actions.failures import PUT_OFF_SECONDS, in_short
from hub.actions.floor.live import end_silent
from hub.actions.lists.snooze import wake_due
from hub.actions.surveys.invite import ASK_RATING, ask_rating
from hub.actions.targets import keep_targets
from hub.actions.ticket_work import CLOSE_RESOLVED
from hub.model.tickets import EventKind, TicketStatus
from storage import events, house, work
from storage.database import Connection, as_json, in_halves
from storage.house import TimerRow

log = structlog.get_logger(__name__)

_BATCH = 100


async def fire(ctx: Context) -> int:
    """Close what was resolved for long, and ask for ratings; returns how many timers were due."""

    async def work(connection: Connection) -> int:
        timers = await house.due_timers(connection, _BATCH)
        if timers:
            await in_halves(
                connection, timers, partial(_bring_about, ctx, connection), partial(_put_off, connection)
            )
            await announce(connection, EVENTS)
        return len(timers)

    return await ctx.database.run(work)


PARTS: Mapping[str, Callable[[Context], Awaitable[int]]] = {
    "timers": fire,
    "silence": end_silent,
    "snoozed": wake_due,
    "promises": keep_targets,
    "tasks due": say_tasks_due,
    "scheduled": settle_scheduled,
    "partings": look_at_chats,
}
"""What time brings, each of it with a loop of its own: one that fails holds up none of the others."""


async def fire_due(ctx: Context) -> int:
    """All of it in turn; returns how much was due."""
    return sum([await part(ctx) for part in PARTS.values()])


async def _bring_about(ctx: Context, connection: Connection, timers: Sequence[TimerRow]) -> None:
    for timer in timers:
        if timer.kind == CLOSE_RESOLVED:
            await _close(connection, timer.ticket_id)
        elif timer.kind == ASK_RATING:
            await ask_rating(ctx, connection, timer.ticket_id)


async def _put_off(connection: Connection, timer: TimerRow, error: Exception) -> None:
    log.error("timers.put_off", kind=timer.kind, ticket=timer.ticket_id, error=in_short(error))
    await house.put_off(connection, timer.id, PUT_OFF_SECONDS)


async def _close(connection: Connection, ticket_id: int) -> None:
    seq = await work.close_if_resolved(connection, ticket_id)
    if seq is None:
        return
    data = {"from": TicketStatus.RESOLVED.value, "to": TicketStatus.CLOSED.value}
    await events.add_ticket_events(
        connection,
        [
            events.NewEvent(
                ticket_id=ticket_id, seq=seq, kind=EventKind.STATUS_CHANGED, agent_id=None, data=as_json(data)
            )
        ],
    )
