"""Tells everybody whom an incident concerns, one after the other, as long as somebody waits to be told."""

import asyncio

from hub.actions.announce import INCIDENTS
from hub.actions.cases.tell_everybody import tell_next
from hub.actions.context import Context
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 5.0


async def tell_everybody(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Hubs share the work."""
    await look_again(
        ctx.listener, INCIDENTS, lambda: tell_next(ctx), every=POLL_SECONDS, halt=halt, well=well
    )
