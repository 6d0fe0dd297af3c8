"""Runs the real command in a process of its own, as an administrator would (tests.fakes.forked)."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.forked import ForkedProcess, start_hub

# What the machine that runs the tests happens to say must not reach the command.
_KEPT = ("PATH", "HOME", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "COLUMNS": "240", **(extra or {})}


async def command(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    fresh: bool = False,
) -> Done:
    """The command's exit code and what it said. `fresh`: from nothing, with all its imports."""
    process = await start_hub(*arguments, cwd=cwd, env=environment(env), fresh=fresh)
    async with asyncio.timeout(timeout):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(code=process.returncode, out=out.decode(), err=err.decode())


class Running:
    """A command that goes on."""

    def __init__(self, process: ForkedProcess | asyncio.subprocess.Process) -> None:
        self._process = process
        self._changed = asyncio.Condition()
        self.out: list[str] = []
        self.err: list[str] = []
        assert process.stdout is not None and process.stderr is not None
        self._reading = [
            asyncio.create_task(self._read(process.stdout, self.out)),
            asyncio.create_task(self._read(process.stderr, self.err)),
        ]

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while line := await stream.readline():
            async with self._changed:
                lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()

    @property
    def said(self) -> str:
        return "\n".join([*self.out, *self.err])

    async def wait_for(self, text: str, timeout: float = 90) -> str:
        """The first line that holds `text`."""

        def found() -> list[str]:
            return [line for line in (*self.out, *self.err) if text in line]

        def over() -> bool:
            return bool(found()) or all(task.done() for task in self._reading)

        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(over)
        except TimeoutError:
            raise AssertionError(f"{text!r} was not said within {timeout} s:\n{self.said}") from None
        assert found(), f"it ended without saying {text!r}:\n{self.said}"
        return found()[0]

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def end(self, number: signal.Signals, timeout: float = 30) -> tuple[int, float]:
        """Send the signal; the exit code, and the seconds until it came."""
        begun = time.monotonic()
        self.send(number)
        return await self.ended(timeout), time.monotonic() - begun

    async def ended(self, timeout: float = 30) -> int:
        """The exit code."""
        try:
            async with asyncio.timeout(timeout):
                code = await self._process.wait()
                await asyncio.gather(*self._reading)
        except TimeoutError:
            raise AssertionError(f"it did not end within {timeout} s:\n{self.said}") from None
        return code

    @property
    def is_over(self) -> bool:
        return self._process.returncode is not None


@asynccontextmanager
async def running(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """The command, for as long as the body runs; it is stopped in the end if it was not before."""
    process = await start_hub(*arguments, cwd=cwd, env=environment(env))
    it = Running(process)
    try:
        yield it
    finally:
        if not it.is_over:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
        await it.ended()
