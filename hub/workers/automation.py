"""Has rules look at what happened, soon after it did, and at what has waited long enough."""

import asyncio

from hub.actions.announce import EVENTS
from hub.actions.automation.look import run_rules
from hub.actions.context import Context
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 1.0
REST_SECONDS = 0.1


async def follow_automation(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Any number of hubs may do this."""
    await look_again(
        ctx.listener,
        EVENTS,
        lambda: run_rules(ctx),
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        rest=REST_SECONDS,
        one_is_enough=True,
    )
