"""The memory of a hub that was just started and has nothing to do: one channel of every kind, Postgres not counted."""

import asyncio
import sys
from collections.abc import AsyncIterator

import psutil

from hub.sandbox.world import SandboxWorld
from tests.benchmarks.figure import Aim, Figure, Round
from tests.benchmarks.stage import Stage
from tests.fakes.processes import sandbox_channels

IDLE_SECONDS = 20.0
FLOOR = "a Python that has only imported the libraries"
_LIBRARIES = (
    "aiohttp, aiosmtplib, asyncpg, imapclient, jinja2, nh3, orjson, phonenumbers, pydantic, telegram.ext"
)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    folder = stage.scratch / "world"
    folder.mkdir()
    async with SandboxWorld(folder) as world, stage.serve(sandbox_channels(world)) as served:
        # Part of what is measured: after the start, not after the load.
        await asyncio.sleep(IDLE_SECONDS)
        family = _family(served.pid)
        value = sum(process.memory_info().rss for process in family)
        shared_out = sum(process.memory_full_info().pss for process in family)
    yield Figure(
        name="idle_memory",
        unit="MB, resident",
        floor=FLOOR,
        rounds=[Round(value=value / 1e6, floor=await _libraries() / 1e6)],
        n=1,
        aim=Aim(of="value", bound=200, low=True),
        more={"processes": len(family), "proportional_mb": shared_out / 1e6},
    )


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


async def _libraries() -> int:
    """Bytes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"import {_LIBRARIES}; print(1, flush=True); input()",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    await process.stdout.readline()
    resident = int(psutil.Process(process.pid).memory_info().rss)
    process.stdin.write(b"\n")
    await process.wait()
    return resident
