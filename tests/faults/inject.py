"""Does what a plan says, when it says it, and writes down when each fault began and ended."""

import asyncio
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.faults.cluster import Cluster
from tests.faults.fleet import Fleet
from tests.faults.plan import ROW, Fault
from tests.faults.world import Outside

AMBIGUOUS = 8
"""Answers of one channel that a hub sends side by side: so many may be in doubt when it dies (hub.actions.answers.deliver)."""


@dataclass(slots=True, kw_only=True)
class Injected:
    """Seconds since 1970. `doubtful`: how many sends it may have left in doubt at the most."""

    fault: Fault
    began: float
    ended: float = 0.0
    note: str = ""
    doubtful: int = 0
    pid: int = 0
    """Of the hub that could not be reached meanwhile, where it was not killed."""

    @property
    def row(self) -> str:
        return ROW[self.fault.kind]


class Injector:
    """`cluster`: only where the server is one's own may it be restarted."""

    def __init__(self, fleet: Fleet, outside: Outside, dsn: str, cluster: Cluster | None = None) -> None:
        self._fleet, self._outside, self._dsn, self._cluster = fleet, outside, dsn, cluster
        self.done: list[Injected] = []
        self.failed: list[str] = []
        """Faults that could not be injected: then the run has not tried what it says."""

    async def follow(self, plan: Sequence[Fault]) -> None:
        """Returns when the last fault has ended."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in plan:
                await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
                group.create_task(self._inject(fault))

    async def _inject(self, fault: Fault) -> None:
        one = Injected(fault=fault, began=time.time())
        self.done.append(one)
        try:
            await getattr(self, f"_{fault.kind}")(fault, one)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, subprocess.SubprocessError) as error:
            self.failed.append(f"{one.row} {fault.kind} at {fault.at:.0f} s: {error!r}")
        one.ended = time.time()

    async def _kill(self, fault: Fault, one: Injected) -> None:
        one.doubtful = 2 * AMBIGUOUS
        self._fleet.kill(self._fleet.seats[fault.hub])

    async def _crash(self, fault: Fault, one: Injected) -> None:
        """Begun again, it dies by itself when it comes to its point."""
        one.doubtful, one.note = 4 * AMBIGUOUS, fault.point
        seat = self._fleet.seats[fault.hub]
        seat.crash_at.append(fault.point)
        self._fleet.kill(seat)

    async def _stop(self, fault: Fault, one: Injected) -> None:
        one.doubtful = 2 * AMBIGUOUS
        seat = self._fleet.seats[fault.hub]
        one.pid = seat.pid
        self._fleet.stop(seat)
        await asyncio.sleep(fault.lasts)
        self._fleet.go_on(seat)

    async def _sessions_end(self, _fault: Fault, one: Injected) -> None:
        connection = await self._connect()
        try:
            ended = await connection.fetchval(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        finally:
            await connection.close()
        one.note = f"{ended} sessions"

    async def _connect(self) -> "asyncpg.Connection[Any]":
        """Another fault may just have ended the server: then as soon as it is there again."""
        until = time.monotonic() + 120
        while True:
            try:
                return await asyncpg.connect(self._dsn, timeout=10)
            except (OSError, TimeoutError, asyncpg.PostgresError):
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)

    async def _silence(self, fault: Fault, one: Injected) -> None:
        one.doubtful = 2 * AMBIGUOUS
        one.pid, proxy = self._fleet.seats[fault.hub].pid, self._fleet.seats[fault.hub].proxy
        proxy.fall_silent()
        await asyncio.sleep(fault.lasts)
        proxy.up.passing.set()
        proxy.down.passing.set()

    async def _late(self, fault: Fault, one: Injected) -> None:
        proxy = self._fleet.seats[fault.hub].proxy
        proxy.up.late = (0.25, 0.25)
        await asyncio.sleep(fault.lasts)
        proxy.up.late = (0.0, 0.0)

    async def _mail_cut(self, fault: Fault, one: Injected) -> None:
        self._outside.imap.down.left = fault.amount

    async def _bot_cut(self, fault: Fault, one: Injected) -> None:
        one.doubtful = AMBIGUOUS
        self._outside.bot.down.left = fault.amount

    async def _dot(self, fault: Fault, one: Injected) -> None:
        one.doubtful = fault.amount
        self._outside.relay.unsure += fault.amount

    async def _flood(self, fault: Fault, one: Injected) -> None:
        faults = self._outside.sandbox.telegram.faults
        faults.retry_after = int(fault.lasts)
        faults.flood += fault.amount

    async def _torn(self, fault: Fault, one: Injected) -> None:
        """Every line of one hub to Postgres, and every line to the relay and the bot."""
        one.doubtful = 2 * AMBIGUOUS
        torn = (
            self._fleet.seats[fault.hub].proxy.tear() + self._outside.smtp.tear() + self._outside.bot.tear()
        )
        one.note = f"{torn} lines"

    async def _restart(self, _fault: Fault, one: Injected) -> None:
        if self._cluster is None:
            one.note = "left out: the server is not ours"
            return
        one.doubtful = 6 * AMBIGUOUS
        await asyncio.to_thread(self._cluster.restart, "immediate")
