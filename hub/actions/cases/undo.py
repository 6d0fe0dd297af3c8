"""Taking back what was just done to a ticket: its status, or who has it. Possible while nothing else came of it."""

from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import check_hands, hand_over
from hub.actions.ticket_work import CLOSE_RESOLVED, Step, on_ticket
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import cases, house, move, work

_SPOKE = (
    EventKind.STATUS_CHANGED,
    EventKind.INTERACTION_ADDED,
    EventKind.ENTRIES_MOVED,
    EventKind.MOVE_UNDONE,
)
_GIVEN = (
    EventKind.TICKET_ASSIGNED,
    EventKind.TICKET_RELEASED,
    EventKind.TICKET_OFFERED,
    EventKind.OFFER_SETTLED,
    EventKind.STATUS_CHANGED,
)


async def undo_status(ctx: Context, *, ticket_code: int, seq: int, actor: Actor) -> str:
    """The status is what it was before number `seq` of the ledger; returns it. Raises NotFound; NotPossible (changed_since):
    the status changed again, or somebody wrote."""

    async def step(taken: Step) -> str:
        was = await status_before(taken, seq)
        await taken.become(was)
        version = await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq, status=was.value)
        if was is TicketStatus.RESOLVED:
            seconds = ctx.settings.tickets.close_resolved_after_days * 86_400
            await house.set_timer(taken.connection, CLOSE_RESOLVED, taken.ticket.id, seconds, version)
        # The customer has waited all the while.
        await move.refresh(taken.connection, taken.ticket.id)
        return was.value

    return await on_ticket(ctx, ticket_code, actor, step)


async def status_before(taken: Step, seq: int) -> TicketStatus:
    """What the status was before number `seq` of the ledger. Raises NotFound, NotPossible (changed_since)."""
    past = await cases.event_at(taken.connection, taken.ticket.id, seq)
    if past is None or past.kind != EventKind.STATUS_CHANGED:
        raise NotFound(f"Number {seq} of the ledger is no change of status.")
    if taken.status != past.data["to"] or await _since(taken, seq, _SPOKE):
        raise _changed_since()
    return TicketStatus(past.data["from"])


async def undo_assignment(
    ctx: Context, *, ticket_code: int, seq: int, back_to: int | None, actor: Actor
) -> None:
    """Who had the ticket before number `seq` of the ledger has it again; `back_to` None: it waits in its queue.
    Raises NotFound; NotPossible (changed_since: it was given on, offered or closed meanwhile; not_allowed, as for
    `assign_ticket`: whoever asks says who had it before)."""

    async def step(taken: Step) -> None:
        past = await cases.event_at(taken.connection, taken.ticket.id, seq)
        if past is None or past.kind not in (EventKind.TICKET_ASSIGNED, EventKind.TICKET_RELEASED):
            raise NotFound(f"Number {seq} of the ledger is no assignment.")
        if await _since(taken, seq, _GIVEN):
            raise _changed_since()
        check_hands(taken, back_to)
        if back_to is not None and (back_to not in taken.agents or not taken.agents[back_to].active):
            raise NotFound(f"There is no agent {back_to}.")
        why: dict[str, Any] = {"outcome": "manual", "by": actor.name, "agent_id": back_to, "reasons": []}
        await hand_over(taken, back_to, why=why)
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)

    others = () if back_to is None else (back_to,)
    await on_ticket(ctx, ticket_code, actor, step, with_agents=others)


async def _since(taken: Step, seq: int, kinds: tuple[EventKind, ...]) -> bool:
    return await cases.happened_since(taken.connection, taken.ticket.id, seq, [one.value for one in kinds])


def _changed_since() -> NotPossible:
    return NotPossible("Something else happened to the ticket since.", code="changed_since")
