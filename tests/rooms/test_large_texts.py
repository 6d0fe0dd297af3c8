"""Letters of many megabytes: only so much of them is read, looked through and shown, and others are answered meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.portal import find as portal_find
from hub.actions.portal.enter import Visitor
from hub.actions.portal.find import find_cases
from hub.actions.search import find
from hub.actions.search.index import index_some
from hub.actions.search.query import read_query
from hub.model.codes import TICKET, read_code, show_code
from hub.model.search_words import TOO_LONG
from storage import search, views
from tests.fakes.desk import customer_writes, serving_desk
from tests.fakes.portal import LI, House, a_house
from tests.fakes.scene import one
from tests.rooms.test_search import ANN, TODAY, ground, run, take_in

__all__ = ("ground",)
LARGE = 3_000_000
LETTER = "😀" + "'" * 400_000


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


async def longest_stop(work: Awaitable[object]) -> float:
    """Seconds for which nothing else ran while this was done."""
    longest, doing = 0.0, asyncio.ensure_future(work)
    while not doing.done():
        before = time.monotonic()
        await asyncio.sleep(0.002)
        longest = max(longest, time.monotonic() - before)
    await doing
    return longest


async def add(ctx: Context, *texts: str) -> None:
    for text in texts:
        await run(
            ctx,
            """INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, text, fields)
               VALUES (1, 90, 1, 1, 'message', 'in', $1, '{}')""",
            text,
        )


async def entries(ctx: Context, text: str, **page: Any) -> list[str]:
    found = await find.find_entries(ctx, read_query(text, TODAY), ANN, UTC, **page)
    return [hit.text for hit in found.hits]


async def test_of_a_large_letter_the_beginning_is_looked_through_and_the_index_tells_of_the_rest(
    ground: Context,
) -> None:
    filler = "filling words\n" * (search.MOST_TEXT // 14 + 10)
    await add(
        ground, f"At the top: kangaroo pouch.\n{filler}Far below: wallaby den", "A short wallaby, no den"
    )
    await take_in(ground)
    # A text that is read to its end is the judge of it; the end of a long one is known by its words alone.
    long = (await entries(ground, "kangaroo"))[0]
    assert len(long) == search.MOST_TEXT and long.startswith("At the top")
    assert [len(one) == search.MOST_TEXT for one in await entries(ground, "wallaby")] == [False, True]
    assert await entries(ground, '"den wallaby"') == [long]
    assert await entries(ground, "wallaby -kangaroo") == ["A short wallaby, no den"]
    assert await entries(ground, "koala") == await entries(ground, '"top kangaroo" koala') == []


async def test_a_letter_of_too_many_words_for_the_index_is_looked_through_further(ground: Context) -> None:
    half = "filling words " * (search.DEEPEST // 28)
    await add(ground, f"kangaroo {half}numbat{half}quokka{half}")
    await take_in(ground)
    await run(
        ground,
        "UPDATE search_entry SET words = array_to_tsvector(ARRAY[$1::text]) WHERE id = (SELECT max(id) FROM search_entry)",
        TOO_LONG,
    )
    (found,) = await entries(ground, "kangaroo numbat")
    assert len(found) == search.MOST_TEXT
    assert await entries(ground, "quokka") == await entries(ground, "kangaroo -numbat") == []


async def test_large_letters_stop_nobody_while_they_are_searched(
    ground: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(ground, *("kangaroo " + "退款還沒到賬。" * (LARGE // 7) for _ in range(4)))
    await take_in(ground)
    assert await longest_stop(entries(ground, "kangaroo 退款")) < 0.25
    # After so many characters a page ends, and the next one goes on.
    monkeypatch.setattr(find, "MOST_CHARACTERS", search.MOST_TEXT)
    monkeypatch.setattr(find, "_READ_AT_ONCE", 1)
    asked, pages, after = read_query("kangaroo", TODAY), [], None
    while True:
        page = await find.find_entries(ground, asked, ANN, UTC, after=after)
        pages.append(len(page.hits))
        if page.after is None:
            break
        after = page.after
    assert pages == [1, 1, 1, 1, 0]


async def test_a_customer_with_large_letters_stops_nobody_while_they_search_their_cases(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [await house.writes(LI, f"Kettle {n}", subject=f"Case {n}") for n in range(3)]
    for number in numbers:
        await one(house.ctx, "UPDATE interaction SET text = $2 WHERE ticket_id = $1 RETURNING id",
                  (await house.ticket(number))["id"], "kettle " + "退款還沒到賬。" * (LARGE // 7) + " wallaby")  # fmt: skip
    while await index_some(house.ctx):
        pass
    me = Visitor(address=LI)
    assert await longest_stop(find_cases(house.ctx, me, "kettle 到賬")) < 0.25
    # What the page does not show, its search does not find.
    assert (await find_cases(house.ctx, me, "wallaby")).cases == []
    # After so many bytes a page ends with its case, and the next one goes on.
    monkeypatch.setattr(portal_find, "MOST_BYTES", 1)
    pages, before = [], 0
    while True:
        page = await find_cases(house.ctx, me, "kettle", before=before)
        pages.append([show_code(TICKET, case.row.code) for case in page.cases])
        before = page.before
        if not before:
            break
    assert pages == [[number] for number in reversed(numbers)] + [[]]


async def add_large(ctx: Context, code: int, **more: str) -> list[int]:
    """Fourteen letters of apostrophes, each of which is five characters of a page; their ids."""
    names = "".join(f", {name}" for name in more)
    given = "".join(f", ${number}" for number in range(5, 5 + len(more)))
    return [
        await one(
            ctx,
            f"""INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, details, fields, text{names})
                SELECT id, $2, customer_id, channel_id, 'message', 'in', $3, '{{}}', $4{given}
                FROM ticket WHERE code = $1 RETURNING id""",
            code,
            seq,
            {"sender": {"address": LI}, "sender_check": "pass"},
            LETTER,
            *more.values(),
        )
        for seq in range(2, 16)
    ]


async def test_the_portal_shows_the_beginning_of_a_large_letter_and_says_so(house: House) -> None:
    """Of a letter of 25 MB of apostrophes its page had half a gigabyte, for each time that it was opened."""
    number = await house.writes(LI, "Kettle")
    await add_large(house.ctx, read_code(TICKET, number))
    async with house.browser() as li:
        await house.enter(li, LI)
        page = await li.get(f"/portal/{number}")
    assert 1_000_000 < page.text.count("&#39;") < 2_500_000 and "Kettle" in page.text
    assert page.text.count("Only the beginning is shown: the message is too long for this page.") == 14


async def test_the_desk_shows_the_beginning_of_a_large_letter_and_hands_out_the_whole(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        code = await customer_writes(desk.ctx, "Kettle")
        number = show_code(TICKET, code)
        ids = await add_large(desk.ctx, code, full_text="all: " + LETTER)
        ticket_id = await one(desk.ctx, "SELECT id FROM ticket WHERE code = $1", code)
        entries = await desk.ctx.database.read(lambda c: views.latest_of_ticket(c, ticket_id))
        short, others, long = entries[0], entries[1 : -views.LONG], entries[-views.LONG :]
        assert (short.text, short.full_text, short.cut) == ("Kettle", "", False)
        assert {(len(entry.text), len(entry.full_text), entry.cut) for entry in others} == {
            (views.AT_ONCE, views.AT_ONCE, True)
        }
        assert {(len(entry.text), len(entry.full_text), entry.cut) for entry in long} == {
            (views.MOST_TEXT, views.MOST_TEXT, True)
        }
        await desk.log_in()
        page = (await desk.get(f"/desk/tickets/{number}?scope=all")).text
        assert page.count("Only the beginning is shown.") == 14
        link = f"/desk/tickets/{number}/originals/{ids[0]}/text"
        assert f'href="{link}" download' in page
        whole = await desk.get(link)
        assert whole.text == "all: " + LETTER and whole.headers["Content-Disposition"].startswith(
            "attachment"
        )
        assert (await desk.get(link.replace(str(ids[0]), str(ids[0] + 1)))).status == 404
