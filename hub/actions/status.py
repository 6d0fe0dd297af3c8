"""A person moves a ticket from one state to another."""

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.own_fields import require_fields
from hub.actions.surveys.invite import plan_rating
from hub.actions.ticket_work import CLOSE_RESOLVED, Step, on_ticket
from hub.model.people import Actor
from hub.model.tickets import TicketStatus, may_become
from storage import house, work

_AT_WORK = (TicketStatus.OPEN, TicketStatus.PENDING)


async def change_status(
    ctx: Context, *, ticket_code: int, status: str, actor: Actor, unfinished: bool = False
) -> int:
    """open, pending, resolved or closed. A resolved ticket closes by itself after a while. Returns the number that the change
    has in the ledger, by which it can be undone; 0 where the ticket was so already. Raises NotFound, NotPossible (wrong_status;
    fields_missing where fields that are asked for are empty, unless it may be left `unfinished`)."""
    if status not in {one.value for one in TicketStatus}:
        raise NotPossible("A ticket is open, pending, resolved or closed.", code="wrong_status")
    wanted = TicketStatus(status)
    return await on_ticket(
        ctx, ticket_code, actor, lambda taken: step_status(ctx, taken, wanted, unfinished=unfinished)
    )


async def step_status(ctx: Context, taken: Step, wanted: TicketStatus, *, unfinished: bool = False) -> int:
    """The same as a part of a larger step on the ticket."""
    if wanted is taken.status:
        return 0
    if not may_become(taken.status, wanted):
        raise NotPossible(f"A {taken.status} ticket cannot become {wanted}.", code="wrong_status")
    if taken.status in _AT_WORK and wanted not in _AT_WORK and not unfinished:
        await require_fields(taken.connection, taken.ticket.id)
    await taken.become(wanted)
    seq = taken.seq
    version = await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq, status=wanted.value)
    if wanted is TicketStatus.RESOLVED:
        seconds = ctx.settings.tickets.close_resolved_after_days * 86_400
        await house.set_timer(taken.connection, CLOSE_RESOLVED, taken.ticket.id, seconds, version)
        await plan_rating(ctx, taken.connection, taken.ticket, version)
    return seq
