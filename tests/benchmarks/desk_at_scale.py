"""The desk over a million interactions, or as many as are asked for: lists, opening a ticket, and search, from the request to
the last byte of its answer, and then in a browser, from the hand to the picture.

The past is made up (`contact-hub demo seed`). An agent's requests come one after the other, as from one screen; the floor is a
page that shows nothing of it.
"""

import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg

from hub.sandbox.seeding.fill import fill
from tests.benchmarks.cpu import cpu_of
from tests.benchmarks.desk_in_browser import in_browser
from tests.benchmarks.figure import Aim, Figure, Round, percentiles
from tests.benchmarks.screen import Screen, cookies
from tests.benchmarks.stage import PASSWORD, Stage
from tests.conftest import SECRET
from tests.fakes.processes import HubProcess, serving

FLOOR = "the page of preferences"
LOGIN = "seed-lin"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What there is to look at. `codes` of any tickets, `in_work` of some that nobody has yet; `facts` stand beside figures."""

    dsn: str
    codes: Sequence[int]
    in_work: Sequence[int]
    queue: str
    facts: Mapping[str, Any]


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(100)
    past = await _past(stage, stage.size(stage.interactions), 3 * n)
    async with (
        serving(Path(stage.scratch) / "scale", past.dsn, {}, secret=SECRET.decode(), fresh=True) as hub,
        aiohttp.ClientSession(cookie_jar=cookies()) as client,
    ):
        screen = Screen(client, hub.url)
        await screen.log_in(LOGIN)
        asked = _Asked(stage, hub, screen, past)
        await asked.measure_floor(n)
        lists = {one: [f"/desk/fragments/list?{one.format(queue=quote(past.queue))}"] for one in LISTS}
        yield await asked.figure("desk_list", lists, max(10, n // 4))
        pieces = {
            "piece": [f"/desk/tickets/T-{code}" for code in past.codes],
            "piece, in work": [f"/desk/tickets/T-{code}" for code in past.in_work],
        }
        yield await asked.figure("desk_open_ticket", pieces, n, piece=True)
        pages = {
            "whole page": [f"/desk/tickets/T-{code}" for code in past.codes],
            "whole page, in work": [f"/desk/tickets/T-{code}" for code in past.in_work],
            "thread": [f"/desk/fragments/tickets/T-{code}/thread" for code in past.codes],
            "customer": [f"/desk/fragments/tickets/T-{code}/customer" for code in past.codes],
        }
        yield await asked.figure("desk_ticket_pages", pages, n)
        for name, what in (("desk_search", ""), ("desk_search_messages", "in=messages&")):
            searches = {
                sort: [f"/desk/search?{what}q={quote(one)}" for one in words]
                for sort, words in SEARCHES.items()
            }
            yield await asked.figure(name, searches, max(20, n // 2))
        typed = ("王", "zhangw", "退款", "8052", "ord", "a")
        jumps = {"palette": [f"/desk/fragments/search/jump?q={quote(one)}" for one in typed]}
        yield await asked.figure("desk_jump", jumps, n)
        async with stage.installation(past.dsn, {}) as ctx:
            async for figure in in_browser(ctx, hub.url, login=LOGIN, times=stage.size(75), facts=past.facts):
                yield figure


class _Asked:
    """One screen's requests, measured beside a floor."""

    def __init__(self, stage: Stage, hub: HubProcess, screen: Screen, past: Past) -> None:
        self._stage, self._hub, self._screen, self._past = stage, hub, screen, past
        self._draw = random.Random(1)
        self._floor = 0.0

    async def measure_floor(self, n: int) -> None:
        self._floor = percentiles(await self._screen.ask(["/desk/preferences"] * n))["p95"]

    async def figure(
        self, name: str, sorts: Mapping[str, Sequence[str]], times: int, *, piece: bool = False
    ) -> Figure:
        """p95 over all, percentiles of each sort, and the processor time of one request."""
        each: dict[str, dict[str, Any]] = {}
        everything: list[float] = []
        for sort, paths in sorts.items():
            # Each of the pool's connections makes its plans in the first few times; afterwards they stay.
            await self._screen.ask([self._draw.choice(paths) for _ in range(times)], piece=piece)
            before = cpu_of(self._hub.process.pid, self._stage.data)
            took = await self._screen.ask([self._draw.choice(paths) for _ in range(times)], piece=piece)
            cpu = cpu_of(self._hub.process.pid, self._stage.data).per_item(before, times)
            everything += took
            each[sort] = {**percentiles(took), "cpu": cpu}
        reached = percentiles(everything)
        return Figure(
            name=name,
            unit="ms, p95",
            floor=FLOOR,
            rounds=[Round(value=reached["p95"], floor=self._floor)],
            n=len(everything),
            aim=AIM,
            more={**self._past.facts, "all": reached, "each": each},
        )


async def _past(stage: Stage, many: int, codes: int) -> Past:
    """Filled, unless an earlier run has left it."""
    dsn, there = await stage.lasting_database(f"desk_{many}")
    began = time.monotonic()
    if not there:
        async with stage.installation(dsn, {}) as ctx:
            await fill(
                ctx,
                interactions=many,
                number=1,
                force=False,
                password=PASSWORD,
                progress=lambda _done, _all: None,
            )
    connection = await asyncpg.connect(dsn)
    # Nobody of the stage works here: what waits stays waiting, and is seen.
    await connection.execute("UPDATE agent SET presence = 'offline' WHERE login LIKE 'agent%'")
    some = "SELECT code FROM ticket WHERE {} ORDER BY random() LIMIT $1"
    facts = {
        "interactions": many,
        "tickets": await connection.fetchval("SELECT count(*) FROM ticket"),
        "database_mb": await connection.fetchval("SELECT pg_database_size(current_database())") / 1e6,
        "seeded_in_seconds": time.monotonic() - began,
    }
    past = Past(
        dsn=dsn,
        codes=[row["code"] for row in await connection.fetch(some.format("true"), codes)],
        in_work=[
            row["code"]
            for row in await connection.fetch(some.format("status = 'open' AND assignee_id IS NULL"), codes)
        ],
        queue=await connection.fetchval(
            "SELECT q.name FROM queue q JOIN ticket t ON t.queue_id = q.id LIMIT 1"
        ),
        facts=facts,
    )
    await connection.close()
    return past
