"""Web chat: 8 sockets, each a conversation that writes its next message as soon as the last one is kept."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp

from tests.benchmarks import floors
from tests.benchmarks.chat_client import CHANNELS, Visitor, visiting
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.sayings import saying
from tests.benchmarks.stage import Stage

SOCKETS = 8


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    each = stage.size(4000) // SOCKETS
    rounds: list[Round] = []
    cpu: list[dict[str, float]] = []
    seeds = itertools.count()
    async with (
        stage.serve(CHANNELS) as served,
        watching(served.dsn) as watch,
        aiohttp.ClientSession() as client,
    ):
        await _converse(client, served.url, watch, seeds, max(each // 4, 1))
        for _ in range(stage.rounds):
            floor = await floors.transactions(stage)
            before = served.cpu()
            took = await _converse(client, served.url, watch, seeds, each)
            cpu.append(served.cpu().per_item(before, each * SOCKETS))
            rounds.append(Round(value=each * SOCKETS / took, floor=floor))
    yield Figure(
        name="ingest_chat",
        unit="messages/s",
        floor=floors.PGBENCH,
        rounds=rounds,
        n=each * SOCKETS,
        aim=Aim(of="ratio", bound=0.5),
        more={"sockets": SOCKETS, "cpu": median_of(cpu)},
    )


async def _converse(
    client: aiohttp.ClientSession, url: str, watch: Watch, seeds: "itertools.count[int]", each: int
) -> float:
    """Seconds until every message of new conversations is kept and each conversation has its agent."""
    had = await watch.assigned()
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(visiting(client, url)) for _ in range(SOCKETS)]

        async def talk(visitor: Visitor) -> None:
            for seed in itertools.islice(seeds, each):
                await visitor.say(saying(seed)[1])

        begun = time.perf_counter()
        await asyncio.gather(*(talk(visitor) for visitor in visitors))
        await watch.until_all()
        took = time.perf_counter() - begun
    if (got := await watch.assigned() - had) != SOCKETS:
        raise BenchmarkFailed(f"{SOCKETS} conversations became {got} assigned tickets")
    return took
