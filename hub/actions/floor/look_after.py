"""What becomes of tickets and tasks by itself, each at its moment: offers that nobody answered, tickets whose agent is gone
or silent, those that wait too long in one queue, those that nobody can take. Any number of hubs do this at once."""

from hub.actions.context import Context
from hub.actions.errands.task_returns import put_back_of_gone
from hub.actions.floor.offers import expire_offers
from hub.actions.floor.overflow import next_overflow, overflow
from hub.actions.floor.returns import give_back_left, give_back_unanswered, next_return
from hub.actions.floor.unplaceable import say_unplaceable
from storage import offers
from storage.database import Connection


async def look_after(ctx: Context) -> int:
    """One round of what is due; returns how much there was."""
    return (
        await expire_offers(ctx)
        + await give_back_left(ctx)
        + await give_back_unanswered(ctx)
        + await overflow(ctx)
        + await say_unplaceable(ctx)
        + await put_back_of_gone(ctx)
    )


async def next_moment(ctx: Context) -> float | None:
    """In how many seconds something is due, as far as is known now; None: nothing is foreseen."""

    async def look(connection: Connection) -> list[float | None]:
        return [
            await offers.next_end(connection),
            await next_return(ctx, connection),
            await next_overflow(ctx, connection),
        ]

    return min((one for one in await ctx.database.read(look) if one is not None), default=None)
