"""Processes of the hub for tests, forked from one that has imported everything (tests.fakes.forking): `python -m hub …` without
the two seconds that each start would take. What must be seen with a start from nothing is started by `exec` instead."""

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent.parent
LONGEST_LINE = 2**20
_BEFORE_THE_START = ("LD_", "PYTHON")
"""What the linker and the interpreter read when they start, so that a fork would not see it."""


class _Forker:
    """The process that forks; one for each process of the tests, begun at the first need."""

    def __init__(self) -> None:
        self.door, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environ = {**os.environ, "LANG": "C.UTF-8"}
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.forking", str(other.fileno())],
                pass_fds=[other.fileno()], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self._end)

    def _end(self) -> None:
        self.door.close()
        self._process.wait(30)


_forkers: list[_Forker] = []


class ForkedProcess:
    """A process as asyncio's own would be: the parts of it that tests use. `stdout`, `stderr`: None where they go to a file."""

    def __init__(self, told: int) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._told, self._heard = told, b""
        self._loop = asyncio.get_running_loop()
        self._begun: asyncio.Future[None] = self._loop.create_future()
        self._over = asyncio.Event()
        os.set_blocking(told, False)
        self._loop.add_reader(told, self._hear)

    def _hear(self) -> None:
        heard = os.read(self._told, 4096)
        self._heard += heard
        number, *end = self._heard.split(b"\n")[:-1] or [b""]
        if number and not self._begun.done():
            self.pid = int(number)
            self._begun.set_result(None)
        if not heard or end:
            # Without a last word the process that forks has ended, which kills those that it forked.
            self.returncode = int(end[0]) if end else -signal.SIGKILL
            self._loop.remove_reader(self._told)
            os.close(self._told)
            self._over.set()
            if not self._begun.done():
                self._begun.set_exception(
                    RuntimeError("the process that forks does not start; see the output")
                )

    async def begun(self) -> None:
        await self._begun

    async def wait(self) -> int:
        await self._over.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """All that it says, until its end."""
        assert self.stdout is not None and self.stderr is not None
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended, be it heard of or not yet."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start_hub(
    *arguments: str, cwd: Path, env: Mapping[str, str], said: IO[bytes] | None = None, fresh: bool = False
) -> "ForkedProcess | asyncio.subprocess.Process":
    """`python -m hub` with these arguments and this environment. `said`: where all that it says goes, in the place of pipes.
    `fresh`: from nothing, as on a person's machine."""
    sink = asyncio.subprocess.PIPE if said is None else said
    if fresh or any(name.startswith(_BEFORE_THE_START) and os.environ.get(name) != env[name] for name in env):
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hub", *arguments,
            cwd=cwd, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink, limit=LONGEST_LINE,
        )  # fmt: skip
    if not _forkers:
        _forkers.append(_Forker())
    told, tells = os.pipe()
    nothing = os.open(os.devnull, os.O_RDONLY)
    mine, theirs = ([], [said.fileno()] * 2) if said else _two_pipes()
    process = ForkedProcess(told)
    try:
        asked = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(_forkers[0].door, [asked], [nothing, *theirs, tells])
    finally:
        for one in {nothing, tells, *([] if said else theirs)}:
            os.close(one)
    if mine:
        process.stdout, process.stderr = [await _reader(one) for one in mine]
    await process.begun()
    return process


def _two_pipes() -> tuple[list[int], list[int]]:
    (out, to_out), (err, to_err) = os.pipe(), os.pipe()
    return [out, err], [to_out, to_err]


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader
