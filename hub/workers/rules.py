"""Has this hub go by the newest rules, whichever hub they were changed on."""

import asyncio

from hub.actions.announce import RULES
from hub.actions.context import Context
from hub.actions.rules.rulebook import reload_rules
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 5.0


async def follow_rules(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set."""
    await look_again(ctx.listener, RULES, lambda: reload_rules(ctx), every=POLL_SECONDS, halt=halt, well=well)
