"""Customers that look like one person: found as identities come, decided by people, asked once."""

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import customer_pairs, events, merge_customers
from storage.database import Connection

AT_ONCE = 2000
SETTLED_SECONDS = 60.0
"""Longer than any transaction of ours can take: an identity with a smaller number has been committed by then."""


async def look_for_pairs(ctx: Context, *, settled_seconds: float = SETTLED_SECONDS) -> int:
    """Look at the identities that came since; returns how many. Safe on every hub: one at a time."""
    return await ctx.database.run(lambda c: customer_pairs.look(c, AT_ONCE, settled_seconds))


async def decide_pair(ctx: Context, *, one_code: int, other_code: int, actor: Actor) -> None:
    """The two are different people, and nobody is asked again. Raises NotFound, NotPossible (same_customer)."""
    await _decide(ctx, one_code, other_code, actor, "different")


async def undo_decision(ctx: Context, *, one_code: int, other_code: int, actor: Actor) -> None:
    """Nobody knows. Raises NotFound, NotPossible (same_customer)."""
    await _decide(ctx, one_code, other_code, actor, "")


async def _decide(ctx: Context, one_code: int, other_code: int, actor: Actor, verdict: str) -> None:
    if one_code == other_code:
        raise NotPossible("This is one customer.", code="same_customer")

    async def work(connection: Connection) -> None:
        ids = await merge_customers.ids_of(connection, [one_code, other_code])
        for code in (one_code, other_code):
            if code not in ids:
                raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")
        one, other = ids[one_code], ids[other_code]
        await customer_pairs.decide(
            connection, one, other, verdict, agent_id=actor.agent_id, author=actor.name
        )
        await events.add_event(
            connection,
            EventKind.CUSTOMER_CHANGED,
            agent_id=actor.agent_id,
            data={"customer": one, "other": other, "verdict": verdict, "by": actor.name},
        )
        await announce(connection, EVENTS)

    await ctx.database.run(work)
