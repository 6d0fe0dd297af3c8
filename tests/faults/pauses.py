"""The run itself carries the hubs' lines to Postgres and to all that is outside: where it stops, everything does, and nobody
injected that. So it stops as little as can be, and says for how long it did."""

import asyncio
import gc
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

TICK_SECONDS = 0.05
FREEZE_SECONDS = 5.0


@dataclass(slots=True)
class Pauses:
    """`longest`: seconds for which this process did nothing for anybody."""

    longest: float = 0.0


@asynccontextmanager
async def noting_pauses() -> AsyncIterator[Pauses]:
    pauses = Pauses()
    async with _beside(_note(pauses)):
        yield pauses


@asynccontextmanager
async def without_looking_through_what_stays() -> AsyncIterator[None]:
    """What a run has heard and said stays until its end. Looked through for garbage again and again, it held everything up for
    seven seconds after forty minutes."""
    async with _beside(_freeze()):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[None, None, NoReturn]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _note(pauses: Pauses) -> NoReturn:
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(TICK_SECONDS)
        pauses.longest = max(pauses.longest, loop.time() - before - TICK_SECONDS)


async def _freeze() -> NoReturn:
    while True:
        gc.collect()
        gc.freeze()
        await asyncio.sleep(FREEZE_SECONDS)
