"""Rings the bell: reads the ledgers as they grow and tells agents what concerns them."""

import asyncio

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0
REST_SECONDS = 0.2
"""Under load one look reads what many wrote; nobody's bell has to ring sooner."""


async def ring(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Hubs take turns."""
    await look_again(
        ctx.listener,
        EVENTS,
        lambda: tell_of_ledger(ctx),
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        rest=REST_SECONDS,
        one_is_enough=True,
    )
