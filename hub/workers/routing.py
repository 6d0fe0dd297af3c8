"""Gives waiting tickets to agents, as soon as there is a ticket or a free agent, or time has made one fit for the other."""

import asyncio

from hub.actions.announce import ROUTE
from hub.actions.context import Context
from hub.actions.floor.route import give_out_once, next_look
from hub.workers.look import look_again
from hub.workers.supervise import Well

POLL_SECONDS = 2.0
REST_SECONDS = 0.015


async def give_out(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Hubs take turns."""

    async def look() -> int:
        return int((await give_out_once(ctx)).more)

    await look_again(
        ctx.listener,
        ROUTE,
        look,
        every=POLL_SECONDS,
        halt=halt,
        well=well,
        rest=REST_SECONDS,
        one_is_enough=True,
        foreseen=lambda: next_look(ctx),
    )
