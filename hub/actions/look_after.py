"""What becomes of tickets by itself, each at its moment: offers that nobody answered, tickets whose agent is gone or silent,
those that wait too long in one queue, those that nobody can take. Any number of hubs do this at once."""

from hub.actions.context import Context
from hub.actions.offers import expire_offers
from hub.actions.overflow import next_overflow, overflow
from hub.actions.returns import give_back_left, give_back_unanswered, next_return
from hub.actions.unplaceable import say_unplaceable
from storage import house, offers
from storage.database import Connection


async def look_after(ctx: Context) -> float | None:
    """Do all that is due; returns in how many seconds the next thing is, as far as is known now."""
    while await expire_offers(ctx):
        pass
    while await give_back_left(ctx):
        pass
    await give_back_unanswered(ctx)
    now = await ctx.database.read(house.database_clock)
    while await overflow(ctx, now):
        pass
    while await say_unplaceable(ctx):
        pass

    async def look(connection: Connection) -> list[float | None]:
        return [
            await offers.next_end(connection),
            await next_return(ctx, connection),
            await next_overflow(ctx, connection, now),
        ]

    return min((one for one in await ctx.database.read(look) if one is not None), default=None)
