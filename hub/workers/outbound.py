"""Sends what waits in the outbox of one channel.

A loop for each channel: a relay that is slow or away holds up its own letters and nobody else's.
"""

import asyncio

from channels.adapter import ChannelAdapter
from hub.actions.announce import OUTBOX
from hub.actions.context import Context
from hub.actions.deliver import deliver_due
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0


async def send_out(ctx: Context, adapter: ChannelAdapter, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. For a polled channel only while this hub holds its lease."""
    mine = {adapter.name: adapter}
    await look_again(
        ctx.listener, OUTBOX, lambda: deliver_due(ctx, mine), every=POLL_SECONDS, halt=halt, well=well
    )
