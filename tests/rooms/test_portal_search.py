"""Customers look for words among their own cases: what is found, page by page, and what is not even found to be there."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from hub.actions.note import add_note
from hub.actions.portal import find
from hub.actions.portal.enter import TooOften, Visitor
from hub.actions.portal.find import FoundCases, find_cases
from hub.actions.search.index import index_some
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, read_code, show_code
from tests.fakes.portal import LI, MEI, House, a_house, link_in
from tests.fakes.scene import SYSTEM, one, say


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


async def indexed(house: House) -> None:
    while await index_some(house.ctx):
        pass


async def found(house: House, typed: str, address: str = LI, **more: int) -> list[str]:
    """The numbers of the cases, in order."""
    return numbers(await find_cases(house.ctx, Visitor(address=address), typed, **more))


def numbers(page: FoundCases) -> list[str]:
    return [show_code(TICKET, one.row.code) for one in page.cases]


async def test_words_are_found_in_what_was_said_either_way_and_in_titles(house: House) -> None:
    parcel = await house.writes(LI, "Where is my parcel with the blue kettle?", subject="Delivery")
    await house.answer(parcel, "It waits in Hangzhou.")
    chinese = await house.writes(LI, "我的水壶漏水了，请问怎么退货？", subject="水壶漏水")
    await house.answer(chinese, "您好，退款三天內到賬。")
    async with house.browser() as li:
        await house.enter(li, LI)
        await li.say(parcel, "See the file", files={"receipt-GH4711.txt": b"x"})
    await indexed(house)
    for typed, cases in (
        ("kettle", [parcel]),
        ("KETT blue", [parcel]),
        ("hangzhou", [parcel]),
        ("GH4711", [parcel]),
        ("delivery", [parcel]),
        ("水壶", [chinese]),
        ("水壺", [chinese]),
        ("退款", [chinese]),
        ("到账", [chinese]),
        ("漏", [chinese]),
        ("退货 水壶", [chinese]),
        (chinese, [chinese]),
        ("kettle 水壶", []),
        ("%", []),
        ("status:open", []),
        ("", []),
    ):
        assert await found(house, typed) == cases, typed
    # Of several places of a case the newest is shown, with what was meant marked.
    (case,) = (await find_cases(house.ctx, Visitor(address=LI), "kettle")).cases
    assert [piece.text for piece in case.pieces if piece.hit] == ["kettle"] and case.line
    (titled,) = (await find_cases(house.ctx, Visitor(address=LI), parcel)).cases
    assert titled.pieces == ()


async def test_nothing_is_found_that_the_page_does_not_show(house: House) -> None:
    """Notes, tags, answers that have not left, what others wrote or had, another channel's words: neither shown nor counted."""
    mine = await house.writes(LI, "Mine", subject="Parcel")
    code = read_code(TICKET, mine)
    await add_note(house.ctx, ticket_code=code, actor=SYSTEM, text="canary note 金丝雀")
    await change_tags(house.ctx, ticket_code=code, actor=SYSTEM, add=("canary",))
    theirs = await house.writes(MEI, "canary of Mei 金丝雀", subject="canary")
    await house.answer(theirs, "canary to Mei")
    await say(
        house.ctx, text="canary of a chat", subject="canary", who=[("email", LI, True)], reply_address="chat"
    )
    row = await house.ticket(mine)
    for details in ({"sender": {"address": MEI}}, {"sender": {"address": LI}, "sender_check": "fail"}):
        await one(
            house.ctx,
            """INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text, details, fields)
               VALUES ($1, 99, $2, 'message', 'in', 'canary of others', $3, '{}') RETURNING id""",
            row["id"], row["customer_id"], details,
        )  # fmt: skip
    # What a form carries beside its answers is for colleagues.
    form = await say(
        house.ctx, kind="form", text="I filled it in", who=[("email", LI, True)],
        fields={"email": LI, "campaign": "canary", "answers": [{"key": "colour", "labels": {"en": "Colour"}, "said": "teal"}]},
    )  # fmt: skip
    await indexed(house)
    for typed in ("canary", "金丝雀", "canar", "note", "others", "campaign"):
        assert await found(house, typed) == [], typed
    assert await found(house, "teal") == [form.ticket_code]
    assert await found(house, "canary", MEI) == [theirs] and await found(house, "金丝雀", MEI) == [theirs]
    assert await found(house, "canary", "nobody@unknown.example") == []


async def test_page_by_page_newest_first_and_by_a_link_of_one_case_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PAGE", 2)
    monkeypatch.setattr(find, "LOT", 2)
    monkeypatch.setattr(find, "MOST_LOOKED", 4)
    every = [await house.writes(LI, f"Kettle {n} 水壶", subject="" if n else "Oldest") for n in range(5)]
    late = await house.writes(LI, "Something else")
    await house.answer(every[0], f"{house.ctx.public_url}/portal/{every[0]}")
    await indexed(house)
    me, pages, before = Visitor(address=LI), [], 0
    while True:
        page = await find_cases(house.ctx, me, "水壶", before=before)
        pages.append(numbers(page))
        before = page.before
        if not before:
            break
    assert [number for page in pages for number in page] == every[::-1]
    assert all(len(page) <= 2 for page in pages)
    # So many were looked through in vain: the page says where to go on.
    lone = await find_cases(house.ctx, me, "oldest")
    assert lone.cases == [] and numbers(await find_cases(house.ctx, me, "oldest", before=lone.before)) == [
        every[0]
    ]
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox ORDER BY id DESC LIMIT 1"))
    async with house.browser() as passed_on:
        await passed_on.post(link)
        shown = (await passed_on.get("/portal/search?q=水壶")).text
        assert every[0] in shown and not any(number in shown for number in (*every[1:], late))


async def test_the_page_says_what_was_found_in_both_languages(house: House) -> None:
    number = await house.writes(LI, "<b>Kettle</b> & 水壶 leaks", subject="Leak")
    await indexed(house)
    async with house.browser() as li:
        assert (await li.get("/portal/search?q=kettle")).goes_to == "/portal"
        await house.enter(li, LI)
        assert 'action="/portal/search"' in (await li.get("/portal")).text
        page = await li.get("/portal/search?q=kettle")
        assert page.status == 200 and "no-store" in page.headers["Cache-Control"]
        assert "<mark>Kettle</mark>" in page.text and "&lt;b&gt;" in page.text and "<b>" not in page.text
        line = re.search(rf'/portal/{number}(#l\d+)"', page.text)
        assert line and f'id="{line[1][1:]}"' in (await li.get(f"/portal/{number}")).text
        # The words stay when the language changes.
        turned = re.search(r'href="(/portal/search\?[^"]*lang=zh_CN[^"]*)"', page.text)
        assert turned
        chinese = await li.get(unescape(turned[1]))
        assert 'lang="zh-CN"' in chinese.text and "<mark>Kettle</mark>" in chinese.text
        assert "没有" in (await li.get("/portal/search?q=nowhere")).text
        empty = await li.get("/portal/search?q=%22%3E%3Cscript%3E&lang=en")
        assert "None of your cases has these words." in empty.text and "<script" not in empty.text
        for odd in ("?q=", "", "?q=%00", "?q=a&before=x", f"?q=a&before={'9' * 30}", "?q=" + "a" * 5000):
            assert (await li.get(f"/portal/search{odd}")).status == 200, odd


async def test_whoever_searches_without_end_is_asked_to_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PER_HOUR", 2)
    for _ in range(2):
        assert await found(house, "kettle") == []
    with pytest.raises(TooOften):
        await found(house, "kettle")
    assert await found(house, "kettle", MEI) == []
