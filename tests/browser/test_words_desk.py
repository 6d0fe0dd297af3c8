"""Keys, palette, canned replies, macros, mentions, followers in a real browser: two agents at once, in both languages."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

import pytest
from playwright.async_api import CDPSession, Page, Route, expect

from hub.actions.answers.templates import Draft, add_template, list_templates, retire_template
from hub.actions.context import Context
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.search.index import index_some
from hub.model.people import HUB
from storage import views
from storage.views import TicketRow
from tests.browser.conftest import OpenDesk
from tests.fakes.chromium import stand_between
from tests.fakes.desk import Desk, customer_writes

REPLIES = (
    Draft(name="Refund on its way", body="Dear {{customer.name}},\nit is on its way.", shortcut="refund"),
    Draft(name="退款说明", body="{{customer.name}}，您好，退款三天内到账。", folder="退款"),
    Draft(name="Delay", body="It is late."),
)
MACRO = {"reply": "Dear {{customer.name}}, done.", "note": "Done.", "add_tags": ["refund"], "priority": 4}


@pytest.fixture
async def code(desk: Desk) -> AsyncIterator[int]:
    """Two tickets, canned replies, a macro; the number of the ticket that came first."""
    first = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    await customer_writes(desk.ctx, "请问发票怎么开？", subject="发票", name="陈芳", thread="chen")
    for draft in REPLIES:
        await add_template(desk.ctx, draft=draft, actor=HUB)
    await add_macro(desk.ctx, draft=MacroDraft(name="Refund 退款", acts=MACRO), actor=HUB)
    while await index_some(desk.ctx):
        pass
    yield first


async def _now(ctx: Context, code: int) -> TicketRow:
    found = await ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found


async def _press(page: Page, keys: Sequence[str]) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_a_ticket_is_dealt_with_without_the_mouse(desk: Desk, open_desk: OpenDesk, code: int) -> None:
    page = await open_desk("/desk?scope=unassigned", login="lin")
    facts, title = page.locator("#thread .facts"), page.locator("#thread h1")
    await _press(page, "ga")  # all tickets
    await page.wait_for_url("**/desk?scope=all")
    await page.wait_for_selector("body[data-line=open]")
    await _press(page, ["j", "j", "o"])
    await expect(title).to_have_text("Kettle")
    # "g n" is one command: the "n" of it does not begin a note.
    await _press(page, "gn")
    await expect(page.locator("#bell")).to_have_attribute("open", "")
    await expect(page.locator("#composer")).to_have_attribute("data-mode", "reply")
    await page.keyboard.press("Escape")
    await page.keyboard.press("i")
    await expect(page.locator("#thread [data-key=take]")).to_have_count(0)
    # Tag and priority; the menu has the focus, and gives it back.
    await page.keyboard.press("t")
    await expect(page.locator("#new-tag")).to_be_focused()
    await page.keyboard.type("vip")
    await page.keyboard.press("Enter")
    await expect(facts).to_contain_text("vip")
    await page.keyboard.press("Escape")
    await page.keyboard.press("p")
    await expect(page.locator("#priority-menu")).to_have_attribute("open", "")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Escape")
    await expect(page.locator("#priority-menu summary")).to_be_focused()
    # A macro: both halves are shown before anything is done.
    await page.keyboard.press("m")
    await expect(page.locator("#macro-q")).to_be_focused()
    for letters in ("refu", "tk"):  # of its English name, and as the Chinese one sounds
        await page.fill("#macro-q", "")
        await page.keyboard.type(letters)
        await expect(page.locator("#dialog [aria-selected=true]")).to_contain_text("Refund 退款")
    await page.keyboard.press("Enter")
    await expect(page.locator(".macro-half")).to_have_count(2)
    await expect(page.locator("#dialog")).to_contain_text("Dear Li Wei, done.")
    assert (await _now(desk.ctx, code)).priority != 4
    await page.keyboard.press("Enter")
    await expect(facts).to_contain_text("refund")
    await expect(page.locator("#dialog")).to_be_hidden()
    await expect(page.locator("#log .entry.out")).to_contain_text("Dear Li Wei, done.")
    # One press undoes all of it but the note.
    await page.keyboard.press("Control+z")
    await expect(page.locator("#log .entry.out.cancelled")).to_have_count(1)
    after = await _now(desk.ctx, code)
    assert (after.status, after.tags) == ("open", ["vip"])
    # A reply with a canned reply in it.
    await page.keyboard.press("r")
    await expect(page.locator("#reply-text")).to_be_focused()
    for typed, words in (
        ("1/2 /refund", "Dear Li Wei,\nit is on its way."),
        ("1/2 /tksm", "Li Wei，您好，退款三天内到账。"),
    ):
        await page.fill("#reply-text", "")
        await page.keyboard.type(typed)
        await expect(page.locator("#completions .completion")).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(page.locator("#reply-text")).to_have_value(f"1/2 {words}")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#log .entry.out:not(.cancelled)")).to_contain_text("1/2")
    await expect(page.locator("#composer[data-sent=reply] #reply-text")).to_be_focused()
    await page.keyboard.press("Escape")
    # Done, and on to the next; back to the list; the panes.
    await page.keyboard.press("Shift+KeyE")
    await expect(title).to_have_text("发票")
    assert (await _now(desk.ctx, code)).status == "resolved"
    await page.keyboard.press("BracketLeft")
    await expect(page.locator("#list")).to_be_hidden()
    await page.keyboard.press("BracketLeft")
    await page.keyboard.press("BracketRight")
    await expect(page.locator("#customer-pane")).to_be_hidden()
    await page.keyboard.press("BracketRight")
    await page.keyboard.press("u")
    await expect(page.locator(".row[aria-current]")).to_be_focused()
    await page.keyboard.press("Shift+KeyF")
    await expect(page.locator("#followers .tag")).to_have_count(1)


async def test_everything_is_found_by_name(desk: Desk, open_desk: OpenDesk, code: int) -> None:
    wanted, command = "nbbz", "写内部备注"
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    palette, chosen = page.locator("#palette"), page.locator("#palette [aria-selected=true]")
    await _press(page, ["Control+k", "Escape", "r"])
    await expect(
        page.locator("#reply-text")
    ).to_be_focused()  # where nothing had the focus, keys are heard at once
    await page.keyboard.press("Control+k")
    await expect(page.locator("#palette-q")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#reply-text")).to_be_focused()  # back where it was
    # Closed and at once open again: what the browser tells of the first time comes late, and takes nothing away.
    closed = "one => new Promise((done) => one.addEventListener('close', () => setTimeout(done)))"
    await page.keyboard.press("Control+k")
    told = await palette.evaluate_handle(f"one => ({{ told: ({closed})(one) }})")
    await palette.evaluate("one => { one.close(); document.dispatchEvent(new CustomEvent('hub:palette')); }")
    await told.evaluate("one => one.told")
    await expect(chosen).to_be_visible()
    await page.keyboard.type(wanted)
    await expect(chosen).to_contain_text(command)
    await expect(chosen.locator("kbd")).to_have_text("n")
    at = await page.get_attribute("#palette-q", "aria-activedescendant")
    assert at == await chosen.get_attribute("id")
    await page.keyboard.press("Enter")
    await expect(palette).to_be_hidden()
    await expect(page.locator("#note-text")).to_be_focused()
    # What was used lately stands first; what an input method composes is not a choice yet.
    await page.keyboard.press("Control+k")
    await expect(chosen).to_contain_text(command)
    typing = await page.context.new_cdp_session(page)
    await _compose(typing, wanted)
    await expect(chosen).to_contain_text(command)
    await page.evaluate(
        """document.getElementById("palette-q").dispatchEvent(new KeyboardEvent("keydown",
            {key: "Enter", code: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true}))"""
    )
    await expect(palette).to_be_visible()
    await page.fill("#palette-q", "Kettle")
    await expect(palette.locator("[role=option]").last).to_contain_text("Kettle")
    await _press(page, ["ArrowUp", "Enter"])
    await page.wait_for_url(f"**/tickets/T-{code}*")


async def test_a_canned_reply_that_is_gone_when_it_is_chosen_is_told(
    desk: Desk, open_desk: OpenDesk, code: int
) -> None:
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    await page.focus("#reply-text")
    await page.keyboard.type("/")
    await expect(page.locator("#completions .completion")).to_have_count(3)
    for row in await list_templates(desk.ctx):
        await retire_template(desk.ctx, template_id=row.id, version=row.version, actor=HUB)
    await page.keyboard.press("Tab")
    await expect(page.locator("#messages")).to_contain_text("不存在")
    await expect(page.locator("#reply-text")).to_have_value("/")


async def test_names_and_slashes_while_an_input_method_composes(
    desk: Desk, open_desk: OpenDesk, code: int
) -> None:
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    typing = await page.context.new_cdp_session(page)
    choices = page.locator("#completions .completion")
    await page.focus("#reply-text")
    # What is being composed is nobody's word yet; once it is put down it is matched.
    await page.keyboard.type("/")
    await expect(choices).to_have_count(3)
    await _compose(typing, "tui")
    await page.keyboard.press("ArrowDown")
    await expect(choices).to_have_count(3)
    await typing.send("Input.insertText", {"text": "退款"})
    await expect(choices).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(page.locator("#reply-text")).to_have_value("Li Wei，您好，退款三天内到账。")
    # Without a line it says so, and what is written stays.
    await stand_between(page, re.compile(r"/tickets/T-\d+/templates/\d+$"), lambda route: route.abort())
    await page.fill("#reply-text", "")
    await page.focus("#reply-text")
    await page.keyboard.type("/")
    await expect(choices).to_have_count(3)
    await page.keyboard.press("Tab")
    await expect(page.locator("#messages")).to_contain_text("没有响应")
    await expect(page.locator("#reply-text")).to_have_value("/")
    # What it writes where a keyboard writes a slash, and Esc leaves it there.
    for sign in "／、":
        await page.fill("#reply-text", "")
        await page.focus("#reply-text")
        await typing.send("Input.insertText", {"text": sign})
        await expect(choices).to_have_count(3)
        await page.keyboard.press("Escape")
        await page.keyboard.type("d")
        await expect(choices).to_have_count(0)
        await expect(page.locator("#reply-text")).to_have_value(f"{sign}d")
    await page.fill("#reply-text", "")
    await page.keyboard.type("苹果、")
    await expect(choices).to_have_count(0)


async def test_a_colleague_who_is_named_hears_of_it_and_a_customer_does_not(
    desk: Desk, open_desk: OpenDesk, code: int
) -> None:
    hers = await open_desk("/desk?scope=all", login="lin")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="ann")
    await page.keyboard.press("r")
    await page.keyboard.type("Ask @lin about it, a@b.example")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#dialog [data-mention=note]")).to_be_focused()
    await expect(page.locator("#dialog")).to_contain_text("小林")
    await page.keyboard.press("Enter")
    await expect(page.locator("#note-text")).to_have_value("Ask @lin about it, a@b.example")
    await expect(page.locator("#reply-text")).to_have_value("")
    await page.keyboard.press("End")
    await page.keyboard.type(" and @xiaol")
    await expect(page.locator("#completions .completion")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#note-text")).to_have_value("Ask @lin about it, a@b.example and @lin ")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#log .entry.note")).to_contain_text("Ask @lin")
    while await tell_of_ledger(desk.ctx):
        pass
    await expect(hers.locator("#bell-count .count")).to_have_text("1")
    await _press(hers, "gn")
    await expect(hers.locator("#bell-sheet")).to_contain_text("Ann Berg 在备注中提到了您")
    await expect(page.locator("#followers .tag")).to_have_text("小林")  # without being asked
    # One that is meant is sent.
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await page.keyboard.type("Our @lin will call you")
    await page.keyboard.press("Control+Enter")
    await page.click("#dialog [data-mention=send]")
    await expect(page.locator("#log .entry.out")).to_contain_text("Our @lin will call you")


async def test_keys_are_chosen_and_switched_off(desk: Desk, open_desk: OpenDesk, code: int) -> None:
    page = await open_desk("/desk/preferences")
    await page.focus("#key-reply")
    await page.keyboard.press("n")
    await page.click(".keys-page .strong")
    await expect(page.locator(".keys-page .refused")).to_contain_text("“Write a reply” cannot go by n")
    await expect(page.locator("#key-reply")).to_have_value("n")
    await page.focus("#key-note")
    await _press(page, "wq")
    await expect(page.locator("#key-note")).to_have_value("w q")
    await page.click(".keys-page .strong")
    await expect(page.locator(".keys-page .good")).to_be_visible()
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route("**/hands.js", hold)
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await page.keyboard.press("n")
    released.set()  # what is pressed before the page is wired counts
    await expect(page.locator("#reply-text")).to_be_focused()
    await page.unroute("**/hands.js")
    await page.keyboard.press("Escape")
    await _press(page, "wq")
    await expect(page.locator("#note-text")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#help [data-does=note] dt")).to_have_text("w q")
    await page.goto(f"{desk.url}/desk/preferences")
    await page.uncheck(".keys-page [name=on]")
    await page.click(".keys-page .strong")
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await _press(page, ["i", "e", "?", "Control+k"])
    await expect(page.locator("#palette")).to_be_visible()
    await expect(page.locator("#help")).to_be_hidden()
    await page.keyboard.type("internal")
    await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Write an internal note")
    now = await _now(desk.ctx, code)
    assert (now.assignee_id, now.status) == (None, "open")


async def _compose(typing: CDPSession, text: str) -> None:
    await typing.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
