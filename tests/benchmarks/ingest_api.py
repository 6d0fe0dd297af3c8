"""API interactions, posted by 8 writers over keep-alive connections, until each is a ticket in an agent's hands."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence

from tests.benchmarks import floors
from tests.benchmarks.cpu import Cpu
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.keep_alive import Line, lines, post
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.sayings import api_body
from tests.benchmarks.stage import Served, Stage

WRITERS = 8
CHANNELS = {"api": {"kind": "api"}}
PATH = "/api/v1/interactions"


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(4000)
    rounds: list[Round] = []
    cpu: list[dict[str, float]] = []
    async with (
        stage.serve(CHANNELS) as served,
        watching(served.dsn) as watch,
        lines(served.url, WRITERS) as writers,
    ):
        seeds = itertools.count()
        await _write(served, watch, writers, _requests(served, seeds, n // 4))
        for _ in range(stage.rounds):
            floor = await floors.transactions(stage)
            requests = _requests(served, seeds, n)
            before = served.cpu()
            took = await _write(served, watch, writers, requests)
            cpu.append(_per_item(before, served, n))
            rounds.append(Round(value=n / took, floor=floor))
    yield Figure(
        name="ingest_api",
        unit="tickets/s",
        floor=floors.PGBENCH,
        rounds=rounds,
        n=n,
        aim=Aim(of="ratio", bound=0.5),
        more={"writers": WRITERS, "cpu": median_of(cpu)},
    )


def _per_item(before: Cpu, served: Served, n: int) -> dict[str, float]:
    return served.cpu().per_item(before, n)


def _requests(served: Served, seeds: "itertools.count[int]", n: int) -> list[bytes]:
    return [
        post(served.url, PATH, served.key, api_body(seed, reply_address=f"{seed}@mail.example"))
        for seed in itertools.islice(seeds, n)
    ]


async def _write(served: Served, watch: Watch, writers: Sequence[Line], requests: Sequence[bytes]) -> float:
    """Seconds until all have been routed."""
    had, left = await watch.assigned(), iter(requests)

    async def write(line: Line) -> None:
        for request in left:
            status, body = await line.ask(request)
            if status != 201:
                raise BenchmarkFailed(f"POST {PATH} was answered {status}: {body[:300]!r}")

    begun = time.perf_counter()
    await asyncio.gather(*(write(line) for line in writers))
    await watch.until_all()
    took = time.perf_counter() - begun
    if (got := await watch.assigned() - had) != len(requests):
        raise BenchmarkFailed(f"{len(requests)} interactions became {got} assigned tickets")
    return took
