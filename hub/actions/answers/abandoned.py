"""Replies whose sender is gone: sent again where nothing can have left, or a repetition shows once; else a person decides.

Of every channel, and by whichever hub looks: the one that holds the channel may be slow just now, or not there at all; and of a
channel that was switched off meanwhile, or that nobody understands any more, a repetition might show twice.
"""

from hub.actions.announce import EVENTS
from hub.actions.answers.pauses import pause_after
from hub.actions.context import Context
from hub.actions.installation import channel_id
from storage import outbound
from storage.database import Connection


async def settle_abandoned(ctx: Context) -> int:
    """Returns how many there were. Raises DatabaseUnavailable."""
    repeatable = {
        await channel_id(ctx, name): ctx.channel(name).kind.capabilities.repeatable for name in ctx.channels
    }

    async def work(connection: Connection) -> int:
        rows = await outbound.abandoned(connection)
        for row in rows:
            again = not row.may_have_left or repeatable.get(row.channel_id, False)
            state = "queued" if again else "uncertain"
            error = "" if again else "The hub stopped while it was being sent; it may or may not have left."
            # One that kills its sender must not do so without end.
            pause = pause_after(row.attempts) if again and row.attempts > 1 else 0.0
            await outbound.settle(
                connection, row.id, row.lease_token, topic=EVENTS, state=state, error=error, again_in=pause
            )
        return len(rows)

    # Mostly there are none: the look is made without a transaction, and what it finds is looked at again in one.
    if await ctx.database.read(outbound.abandoned):
        return await ctx.database.run(work)
    return 0
