"""Does what a plan says, when it says it, and writes down when each fault began and ended, and what it met."""

import asyncio
import contextlib
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psutil

from tests.fakes.processes import until
from tests.faults.cluster import Cluster
from tests.faults.crashing_hub import DIED
from tests.faults.doubts import Moment
from tests.faults.fleet import Fleet, Seat
from tests.faults.front import Front
from tests.faults.plan import ROW, Fault
from tests.faults.proxy import Way
from tests.faults.world import Outside

AMBIGUOUS = 8
"""Answers that a hub sends side by side (hub.actions.answers.deliver): so many may be in doubt, if nobody noted when
it died."""
PATIENCE_SECONDS = 30.0
"""How long a fault that waits for traffic (so many bytes, letters, calls) waits for it."""
NOTED_SECONDS = 1.0
"""So soon after it died by itself the harness notes that a hub has ended."""
SEEN_SECONDS = 0.2
"""So soon after a line was cut the harness has seen it."""


@dataclass(slots=True, kw_only=True)
class Injected:
    """Seconds since 1970. `met`: how many processes, sessions, lines, letters or calls it met; 0: it has tried nothing.
    `moments`: at which answers that were under way may have come into doubt; `doubtful`: as many more, at moments that nobody
    noted."""

    fault: Fault
    began: float
    ended: float = 0.0
    note: str = ""
    doubtful: int = 0
    pid: int = 0
    """Of the hub that could not be reached meanwhile, where it was not killed."""
    met: int = 0
    moments: list[Moment] = field(default_factory=list)

    @property
    def row(self) -> str:
        return ROW[self.fault.kind]


