"""Has files looked into for viruses, one after the other, and again those that could not be while the scanner was away."""

import asyncio

import structlog

from hub.actions.announce import FILES
from hub.actions.context import Context
from hub.actions.scanning.clamd import ScannerAway
from hub.actions.scanning.look import scan_next
from hub.workers.look import look_again
from hub.workers.supervise import Well

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0


async def scan_files(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set."""
    away = False

    async def look() -> int:
        nonlocal away
        try:
            more = await scan_next(ctx)
        except ScannerAway as error:
            if not away:
                log.warning("scanner.away", error=str(error))
            away = True
            return 0
        if more and away:
            log.info("scanner.back")
            away = False
        return int(more)

    await look_again(ctx.listener, FILES, look, every=LOOK_SECONDS, halt=halt, well=well)
