"""Tells visitors' pages that an agent writes."""

import asyncio

from hub.actions.announce import LOOKS
from hub.actions.chat.writing import Talk, tell_writing
from hub.actions.context import Context
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 5.0
REST_SECONDS = 0.25


async def tell_visitors(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Of this hub, until `halt` is set."""
    writing: frozenset[Talk] = frozenset()

    async def look() -> int:
        nonlocal writing
        writing = await tell_writing(ctx, writing)
        return 0

    await look_again(ctx.listener, LOOKS, look, every=POLL_SECONDS, halt=halt, well=well, rest=REST_SECONDS)
