"""One hub at a time does a thing: a lease is a row with an end, renewed in good time on a connection of its own.

Whether it is still ours is known without asking anybody: by the monotonic clock since the last renewal, with a margin.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import structlog

from hub.actions.context import Context
from storage import house
from storage.database import Connection, DatabaseUnavailable
from storage.events import LOST

log = structlog.get_logger(__name__)

TTL_SECONDS = 15.0
_MARGIN_SECONDS = 2.0
_ASK_AGAIN_SECONDS = 2.0
_NEW_LINE_SECONDS = 0.2


class Lease:
    """Ours from the moment it was taken until `lost`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.token = uuid4()
        self._until = 0.0
        self._lost = asyncio.Event()

    def alive(self) -> bool:
        """Whether it is certainly still ours. Asks nobody."""
        return not self._lost.is_set() and time.monotonic() < self._until

    async def lost(self) -> None:
        """Return when it is ours no longer, also while nobody answers whether it is."""
        while self.alive():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, self.remaining)):
                    await self._lost.wait()

    def extend(self, asked_at: float) -> None:
        """It was granted by a question that was put at `asked_at`."""
        self._until = asked_at + TTL_SECONDS - _MARGIN_SECONDS

    def end(self) -> None:
        self._lost.set()

    @property
    def remaining(self) -> float:
        return self._until - time.monotonic()


@contextlib.asynccontextmanager
async def hold_lease(ctx: Context, name: str) -> AsyncIterator[Lease]:
    """Wait until it is ours, keep it meanwhile, give it back. The body must stop when `lost` returns."""
    lease, line = await _take(ctx, name)
    renewing = asyncio.create_task(_renew(ctx, lease, line))
    try:
        yield lease
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        lease.end()
        with contextlib.suppress(*LOST):  # it ends by itself where it cannot be given back
            await house.release_lease(line.connection, name, lease.token)
        line.connection.terminate()


class _Line:
    """The connection that a lease is renewed on; another one after it was lost."""

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection


def _who() -> str:
    """For people who look at who holds what. Asked for each time: a process that was forked is another one."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def _take(ctx: Context, name: str) -> tuple[Lease, _Line]:
    while True:
        try:
            connection = await ctx.database.connect_alone()
        except DatabaseUnavailable as error:
            log.warning("lease.database_away", lease=name, error=str(error))
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
            continue
        try:
            while True:
                lease, asked_at = Lease(name), time.monotonic()
                if await house.take_lease(connection, name, _who(), lease.token, TTL_SECONDS):
                    lease.extend(asked_at)
                    return lease, _Line(connection)
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
        except LOST as error:
            connection.terminate()
            log.warning("lease.database_away", lease=name, error=str(error))
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        except BaseException:
            connection.terminate()
            raise


async def _renew(ctx: Context, lease: Lease, line: _Line) -> None:
    """Until it runs out: a failed renewal is tried again, on a new line, while there is time."""
    try:
        while lease.remaining > 0:
            await asyncio.sleep(min(TTL_SECONDS / 3, max(0.0, lease.remaining)))
            granted, asked_at = None, 0.0
            while granted is None and lease.remaining > 0:
                asked_at = time.monotonic()
                granted = await _ask(ctx, lease, line)
            # An answer that comes when it has run out comes too late: nobody must see it alive again.
            if not granted or lease.remaining <= 0:
                break
            lease.extend(asked_at)
    finally:
        log.info("lease.ended", lease=lease.name)
        lease.end()


async def _ask(ctx: Context, lease: Lease, line: _Line) -> bool | None:
    """Whether it is ours for another while; None where the line was lost, then there is a new one if possible."""
    try:
        return await house.renew_lease(line.connection, lease.name, lease.token, TTL_SECONDS)
    except LOST as error:
        log.warning("lease.not_renewed", lease=lease.name, error=str(error))
    line.connection.terminate()
    await asyncio.sleep(min(_NEW_LINE_SECONDS, max(0.0, lease.remaining)))
    with contextlib.suppress(DatabaseUnavailable):  # asked again, on the old line, which says so at once
        line.connection = await ctx.database.connect_alone()
    return None
