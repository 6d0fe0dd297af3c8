"""A process of its own that reads formats which can be made to eat time, under limits that always hold.

It is started when there is something to read and ends when there was nothing for a while, so an idle hub does not pay for it.
A letter that exceeds a limit costs the process its life and nobody else anything. The process steps back behind the hub's
own: who chats goes before a mailbox that is read.
"""

import asyncio
import contextlib
import pickle
import signal
import struct
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from typing import TypeAlias

from pydantic import BaseModel

from channels.adapter import CannotTranslate, ChannelKind, RawItem
from hub.actions.arrivals import Read
from hub.actions.excuses import Excuses

CPU_SECONDS = 2
"""Of a processor, for one letter; the system ends the process when it takes more (hub.actions.reader_process)."""
WALL_SECONDS = 15.0
"""For one that waits instead of computing. A machine that does much else may keep an innocent one waiting, too."""
START_SECONDS = 20.0
IDLE_SECONDS = 30.0
LENGTH = struct.Struct(">Q")

Job: TypeAlias = tuple[ChannelKind, RawItem, BaseModel]


class Overrun(Exception):
    """Reading took longer than CPU_SECONDS or WALL_SECONDS, or killed the process."""


Outcome: TypeAlias = Read | CannotTranslate | Overrun


class Reader:
    """One per hub process; one batch at a time."""

    def __init__(self) -> None:
        self.reading, self.writing = asyncio.Lock(), asyncio.Lock()
        """Who reads a batch holds the one, who writes it down the other; taken by hub.actions.receive, in this order."""
        self.excuses = Excuses()
        self.began = time.monotonic()
        """When this hub did, in seconds of the monotonic clock."""
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._rest: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def read_all(self, jobs: Sequence[Job]) -> AsyncGenerator[tuple[int, Outcome], None]:
        """(place, outcome) for every job, in order."""
        async with self._turn:
            self._stop_rest()
            place = 0
            try:
                while place < len(jobs):
                    process = await self._start()
                    try:
                        self._send(process, jobs[place:])
                        while place < len(jobs):
                            outcome = await self._receive(process)
                            yield place, outcome
                            place += 1
                    except Overrun as overrun:
                        await self._kill()
                        yield place, overrun
                        place += 1
            finally:
                if place < len(jobs):  # left in the middle: what is still in the pipe belongs to nobody
                    await self._kill()
                self._rest = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_idle)

    async def close(self) -> None:
        """End the process."""
        self._stop_rest()
        async with self._turn:
            await self._kill()

    async def _start(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hub.actions.reader_process",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
                # Ctrl-C at the terminal is for the hub, which lets the letter in hand be read. No session of its own: Linux
                # weighs niceness within one only (sched(7), "The autogroup feature").
                process_group=0,
            )  # fmt: skip
            await self._receive_ready(self._process)
        return self._process

    async def _receive_ready(self, process: asyncio.subprocess.Process) -> None:
        """Imports take a second; they must not count as the first letter's time."""
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                await process.stdout.readexactly(LENGTH.size)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await self._kill()
            raise Overrun("The reading process does not start; see the log.") from error

    def _send(self, process: asyncio.subprocess.Process, jobs: Sequence[Job]) -> None:
        assert process.stdin is not None
        for kind, item, settings in jobs:
            job = pickle.dumps((kind.kind, item, settings), protocol=5)
            process.stdin.write(LENGTH.pack(len(job)) + job)

    async def _receive(self, process: asyncio.subprocess.Process) -> Read | CannotTranslate:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WALL_SECONDS):
                (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            # What is made is on its way now; its size is bounded by what was read.
            async with asyncio.timeout(START_SECONDS):
                answer = await process.stdout.readexactly(length)
        except TimeoutError as error:
            raise Overrun(f"Reading it took longer than {WALL_SECONDS:g} s.") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Overrun(await _why_it_ended(process)) from error
        outcome = pickle.loads(answer)  # noqa: S301 - from our own child, over a pipe that nobody else has
        if isinstance(outcome, (Read, CannotTranslate)):
            return outcome
        raise Overrun(str(outcome))

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def _stop_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _end_idle(self) -> None:
        if not self._turn.locked():
            self._ending = asyncio.create_task(self.close())


async def _why_it_ended(process: asyncio.subprocess.Process) -> str:
    """It has said its last word; how it ended is known a moment later."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await process.wait()
    if process.returncode == -signal.SIGXCPU:
        return f"Reading it took longer than {CPU_SECONDS} s."
    return "Reading it ended the reading process."
