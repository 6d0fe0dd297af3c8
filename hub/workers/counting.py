"""Compares a channel's outside with the journal: once a day at its hour, and soon after a person wants it."""

import asyncio
from datetime import UTC, datetime

from channels.adapter import Accept, CountsItems
from hub.actions.context import Context
from hub.actions.mailboxes import count_if_due
from hub.workers.supervise import Well, pause

LOOK_SECONDS = 5.0


async def count_items(
    ctx: Context, name: str, adapter: CountsItems, accept: Accept, over: asyncio.Event, well: Well
) -> None:
    """Until `over`. Only the hub that hears the channel does it."""
    started = datetime.now(UTC)
    while not over.is_set():
        await count_if_due(ctx, name, adapter, accept, started)
        well()
        await pause(over, LOOK_SECONDS)
