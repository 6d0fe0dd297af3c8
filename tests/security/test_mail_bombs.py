"""S34, S38, S44: letters made to stop the house. Each is over soon, and costs nobody else anything.

Bounds are CPU time or the longest pause of the loop, and far above what is usual: they tell work in proportion to a letter from
work that never ends.
"""

import ast
import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from channels.email.sending.write import write_html
from hub.actions.context import Context
from hub.actions.receive import accept_items, read_waiting
from hub.model.interactions import OutboundInteraction
from tests.fakes.desk import Desk, customer_writes, letters_come, words_of
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import CHANNELS, a_hub, letter, one, raw_letter, rows, say, ticket
from tests.unit.email.test_limits import BOMBS

ROOT = Path(__file__).parents[2]
FIVE = ("empty parts", "448 kB of encoded words", "nested 3000", "1,000 open brackets", "100,000 div")
"""What froze or ended other systems, and the library's own parser."""
LONGEST_PAUSE = 4.0
"""Seconds. Reading one of the five on the loop would stop it for five to thirty."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """Letters are read by a process of its own."""
    async with a_hub(database_dsn, CHANNELS, heavy=True) as hub:
        yield hub
        await assert_invariants(hub.database)


# ── S34 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s34_bombs_are_read_or_put_aside_at_the_first_try_and_all_others_go_on(ctx: Context) -> None:
    bombs = [
        (await accept_items(ctx, "support", [raw_letter(BOMBS[name](), uid=number)]))[0]
        for number, name in enumerate(FIVE, 1)
    ]
    behind = await accept_items(
        ctx, "support", [letter(f"c{n}@example.cn", uid=100 + n, subject=f"s{n}") for n in range(10)]
    )
    longest, over = 0.0, asyncio.Event()

    async def others() -> None:
        nonlocal longest
        while not over.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    async def all_read() -> None:
        while await read_waiting(ctx):
            pass

    watching, at_work = asyncio.create_task(others()), asyncio.create_task(all_read())
    said = [await say(ctx, who=[("visitor", f"v{n}", True)], text=f"{n}") for n in range(20)]
    await at_work
    over.set()
    await watching
    assert longest < LONGEST_PAUSE
    assert all(kept.ticket_code for kept in said)
    ends = {row["id"]: row for row in await rows(ctx, "SELECT id, state, attempts, error FROM inbound_raw")}
    for name, kept in zip(FIVE, bombs, strict=True):
        end = ends[kept.raw_id]
        assert (end["state"], end["attempts"]) in (("read", 1), ("quarantined", 1)), (name, end)
        assert (end["state"] == "quarantined") == bool(end["error"]), name
    assert [(await ticket(ctx, kept))["subject"] for kept in behind] == [f"s{n}" for n in range(10)]
    assert await one(ctx, "SELECT count(*) FROM lease WHERE until < clock_timestamp()") == 0


# ── S38 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
BAITS = (
    "(a+)+" * 20_000, "http://" * 14_000, "http://a." + "a" * 99_000, "www." * 25_000, "a@" * 50_000, "&" * 100_000,
    "(" * 50_000 + ")" * 50_000, "&lt;" * 25_000, "<" * 100_000, "https://x.example/" + "(" * 90_000, "mailto:" * 14_000,
    "x.com," * 16_000, "\u202e" * 30_000, "a" * 100_000 + "!",
)  # fmt: skip


async def test_s38_no_text_holds_the_page_that_shows_it_and_finds_its_links(desk: Desk) -> None:
    await desk.log_in()
    for number, bait in enumerate(BAITS):
        code = await customer_writes(desk.ctx, bait, thread=f"bait{number}", subject="bait")
        began = time.process_time()
        page = await desk.get(f"/desk/tickets/T-{code}?scope=all")
        assert page.status == 200
        assert time.process_time() - began < 3, bait[:20]


def test_s38_no_answer_takes_long_to_write() -> None:
    for bait in BAITS:
        answer = OutboundInteraction(
            interaction_id=1, ticket_code="T-1", address="li@example.cn", recipient_name="", author_name="", text=bait,
            subject="", queued_at=datetime(2026, 11, 24, tzinfo=UTC), message_id="a@shop.example", signature=bait,
        )  # fmt: skip
        began = time.process_time()
        write_html(answer)
        assert time.process_time() - began < 2, bait[:20]


# ── S44 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_s44_nothing_here_reads_xml() -> None:
    """What cannot be attacked: there is no reader of XML in the house, so neither entities nor files are ever followed."""
    readers = re.compile(r"(xml|lxml|defusedxml|xmltodict|bs4|html5lib|openpyxl|docx)(\.|$)")
    found = []
    for room in ("channels", "hub", "routing", "storage"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found += [f"{path}: {name}" for name in names if readers.match(name)]
    assert found == []


async def test_s44_entities_in_a_letter_and_its_files_stay_what_they_are(desk: Desk) -> None:
    laughs = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg><text>&e;</text></svg>'
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "li@mail.example", "support@shop.example", "xml"
    made["Message-ID"] = "<xml@mail.example>"
    made.set_content("See these.")
    made.add_alternative(f"<p>before</p>{outside}<p>behind &b;</p>", subtype="html")
    for name, kind, data in (
        ("a.xml", "xml", laughs),
        ("a.svg", "svg+xml", outside),
        ("a.docx", "zip", laughs),
    ):
        made.add_attachment(data.encode(), maintype="application", subtype=kind, filename=name)
    (code,) = await letters_come(desk.ctx, [made.as_bytes()])
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    shown = (await desk.get(page.partition('data-src="')[2].partition('"')[0])).text
    assert "before" in shown and "behind" in shown
    assert "root:" not in page + shown and "hahaha" not in page + shown
    for link in dict.fromkeys(re.findall(r'href="(/desk/attachments/\w+)"', page)):
        assert (await desk.get(link)).text in (laughs, outside)
    assert "See these." in words_of(page)
