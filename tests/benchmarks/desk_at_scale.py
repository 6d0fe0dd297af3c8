"""The desk over a million interactions: lists, opening a ticket, and search, from the request to the last byte of its answer.

The past is made up (`contact-hub demo seed`). An agent's requests come one after the other, as from one screen; the floor is a
page that shows nothing of it.
"""

import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

import aiohttp
import asyncpg

from hub.sandbox.seeding.fill import fill
from tests.benchmarks.cpu import cpu_of
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.stage import PASSWORD, Stage
from tests.conftest import SECRET
from tests.fakes.processes import serving

INTERACTIONS = 1_000_000
FLOOR = "the page of preferences"
AIM = Aim(of="value", bound=200, low=True)

LISTS = (
    "scope=mine",
    "scope=unassigned",
    "scope=all",
    "scope=all&show=open",
    "scope=all&show=pending",
    "scope=all&show=done",
    "scope=mine&show=done",
    "scope=all&tag=发票",
    "scope=all&queue={queue}",
    "scope=all&show=done&queue={queue}",
    "scope=all&rows=200",
)
"""Addresses of the list; {queue} is one of those there are."""

SEARCHES = {
    "two characters, frequent": ("订单", "退款", "收到", "您好"),
    "two characters, rare": ("滤芯", "乌鲁", "信義", "静音", "烤箱"),
    "two characters, absent": ("恐龙", "量子", "火箭"),
    "one character": ("款", "鲁", "鹅", "订"),
    "longer, Chinese": ("没有收到", "重新安排时间", "订单没有", "物流三天没有更新"),
    "English, frequent": ("order", "refund", "the"),
    "English, rare": ("worktop", "vat", "induction", "zebra"),
    "numbers": ("TW-8052322", "8052", "13800138000", "SF7517"),
    "with conditions": (
        "订单 状态:待处理",
        "refund status:work",
        "发票 tag:发票",
        "退款 客户:王伟",
        "order assignee:me",
        "date:30d 发票",
    ),
}


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    many = stage.size(INTERACTIONS)
    n = stage.size(100)
    dsn = await stage.fresh_database()
    began = time.monotonic()
    async with stage.installation(dsn, {}) as ctx:
        await fill(
            ctx,
            interactions=many,
            number=1,
            force=False,
            password=PASSWORD,
            progress=lambda _done, _all: None,
        )
        seeded = time.monotonic() - began
    connection = await asyncpg.connect(dsn)
    codes = [
        row["code"]
        for row in await connection.fetch("SELECT code FROM ticket ORDER BY random() LIMIT $1", 3 * n)
    ]
    queue = await connection.fetchval("SELECT q.name FROM queue q JOIN ticket t ON t.queue_id = q.id LIMIT 1")
    size = await connection.fetchval("SELECT pg_database_size(current_database())")
    tickets = await connection.fetchval("SELECT count(*) FROM ticket")
    await connection.close()
    base = {"interactions": many, "tickets": tickets, "database_mb": size / 1e6, "seeded_in_seconds": seeded}
    folder = Path(stage.scratch) / "scale"
    async with (
        serving(folder, dsn, {}, secret=SECRET.decode()) as hub,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
    ):
        screen = _Screen(client, hub.url)
        await screen.log_in("seed-lin")
        floor = percentiles(await screen.ask(["/desk/preferences"] * n))
        draw = random.Random(1)

        async def figure(name: str, sorts: dict[str, Sequence[str]], times: int) -> Figure:
            each: dict[str, dict[str, float]] = {}
            before, asked_for = cpu_of(hub.process.pid, stage.data), 0
            everything: list[float] = []
            for sort, paths in sorts.items():
                await screen.ask(paths)  # a plan is made once
                took = await screen.ask([draw.choice(paths) for _ in range(times)])
                everything += took
                asked_for += len(paths) + times
                each[sort] = percentiles(took)
            reached = percentiles(everything)
            cpu = cpu_of(hub.process.pid, stage.data).per_item(before, asked_for)
            return Figure(
                name=name, unit="ms, p95", floor=FLOOR, rounds=[Round(value=reached["p95"], floor=floor["p95"])],
                n=len(everything), aim=AIM, more={**base, "all": reached, "each": each, "cpu": cpu},
            )  # fmt: skip

        lists = {one: [f"/desk/fragments/list?{one.format(queue=quote(queue))}"] for one in LISTS}
        yield await figure("desk_list", lists, max(10, n // 4))
        opened = {
            "whole page": [f"/desk/tickets/T-{code}" for code in codes],
            "thread": [f"/desk/fragments/tickets/T-{code}/thread" for code in codes],
            "customer": [f"/desk/fragments/tickets/T-{code}/customer" for code in codes],
        }
        yield await figure("desk_open_ticket", opened, n)
        everywhere = {
            sort: [f"/desk/search?q={quote(one)}" for one in asked] for sort, asked in SEARCHES.items()
        }
        yield await figure("desk_search", everywhere, max(20, n // 2))
        messages = {
            sort: [f"/desk/search?in=messages&q={quote(one)}" for one in asked]
            for sort, asked in SEARCHES.items()
        }
        yield await figure("desk_search_messages", messages, max(20, n // 2))
        jumps = {
            "palette": [
                f"/desk/fragments/search/jump?q={quote(one)}"
                for one in ("王", "zhangw", "退款", "8052", "ord", "a")
            ]
        }
        yield await figure("desk_jump", jumps, n)
