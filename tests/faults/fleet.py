"""Hub processes that are killed, stopped and begun again, each with a line of its own to Postgres."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import psutil

from tests.fakes.processes import free_port, until
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.crashing_hub import DIED
from tests.faults.proxy import Proxy

AGAIN_SECONDS = 0.5
"""How long a service manager waits before it begins a hub again that has ended."""


class Seat:
    """One place for a hub: its port, its line to Postgres, and the process that is there now."""

    def __init__(self, number: int, folder: Path, proxy: Proxy) -> None:
        self.number, self.folder, self.proxy = number, folder, proxy
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None
        self.crash_at: list[str] = []
        """Points for the processes to come, one each."""
        self.point = ""
        """Where the present process dies, if it comes there."""
        self.ends: list[tuple[float, int, int]] = []
        """(when, process id, exit code) of each process that ended."""
        self.died_at: list[str] = []
        """Points at which processes ended."""
        self.stopped = False
        self.code: Path | None = None
        """The folder whose code the processes to come run; None: this one's."""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def rss(self) -> int:
        """Bytes, with the processes that it has begun; 0 where it is not there."""
        if not self.alive:
            return 0
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")


class Fleet:
    """Use as `async with Fleet(...) as fleet`: so many hubs over one database, all ready. One that ends is begun again, as a
    service manager does, until the end of the block."""

    def __init__(
        self,
        folder: Path,
        dsn: str,
        channels: Mapping[str, Mapping[str, Any]],
        *,
        secret: bytes,
        hubs: int = 3,
        env: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        self._folder, self._dsn, self._channels, self._secret = folder, dsn, channels, secret
        self._env = dict(env or {})
        self._many, self._seed = hubs, seed
        self._stack = contextlib.AsyncExitStack()
        self._keepers: list[asyncio.Task[None]] = []
        self._over = False
        self.seats: list[Seat] = []

    async def __aenter__(self) -> Self:
        for number in range(self._many):
            proxy = await self._stack.enter_async_context(
                Proxy(path=socket_of(self._dsn), seed=self._seed + number)
            )
            seat = Seat(number, self._folder / f"hub{number}", proxy)
            seat.folder.mkdir(parents=True, exist_ok=True)
            self.seats.append(seat)
        self._keepers = [asyncio.create_task(self._keep(seat)) for seat in self.seats]
        try:
            await asyncio.gather(*(self.ready(seat) for seat in self.seats))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        for seat in self.seats:
            seat.proxy.heal()
            self.go_on(seat)
            if seat.alive:
                os.kill(seat.pid, signal.SIGTERM)
        _, late = await asyncio.wait(self._keepers, timeout=35) if self._keepers else (set(), set())
        for seat in self.seats:
            if late and seat.alive:
                os.kill(seat.pid, signal.SIGKILL)
        await asyncio.gather(*self._keepers)
        await self._stack.aclose()

    async def ready(self, seat: Seat, seconds: float = 180) -> None:
        """Return when this hub may be sent work."""
        await until(
            lambda: self.is_ready(seat),
            seconds=seconds,
            what=f"hub {seat.number} is ready: {seat.folder / 'log'}",
        )

    @staticmethod
    async def is_ready(seat: Seat) -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
                client.get(f"{seat.url}/readyz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def kill(self, seat: Seat) -> None:
        """As when the power fails."""
        if seat.alive:
            os.kill(seat.pid, signal.SIGKILL)

    def stop(self, seat: Seat) -> None:
        """As when the machine is paused."""
        if seat.alive:
            os.kill(seat.pid, signal.SIGSTOP)
            seat.stopped = True

    def go_on(self, seat: Seat) -> None:
        if seat.stopped and seat.alive:
            os.kill(seat.pid, signal.SIGCONT)
        seat.stopped = False

    def crashed(self) -> int:
        """How many ended at the point that they were told."""
        return sum(code == DIED for seat in self.seats for *_, code in seat.ends)

    async def _keep(self, seat: Seat) -> None:
        while not self._over:
            await self._begin(seat)
            assert seat.process is not None
            code = await seat.process.wait()
            seat.stopped = False
            seat.ends.append((time.time(), seat.pid, code))
            if code == DIED:
                seat.died_at.append(seat.point)
            if not self._over:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _begin(self, seat: Seat) -> None:
        seat.point = crash_at = seat.crash_at.pop(0) if seat.crash_at else ""
        module = ["tests.faults.crashing_hub"] if crash_at else ["hub"]
        environment = {
            **os.environ,
            "HUB_DATABASE__DSN": by_way_of(self._dsn, seat.proxy.port),
            "HUB_SECRET_KEY": self._secret.decode(),
            "HUB_DATA_DIR": str(seat.folder / "var"),
            "HUB_WEB__PORT": str(seat.port),
            "HUB_CHANNELS": json.dumps(self._channels),
            # All visitors come from this machine: what is tried is the hub, not its brakes.
            "HUB_WEB__VISITOR_REQUESTS": "1000000",
            "HUB_WEB__VISITOR_LINES": "10000",
            **({"HUB_CRASH_AT": crash_at} if crash_at else {}),
            **self._env,
        }
        with (seat.folder / "log").open("ab") as sink:
            seat.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *module,
                "serve",
                env=environment,
                stdout=sink,
                stderr=sink,
                cwd=seat.code,
            )
