"""One message at a time on a hub that has nothing else to do: from its arrival until its ticket is with an agent."""

import asyncio
import random
import time
from collections.abc import AsyncIterator

import aiohttp
import orjson

from hub.model.codes import TICKET, read_code
from tests.benchmarks import chat_client, floors, ingest_api
from tests.benchmarks.chat_client import visiting
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.keep_alive import lines, post
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.sayings import api_body, saying
from tests.benchmarks.stage import Served, Stage

WARM_UP = 20
_AIM = Aim(of="value", bound=100, low=True)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(250)
    async with (
        stage.serve({**ingest_api.CHANNELS, **chat_client.CHANNELS}) as served,
        watching(served.dsn) as watch,
    ):
        await watch.listen()
        for name, samples in (
            ("latency_single_api", _by_api(served, watch, n)),
            ("latency_single_chat", _by_chat(served, watch, n)),
        ):
            floor = await floors.one_transaction(stage)
            answered, assigned = [], []
            async for until_answer, until_agent in samples:
                answered.append(until_answer)
                assigned.append(until_agent)
            reached = percentiles(assigned)
            yield Figure(
                name=name,
                unit="ms, p95",
                floor=floors.PGBENCH_ALONE,
                rounds=[Round(value=reached["p95"], floor=floor)],
                n=n,
                aim=_AIM,
                more={"until_assigned": reached, "until_answered": percentiles(answered)},
            )


async def _by_api(served: Served, watch: Watch, n: int) -> AsyncIterator[tuple[float, float]]:
    """Milliseconds until the answer, and until the agent."""
    async with lines(served.url, 1) as (line,):
        for seed in range(-WARM_UP, n):
            request = post(served.url, ingest_api.PATH, served.key, api_body(seed))
            await _quiet(seed)
            begun = time.perf_counter()
            status, body = await line.ask(request)
            answered = time.perf_counter()
            if status != 201:
                raise BenchmarkFailed(f"the hub answered {status}: {body[:300]!r}")
            await watch.until(read_code(TICKET, orjson.loads(body)["ticket"]))
            if seed >= 0:
                yield (answered - begun) * 1000, (time.perf_counter() - begun) * 1000


async def _by_chat(served: Served, watch: Watch, n: int) -> AsyncIterator[tuple[float, float]]:
    """The same for the first message of a new visitor each time."""
    async with aiohttp.ClientSession() as client:
        for seed in range(-WARM_UP, n):
            async with visiting(client, served.url) as visitor:
                await _quiet(seed)
                begun = time.perf_counter()
                code = await visitor.say(saying(seed)[1])
                answered = time.perf_counter()
                await watch.until(code)
                if seed >= 0:
                    yield (answered - begun) * 1000, (time.perf_counter() - begun) * 1000


async def _quiet(seed: int) -> None:
    """Let the hub come to rest; not always for the same time, so that nothing of ours falls in step with its clocks."""
    await asyncio.sleep(random.Random(seed).uniform(0.01, 0.05))