class Injector:
    """`cluster`: only where the server is one's own may it be restarted. `front`: by which visitors come."""

    def __init__(
        self,
        fleet: Fleet,
        outside: Outside,
        dsn: str,
        cluster: Cluster | None = None,
        front: Front | None = None,
    ) -> None:
        self._fleet, self._outside, self._dsn = fleet, outside, dsn
        self._cluster, self._front = cluster, front
        self.done: list[Injected] = []
        self.failed: list[str] = []
        """Faults that could not be injected: then the run has not tried what it says."""
        self.waiting = 0
        """Faults that still wait for traffic: who puts load on goes on until there are none."""

    async def follow(self, plan: Sequence[Fault]) -> None:
        """Returns when the last fault has ended."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in plan:
                await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
                group.create_task(self._inject(fault))

    async def end(self) -> None:
        """From now on nothing breaks any more. A hub that has not come by the point at which it was to die is begun again
        without one; what was met by those that died by themselves is written down."""
        self._outside.relay.unsure = 0
        self._outside.faults.calm()
        await asyncio.gather(*(self._disarm(seat) for seat in self._fleet.seats))
        for number, seat in enumerate(self._fleet.seats):
            died, at = Counter(seat.died_at), [when for when, _, code in seat.ends if code == DIED]
            crashes = [one for one in self.done if one.fault.kind == "crash" and one.fault.hub == number]
            for one in crashes:
                one.met = int(died[one.fault.point] > 0)
                died[one.fault.point] -= one.met
            if crashes:
                crashes[0].moments += [Moment(since=when - NOTED_SECONDS, until=when) for when in at]

    async def _disarm(self, seat: Seat) -> None:
        async def gone() -> bool:
            return not (seat.point or seat.crash_at)

        try:
            await until(gone, seconds=PATIENCE_SECONDS, what="a hub has come to its point")
        except AssertionError:
            seat.crash_at.clear()
            last = next(one for one in reversed(self.done) if one.fault.kind == "crash")
            last.moments.append(self._killed(seat))
            await until(gone, seconds=PATIENCE_SECONDS, what="a hub without a point begins")

    async def _inject(self, fault: Fault) -> None:
        one = Injected(fault=fault, began=time.time())
        self.done.append(one)
        try:
            await getattr(self, f"_{fault.kind}")(fault, one)
        except (
            OSError,
            AssertionError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            subprocess.SubprocessError,
        ) as error:
            self.failed.append(f"{one.row} {fault.kind} at {fault.at:.0f} s: {error!r}")
        one.ended = time.time()

    async def _kill(self, fault: Fault, one: Injected) -> None:
        seat = self._fleet.seats[fault.hub]
        if not seat.alive:
            one.note = "it was gone already"
            return
        pid = seat.pid
        one.moments.append(self._killed(seat))

        async def ended() -> bool:
            return any(was == pid for _, was, _ in seat.ends)

        await until(ended, seconds=PATIENCE_SECONDS, what=f"hub {fault.hub} is dead")
        one.met = sum((was, code) == (pid, -9) for _, was, code in seat.ends)

    def _killed(self, seat: Seat) -> Moment:
        since = time.time()
        self._fleet.kill(seat)
        return Moment(since=since, until=time.time())

    async def _crash(self, fault: Fault, one: Injected) -> None:
        """Begun again, it dies by itself when it comes to its point; whether it did is found at the end."""
        one.note = fault.point
        seat = self._fleet.seats[fault.hub]
        seat.crash_at.append(fault.point)
        one.moments.append(self._killed(seat))

    async def _stop(self, fault: Fault, one: Injected) -> None:
        seat = self._fleet.seats[fault.hub]
        if not seat.alive:
            one.note = "it was gone already"
            return
        one.pid, since = seat.pid, time.time()
        self._fleet.stop(seat)

        async def settled() -> bool:
            return _status(one.pid) in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, "")

        await until(settled, seconds=PATIENCE_SECONDS, what=f"hub {fault.hub} stands still")
        one.moments.append(Moment(since=since, until=time.time()))
        one.met = int(_status(one.pid) == psutil.STATUS_STOPPED)
        await asyncio.sleep(fault.lasts)
        self._fleet.go_on(seat)

    async def _sessions_end(self, _fault: Fault, one: Injected) -> None:
        connection = await self._connect()
        try:
            one.met = await connection.fetchval(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        finally:
            await connection.close()
        one.note = f"{one.met} sessions"

    async def _connect(self) -> "asyncpg.Connection[Any]":
        """Another fault may just have ended the server: then as soon as it is there again."""
        give_up = time.monotonic() + 120
        while True:
            try:
                return await asyncpg.connect(self._dsn, timeout=10)
            except (OSError, TimeoutError, asyncpg.PostgresError):
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(0.2)

    async def _silence(self, fault: Fault, one: Injected) -> None:
        seat = self._fleet.seats[fault.hub]
        one.pid, one.met = seat.pid, seat.proxy.open_lines
        since = time.time()
        seat.proxy.fall_silent()
        one.moments.append(Moment(since=since, until=time.time()))
        await asyncio.sleep(fault.lasts)
        seat.proxy.up.passing.set()
        seat.proxy.down.passing.set()

    async def _late(self, fault: Fault, one: Injected) -> None:
        proxy = self._fleet.seats[fault.hub].proxy
        one.met = proxy.open_lines
        proxy.up.late = (0.25, 0.25)
        await asyncio.sleep(fault.lasts)
        proxy.up.late = (0.0, 0.0)

    async def _mail_cut(self, fault: Fault, one: Injected) -> None:
        await self._cut(self._outside.imap.down, fault, one)

    async def _bot_cut(self, fault: Fault, one: Injected) -> None:
        await self._cut(self._outside.bot.down, fault, one)
        if one.met:
            now = time.time()
            one.moments.append(Moment(since=now - SEEN_SECONDS, until=now, kinds=("telegram",)))

    async def _cut(self, way: Way, fault: Fault, one: Injected) -> None:
        way.left = fault.amount
        if await self._traffic(lambda: way.left is None):
            one.met = 1
        else:
            way.left, one.note = None, "nothing came by"

    async def _dot(self, fault: Fault, one: Injected) -> None:
        relay = self._outside.relay
        before = relay.dropped
        relay.unsure += fault.amount
        wanted = before + relay.unsure
        if not await self._traffic(lambda: relay.dropped >= wanted):
            relay.unsure = max(0, relay.unsure - fault.amount)
        one.met = relay.dropped - before

    async def _flood(self, fault: Fault, one: Injected) -> None:
        faults = self._outside.faults
        before = faults.told
        faults.retry_after = int(fault.lasts)
        faults.flood += fault.amount
        wanted = before + faults.flood
        if not await self._traffic(lambda: faults.told >= wanted):
            faults.calm(fault.amount)
        one.met = faults.told - before

    async def _traffic(self, met: Callable[[], bool]) -> bool:
        """Wait for what it takes; False: it did not come."""

        async def is_met() -> bool:
            return met()

        self.waiting += 1
        try:
            with contextlib.suppress(AssertionError):
                await until(is_met, seconds=PATIENCE_SECONDS, what="traffic")
            return met()
        finally:
            self.waiting -= 1

    async def _torn(self, fault: Fault, one: Injected) -> None:
        """Every line of one hub to Postgres, every line to the relay and the bot, and every visitor's socket."""
        since = time.time()
        torn = {
            "to Postgres": self._fleet.seats[fault.hub].proxy.tear(),
            "to the relay": self._outside.smtp.tear(),
            "to the bot": self._outside.bot.tear(),
            "of visitors": self._front.tear() if self._front is not None else 0,
        }
        one.moments.append(Moment(since=since, until=time.time()))
        one.met = torn["to Postgres" if self._front is None else "of visitors"]
        one.note = "lines: " + ", ".join(f"{count} {whose}" for whose, count in torn.items())

    async def _restart(self, _fault: Fault, one: Injected) -> None:
        if self._cluster is None:
            one.note = "left out: the server is not ours"
            return
        since = time.time()
        await asyncio.to_thread(self._cluster.restart, "immediate")
        one.moments.append(Moment(since=since, until=time.time()))
        one.met = 1


def _status(pid: int) -> str:
    """What the system says of it; "": it is not there."""
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return ""
