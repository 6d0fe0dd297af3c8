"""A backlog: light items handed to the hub a hundred at a time by 1, 2 and 4 tasks, until each is with an agent."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from channels.adapter import RawItem
from hub.actions.context import Context
from hub.actions.receive import accept_items
from tests.benchmarks import floors
from tests.benchmarks.cpu import cpu_of
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.sayings import api_body
from tests.benchmarks.stage import Stage

BATCH = 100
TASKS = (1, 2, 4)
CHANNELS = {"api": {"kind": "api"}}


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(10_000)
    serial = itertools.count()
    async with stage.hub_here(CHANNELS) as (ctx, dsn), watching(dsn) as watch:
        await _work_off(ctx, watch, _items(serial, n // 10), 1)
        for tasks in TASKS:
            rounds: list[Round] = []
            cpu: list[dict[str, float]] = []
            for _ in range(stage.rounds):
                floor = await floors.transactions(stage)
                items = _items(serial, n)
                before = cpu_of(None, stage.data)
                took = await _work_off(ctx, watch, items, tasks)
                cpu.append(cpu_of(None, stage.data).per_item(before, n))
                rounds.append(Round(value=n / took, floor=floor))
            yield Figure(
                name=f"ingest_backlog_{tasks}",
                unit="tickets/s",
                floor=floors.PGBENCH,
                rounds=rounds,
                n=n,
                aim=Aim(of="ratio", bound=1.0),
                more={"tasks": tasks, "batch": BATCH, "cpu": median_of(cpu)},
            )


def _items(serial: "itertools.count[int]", n: int) -> list[RawItem]:
    return [
        RawItem(external_key=f"backlog-{seed}", content=api_body(seed), received_at=datetime.now(UTC))
        for seed in itertools.islice(serial, n)
    ]


async def _work_off(ctx: Context, watch: Watch, items: Sequence[RawItem], tasks: int) -> float:
    """Seconds."""
    had = await watch.assigned()
    starts = iter(range(0, len(items), BATCH))

    async def hand_in() -> None:
        for start in starts:
            await accept_items(ctx, "api", items[start : start + BATCH])

    begun = time.perf_counter()
    await asyncio.gather(*(hand_in() for _ in range(tasks)))
    await watch.until_all()
    took = time.perf_counter() - begun
    if (got := await watch.assigned() - had) != len(items):
        raise BenchmarkFailed(f"{len(items)} items became {got} assigned tickets")
    return took
