"""The desk in Chromium: it is live, it keeps what is being written, and a note is never a reply."""

import asyncio
import re

from playwright.async_api import Browser, Locator, Page, Route, expect

from hub.actions.floor.route import drain
from hub.actions.note import add_note
from hub.model.people import HUB
from storage.database import Connection
from tests.browser.conftest import OpenDesk, sign_in
from tests.browser.looks import speak, violations
from tests.fakes.chromium import PAUSES, HeldAnswer, stand_between
from tests.fakes.desk import PASSWORD, Desk, customer_writes
from tests.fakes.scene import one

REFUSED_ONCE_MORE = """
new Promise((done) => {
  document.addEventListener("htmx:after:request", done, { once: true });
  document.body.dispatchEvent(new CustomEvent("live-system"));
})
"""
"""Comes to an end when a piece of the page was asked for and everybody has heard the answer."""


async def test_a_ticket_arrives_without_a_reload(open_desk: OpenDesk, desk: Desk) -> None:
    pages = await open_desk(), await open_desk(login="lin")
    for page in pages:
        await page.evaluate("window.untouched = true")
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    for page, everything in zip(pages, ("All", "全部"), strict=True):
        await expect(page.locator(f"#row-T-{code}")).to_contain_text("Parcel")
        await expect(page.locator(".scopes a", has_text=everything)).to_contain_text("1")
    await drain(desk.ctx)
    for page in pages:
        await expect(page.locator(f"#row-T-{code} .holder")).to_contain_text("Ann Berg")
        assert await page.evaluate("window.untouched")


async def test_nothing_is_missed_while_the_line_was_down(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk()
    await page.evaluate(f"() => {{{PAUSES}}}")
    await page.wait_for_load_state("networkidle")  # what the page asks for when it opens has come
    await page.context.set_offline(True)
    await page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="While away")
    await expect(page.locator("#line")).to_be_visible()
    # Drawn, so that not everybody comes back in the same moment: of a second the half that is sure, and 0.9 of the other.
    assert 950 in await page.evaluate("pauses")
    await page.context.set_offline(False)
    await expect(page.locator(f"#row-T-{code}")).to_contain_text("While away")
    await expect(page.locator("#line")).to_be_hidden()


async def test_an_answer_that_comes_late_takes_back_nothing_that_was_shown_meanwhile(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    held = HeldAnswer()
    await stand_between(page, "**/replies", held)
    await page.fill("#reply-text", "It leaves today.")
    await page.click("#send-reply")
    await held.made.wait()
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text="a note meanwhile")
    await expect(page.locator("#log")).to_contain_text("a note meanwhile")
    held.come.set()
    await expect(page.locator("#reply-text")).to_have_value("")
    await expect(page.locator("#log")).to_contain_text("a note meanwhile")


async def test_nothing_is_missed_while_a_ticket_opens(open_desk: OpenDesk, desk: Desk) -> None:
    for name in ("parcel", "kettle"):
        opened = await customer_writes(desk.ctx, f"Where is my {name}?", subject=name, thread=name)
    page = await open_desk()
    await page.evaluate(
        "document.body.addEventListener('hub:event', (event) => { window.heard = event.detail })"
    )
    held = HeldAnswer()
    await stand_between(page, f"**/desk/tickets/T-{opened}*", held)
    await page.click(f"#row-T-{opened}")
    await held.made.wait()
    await add_note(desk.ctx, ticket_code=opened, actor=HUB, text="a note meanwhile")
    await page.wait_for_function("code => window.heard?.ticket === code", arg=f"T-{opened}")
    held.come.set()
    await expect(page.locator("#log")).to_contain_text("a note meanwhile")


async def test_text_focus_and_caret_survive_a_storm_of_news(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    box = page.locator("#reply-text")
    await box.click()

    async def storm() -> None:
        for number in range(15):
            await customer_writes(desk.ctx, f"news {number}", subject=f"News {number}", thread=f"n{number}")
            await add_note(desk.ctx, ticket_code=code, actor=HUB, text=f"note {number}")

    raging = asyncio.create_task(storm())
    await page.keyboard.type("Your parcel left our house today.", delay=25)
    await page.keyboard.press("Home")
    await page.keyboard.type("Hello, ")
    await raging
    await expect(page.locator("#log")).to_contain_text("note 14")
    await expect(page.locator("#rows")).to_contain_text("News 14")
    assert await box.input_value() == "Hello, Your parcel left our house today."
    assert await page.evaluate("document.activeElement.id") == "reply-text"
    assert await page.evaluate("document.activeElement.selectionStart") == len("Hello, ")


async def test_an_input_method_goes_on_composing_through_news_and_its_enter_sends_nothing(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "请问订单到哪里了？", subject="订单")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    await page.click("#reply-text")
    line = await page.context.new_cdp_session(page)
    await line.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    await page.evaluate(
        """() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
            {key: 'Enter', code: 'Enter', keyCode: 229, isComposing: true, ctrlKey: true, bubbles: true}))"""
    )
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text="a note meanwhile")
    await expect(page.locator("#log")).to_contain_text("a note meanwhile")
    await line.send("Input.insertText", {"text": "您好"})
    assert await page.input_value("#reply-text") == "您好"
    assert await _count(desk, "SELECT count(*) FROM outbox") == 0


