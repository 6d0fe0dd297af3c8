"""Sees to it that routing knows what is expected (hub.actions.floor.outlook)."""

import asyncio

import structlog

from hub.actions.apart import ApartFailed
from hub.actions.context import Context
from hub.workers.supervise import Well, pause
from storage.database import DatabaseUnavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0


async def look_ahead(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Every minute, until `halt` is set. What cannot be found leaves what was found before, and is tried again."""
    while not halt.is_set():
        try:
            if await ctx.outlook.look_ahead(ctx.database, ctx.rules):
                log.debug("outlook.found", priced=len(ctx.outlook.prices.of_work))
        except (ApartFailed, DatabaseUnavailable) as error:
            log.warning("outlook.old", error=str(error))
        well()
        await pause(halt, LOOK_SECONDS)
