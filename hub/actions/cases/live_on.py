"""A conversation whose ticket goes into another: the visitor still sits there, so the other ticket is what is answered at once,
and whoever was talking goes on talking."""

from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step
from hub.model.tickets import EventKind, TicketStatus
from storage import live
from storage.move import BroughtLive

_AT_WORK = (TicketStatus.OPEN, TicketStatus.PENDING)


async def carry_live(source: Step, target: Step, *, silence_seconds: float) -> BroughtLive | None:
    """None where there is nothing to carry: nobody sat there, the other is live by itself or over. Whoever talked has the other
    ticket from now on where nobody has it."""
    if not source.ticket.live or target.ticket.live or target.status not in _AT_WORK:
        return None
    await target.withdraw_offer()
    given = source.ticket.assignee_id if target.ticket.assignee_id is None else None
    if given is not None:
        why = {"outcome": "manual", "by": target.actor.name, "agent_id": given, "reasons": list[str]()}
        await hand_over(target, given, why=why)
    await _begin(target, silence_seconds)
    return BroughtLive(given_to=given)


async def carry_live_back(
    source: Step, target: Step, brought: BroughtLive, *, silence_seconds: float
) -> None:
    """As long as the visitor still sits there, they sit at the first ticket again."""
    if target.ticket.live:
        target.made_room = True
        await target.note(EventKind.LIVE_ENDED)
        await live.set_live(target.connection, target.ticket.id, None)
        if source.status in _AT_WORK:
            await _begin(source, silence_seconds)
    if brought.given_to is not None and target.ticket.assignee_id == brought.given_to:
        why = {"outcome": "manual", "by": target.actor.name, "agent_id": None, "reasons": list[str]()}
        await hand_over(target, None, why=why)


async def _begin(step: Step, silence_seconds: float) -> None:
    step.made_room = True
    await step.note(EventKind.LIVE_AGAIN)
    await live.set_live(step.connection, step.ticket.id, silence_seconds)
