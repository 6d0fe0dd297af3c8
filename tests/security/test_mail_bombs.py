"""S34, S38, S44: letters made to stop the house. Each is over soon, and costs nobody else anything.

Bounds are seconds of a processor, which are no more on a machine that does much else, and what grows with the length of a text
is compared with what a quarter of it costs.
"""

import ast
import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from math import inf
from pathlib import Path
from statistics import quantiles

import pytest

from channels.adapter import Acceptance, CannotTranslate, RawItem
from channels.email.parse import parse_to_dict
from channels.email.sending.write import write_html
from hub.actions import reader
from hub.actions.context import Context
from hub.actions.receive import accept_items, read_waiting
from hub.model.interactions import OutboundInteraction
from tests.fakes.costs import TRIES, assert_even, spent
from tests.fakes.desk import Desk, customer_writes, letters_come, words_of
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import CHANNELS, a_hub, letter, one, raw_letter, rows, say, ticket
from tests.unit.email.test_limits import BOMBS

ROOT = Path(__file__).parents[2]
FIVE = ("empty parts", "448 kB of encoded words", "nested 3000", "1,000 open brackets", "100,000 div")
"""What froze or ended other systems, and the library's own parser."""
LONGEST = 2.0
"""Seconds of a processor for one letter, whatever becomes of it."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """Letters are read by a process of its own."""
    async with a_hub(database_dsn, CHANNELS, heavy=True) as hub:
        yield hub
        await assert_invariants(hub.database)


# ── S34 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s34_no_bomb_costs_two_seconds_of_a_processor(ctx: Context) -> None:
    """One after the other, here and in the process that reads, which none of them brings down. The usual is a sixth of it; what
    takes longer may come again, as the same letter with another end, and is over in time then."""
    assert reader.CPU_SECONDS <= LONGEST, "what takes longer there is ended"
    await _all_read(ctx, raw_letter(BOMBS["empty parts"]()[:500], uid=99))
    reads = ctx.reader._process
    for number, name in enumerate(FIVE, 1):
        least = inf
        for again in range(TRIES):
            bomb = raw_letter(BOMBS[name]() + b" " * again, uid=TRIES * number + again)
            there, here = _spent_by(reads), time.process_time()
            await _all_read(ctx, bomb)
            least = min(least, max(time.process_time() - here, _spent_by(reads) - there))
            assert ctx.reader._process is reads, name
            if least < LONGEST:
                break
        assert least < LONGEST, name


async def _all_read(ctx: Context, *letters: RawItem) -> None:
    await accept_items(ctx, "support", letters)
    while await read_waiting(ctx):
        pass


def _spent_by(process: asyncio.subprocess.Process | None) -> float:
    """Seconds of a processor that it took so far (proc(5))."""
    assert process is not None
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _try_to_read(raw: bytes) -> None:
    with suppress(CannotTranslate):
        parse_to_dict(raw)


async def _pauses(ctx: Context, work: Callable[[], Awaitable[None]]) -> tuple[list[float], list[Acceptance]]:
    """For how long the loop is busy with one thing, again and again, while `work` is done and twenty visitors write."""
    found: list[float] = []
    over = asyncio.Event()

    async def others() -> None:
        while not over.is_set():
            before = time.thread_time()
            await asyncio.sleep(0.01)
            found.append(time.thread_time() - before)

    watching, at_work = asyncio.create_task(others()), asyncio.ensure_future(work())
    said = [await say(ctx, who=[("visitor", f"v{n}", True)], text=f"{n}") for n in range(20)]
    await at_work
    over.set()
    await watching
    return found, said


async def test_s34_bombs_are_read_or_put_aside_at_the_first_try_and_all_others_go_on(ctx: Context) -> None:
    """The loop is at no single thing for half as long as it would be at the dearest of the five, read there."""

    async def all_read() -> None:
        while await read_waiting(ctx):
            pass

    dearest = max(spent(partial(_try_to_read, BOMBS[name]())) for name in FIVE)
    await accept_items(ctx, "support", [letter(f"a{n}@example.cn", uid=200 + n) for n in range(10)])
    usual, _ = await _pauses(ctx, all_read)
    bombs = [
        (await accept_items(ctx, "support", [raw_letter(BOMBS[name](), uid=number)]))[0]
        for number, name in enumerate(FIVE, 1)
    ]
    behind = await accept_items(
        ctx, "support", [letter(f"c{n}@example.cn", uid=100 + n, subject=f"s{n}") for n in range(10)]
    )
    pauses, said = await _pauses(ctx, all_read)
    assert max(pauses) < dearest / 2
    assert quantiles(pauses, n=20)[-1] < 3 * quantiles(usual, n=20)[-1] + 0.01, (
        "95 of 100 are as they always are"
    )
    assert all(kept.ticket_code for kept in said)
    ends = {row["id"]: row for row in await rows(ctx, "SELECT id, state, attempts, error FROM inbound_raw")}
    for name, kept in zip(FIVE, bombs, strict=True):
        end = ends[kept.raw_id]
        assert (end["state"], end["attempts"]) in (("read", 1), ("quarantined", 1)), (name, end)
        assert (end["state"] == "quarantined") == bool(end["error"]), name
    assert [(await ticket(ctx, kept))["subject"] for kept in behind] == [f"s{n}" for n in range(10)]
    assert await one(ctx, "SELECT count(*) FROM lease WHERE until < clock_timestamp()") == 0


# ── S38 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
BAITS: tuple[tuple[str, str, str], ...] = (
    ("", "(a+)+", ""), ("", "http://", ""), ("http://a.", "a", ""), ("", "www.", ""), ("", "a@", ""), ("", "&", ""),
    ("", "(", ")"), ("", "&lt;", ""), ("", "<", ""), ("https://x.example/", "(", ""), ("", "mailto:", ""), ("", "x.com,", ""),
    ("", "\u202e", ""), ("", "a", "!"), ("https://x.example/", "a", ""),
)  # fmt: skip
"""What stands first, what is repeated, and what stands last: as long as the rest where it is a bracket."""
LENGTH = 100_000
"""Characters, as many as the list of attacks has."""


def _bait(parts: tuple[str, str, str], length: int) -> str:
    first, again, last = parts
    if last == ")":
        return again * (length // 2) + last * (length // 2)
    return f"{first}{again * ((length - len(first) - len(last)) // len(again))}{last}"


async def test_s38_no_text_holds_the_page_that_shows_it_and_finds_its_links(desk: Desk) -> None:
    await desk.log_in()
    plain = await _page(desk, "Hello", "plain")
    for number, parts in enumerate(BAITS):
        quarter, whole = [
            await _page(desk, _bait(parts, length), f"bait{number}-{length}") - plain
            for length in (LENGTH // 4, LENGTH)
        ]
        assert whole < 0.1, (parts, whole)
        assert_even(quarter, whole, str(parts))


async def _page(desk: Desk, text: str, thread: str) -> float:
    """Seconds of a processor for the page of a ticket in which this was said, the least of three."""
    code = await customer_writes(desk.ctx, text, thread=thread, subject="bait")
    took = []
    for _ in range(3):
        began = time.process_time()
        page = await desk.get(f"/desk/tickets/T-{code}?scope=all")
        took.append(time.process_time() - began)
        assert page.status == 200
    return min(took)


@pytest.mark.parametrize("parts", BAITS, ids=lambda parts: "".join(parts)[:20])
def test_s38_no_answer_takes_long_to_write(parts: tuple[str, str, str]) -> None:
    quarter, whole = (_answer(_bait(parts, length)) for length in (LENGTH // 4, LENGTH))
    took = spent(lambda: write_html(whole))
    assert took < 0.1
    assert_even(spent(lambda: write_html(quarter)), took, str(parts))


def _answer(text: str) -> OutboundInteraction:
    return OutboundInteraction(
        interaction_id=1, ticket_code="T-1", address="li@example.cn", recipient_name="", author_name="", text=text,
        subject="", queued_at=datetime(2026, 11, 24, tzinfo=UTC), message_id="a@shop.example",
    )  # fmt: skip


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
