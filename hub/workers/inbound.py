"""Reads what was only journalled, as soon as it is."""

import asyncio

from hub.actions.announce import INBOUND
from hub.actions.context import Context
from hub.actions.receive import read_waiting
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0


async def read_inbound(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Any number of hubs may do this: each item is claimed by one."""
    await look_again(
        ctx.listener, INBOUND, lambda: read_waiting(ctx), every=POLL_SECONDS, halt=halt, well=well
    )
