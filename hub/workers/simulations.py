"""Answers questions about other rules and staff, one at a time."""

import asyncio

from hub.actions.announce import SIMULATIONS
from hub.actions.context import Context
from hub.actions.simulation.simulate import answer_next
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 10.0


async def simulate(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set."""
    await look_again(
        ctx.listener, SIMULATIONS, lambda: answer_next(ctx, halt), every=POLL_SECONDS, halt=halt, well=well
    )
