"""An agent says yes or no to a ticket that is offered to them, or says nothing until its time is over.

Each end of an offer is one conditional step: of a yes and the end of the time, or of two answers, exactly one happens.
"""

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.presence import OFFERS_NOT_ANSWERED, change_presence
from hub.model.people import HUB, Actor, Presence
from storage import offers as stored
from storage.database import Connection

_BATCH = 200


async def accept_offer(ctx: Context, *, offer_id: int, agent_id: int, actor: Actor) -> int:
    """The ticket is theirs from now on; returns its code, also where they had said yes before. Raises NotPossible
    (offer_over)."""

    async def work(connection: Connection) -> int | None:
        why = {"outcome": "accepted", "agent_id": agent_id, "agent_name": actor.name}
        code = await stored.accept(connection, offer_id, agent_id, why)
        if code is None:
            return await _answered_before(connection, offer_id, agent_id, "accepted")
        await announce(connection, EVENTS)
        return code

    code = await ctx.database.run(work)
    if code is None:
        raise _over()
    return code


async def decline_offer(ctx: Context, *, offer_id: int, agent_id: int, actor: Actor) -> None:
    """The ticket goes back to its place, and at once to the next best; nothing where they had said no before. Raises
    NotPossible (offer_over)."""

    async def work(connection: Connection) -> bool:
        agent = await stored.lock_agent_of(connection, offer_id, agent_id)
        if agent is None:
            return await _answered_before(connection, offer_id, agent_id, "declined") is not None
        why = {"outcome": "declined", "agent_id": agent_id, "agent_name": agent[1], "reasons": []}
        declined = await stored.put_back(connection, [offer_id], "declined", why, actor.agent_id)
        await announce(connection, EVENTS, ROUTE)
        return bool(declined)

    if not await ctx.database.run(work):
        raise _over()


async def expire_offers(ctx: Context) -> int:
    """End what was not answered in time; returns of how many agents. Any hub may, at any moment."""

    async def work(connection: Connection) -> int:
        due = await stored.overdue(connection, _BATCH)
        if not due:
            return 0
        await stored.lock_agents(connection, [agent for _, agent in due])
        why = {"outcome": "expired", "reasons": []}
        silent = await stored.put_back(connection, [offer for offer, _ in due], "expired", why)
        # Away, they are offered nothing more, and what else they are offered now goes to others.
        for agent_id in await stored.silent(connection, silent):
            await change_presence(connection, agent_id, Presence.AWAY, by=HUB, because=OFFERS_NOT_ANSWERED)
        if silent:
            await announce(connection, EVENTS, ROUTE)
        return len(silent)

    return await ctx.database.run(work)


async def take_back_beyond_room(connection: Connection, agent_id: int, by: Actor) -> None:
    """Somebody has less room than before: what they are offered beyond it goes to others, the newest first. What they have
    stays. The caller holds the agent's lock, and has written the room."""
    why = {"outcome": "withdrawn", "reasons": []}
    # One that is accepted in this very moment is theirs, and another goes in its place.
    while too_much := await stored.beyond_room(connection, agent_id):
        await stored.put_back(connection, too_much, "withdrawn", why, by.agent_id)


async def _answered_before(connection: Connection, offer_id: int, agent_id: int, state: str) -> int | None:
    """The ticket's code where this agent has given this answer already: after a COMMIT whose own answer was lost it is given
    once more, and must not be told that the offer went by."""
    before = min(offer_id + 1, 2**63 - 1)  # an address may name any bigint
    found = await stored.list_offers(connection, state=None, agent_id=None, before=before, limit=1)
    said = (offer_id, agent_id, state)
    return next((one.ticket_code for one in found if (one.id, one.agent_id, one.state) == said), None)


def _over() -> NotPossible:
    return NotPossible(
        "This offer is over: its time was up, or the ticket went to somebody else.", code="offer_over"
    )
