"""The same posts to one, two and four hubs over one Postgres: what more hubs bring, and who is at the limit."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack

from tests.benchmarks import floors
from tests.benchmarks.cpu import Cpu
from tests.benchmarks.figure import BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.ingest_api import CHANNELS, PATH
from tests.benchmarks.keep_alive import Line, lines, post
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.sayings import api_body
from tests.benchmarks.stage import Served, Stage

HUBS = (1, 2, 4)
WRITERS = 32
"""Shared out evenly, as a proxy before the hubs would; enough that each of four hubs has several messages to one commit."""
Writers = Sequence[tuple[Served, Line]]


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    for count in HUBS:
        yield await _measure(stage, count, stage.size(4000))


async def _measure(stage: Stage, count: int, n: int) -> Figure:
    rounds: list[Round] = []
    spent: list[dict[str, float]] = []
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(stage.serve(CHANNELS))
        hubs = [first]
        for _ in range(count - 1):
            hubs.append(await stack.enter_async_context(stage.serve(CHANNELS, dsn=first.dsn)))
        writers = [
            (hub, line)
            for hub in hubs
            for line in await stack.enter_async_context(lines(hub.url, WRITERS // count))
        ]
        watch = await stack.enter_async_context(watching(first.dsn))
        seeds = itertools.count()
        await _wave(watch, writers, list(itertools.islice(seeds, n // 4)))
        for _ in range(stage.rounds):
            floor = await floors.transactions(stage)
            before = [hub.cpu() for hub in hubs]
            took = await _wave(watch, writers, list(itertools.islice(seeds, n)))
            spent.append(_spent(hubs, before, n))
            rounds.append(Round(value=n / took, floor=floor))
    return Figure(
        name=f"many_hubs_{count}",
        unit="tickets/s",
        floor=floors.PGBENCH,
        rounds=rounds,
        n=n,
        more={"hubs": count, "writers": WRITERS, "cpu": median_of(spent)},
    )


async def _wave(watch: Watch, writers: Writers, seeds: Sequence[int]) -> float:
    """Seconds until so many more have been routed."""
    left, had = iter(seeds), await watch.assigned()
    begun = time.perf_counter()
    await asyncio.gather(*(_write(hub, line, left) for hub, line in writers))
    await watch.until_all()
    took = time.perf_counter() - begun
    if (got := await watch.assigned() - had) != len(seeds):
        raise BenchmarkFailed(f"{len(seeds)} interactions became {got} assigned tickets")
    return took


async def _write(hub: Served, line: Line, left: Iterator[int]) -> None:
    for seed in left:
        request = post(hub.url, PATH, hub.key, api_body(seed, reply_address=f"{seed}@mail.example"))
        status, body = await line.ask(request)
        if status != 201:
            raise BenchmarkFailed(f"POST {PATH} was answered {status}: {body[:300]!r}")


def _spent(hubs: Sequence[Served], before: Sequence[Cpu], n: int) -> dict[str, float]:
    """Microseconds for one item: of all hubs together, of Postgres, of those who write."""
    each = [hub.cpu().per_item(earlier, n) for hub, earlier in zip(hubs, before, strict=True)]
    spent = {key: each[0][key] for key in ("client_us", "postgres_us")}
    return spent | {"hub_us": sum(one["hub_us"] for one in each)}