async def test_reply_and_note_look_and_act_differently(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")

    async def looks(form: str) -> list[str]:
        return await page.evaluate(  # type: ignore[no-any-return]
            """(id) => { const form = document.getElementById(id), style = getComputedStyle(form);
               return [style.backgroundColor, style.borderTopStyle, form.querySelector('button').innerText,
                       form.querySelector('label[for]').innerText, form.getAttribute('hx-post')]; }""",
            form,
        )

    reply = await looks("reply")
    await page.keyboard.press("n")
    await expect(page.locator("#note-text")).to_be_focused()
    await expect(page.locator("#reply")).to_be_hidden()
    note = await looks("note")
    assert all(one != other for one, other in zip(reply, note, strict=True)), (reply, note)

    await page.keyboard.type("Check the address first")
    await page.keyboard.press("Control+Enter")
    entry = page.locator("#log .entry.note")
    await expect(entry).to_contain_text("Check the address first")
    await expect(page.locator("#note-text")).to_have_value("")
    assert await _count(desk, "SELECT count(*) FROM outbox") == 0

    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await page.keyboard.type("It leaves today.")
    await page.keyboard.press("Control+Enter")
    sent = page.locator("#log .entry.out")
    await expect(sent).to_contain_text("It leaves today.")
    await expect(sent.locator(".delivery")).to_contain_text("Queued")
    await expect(page.locator("#reply-text")).to_have_value("")
    assert await _count(desk, "SELECT count(*) FROM outbox") == 1

    await speak(desk, "zh_CN")
    await page.reload()
    await expect(sent.locator(".delivery")).to_contain_text("待发送")
    reply = await looks("reply")
    await page.click("#tab-note")
    await expect(page.locator("#reply")).to_be_hidden()
    note = await looks("note")
    assert all(one != other for one, other in zip(reply, note, strict=True)), (reply, note)


async def test_a_reply_to_an_older_state_shows_what_is_new_and_keeps_its_text(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.fill("#reply-text", "We look for it.")
    await customer_writes(desk.ctx, "It has come!", subject="Re: Parcel")
    await expect(page.locator("#composer-news")).to_be_visible()
    await page.press("#reply-text", "Control+Enter")
    await expect(page.locator(".conflict")).to_contain_text("It has come!")
    assert await page.input_value("#reply-text") == "We look for it."
    assert await _count(desk, "SELECT count(*) FROM outbox") == 0
    await page.click(".conflict button[name=anyway]")
    await expect(page.locator("#log .entry.out")).to_contain_text("We look for it.")
    assert await _count(desk, "SELECT count(*) FROM outbox") == 1


async def test_a_draft_outlives_its_page(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    other = await customer_writes(desk.ctx, "And mine?", subject="Another", thread="other")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.fill("#reply-text", "half a sent")
    await page.click(f"#row-T-{other} .row")
    await expect(page.locator("#thread h1")).to_have_text("Another")
    await expect(page.locator("#reply-text")).to_have_value("")
    await page.go_back()
    await expect(page.locator("#thread h1")).to_have_text("Parcel")
    await expect(page.locator("#reply-text")).to_have_value("half a sent")
    await page.reload()
    await expect(page.locator("#reply-text")).to_have_value("half a sent")


async def test_the_whole_triage_goes_by_keyboard(open_desk: OpenDesk, desk: Desk) -> None:
    first = await customer_writes(desk.ctx, "one", subject="First")
    await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    page = await open_desk()
    for key in ("j", "j", "k", "j"):
        await page.keyboard.press(key)
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread h1")).to_have_text("First")
    # What has the focus is kept by every swap: the row, until a key goes elsewhere.
    await expect(page.locator(f"#row-T-{first} .row")).to_be_focused()
    await page.keyboard.press("Period")
    await expect(page.locator("#messages, #toasts").filter(has_text=f"T-{first}")).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.locator("#colleagues .choice").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#assign-menu summary")).to_be_focused()
    await page.keyboard.press("i")
    await expect(page.locator("#thread .facts")).to_contain_text("You")
    await page.keyboard.press("e")
    await expect(page.locator("#thread .facts .badge.status.resolved")).to_be_visible()
    await expect(page.locator(f"#row-T-{first}")).to_have_count(0)
    await page.keyboard.press("Shift+Slash")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("Escape")
    await expect(page.locator("#help")).to_be_hidden()
    await page.keyboard.press("Slash")
    await expect(page.locator("#find")).to_be_focused()
    await speak(desk, "zh_CN")
    await page.goto(f"{desk.url}/desk/tickets/T-{first}?scope=all")
    await expect(page.locator("#thread .facts")).to_contain_text("您")


async def test_what_is_pressed_is_meant_for_the_ticket_that_comes_or_for_all_that_are_chosen(
    open_desk: OpenDesk, desk: Desk
) -> None:
    first = await customer_writes(desk.ctx, "one", subject="First")
    second = await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    third = await customer_writes(desk.ctx, "three", subject="Third", thread="three")
    page = await open_desk(f"/desk/tickets/T-{first}?scope=all")
    comes = asyncio.Event()

    async def late(route: Route) -> None:
        await comes.wait()
        await route.continue_()

    await stand_between(page, f"**/desk/tickets/T-{second}?**", late)
    await page.focus(f"#row-T-{second} .row")
    for key in ("Enter", "e", "n", "p"):  # the first ticket is still there to be seen
        await page.keyboard.press(key)
    comes.set()
    await expect(page.locator("#thread h1")).to_have_text("Second")
    await expect(page.locator("#thread .facts .badge.status.resolved")).to_be_visible()
    assert await one(desk.ctx, "SELECT status FROM ticket WHERE code = $1", first) == "open"
    assert await page.locator("details.menu[open], #note-text:focus").count() == 0
    for code in (first, third):
        await page.focus(f"#row-T-{code} .row")
        await page.keyboard.press("x")
    await expect(page.locator("#bulk [data-chosen]")).to_contain_text("2")
    await page.keyboard.press("e")
    await expect(page.locator("#dialog[open]")).to_contain_text("2")
    assert await one(desk.ctx, "SELECT count(*) FROM ticket WHERE status = 'open'") == 2


async def test_language_and_theme_are_switched_and_kept(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("h1")
    async with page.expect_response("**/desk/preferences"):
        await page.keyboard.press("d")
    async with page.expect_response("**/desk/preferences"):
        await page.keyboard.press("d")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.click("#me > summary")
    await page.get_by_role("button", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator("#thread h1")).to_have_text("Parcel")
    await expect(page.locator("#tab-note")).to_contain_text("仅同事可见")


async def test_the_end_of_the_session_leads_to_the_login(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk()
    # Elsewhere, with the same session.
    await page.context.request.post(f"{desk.url}/desk/logout", headers={"Origin": desk.url})
    # The socket's end and a refused fragment may both lead there, and the second cuts the first navigation short.
    await expect(page).to_have_url(re.compile("/desk/login"))


async def test_going_on_after_resolving_is_over_with_the_press_that_asked_for_it(
    browser: Browser, desk: Desk
) -> None:
    other = await customer_writes(desk.ctx, "one", subject="First")
    code = await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    context = await browser.new_context()
    await sign_in(context, desk.url, "ann")
    page = await context.new_page()
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await page.wait_for_selector("body[data-line=open]")
    await page.click("h1")
    await stand_between(page, re.compile("/status"), lambda route: route.abort())
    await page.keyboard.press("Shift+KeyE")
    await expect(page.locator("#messages")).to_contain_text("does not answer")
    await page.unroute(re.compile("/status"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.click("#thread [data-key=resolve]")
    await expect(page.locator("#thread .status")).to_contain_text("Resolved")
    assert not [url for url in asked if f"/tickets/T-{other}" in url], "nobody asked for the next one"


async def test_the_end_of_the_session_takes_no_words(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/macros")
    await page.fill("#macro-form [name=name]", "Half a macro")
    await page.context.request.post(f"{desk.url}/desk/logout", headers={"Origin": desk.url})
    way_in = page.get_by_role("link", name="Sign in on a new page")
    await expect(way_in).to_be_visible()
    assert await violations(page) == []
    # Neither a piece of the page that is asked for nor the form itself leads away.
    await page.evaluate("document.body.dispatchEvent(new CustomEvent('live-system'))")
    await page.evaluate("document.body.dispatchEvent(new CustomEvent('live-notices'))")
    await page.locator("#macro-form [name=name]").press("Enter")
    await expect(way_in).to_be_focused()
    await page.evaluate(REFUSED_ONCE_MORE)
    await expect(way_in).to_be_focused()
    async with page.expect_popup() as opened:
        await way_in.click()
    door = await opened.value
    await door.fill("[name=login]", "ann")
    await door.fill("[name=password]", PASSWORD)
    await door.press("[name=password]", "Enter")
    await door.wait_for_url("**/desk**")
    await door.close()
    await page.bring_to_front()
    await page.evaluate("dispatchEvent(new Event('focus'))")  # without a window of its own none comes
    await expect(way_in).to_be_hidden()
    await expect(page.locator("#macro-form [name=name]")).to_have_value("Half a macro")


async def test_a_form_that_comes_after_its_session_is_sent_once_more(browser: Browser, desk: Desk) -> None:
    """As from a machine that slept: nothing has told its page."""
    context = await browser.new_context(java_script_enabled=False)
    await sign_in(context, desk.url, "ann")
    page = await context.new_page()
    await page.goto(f"{desk.url}/desk/templates")
    words = "Dear customer,\n\nwe look for <it>."
    await page.fill("#template-form [name=name]", "Looking")
    await page.fill("#template-form [name=body]", words)
    await context.request.post(f"{desk.url}/desk/logout", headers={"Origin": desk.url})
    await page.click("#template-form .strong")
    await expect(page.locator("h1")).to_have_text("You are signed out")
    await expect(page.locator("textarea")).to_have_value(words)
    await page.set_viewport_size({"width": 375, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375
    await sign_in(context, desk.url, "ann")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("h1")).to_contain_text("Canned replies")
    assert await one(desk.ctx, "SELECT count(*) FROM template WHERE name = 'Looking'") == 1


async def test_a_part_that_does_not_load_leaves_the_buttons_alone(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(reduced_motion="reduce")
    await sign_in(context, desk.url, "ann")
    page = await context.new_page()
    await page.route("**/quick.js", lambda route: route.abort())
    await page.goto(f"{desk.url}/desk?scope=all")
    await expect(page.locator("#messages")).to_contain_text("does not answer")
    await page.click("#theme")  # which page.js sets up
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_letters_as_they_came_run_nothing_and_fetch_nothing(open_desk: OpenDesk, desk: Desk) -> None:
    html = (
        "<p>Hi</p><script>top.__xss = 1</script><img src=x onerror='top.__xss = 1'><svg onload='top.__xss=1'></svg>"
        "<a href='javascript:top.__xss=1'>click</a><img src='https://canary.example/p.gif' alt='our logo'>"
    )
    code = await customer_writes(desk.ctx, "Hi <img src=x onerror=__xss=1>", subject="<b>S", html=html)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.click(".original summary")
    frame = page.frame_locator(".cage iframe")
    await expect(frame.locator("p", has_text="Hi")).to_be_visible()
    await frame.locator("a").click()
    assert await page.evaluate("window.__xss === undefined")
    assert not [url for url in asked if "canary" in url]


async def test_no_page_scrolls_sideways_on_a_phone(open_desk: OpenDesk, desk: Desk) -> None:
    long = "https://shop.example/" + "a" * 300
    code = await customer_writes(desk.ctx, f"Look: {long}", subject="S" * 200, name="N" * 120)
    page = await open_desk(width=320, height=640)
    for path in ("/desk?scope=all", f"/desk/tickets/T-{code}", "/desk/customers", "/desk/system"):
        await page.goto(desk.url + path)
        assert await _width(page) <= 320, path
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await expect(page.locator("#list")).to_be_hidden()
    await page.click(".back")
    await expect(page.locator("#list")).to_be_visible()


async def test_everything_to_press_is_in_sight_on_a_phone(open_desk: OpenDesk, desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", width=375, height=812)
    for button in await page.locator(".thread-head .actions > *").all():
        await _expect_inside(button, 375)
    await page.goto(f"{desk.url}/desk/customers")
    await _expect_inside(page.locator("#q"), 375)
    await _expect_inside(page.locator(".search button"), 375)


async def _expect_inside(one: Locator, width: int) -> None:
    """In the page's width, with its margin."""
    box = await one.bounding_box()
    assert box is not None
    assert box["x"] >= 14 and box["x"] + box["width"] <= width - 14, box


async def _width(page: Page) -> int:
    return await page.evaluate("document.documentElement.scrollWidth")  # type: ignore[no-any-return]


async def _count(desk: Desk, sql: str) -> int:
    async def work(c: Connection) -> int:
        found: int = await c.fetchval(sql)
        return found

    return await desk.ctx.database.read(work)
