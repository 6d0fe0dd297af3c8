"""A flood of form posts over two hubs and one Postgres: from one address, then from ten thousand (each named by a trusted
proxy), then with five thousand idle connections; how many are answered how, how long customers wait meanwhile, what grows.

Customers come evenly, as long as the flood lasts, and it lasts until so many of them were answered that a 95th percentile
means something. Each opens the form, fills it in and sends it, from an address of their own; where the page asks for work, it
is done.
"""

import asyncio
import itertools
import re
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from html import unescape

import aiohttp
import asyncpg
import orjson
import psutil
from altcha import Challenge, Payload, solve_challenge

from hub.sandbox.visit import read_form
from tests.benchmarks import floors
from tests.benchmarks.figure import BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.stage import Served, Stage

POSTS = 10_000
SENDERS = 16
IDLE = 5000
CUSTOMERS = 120
"""In each phase, at the least."""
EVERY = 0.5
"""Seconds between two who come."""
CHANNELS = {"form": {"kind": "webform"}}
FLOODED = {"message": "Buy pills", "email": "victim@innocent.example", "kind": "enquiry"}


@dataclass(slots=True)
class Seen:
    """Of the flood: how many answers of each sort, without a Retry-After where there should be one; of customers: seconds each
    waited for the answer to their post, and what it was."""

    flood: Counter[int] = field(default_factory=Counter)
    silent: int = 0
    waits: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    async with AsyncExitStack() as stack:
        hubs = await _two_hubs(stack, stage)
        one = itertools.repeat("203.0.113.9")
        many = (f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))
        yield await _flood(stage, hubs, "form_flood_one_address", one)
        yield await _flood(stage, hubs, "form_flood_many_addresses", many)
        yield await _idle_lines(stage, hubs)


async def _two_hubs(stack: AsyncExitStack, stage: Stage) -> list[Served]:
    env = {"HUB_WEB__TRUSTED_PROXIES": '["127.0.0.1"]'}
    first = await stack.enter_async_context(stage.serve(CHANNELS, env=env))
    return [first, await stack.enter_async_context(stage.serve(CHANNELS, env=env, dsn=first.dsn))]


async def _flood(stage: Stage, hubs: list[Served], name: str, peers: Iterator[str]) -> Figure:
    least, seen = stage.size(POSTS), Seen()
    before, cpu = await _grown(hubs[0].dsn), hubs[0].cpu()
    begun = time.perf_counter()
    async with aiohttp.ClientSession() as client:
        page = await _page(client, hubs[0].url, "203.0.113.1")
        numbers, posts = itertools.count(), 0
        enough, over = asyncio.Event(), asyncio.Event()

        async def send() -> None:
            nonlocal posts
            while not (over.is_set() and posts >= least):
                number, posts = next(numbers), posts + 1
                if posts >= least:
                    enough.set()
                await _post(client, hubs[number % 2].url, next(peers), page, seen)

        coming = asyncio.create_task(_customers_come(client, hubs, seen, stage.size(CUSTOMERS), enough, over))
        await asyncio.gather(*(send() for _ in range(SENDERS)))
        await coming
    took = time.perf_counter() - begun
    if seen.flood.total() != posts:
        raise BenchmarkFailed(f"{posts} posts had {seen.flood.total()} answers")
    after = await _grown(hubs[0].dsn)
    return Figure(
        name=name,
        unit="posts/s",
        floor=floors.PGBENCH,
        rounds=[Round(value=posts / took, floor=await floors.transactions(stage))],
        n=posts,
        more={
            "answers": {str(status): count for status, count in sorted(seen.flood.items())},
            "refused_without_retry_after": seen.silent,
            "cpu": hubs[0].cpu().per_item(cpu, posts // 2),
            "grew": {what: after[what] - before[what] for what in after},
            **_customers(seen),
        },
    )


async def _idle_lines(stage: Stage, hubs: list[Served]) -> Figure:
    """Connections that say nothing, to one hub, from one address: customers come in all the same."""
    wanted, seen = stage.size(IDLE), Seen()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, wanted + 500)), hard))
    port = int(hubs[0].url.rpartition(":")[2])
    lines: list[asyncio.StreamWriter] = []
    for _ in range(wanted // 100):
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(100)))
        lines += [writer for _, writer in opened]
    async with aiohttp.ClientSession() as client:
        enough, over = asyncio.Event(), asyncio.Event()
        enough.set()
        await _customers_come(client, hubs[:1], seen, stage.size(CUSTOMERS), enough, over)
    process = psutil.Process(hubs[0].pid)
    held = len(process.net_connections(kind="tcp"))
    for line in lines:
        line.close()
    return Figure(
        name="form_flood_idle_lines",
        unit="connections held",
        floor="connections opened",
        rounds=[Round(value=held, floor=wanted)],
        n=wanted,
        more={"rss_mb": process.memory_info().rss / 2**20, **_customers(seen)},
    )


