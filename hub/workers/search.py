"""Takes into search what was written, soon after it was."""

import asyncio

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.actions.search.index import index_some
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0
REST_SECONDS = 0.25
"""Under load one look reads what many wrote; and what was there before there was a search does not crowd out the day's work."""


async def keep_search(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Hubs take turns."""
    await look_again(
        ctx.listener,
        EVENTS,
        lambda: index_some(ctx),
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        rest=REST_SECONDS,
        one_is_enough=True,
    )
