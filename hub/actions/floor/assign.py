"""A person gives a ticket to somebody, or back to its queue. What people decide wins over what the hub would."""

from collections.abc import Mapping
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.ticket_work import Step, on_ticket
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.tickets import EventKind, TicketStatus
from storage import work


async def assign_ticket(ctx: Context, *, ticket_code: int, agent_id: int | None, actor: Actor) -> int:
    """To this agent, whatever their load; None: back to the queue, where it keeps its place. Returns the number that it has
    in the ledger, by which it can be undone; 0 where nothing changed hands. Raises NotFound; NotPossible (closed;
    not_allowed: an agent whose role leaves other people's tickets alone takes what nobody has and puts back their own)."""

    async def step(taken: Step) -> int:
        ticket, connection = taken.ticket, taken.connection
        if agent_id is not None:
            agent = taken.agents.get(agent_id)
            if agent is None or not agent.active:
                raise NotFound(f"There is no agent {agent_id}.")
        if ticket.assignee_id == agent_id and (agent_id is not None or ticket.offered_to is None):
            return 0
        if taken.status is TicketStatus.CLOSED:
            raise NotPossible("A closed ticket is nobody's work: open it first.", code="closed")
        check_hands(taken, agent_id)
        await hand_over(
            taken,
            agent_id,
            why={"outcome": "manual", "by": actor.name, "agent_id": agent_id, "reasons": []},
        )
        await work.set_ticket(connection, ticket.id, seq=taken.seq)
        # Whom it was only offered to, it was not taken from.
        return 0 if agent_id is None and ticket.assignee_id is None else taken.seq

    return await on_ticket(ctx, ticket_code, actor, step, with_agents=() if agent_id is None else (agent_id,))


def check_hands(taken: Step, agent_id: int | None) -> None:
    """Whether the actor may take it from whoever has it and give it to `agent_id`. Raises NotPossible (not_allowed)."""
    actor = taken.actor
    concerned = {agent_id, taken.ticket.holder} - {None, actor.agent_id}
    if actor.agent_id is not None and concerned and not actor.may(Permission.ASSIGN_OTHERS):
        raise NotPossible("Your role leaves other people's tickets alone.", code="not_allowed")


async def hand_over(taken: Step, agent_id: int | None, *, why: Mapping[str, Any]) -> None:
    """The ticket goes from whoever has it, or is offered it, to this agent, or to nobody: assignment, decision, ledger. Part of
    a step of work; the agents are locked, and the row's other columns are the caller's (`work.set_ticket`)."""
    taken.made_room = True
    if agent_id is None and taken.ticket.offered_to is not None:
        await taken.withdraw_offer()
        return
    await taken.withdraw_offer()
    ticket, connection = taken.ticket, taken.connection
    if ticket.assignee_id is not None:
        await work.end_assignment(connection, ticket.id, "given away" if agent_id is not None else "released")
    decision = await work.add_decision(
        connection,
        ticket_id=ticket.id,
        step="manual" if agent_id is not None else "released",
        queue_id=ticket.queue_id,
        agent_id=agent_id if agent_id is not None else ticket.assignee_id,
        priority=ticket.priority,
        why=why,
    )
    await work.set_assignee(connection, ticket.id, agent_id)
    if agent_id is not None:
        await work.begin_assignment(connection, ticket.id, agent_id, decision)
        await taken.note(EventKind.TICKET_ASSIGNED, agent=agent_id)
    else:
        await taken.note(EventKind.TICKET_RELEASED, agent=ticket.assignee_id)
