"""Puts messages together whose parts arrive one by one, as soon as no more of them come."""

import asyncio

from hub.actions.announce import GATHER
from hub.actions.context import Context
from hub.actions.gather import gather_due, next_gathering
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0


async def gather(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Any number of hubs may do this: each message is put together by one at a time."""
    await look_again(
        ctx.listener,
        GATHER,
        lambda: gather_due(ctx),
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        foreseen=lambda: next_gathering(ctx),
    )
