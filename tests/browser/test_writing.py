"""Writing in Chromium: drafts of two pages and of a page that is gone, files, sending later, other ways, two agents at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from hub.actions.answers.drafts import save_draft, upload_file
from hub.actions.answers.schedule import cancel_scheduled, schedule_reply
from hub.actions.context import Context
from hub.actions.timers import fire_due
from hub.model.drafts import DraftContent, DraftMode, Write
from hub.model.people import Actor
from storage import views
from storage.database import Connection
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.chromium import HeldAnswer
from tests.fakes.desk import CHANNELS, MAIL, Desk, customer_writes, serving_desk

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a73000000114944415478da63f8cfc0c000c60c100a"
    "0023ca03fdc4a2ab2f0000000049454e44ae426082"
)
PASTE = """([id, bytes]) => {
    const file = new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" });
    const data = new DataTransfer();
    data.items.add(file);
    const target = document.getElementById(id);
    if (id === "reply-text") target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    else target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "support": MAIL}) as desk:
        yield desk


async def _value(desk: Desk, query: str) -> Any:
    async def read(c: Connection) -> Any:
        return await c.fetchval(query)

    return await desk.ctx.database.read(read)


class _Gate:
    """Holds what pages save until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.held = 0

    async def hold(self, context: BrowserContext, what: str = "**/draft/reply") -> None:
        await context.route(what, self._pass)

    async def _pass(self, route: Route) -> None:
        self.held += 1
        await self.open.wait()
        await route.continue_()


async def _other_tab(page: Page) -> Page:
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.wait_for_selector("body[data-line=open]")
    return other


async def test_two_pages_of_one_agent_lose_nothing(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    other = await _other_tab(page)
    await page.fill("#reply-text", "We look for it.")
    await expect(page.locator("#reply .draft-state")).to_have_text("Draft saved")
    await expect(other.locator("#reply-text")).to_have_value("We look for it.")
    # What the server has outlives the browser's own copy, and the page.
    await page.evaluate("localStorage.clear()")
    await page.reload()
    await expect(page.locator("#reply-text")).to_have_value("We look for it.")

    gate = _Gate()
    await gate.hold(page.context)
    await page.fill("#reply-text", "It is on its way.")
    await other.fill("#reply-text", "It is lost.")
    while gate.held < 2:
        await asyncio.sleep(0.05)
    gate.open.set()
    asked, won = (other, page)
    await expect(
        page.locator("#draft-other:visible").or_(page.locator("#reply .draft-state", has_text="saved"))
    ).to_be_visible()
    if await page.locator("#draft-other").is_visible():
        asked, won = (page, other)
    await expect(asked.locator("#draft-other")).to_be_visible()
    mine, theirs = await asked.input_value("#reply-text"), await won.input_value("#reply-text")
    assert {mine, theirs} == {"It is on its way.", "It is lost."}
    await expect(asked.locator("#draft-other blockquote")).to_have_text(theirs)
    await asked.click("[data-take-other]")
    await expect(asked.locator("#reply-text")).to_have_value(theirs)
    await asked.reload()
    await expect(asked.locator("#reply-text")).to_have_value(theirs)
    await asked.click("#beside summary")
    await asked.click("#beside [data-put-in]")
    await expect(asked.locator("#reply-text")).to_have_value(f"{theirs}\n\n{mine}")

    # Closed at once after the last key: it is kept all the same.
    await won.close()
    await asked.wait_for_function("localStorage.length === 0 || true")
    await asked.press("#reply-text", "End")
    await asked.keyboard.type(" Bye")
    await asked.close(run_before_unload=True)
    async with asyncio.timeout(10):
        while not str(await _value(desk, "SELECT text FROM draft")).endswith(" Bye"):
            await asyncio.sleep(0.05)


async def test_what_is_saved_while_the_page_is_made_anew_stands_in_it(
    open_desk: OpenDesk, desk: Desk
) -> None:
    """The new page was made before it was saved, and the old one has heard that it was: neither the page nor a copy in the
    browser has it."""
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    gate, held = _Gate(), HeldAnswer()
    await gate.hold(page.context)
    await page.fill("#reply-text", "We look for it.")
    while not gate.held:
        await asyncio.sleep(0.05)
    await page.route(re.compile(r"/desk/tickets/T-\d+\?scope=all$"), held)
    reloading = asyncio.create_task(page.reload())
    await held.made.wait()
    async with page.expect_event("requestfinished", lambda request: request.url.endswith("/draft/reply")):
        gate.open.set()
    held.come.set()
    await reloading
    await expect(page.locator("#reply-text")).to_have_value("We look for it.")


async def test_files_are_chosen_pasted_and_dropped_kept_sent_and_given_back(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "It leaks", subject="Kettle")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    files = page.locator("#draft-files .draft-file")
    await page.set_input_files("#attach", {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE})
    await expect(files.locator(".thumb img")).to_be_visible()
    await page.evaluate(PASTE, ["reply-text", list(PICTURE)])
    await expect(files).to_have_count(2)
    await page.evaluate(PASTE, ["reply", list(b"%PDF-1.4")])
    await expect(files.locator("a.file-name")).to_have_count(3)
    await page.reload()
    await expect(files).to_have_count(3)
    await expect(files.locator(".thumb")).to_have_count(2)
    await files.last.get_by_role("button", name="Remove").click()
    await expect(files).to_have_count(2)

    await files.first.locator(".thumb").click()
    await expect(page.locator("#lightbox img")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#lightbox")).to_be_hidden()
    await expect(files.first.locator(".thumb")).to_be_focused()

    # To the customer's e-mail address: that can be taken back, and brings the files.
    await page.fill("#reply-text", "See here.")
    await page.click("#ways-menu summary")
    await page.click("#ways-menu .reach:has-text('E-mail')")
    await expect(page.locator("#tab-reply")).to_contain_text("E-mail")
    await expect(page.locator("#reply-text")).to_have_value("See here.")
    await expect(files).to_have_count(2)
    await page.press("#reply-text", "Control+Enter")
    sent = page.locator("#log .entry.out")
    await expect(sent.locator(".thumb img")).to_have_count(2)
    await expect(files).to_have_count(0)
    await expect(page.locator("#reply-text")).to_have_value("")
    await page.keyboard.press("Control+z")
    await expect(files).to_have_count(2)
    await expect(page.locator("#reply-text")).to_have_value("See here.")
    await expect(page.locator("#tab-reply")).to_contain_text("E-mail")
    assert await _value(desk, "SELECT state FROM outbox") == "cancelled"


async def test_what_is_sent_later_is_seen_by_others_and_stays_when_the_customer_writes(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "你好，壶漏水了", subject="水壶")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    lin = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    await page.fill("#reply-text", "A new one is on its way.")
    await page.click("#later-menu summary")
    await page.click("#later .choice:has-text('Tomorrow morning')")
    later = page.locator("#thread .later")
    await expect(later).to_contain_text("Leaves")
    await expect(later.locator("time")).to_contain_text(re.compile(r"in \d+ (h|day)"))  # by the hour of today
    await expect(page.locator("#reply-text")).to_have_value("")
    await expect(lin.locator("#thread .later")).to_contain_text("将于")
    await expect(lin.locator("#thread .later").get_by_role("button", name="立即发送")).to_be_visible()

    # A time that is over is refused in words, and the text stays.
    await lin.fill("#reply-text", "明天寄出。")
    await lin.click("#later-menu summary")
    await lin.locator("#own-time").evaluate("field => { field.min = ''; field.value = '2020-01-01T09:00'; }")
    await lin.click("#later button[value=own]")
    await expect(lin.locator("#composer-problem")).to_contain_text("该时间已过")
    await expect(lin.locator("#reply-text")).to_have_value("明天寄出。")

    await page.click("h1")
    await customer_writes(desk.ctx, "好了，不漏了", subject="Re: 水壶")
    await fire_due(desk.ctx)
    await expect(later).to_contain_text("The customer wrote first.")
    await expect(lin.locator("#thread .later")).to_contain_text("客户先来了消息")
    await expect(page.locator("#reply-text")).to_have_value("A new one is on its way.")
    assert await _value(desk, "SELECT count(*) FROM outbox") == 0


async def test_send_resolve_next_goes_on_with_the_row_below(open_desk: OpenDesk, desk: Desk) -> None:
    first = await customer_writes(desk.ctx, "one", subject="First")
    second = await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    page = await open_desk(f"/desk/tickets/T-{second}?scope=all")
    await page.keyboard.press("n")
    await page.fill("#note-text", "half a note")
    await page.click("#tab-reply")
    await page.fill("#reply-text", "Done.")
    await page.press("#reply-text", "Control+Shift+Enter")
    await expect(page.locator("#thread h1")).to_have_text("First")
    assert await _value(desk, f"SELECT status FROM ticket WHERE code = {second}") == "resolved"
    assert await _value(desk, "SELECT message->>'text' FROM outbox") == "Done."
    # One press takes back the reply and the status, and comes back to where it was written.
    await page.keyboard.press("Control+z")
    await expect(page.locator("#thread h1")).to_have_text("Second")
    await expect(page.locator("#reply-text")).to_have_value("Done.")
    assert await _value(desk, f"SELECT status FROM ticket WHERE code = {second}") == "open"
    # Each ticket is come back to in the mode it was left in, with what was begun there.
    await page.goto(f"{desk.url}/desk/tickets/T-{second}?scope=all")
    await expect(page.locator("#reply-text")).to_have_value("Done.")
    await page.click("#tab-note")
    await expect(page.locator("#note-text")).to_have_value("half a note")
    await page.goto(f"{desk.url}/desk/tickets/T-{first}?scope=all")
    await expect(page.locator("#tab-reply")).to_have_attribute("aria-selected", "true")
    await page.go_back()
    await expect(page.locator("#tab-note")).to_have_attribute("aria-selected", "true")
    assert re.search("half a note", await page.input_value("#note-text"))


async def _two_rows(open_desk: OpenDesk, desk: Desk) -> tuple[Page, int, int]:
    """The second of them is open."""
    first = await customer_writes(desk.ctx, "one", subject="First")
    second = await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    return await open_desk(f"/desk/tickets/T-{second}?scope=all"), first, second


async def _go(page: Page, code: int, subject: str) -> None:
    await page.click(f"#list .row[data-ticket='T-{code}']")
    await expect(page.locator("#thread h1")).to_have_text(subject)


async def _on_its_way(page: Page, text: str) -> _Gate:
    """It has been sent, and is answered when the gate opens."""
    gate = _Gate()
    await gate.hold(page.context, "**/replies")
    await page.fill("#reply-text", text)
    await page.press("#reply-text", "Control+Enter")
    return gate


async def test_what_has_left_after_its_ticket_was_left_does_not_come_back(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page, first, second = await _two_rows(open_desk, desk)
    gate = await _on_its_way(page, "We look for it.")
    await _go(page, first, "First")
    await page.fill("#reply-text", "Of the first.")
    # Come back to before there is an answer, it cannot be sent twice.
    await _go(page, second, "Second")
    await expect(page.locator("#reply-text")).to_have_value("We look for it.")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#messages")).to_contain_text("still on its way")
    await _go(page, first, "First")
    async with page.expect_event("requestfinished", lambda request: request.url.endswith("/replies")):
        gate.open.set()
    await expect(page.locator("#reply-text")).to_have_value("Of the first.")
    await _go(page, second, "Second")
    await expect(page.locator("#log .entry.out")).to_contain_text("We look for it.")
    await expect(page.locator("#reply-text")).to_have_value("")
    assert gate.held == 1
    # What is written next is kept, and sent once.
    await page.fill("#reply-text", "Found.")
    await expect(page.locator("#reply .draft-state")).to_have_text("Draft saved")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#log .entry.out")).to_have_count(2)
    assert await _value(desk, "SELECT count(*) FROM outbox") == 2


async def test_the_answer_finds_its_ticket_open_again_and_empties_its_text(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page, first, second = await _two_rows(open_desk, desk)
    gate = await _on_its_way(page, "We look for it.")
    await _go(page, first, "First")
    await _go(page, second, "Second")
    gate.open.set()
    await expect(page.locator("#reply-text")).to_have_value("")
    await page.fill("#reply-text", "We look for it.")  # the same words once more are a reply once more
    await expect(page.locator("#reply .draft-state")).to_have_text("Draft saved")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#log .entry.out")).to_have_count(2)


async def test_what_is_refused_after_its_ticket_was_left_stays_with_its_ticket(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page, first, second = await _two_rows(open_desk, desk)
    gate = await _on_its_way(page, "We look for it.")
    await customer_writes(desk.ctx, "Never mind", subject="Re: Second", thread="two")
    await _go(page, first, "First")
    await page.fill("#reply-text", "Of the first.")
    gate.open.set()
    await expect(page.locator("#messages")).to_contain_text(f"T-{second}: what you sent did not leave.")
    await expect(page.locator("#composer-problem")).to_be_empty()
    await expect(page.locator("#thread h1")).to_have_text("First")
    await expect(page.locator("#reply .draft-state")).to_have_text("Draft saved")
    await _go(page, second, "Second")
    await expect(page.locator("#reply-text")).to_have_value("We look for it.")
    assert await _value(desk, "SELECT count(*) FROM outbox") == 0
    drafts = "SELECT array_agg(text ORDER BY text) FROM draft WHERE text <> ''"
    async with asyncio.timeout(10):
        while await _value(desk, drafts) != ["Of the first.", "We look for it."]:
            await asyncio.sleep(0.05)


async def test_resolving_is_asked_for_by_the_keys_alone(open_desk: OpenDesk, desk: Desk) -> None:
    """What stopped the keys had its reason; the button, pressed later, only sends."""
    page, first, _second = await _two_rows(open_desk, desk)
    gate = _Gate()
    await gate.hold(page.context, "**/draft/files")
    await page.set_input_files("#attach", {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE})
    await page.fill("#reply-text", "Done.")
    await page.press("#reply-text", "Control+Shift+Enter")
    await expect(page.locator("#messages")).to_contain_text("Wait until the files")
    await _go(page, first, "First")
    await page.fill("#reply-text", "We look for it.")
    await page.click("#send-reply")
    await expect(page.locator("#log .entry.out")).to_contain_text("We look for it.")
    assert await _value(desk, f"SELECT status FROM ticket WHERE code = {first}") == "pending"
    gate.open.set()


async def test_a_file_that_comes_while_its_ticket_is_left_goes_with_its_own_reply(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page, first, second = await _two_rows(open_desk, desk)
    gate = _Gate()
    await gate.hold(page.context, "**/draft/files")
    for name in ("a.png", "b.png"):
        await page.set_input_files("#attach", {"name": name, "mimeType": "image/png", "buffer": PICTURE})
    files = page.locator("#draft-files .draft-file")
    await expect(files).to_have_count(2)
    await _go(page, first, "First")
    await expect(files).to_have_count(0)
    await _go(page, second, "Second")
    await expect(page.locator("#draft-files .coming")).to_have_count(2)
    await page.fill("#reply-text", "See here.")
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator("#messages")).to_contain_text("Wait until the files")
    await _go(page, first, "First")
    gate.open.set()
    async with asyncio.timeout(10):
        while await _value(desk, "SELECT count(*) FROM draft_file") != 2:
            await asyncio.sleep(0.05)
    await expect(files).to_have_count(0)
    await _go(page, second, "Second")
    await expect(files.locator("input[name=file]")).to_have_count(2)
    await expect(files).to_have_count(2)


async def test_axe_finds_nothing_in_any_of_the_eight_combinations(open_desk: OpenDesk, desk: Desk) -> None:
    who = [
        {"kind": "email", "value": "li@mail.example", "verified": True},
        {"kind": "email", "value": "maybe@mail.example", "verified": False},
        {"kind": "phone", "value": "+8613800138000", "verified": True},
    ]
    code = await customer_writes(
        desk.ctx, "It leaks", subject="Kettle", sender={"name": "Li", "identities": who}
    )
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    actor = Actor(name="Ann", agent_id=ann.id)
    at = datetime.now(UTC) + timedelta(hours=3)
    for text in ("Later.", "Not at all."):
        made = await schedule_reply(desk.ctx, ticket_code=code, actor=actor, text=text, send_at=at)
    await cancel_scheduled(desk.ctx, scheduled_id=made, actor=actor, into_draft=False)
    for tab, text in (("a.0", "One."), ("b.0", "Two.")):
        content = DraftContent(text=text, way="mail:maybe@mail.example")
        write = Write(tab=tab, number=1, base=0, content=content)
        await save_draft(desk.ctx, ticket_code=code, agent_id=ann.id, mode=DraftMode.REPLY, write=write)
    for name, kind, data in (("a.png", "image/png", PICTURE), ("b.pdf", "application/pdf", b"%PDF-1.4")):
        await upload_file(
            desk.ctx, ticket_code=code, agent_id=ann.id, filename=name, content_type=kind, data=data
        )
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    looks = await Looks.begin(page, desk.url, "writing")
    for locale in LOCALES:
        await speak(desk, locale)
        await page.reload()
        await page.locator("#beside summary").click()
        await looks.here(locale)
        for menu in ("ways", "later"):
            await page.locator(f"#{menu}-menu summary").click()
            await expect(page.locator(f"#{menu}-menu .choice").first).to_be_visible()
            await looks.here(f"{menu}, {locale}", within=f"#{menu}-menu")
            await page.keyboard.press("Escape")
        await page.set_viewport_size({"width": 375, "height": 800})
        over = "[...document.querySelectorAll('#composer, #thread')].filter((one) => one.scrollWidth > one.clientWidth).length"
        assert await page.evaluate(over) == 0, locale
        await page.set_viewport_size({"width": 1280, "height": 800})
    await page.locator("#draft-files .thumb").click()
    await expect(page.locator("#lightbox")).to_be_visible()
    await looks.here("a picture", within="#lightbox")
    looks.found_nothing()
