"""A supervisor listens to a colleague's conversation: reads along, whispers, takes over. The customer sees nothing of it; the
ledger keeps it, and the colleague sees who is there."""

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import hand_over
from hub.actions.note import check_text
from hub.actions.ticket_work import Step, on_ticket
from hub.model.interactions import Direction
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import listening, work


async def listen_in(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """Be there. Raises NotFound, NotPossible (nobody_talks: no colleague has the ticket, or it is over)."""
    agent_id = _agent(actor)

    async def step(taken: Step) -> None:
        in_work = taken.status in (TicketStatus.OPEN, TicketStatus.PENDING)
        if not in_work or taken.ticket.assignee_id in (None, agent_id):
            raise NotPossible("No colleague is talking there.", code="nobody_talks")
        if await listening.begin(taken.connection, taken.ticket.id, agent_id):
            await _note(taken, listening=True)

    await on_ticket(ctx, ticket_code, actor, step)


async def stop_listening(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """Be gone. Raises NotFound."""
    agent_id = _agent(actor)

    async def step(taken: Step) -> None:
        if await listening.end(taken.connection, taken.ticket.id, agent_id, "left"):
            await _note(taken, listening=False)

    await on_ticket(ctx, ticket_code, actor, step)


async def whisper(ctx: Context, *, ticket_code: int, text: str, actor: Actor) -> int:
    """A word to the colleague, which nothing can send; returns its id on the timeline. Raises NotFound, NotPossible
    (not_listening, empty, too_long)."""
    agent_id, text = _agent(actor), check_text(text)

    async def step(taken: Step) -> int:
        there = await listening.listeners(taken.connection, taken.ticket.id)
        if agent_id not in {one.agent_id for one in there}:
            raise NotPossible("Whoever whispers listens first.", code="not_listening")
        entry = await listening.whisper(
            taken.connection, taken.ticket, taken.seq + 1, agent_id=agent_id, author=actor.name, text=text
        )
        await taken.note(
            EventKind.INTERACTION_ADDED, interaction=entry, direction=Direction.INTERNAL.value, whisper=True
        )
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return entry

    return await on_ticket(ctx, ticket_code, actor, step)


async def take_over(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """The conversation is the listener's. Raises NotFound, NotPossible (not_listening)."""
    agent_id = _agent(actor)

    async def step(taken: Step) -> None:
        if not await listening.end(taken.connection, taken.ticket.id, agent_id, "took_over"):
            raise NotPossible("Whoever takes over listens first.", code="not_listening")
        await _note(taken, listening=False)
        if taken.ticket.assignee_id != agent_id:
            why = {"outcome": "manual", "by": actor.name, "agent_id": agent_id, "reasons": list[str]()}
            await hand_over(taken, agent_id, why=why)
            await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)

    await on_ticket(ctx, ticket_code, actor, step, with_agents=(agent_id,))


async def _note(taken: Step, *, listening: bool) -> None:
    await taken.note(EventKind.LISTENING_CHANGED, agent=taken.actor.agent_id, listening=listening)
    await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)


def _agent(actor: Actor) -> int:
    if actor.agent_id is None:
        raise NotPossible("A program does not listen in.", code="nobody_talks")
    return actor.agent_id
