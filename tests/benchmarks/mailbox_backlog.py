"""A mailbox in which 50,000 small letters wait, read over a socket by a hub process that goes on where another was killed: how
fast, how steadily, how much memory, and what those who chat meanwhile notice of it.

Not among those that run by themselves, for it takes minutes: python -m tests.benchmarks.run mailbox_backlog
"""

import asyncio
import contextlib
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import aiohttp
import asyncpg
import psutil

from channels.email.mailbox.items import BATCH
from channels.email.mailbox.mailbox import open_mailbox
from channels.email.settings import EmailSettings
from tests.benchmarks import chat_client
from tests.benchmarks.chat_client import visiting
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.sayings import saying
from tests.benchmarks.stage import Served, Stage
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import table

LETTERS = 50_000
KILLED_AT = 10
"""The first hub is killed when it has fetched one in so many."""
LOOK_SECONDS = 5.0
FLOOR = "a client that fetches the same letters and keeps nothing"
_FETCHED = "SELECT coalesce((SELECT (value ->> 'uid')::int FROM bookmark WHERE key = 'imap:INBOX'), 0)"
_WAITING = f"""
SELECT ({_FETCHED}) AS fetched,
       (SELECT count(*) FROM inbound_raw WHERE state = 'received') AS waiting
"""
# What follows a letter that is read.
_DUE = "SELECT EXISTS (SELECT FROM search_due)"


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    count = stage.size(LETTERS)
    async with ImapServer() as server:
        beginning = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(count):
            server.inbox.put(_small(number), beginning + timedelta(minutes=number))
        given = table(server, timeout_seconds=30)
        floor = await asyncio.to_thread(_bare, EmailSettings.model_validate(given), count)
        channels = {"support": {"kind": "email", **given}, **chat_client.CHANNELS}
        dsn = await stage.fresh_database()
        connection = await asyncpg.connect(dsn)
        async with stage.serve(channels, dsn=dsn) as first:
            while await connection.fetchval(_FETCHED) < count // KILLED_AT:
                await asyncio.sleep(0.05)
            os.kill(first.pid, signal.SIGKILL)
        async with stage.serve(channels, dsn=dsn) as served:
            during: list[float] = []
            talking = asyncio.create_task(_talk(served, during))
            timeline = await _watch(connection, served.pid, count)
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talking
            while await connection.fetchval(_DUE):
                await asyncio.sleep(0.5)
            afterwards: list[float] = []
            await _talk(served, afterwards, times=len(during) // 2 + 20)
        filed = await connection.fetchval(
            "SELECT count(*) FROM interaction i JOIN channel c ON c.id = i.channel_id WHERE c.kind = 'email'"
        )
        await connection.close()
        if filed != count:
            raise BenchmarkFailed(f"{filed} letters are on the timeline, not {count}")
    rates = [
        (after["letters"] - before["letters"]) / (after["seconds"] - before["seconds"])
        for before, after in pairwise(timeline)
        if after["letters"] > before["letters"]
    ]
    moving = [one for one in timeline if one["letters"] > timeline[0]["letters"]]
    taken = moving[-1]["letters"] - moving[0]["letters"]
    quarter = max(len(timeline) // 4, 1)
    early = statistics.median(one["resident_mb"] for one in timeline[quarter : 2 * quarter] or timeline)
    late = statistics.median(one["resident_mb"] for one in timeline[-quarter:])
    yield Figure(
        name="mailbox_backlog_memory",
        unit="MB, resident in the last quarter",
        floor="resident in the second quarter",
        rounds=[Round(value=late, floor=early)],
        n=count,
        aim=Aim(of="ratio", bound=1.1, low=True),
        more={"most_mb": max(one["resident_mb"] for one in timeline), "timeline": timeline},
    )
    yield Figure(
        name="mailbox_backlog",
        unit="letters/s on the timeline",
        floor=FLOOR,
        rounds=[Round(value=taken / (moving[-1]["seconds"] - moving[0]["seconds"]), floor=floor)],
        n=count,
        more={
            "taken_over_after_s": moving[0]["seconds"],
            "slowest": min(rates),
            "fastest": max(rates),
            "last_quarter": statistics.median(rates[-quarter:]),
            "second_quarter": statistics.median(rates[quarter : 2 * quarter] or rates),
        },
    )
    yield Figure(
        name="mailbox_backlog_chat",
        unit="ms, p95 until a visitor's message is kept, meanwhile",
        floor="afterwards",
        rounds=[Round(value=percentiles(during)["p95"], floor=percentiles(afterwards)["p95"])],
        n=len(during),
        aim=Aim(of="ratio", bound=1.1, low=True),
        more={"meanwhile": percentiles(during), "afterwards": percentiles(afterwards)},
    )


def _bare(settings: EmailSettings, count: int) -> float:
    """Letters a second."""
    begun = time.perf_counter()
    box = open_mailbox(settings)
    box.open("INBOX", for_reading=True)
    for first in range(1, count + 1, BATCH):
        box.bodies(range(first, min(first + BATCH, count + 1)))
    box.close()
    return count / (time.perf_counter() - begun)


async def _talk(served: Served, took: list[float], times: int = 1_000_000) -> None:
    """What others notice: a visitor says something, five times a second. Milliseconds until each is kept."""
    async with aiohttp.ClientSession() as client, visiting(client, served.url) as visitor:
        for number in range(times):
            begun = time.perf_counter()
            await visitor.say(f"Where is it? {number}")
            took.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(0.2)


async def _watch(connection: asyncpg.Connection, pid: int, count: int) -> list[dict[str, float]]:
    """Every few seconds until all have been filed: seconds, letters filed, MB resident of the hub's processes."""
    begun = time.perf_counter()
    timeline: list[dict[str, float]] = []
    while not timeline or timeline[-1]["letters"] < count:
        row = await connection.fetchrow(_WAITING)
        resident = sum(one.memory_info().rss for one in _family(pid)) / 1e6
        timeline.append(
            {
                "seconds": round(time.perf_counter() - begun, 1),
                "fetched": row["fetched"],
                "letters": row["fetched"] - row["waiting"],
                "resident_mb": round(resident, 1),
            }
        )
        await asyncio.sleep(LOOK_SECONDS)
    return timeline


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _small(seed: int) -> bytes:
    """About one kilobyte, each from another customer."""
    subject, text = saying(seed)
    return (
        f"Received: from mx.mail.example by mx.shop.example with ESMTPS id {seed:x}\r\n"
        f"From: Customer {seed} <customer{seed}@mail.example>\r\nTo: support@shop.example\r\n"
        f"Subject: Order {seed}\r\nMessage-ID: <backlog.{seed}@mail.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{subject}\r\n\r\n{text}\r\n"
    ).encode()
