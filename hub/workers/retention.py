"""Lets the policies of retention run in the night, one after the other; ends at any hour what was begun."""

import asyncio

from hub.actions.context import Context
from hub.actions.privacy.forget import finish_forgetting
from hub.actions.privacy.sweep import is_night, sweep_next
from hub.workers.supervise import Well, pause

LOOK_SECONDS = 300.0


async def keep_retention(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set."""

    def going_on() -> bool:
        well()
        return not halt.is_set()

    while going_on():
        while going_on() and await finish_forgetting(ctx):
            pass
        while going_on() and is_night() and await sweep_next(ctx, going_on):
            pass
        await pause(halt, LOOK_SECONDS)
