"""Answering letters in Chromium: people as chips, answers kept ready, taking back, moving; all of it by keyboard too."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from hub.actions.context import Context
from hub.settings import Delivery
from storage.database import Connection
from tests.browser.conftest import OpenDesk
from tests.browser.looks import speak
from tests.fakes.desk import CHANNELS, MAIL, Desk, html_letter, letters_come, serving_desk


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    channels = {**CHANNELS, "support": MAIL, "sales": {**MAIL, "address": "sales@shop.example"}}
    async with serving_desk(ctx, channels, delivery=Delivery(undo_seconds=62)) as desk:
        yield desk


async def _a_letter(
    desk: Desk, number: int = 0, cc: str = 'Eve Adler <eve@partner.example>, "Kern, Otto" <otto@kern.example>'
) -> int:
    raw = html_letter(
        "<p>It is <b>broken</b></p>", number=number, text="It is broken", subject=f"Lamp {number}"
    )
    head = b"Cc: " + cc.encode() + b"\n" if cc else b""
    (code,) = await letters_come(desk.ctx, [head + raw])
    return code


async def test_people_are_chips_and_the_button_says_to_how_many_it_goes(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await _a_letter(desk)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    send = page.locator("#send-reply")
    await expect(send).to_have_text("Send reply")
    await page.click("#offered >> text=Eve Adler")
    chips = page.locator("#cc-row .mail-chip span")
    await expect(chips).to_have_text(["Eve Adler"])
    await expect(send).to_have_text("Send to 2 people")
    await page.click("#offered >> text=Reply to all")
    await expect(chips).to_have_text(["Eve Adler", "Kern, Otto"])
    await expect(page.locator("#offered button:visible")).to_have_count(0)
    await page.click("[data-copies=bcc]")
    await page.keyboard.type("boss@owner.example, ")
    await expect(page.locator("#bcc-row .mail-chip span")).to_have_text(["boss@owner.example"])
    await page.keyboard.type("half an address")
    await page.keyboard.press("Enter")
    await expect(page.locator("#bcc-row .mail-chip.wrong")).to_have_count(1)
    await page.keyboard.press("Backspace")
    await expect(page.locator("#bcc-row .mail-chip")).to_have_count(1)
    await expect(send).to_have_text("Send to 4 people")
    await page.click("#cc-row button[aria-label='Remove Kern, Otto']")
    await page.select_option("#inbox", "sales")
    await page.fill("#reply-text", "We send a new one.")
    await page.reload()
    await page.wait_for_selector("body[data-line=open]")
    await expect(chips).to_have_text(["Eve Adler"])
    await expect(page.locator("#inbox")).to_have_value("sales")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#log .entry.out .addressed")).to_have_text(
        "To li@mail.example · Cc Eve Adler · Bcc boss@owner.example"
    )

    async def message(c: Connection) -> object:
        return await c.fetchval("SELECT message->'cc'->0->>'address' FROM outbox")

    assert await desk.ctx.database.read(message) == "eve@partner.example"
    await expect(page.locator("#cc-row .mail-chip")).to_have_count(0)


async def test_a_reply_is_taken_back_by_key_while_its_seconds_run(open_desk: OpenDesk, desk: Desk) -> None:
    code = await _a_letter(desk)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("#offered >> text=Eve Adler")
    await page.fill("#reply-text", "We send a new one.")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#undo")).to_be_visible()
    await expect(page.locator("#undo-left")).to_have_text(re.compile(r"^[1-6]?\d$"))
    await expect(page.locator("#reply-text")).to_be_focused()
    await page.keyboard.press("Control+z")
    await expect(page.locator("#reply-text")).to_have_value("We send a new one.")
    await expect(page.locator("#cc-row .mail-chip span")).to_have_text(["Eve Adler"])
    await expect(page.locator("#undo")).to_have_count(0)
    await expect(page.locator("#log .entry.out .delivery")).to_contain_text("Cancelled")
    # It is a draft again: what is written now outlives the page, and sending it sends it once.
    await speak(desk, "zh_CN")
    await page.reload()
    await expect(page.locator("#log .entry.out .delivery")).to_contain_text("已取消")
    await expect(page.locator("#reply-text")).to_have_value("We send a new one.")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#undo")).to_be_visible()
    await page.evaluate("document.getElementById('undo').dataset.ends = '0'")  # as if its seconds were over
    await expect(page.locator("#undo")).to_have_count(0)

    async def states(c: Connection) -> list[str]:
        return [row["state"] for row in await c.fetch("SELECT state FROM outbox ORDER BY id")]

    assert await desk.ctx.database.read(states) == ["cancelled", "queued"]


async def test_entries_go_to_another_ticket_and_come_back_by_keyboard(
    open_desk: OpenDesk, desk: Desk
) -> None:
    first = await _a_letter(desk, 1, cc="")
    second = await _a_letter(desk, 2, cc="")
    page = await open_desk(f"/desk/tickets/T-{second}?scope=all")
    await page.focus("#more-menu summary")
    await page.keyboard.press("Enter")
    await page.focus("#more-menu [data-chooses]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .choose input")).to_be_focused()
    await expect(page.locator("#move button[value=ticket]")).to_be_disabled()
    await page.keyboard.press("Space")
    await expect(page.locator("#chosen-count")).to_have_text("Chosen: 1")
    await page.focus("#move-to")
    await page.keyboard.type(f"T-{first}")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread h1")).to_have_text("Lamp 1")
    await expect(page.locator("#log .entry.in")).to_have_count(2)
    assert page.url.endswith(f"/desk/tickets/T-{first}?scope=all")
    toast = page.locator(".toast", has_text="1 entry is on this ticket now.")
    await toast.locator("[data-undo]").press("Enter")
    await expect(page.locator("#thread h1")).to_have_text("Lamp 2")
    await expect(page.locator("#log .entry.in")).to_have_count(1)
    assert page.url.endswith(f"/desk/tickets/T-{second}?scope=all")


async def test_the_original_stays_open_through_news_and_runs_nothing(open_desk: OpenDesk, desk: Desk) -> None:
    code = await _a_letter(desk, 1, cc="")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("details.original summary")
    shown = page.frame_locator("iframe").locator("b")
    await expect(shown).to_have_text("broken")
    assert (
        await page.locator("iframe").get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
    )
    raw = html_letter("<p>more</p>", number=2, answers=1)
    assert await letters_come(desk.ctx, [raw]) == [code]
    await expect(page.locator("#log .entry.in")).to_have_count(2)
    await expect(shown).to_have_text("broken")
    await expect(page.locator("details.original").first).to_have_attribute("open", "")


async def test_a_ticket_opens_at_the_head_of_its_last_letter_and_ones_own_words_are_shown(
    open_desk: OpenDesk, desk: Desk
) -> None:
    text = "\n".join(f"Line {number} of a long letter." for number in range(80))
    raw = html_letter("<p>A long letter.</p>", number=1, text=text, subject="A long letter")
    (code,) = await letters_come(desk.ctx, [raw])
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await expect(page.locator("#log .entry .entry-head").last).to_be_in_viewport()
    await page.fill("#reply-text", "We send a new one.")
    await page.press("#reply-text", "Control+Enter")
    ours = page.locator("#log .entry.out .entry-foot")
    await expect(ours).to_be_in_viewport()
    await page.fill("#reply-text", "\n".join("and more" for _ in range(12)))
    await expect(ours).to_be_in_viewport()
