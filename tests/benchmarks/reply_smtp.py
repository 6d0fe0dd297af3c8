"""Replies: queued over the API on as many tickets, composed and handed to a relay, until the hub knows each as sent."""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import asyncpg
import orjson

from tests.benchmarks import ingest_api
from tests.benchmarks.figure import BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.keep_alive import Line, lines, post
from tests.benchmarks.sayings import api_body, saying
from tests.benchmarks.stage import Served, Stage

WRITERS = 8
FLOOR = "aiosmtplib straight to the same sink: 8 at once, a connection for each letter"
PATIENCE_SECONDS = 120.0
_LEFT = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
_SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(500)
    rounds: list[Round] = []
    queued: list[float] = []
    cpu: list[dict[str, float]] = []
    async with _sink() as sink:
        async with stage.serve(_channels(sink.port)) as served, lines(served.url, WRITERS) as writers:
            database = await asyncpg.connect(served.dsn)
            seeds = itertools.count()
            for number in range(stage.rounds + 1):
                tickets = await _open_tickets(served, writers, list(itertools.islice(seeds, n)))
                floor = await _straight(sink.port, n)
                before = served.cpu()
                until_queued, until_sent = await _answer(served, database, writers, tickets)
                if number == 0:
                    continue  # the first one warms up
                cpu.append(served.cpu().per_item(before, n))
                queued.append(n / until_queued)
                rounds.append(Round(value=n / until_sent, floor=floor))
            sent = await database.fetchval(_SENT)
            await database.close()
        taken = await sink.close()
        if taken != sent + (stage.rounds + 1) * n:
            raise BenchmarkFailed(
                f"the hub says that {sent} letters left, the sink took {taken}, the floor's among them"
            )
    yield Figure(
        name="reply_smtp",
        unit="replies/s",
        floor=FLOOR,
        rounds=rounds,
        n=n,
        more={
            "queued_a_second": statistics.median(queued),
            "cpu": median_of(cpu),
        },
    )


def _channels(port: int) -> dict[str, dict[str, Any]]:
    return {
        **ingest_api.CHANNELS,
        "support": {
            "kind": "email", "address": "support@shop.example", "imap_host": "127.0.0.1", "imap_port": 9,
            "imap_security": "none", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
        },
    }  # fmt: skip


class _Sink:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port = port
        self._process = process

    async def close(self) -> int:
        """How many letters it took."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        taken = int(await self._process.stdout.readline())
        await self._process.wait()
        return taken


@asynccontextmanager
async def _sink() -> AsyncIterator[_Sink]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.sink", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    assert process.stdout is not None
    try:
        port = await process.stdout.readline()
        if not port:
            raise BenchmarkFailed("the SMTP sink did not start")
        yield _Sink(process, int(port))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _open_tickets(served: Served, writers: Sequence[Line], seeds: Sequence[int]) -> list[str]:
    """Numbers of new tickets whose customers are answered by e-mail."""
    tickets: list[str] = []
    left = iter(seeds)

    async def write(line: Line) -> None:
        for seed in left:
            body = api_body(seed, reply_address=f"customer{seed}@mail.example")
            status, answer = await line.ask(post(served.url, ingest_api.PATH, served.key, body))
            if status != 201:
                raise BenchmarkFailed(f"the hub answered {status}: {answer[:300]!r}")
            tickets.append(orjson.loads(answer)["ticket"])

    await asyncio.gather(*(write(line) for line in writers))
    return tickets


async def _answer(
    served: Served, database: "asyncpg.Connection[Any]", writers: Sequence[Line], tickets: Sequence[str]
) -> tuple[float, float]:
    """Seconds until the last one was queued, and until the last one was sent."""
    had = await database.fetchval(_SENT)
    left = iter(tickets)

    async def write(line: Line) -> None:
        for ticket in left:
            body = orjson.dumps({"text": f"Thank you for your letter. {saying(1)[1]}"})
            path = f"/api/v1/tickets/{ticket}/replies"
            status, answer = await line.ask(post(served.url, path, served.key, body))
            if status != 201:
                raise BenchmarkFailed(f"POST {path} was answered {status}: {answer[:300]!r}")

    begun = time.perf_counter()
    await asyncio.gather(*(write(line) for line in writers))
    queued = time.perf_counter() - begun
    while await database.fetchval(_LEFT):
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            raise BenchmarkFailed(f"after {PATIENCE_SECONDS:g} s there are replies that have not left")
        await asyncio.sleep(0.005)
    sent = time.perf_counter() - begun
    if (got := await database.fetchval(_SENT) - had) != len(tickets):
        raise BenchmarkFailed(f"of {len(tickets)} replies {got} were sent")
    return queued, sent


async def _straight(port: int, n: int) -> float:
    """Letters per second without a hub."""
    left = iter(range(n))

    async def send() -> None:
        for number in left:
            letter = EmailMessage()
            letter["From"], letter["To"] = "support@shop.example", f"customer{number}@mail.example"
            letter["Subject"] = "Your order"
            letter.set_content(f"Thank you for your letter. {saying(1)[1]}")
            await aiosmtplib.send(letter, hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)

    begun = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(WRITERS)))
    return n / (time.perf_counter() - begun)
