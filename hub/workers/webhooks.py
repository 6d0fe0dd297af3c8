"""Calls other programs as soon as there is something to tell them.

Each call is a task of its own, and an endpoint has one at a time: one that is slow takes up one place, never another's turn.
"""

import asyncio
from typing import Any
from uuid import uuid4

from hub.actions.announce import WEBHOOKS
from hub.actions.context import Context
from hub.actions.errands.make_calls import claim_calls, make_call
from hub.workers.supervise import Well

AT_ONCE = 32
POLL_SECONDS = 2.0


async def call_out(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set; what is on its way then is waited for."""
    under_way: set[asyncio.Task[Any]] = set()
    halting = asyncio.create_task(halt.wait())
    try:
        while not halt.is_set():
            heard = ctx.listener.expect(WEBHOOKS)
            token = uuid4()
            room = AT_ONCE - len(under_way)
            for call in await claim_calls(ctx, room, token) if room else ():
                under_way.add(
                    asyncio.create_task(make_call(ctx, call, token), name=f"webhook call {call.id}")
                )
            well()
            # The end of one call may let the next of its endpoint go.
            hearing = asyncio.create_task(heard.wait(POLL_SECONDS))
            done, _ = await asyncio.wait({hearing, halting, *under_way}, return_when=asyncio.FIRST_COMPLETED)
            hearing.cancel()
            under_way -= done
            _raise_faults(done)
    except asyncio.CancelledError:
        for task in under_way:
            task.cancel()
        raise
    finally:
        halting.cancel()
        if under_way:
            await asyncio.wait(under_way)


def _raise_faults(done: set[asyncio.Task[Any]]) -> None:
    """A fault of ours ends this loop, which is begun again, and the call's lease."""
    for task in done:
        if not task.cancelled() and (fault := task.exception()) is not None:
            raise fault
