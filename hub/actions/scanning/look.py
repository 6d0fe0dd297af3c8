"""Files that came in are looked into after they were kept: a message never waits for the scanner, and is never lost by it."""

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.scanning.clamd import ScanBroken, ScannerAway, ScanState, Verdict, scan
from hub.model.tickets import EventKind
from storage import events, scans
from storage.database import Connection
from storage.scans import ClaimedScan

log = structlog.get_logger(__name__)

MOST_TRIES = 3
"""So often it may break off over a file, before it is told that the file cannot be looked into."""
AGAIN_SECONDS = 20.0


async def scan_next(ctx: Context) -> bool:
    """Look into the next file that is due; False where there is none. Raises ScannerAway (the file waits on),
    DatabaseUnavailable."""
    lease = ctx.settings.scanner.within_seconds + AGAIN_SECONDS
    claimed = await ctx.database.run(lambda c: scans.claim(c, lease))
    if claimed is None:
        return False
    data = await ctx.database.read(lambda c: scans.bytes_of(c, claimed.sha256))
    if data is not None:
        await _look(ctx, claimed, data)
    return True


async def settle(ctx: Context, sha256: bytes, verdict: Verdict) -> None:
    """Write down what was said, and tell the screens that show the file."""

    async def work(connection: Connection) -> None:
        if not await scans.settle(connection, sha256, verdict.state, verdict.found):
            return
        for ticket_id in await scans.tickets_with(connection, sha256):
            await events.add_event(
                connection, EventKind.FILE_CHECKED, ticket_id=ticket_id, data={"state": verdict.state}
            )
        await announce(connection, EVENTS)

    await ctx.database.run(work)
    if verdict.state is not ScanState.CLEAN:
        log.warning("file.not_clean", state=verdict.state, found=verdict.found, sha256=sha256.hex())


async def _look(ctx: Context, claimed: ClaimedScan, data: bytes) -> None:
    async def later(*, broke_off: bool) -> None:
        await ctx.database.run(lambda c: scans.later(c, claimed.sha256, AGAIN_SECONDS, broke_off=broke_off))

    try:
        verdict = await scan(ctx.settings.scanner, data)
    except ScannerAway:
        await later(broke_off=False)
        raise
    except ScanBroken as error:
        if claimed.tries + 1 < MOST_TRIES:
            await later(broke_off=True)
            return
        verdict = Verdict(ScanState.UNSCANNABLE, str(error))
    await settle(ctx, claimed.sha256, verdict)
