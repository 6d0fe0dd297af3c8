"""What tells of the ledger, at work without a whole hub around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.actions.context import Context


@asynccontextmanager
async def announcing(ctx: Context) -> AsyncIterator[None]:
    """Listener and feed at work, from now on."""
    await ctx.feed.start()
    tasks = [asyncio.create_task(ctx.listener.run()), asyncio.create_task(ctx.feed.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
