"""Sees to it that what happens to tickets by itself happens at its moment (hub.actions.floor.look_after)."""

import asyncio

from hub.actions.announce import ROUTE
from hub.actions.context import Context
from hub.actions.floor.look_after import look_after, next_moment
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 5.0
"""A hint may be lost with its connection: look by ourselves this often."""
REST_SECONDS = 0.25


async def keep_floor(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Woken by everything that routing is woken by, and at the next moment that is foreseen; until `halt` is set."""
    await look_again(
        ctx.listener,
        ROUTE,
        lambda: look_after(ctx),
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        rest=REST_SECONDS,
        one_is_enough=True,
        foreseen=lambda: next_moment(ctx),
    )
