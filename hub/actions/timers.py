"""What happens by itself when its time has come. A timer fires once: mark and effect are one transaction."""

from hub.actions.announce import EVENTS, announce
from hub.actions.answers.schedule import settle_scheduled
from hub.actions.chat.part import look_at_chats
from hub.actions.context import Context
from hub.actions.errands.tasks import say_tasks_due
from hub.actions.floor.live import end_silent
from hub.actions.lists.snooze import wake_due
from hub.actions.surveys.invite import ASK_RATING, ask_rating
from hub.actions.targets import keep_targets
from hub.actions.ticket_work import CLOSE_RESOLVED
from hub.model.tickets import EventKind, TicketStatus
from storage import events, house, work
from storage.database import Connection, as_json

_BATCH = 100


async def fire_due(ctx: Context) -> int:
    """Fire what is due, and say what is due to be said about what was promised; returns how much there was."""

    async def fire(connection: Connection) -> int:
        timers = await house.due_timers(connection, _BATCH)
        for timer in timers:
            if timer.kind == CLOSE_RESOLVED:
                await _close(connection, timer.ticket_id)
            elif timer.kind == ASK_RATING:
                await ask_rating(ctx, connection, timer.ticket_id)
        if timers:
            await announce(connection, EVENTS)
        return len(timers)

    fired = await ctx.database.run(fire) + await end_silent(ctx)
    return (
        fired
        + await wake_due(ctx)
        + await keep_targets(ctx)
        + await say_tasks_due(ctx)
        + await settle_scheduled(ctx)
        + await look_at_chats(ctx)
    )


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