async def _customers_come(
    client: aiohttp.ClientSession,
    hubs: list[Served],
    seen: Seen,
    least: int,
    enough: asyncio.Event,
    over: asyncio.Event,
) -> None:
    """So many, and until the flood has sent `enough`; it is `over` once the last of them was answered."""
    try:
        async with asyncio.TaskGroup() as here:
            for number in itertools.count():
                if number >= least and enough.is_set():
                    break
                url, peer = hubs[number % len(hubs)].url, f"198.51.{100 + number // 250}.{number % 250}"
                here.create_task(_customer(client, url, peer, seen))
                await asyncio.sleep(EVERY)
    finally:
        over.set()


async def _customer(client: aiohttp.ClientSession, url: str, peer: str, seen: Seen) -> None:
    page = await _page(client, url, peer)
    filling_in = asyncio.create_task(asyncio.sleep(2.1))  # nobody is faster, and the form knows
    for _ in range(2):
        fields = {
            **read_form(page).fields, "message": "Where is my order?", "email": "li@shop.example", "kind": "enquiry",
            "altcha": await asyncio.to_thread(_work, page),
        }  # fmt: skip
        await filling_in
        begun = time.perf_counter()
        headers = {"X-Forwarded-For": peer, "Origin": url}
        async with client.post(f"{url}/forms/form", data=fields, headers=headers) as answer:
            page = await answer.text()
            seen.waits.append(time.perf_counter() - begun)
            if answer.status == 200 or not _work(page):
                break
    seen.answers[answer.status] += 1


async def _page(client: aiohttp.ClientSession, url: str, peer: str) -> str:
    async with client.get(f"{url}/forms/form", headers={"X-Forwarded-For": peer}) as answer:
        return await answer.text()


def _work(page: str) -> str:
    """What a browser with scripts does where it is asked to."""
    found = re.search(r'data-proof="([^"]+)"', page)
    if found is None:
        return ""
    challenge = Challenge.from_dict(orjson.loads(unescape(found[1])))
    solution = solve_challenge(challenge)
    return Payload(challenge=challenge, solution=solution).to_base64() if solution else ""


async def _post(client: aiohttp.ClientSession, url: str, peer: str, page: str, seen: Seen) -> None:
    """As a program does it: the page's hidden fields, and no work."""
    fields = {**read_form(page).fields, **FLOODED}
    headers = {"X-Forwarded-For": peer, "Origin": url}
    async with client.post(f"{url}/forms/form", data=fields, headers=headers) as answer:
        await answer.read()
        seen.flood[answer.status] += 1
        seen.silent += answer.status == 429 and "Retry-After" not in answer.headers


async def _grown(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM ticket) AS tickets, (SELECT count(*) FROM rate_limit) AS counters, "
        "pg_database_size(current_database()) AS bytes"
    )
    await connection.close()
    assert row is not None
    return dict(row)


def _customers(seen: Seen) -> dict[str, object]:
    return {
        "customers": {str(status): count for status, count in sorted(seen.answers.items())},
        "customer_seconds": {"n": len(seen.waits), **percentiles(seen.waits)},
    }
