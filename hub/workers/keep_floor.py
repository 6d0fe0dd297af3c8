"""Sees to it that each thing which happens to tickets by itself happens at its moment (hub.actions.look_after)."""

import asyncio

from hub.actions.announce import ROUTE
from hub.actions.context import Context
from hub.actions.look_after import look_after
from hub.workers.supervise import Well, pause

LONGEST_SECONDS = 5.0
"""A hint may be lost with its connection, and rules may have changed: look by ourselves this often."""
REST_SECONDS = 0.1


async def keep_floor(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Sleep until the next moment that is known, woken by everything that routing is woken by; until `halt` is set."""
    while not halt.is_set():
        heard = ctx.listener.expect(ROUTE)
        seconds = await look_after(ctx)
        well()
        await pause(halt, REST_SECONDS)
        rest = LONGEST_SECONDS if seconds is None else min(seconds, LONGEST_SECONDS)
        if not halt.is_set():
            await heard.wait(max(rest - REST_SECONDS, 0.0))
