"""Waits until what was handed in has been routed: it stands on a ticket, and the ticket has its agent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from hub.actions.announce import EVENTS
from tests.benchmarks.figure import BenchmarkFailed

PATIENCE_SECONDS = 120.0
# Asked every few milliseconds, so it must cost nothing: it stops at the first one it finds.
_ANY_LEFT = """SELECT EXISTS (SELECT 1 FROM inbound_raw WHERE state = 'received')
                    OR EXISTS (SELECT 1 FROM ticket WHERE assignee_id IS NULL AND status = 'open')"""
_ASSIGNED = "SELECT count(*) FROM ticket WHERE assignee_id IS NOT NULL"
_IS_ASSIGNED = "SELECT assignee_id IS NOT NULL FROM ticket WHERE code = $1"


class Watch:
    """Looks into a hub's database over a connection of its own."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._heard = asyncio.Event()

    async def listen(self) -> None:
        await self._connection.add_listener(EVENTS, lambda *_: self._heard.set())

    async def assigned(self) -> int:
        """How many tickets have an agent."""
        return int(await self._connection.fetchval(_ASSIGNED))

    async def until_all(self) -> None:
        """Return once no item waits to be read and no ticket for its agent."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while await self._connection.fetchval(_ANY_LEFT):
            if time.monotonic() > give_up:
                raise BenchmarkFailed(f"after {PATIENCE_SECONDS:g} s there are items that still wait")
            await asyncio.sleep(0.005)

    async def until(self, code: int) -> None:
        """Return once this ticket has its agent. Needs `listen`; asks again at each announcement of the hub."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._heard.clear()
            if await self._connection.fetchval(_IS_ASSIGNED, code):
                return
            if time.monotonic() > give_up:
                raise BenchmarkFailed(f"after {PATIENCE_SECONDS:g} s the ticket {code} still waits")
            try:
                async with asyncio.timeout(1):
                    await self._heard.wait()
            except TimeoutError:
                continue


@asynccontextmanager
async def watching(dsn: str) -> AsyncIterator[Watch]:
    # As the hub does, or an empty table's plan would be kept for a full one (docs/decisions/0008).
    connection = await asyncpg.connect(dsn, server_settings={"enable_seqscan": "off"})
    try:
        yield Watch(connection)
    finally:
        await connection.close()
