"""Which tickets an agent has looked at, and how far: what is new since is marked in their lists."""

from hub.actions.context import Context
from storage import ticket_lists


async def mark_seen(ctx: Context, *, agent_id: int, ticket_id: int, seq: int) -> None:
    """The agent has the ticket before them as its ledger stood at `seq`."""
    await ctx.database.run_one(lambda c: ticket_lists.see(c, agent_id=agent_id, ticket_id=ticket_id, seq=seq))
