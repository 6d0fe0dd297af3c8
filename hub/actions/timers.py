"""What happens by itself when its time has come. A timer fires once: mark and effect are one transaction."""

from collections.abc import Sequence

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.answers.schedule import settle_scheduled
from hub.actions.chat.part import look_at_chats
from hub.actions.context import Context
from hub.actions.errands.tasks import say_tasks_due
from hub.actions.failures import in_short
from hub.actions.floor.live import end_silent
from hub.actions.lists.snooze import wake_due
from hub.actions.surveys.invite import ASK_RATING, ask_rating
from hub.actions.targets import keep_targets
from hub.actions.ticket_work import CLOSE_RESOLVED
from hub.model.tickets import EventKind, TicketStatus
from storage import events, house, work
from storage.database import Connection, DatabaseUnavailable, as_json, try_alone
from storage.house import TimerRow

log = structlog.get_logger(__name__)

_BATCH = 100
_AGAIN_SECONDS = 3600.0
"""Until one that could not fire is tried once more: a survey or a closing bears it, and a log that says it each time too."""


async def fire_due(ctx: Context) -> int:
    """Fire what is due, and say what is due to be said about what was promised; returns how much there was. One of these that
    fails holds up none of the others; what the first one raised is raised when all have had their turn."""
    fired, faults = 0, list[Exception]()
    for part in (_fire, end_silent, wake_due, keep_targets, say_tasks_due, settle_scheduled, look_at_chats):
        try:
            fired += await part(ctx)
        except Exception as error:  # noqa: BLE001 - raised below
            faults.append(error)
    if faults:
        # Whoever looks after the loop is told of the first alone. A database that is gone says so once.
        for fault in faults[1:]:
            if not isinstance(fault, DatabaseUnavailable):
                log.error("timers.failed", error=in_short(fault))
        raise faults[0]
    return fired


async def _fire(ctx: Context) -> int:
    async def fire(connection: Connection) -> int:
        timers = await house.due_timers(connection, _BATCH)
        if timers:
            await _bring_about(ctx, connection, timers)
            await announce(connection, EVENTS)
        return len(timers)

    return await ctx.database.run(fire)


async def _bring_about(ctx: Context, connection: Connection, timers: Sequence[TimerRow]) -> None:
    """All at once, and only if that fails in halves: one that cannot fire is put off, those beside it fire."""

    async def bring_about(_: Connection) -> None:
        for timer in timers:
            if timer.kind == CLOSE_RESOLVED:
                await _close(connection, timer.ticket_id)
            elif timer.kind == ASK_RATING:
                await ask_rating(ctx, connection, timer.ticket_id)

    error = await try_alone(connection, bring_about)
    if error is None:
        return
    if len(timers) > 1:
        for part in (timers[: len(timers) // 2], timers[len(timers) // 2 :]):
            await _bring_about(ctx, connection, part)
        return
    (timer,) = timers
    log.error("timers.put_off", kind=timer.kind, ticket=timer.ticket_id, error=in_short(error))
    await house.put_off(connection, timer.id, _AGAIN_SECONDS)


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
