"""The desk for everybody: axe finds nothing on any page, in both languages, both themes, wide and narrow."""

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.answers.templates import Draft, add_template
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.installation import report_channel
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.note import add_note
from hub.actions.search.index import index_some
from hub.model.people import HUB
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.desk import Desk, customer_writes, unreadable_comes


async def _fill(desk: Desk) -> int:
    """A ticket with everything that a thread can show, and a system page with something to do."""
    code = await customer_writes(
        desk.ctx,
        "The kettle leaks, I am very disappointed!\nhttps://shop.example/kettle",
        subject="Kettle",
        html="<p>The kettle <b>leaks</b></p>",
        attachments=[{"filename": "照片.png", "content_type": "image/png", "data_base64": "AAAA"}],
    )
    await customer_writes(desk.ctx, "请问发票怎么开？", subject="发票", name="陈芳", thread="chen")
    await drain(desk.ctx)
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text="He called, too.")
    failed = await queue_reply(desk.ctx, ticket_code=code, actor=HUB, text="We send a new one.")
    await desk.ctx.database.run(
        lambda c: c.execute(
            "UPDATE outbox SET state = 'failed', error = 'no such mailbox' WHERE interaction_id = $1", failed
        )
    )
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=None, actor=HUB)
    while await index_some(desk.ctx):
        pass
    await report_channel(desk.ctx, "shop", "misconfigured", "The callback secret is wrong.")
    await report_channel(desk.ctx, "mute", "up")
    await add_template(desk.ctx, draft=Draft(name="Delay", body="It is late.", folder="Post"), actor=HUB)
    acts = {"reply": "Yes, {{customer.name}}.", "note": "Done.", "add_tags": ["vip"], "status": "resolved"}
    await add_macro(desk.ctx, draft=MacroDraft(name="Yes", acts=acts), actor=HUB)
    await unreadable_comes(desk.ctx)
    return code


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_in_the_list_and_on_a_ticket(
    open_desk: OpenDesk, desk: Desk, locale: str
) -> None:
    code = await _fill(desk)
    await speak(desk, locale)
    page = await open_desk("/desk?scope=all")
    looks = await Looks.begin(page, desk.url, "tickets")
    await looks.at("/desk", query="?scope=all")
    await page.locator(".pick").first.check()
    await looks.here("chosen rows", within="#list")
    await page.click("#views-menu > summary")
    await page.wait_for_selector("[data-key=save-view]")
    await looks.here("views", within="#views")
    await page.click("[data-key=save-view]")
    await page.click("[data-do=group]")
    await page.wait_for_selector("[name=field-1-0]")
    await looks.here("view's form", within="#dialog")
    await page.keyboard.press("Escape")
    await page.click("[data-bulk=snooze]")
    await page.wait_for_selector(".moments")
    await looks.here("snooze", within="#dialog")
    await looks.go("/desk/tickets/{code}", query="?scope=all", code=f"T-{code}")
    await page.click("#why summary")
    await looks.here("ticket")
    await page.click("#more-menu > summary")
    await looks.here("more", within="#more-menu")
    await page.click("#tab-note")
    await looks.here("note", within="#composer")
    await page.click("h1")
    await page.keyboard.press("Shift+Slash")
    await looks.here("help", within="#help")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.wait_for_selector("#palette [role=option]")
    await looks.here("palette", within="#palette")
    await page.keyboard.press("Escape")
    await page.keyboard.press("m")
    await page.wait_for_selector("#macro-q")
    await looks.here("macros of a ticket", within="#dialog")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".macro-half")
    await looks.here("a macro of a ticket", within="#dialog")
    await page.keyboard.press("Escape")
    await page.click("#note-text")
    await page.keyboard.type("@")
    await page.wait_for_selector("#completions")
    await looks.here("mention", within="#composer")
    looks.found_nothing()


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_on_the_other_pages(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    await _fill(desk)
    await speak(desk, locale)
    page = await open_desk("/desk/notices")
    looks = await Looks.begin(page, desk.url, "desk")
    for name in ("preferences", "templates", "macros", "notices", "design"):
        await looks.at(f"/desk/{name}")
    for query in ("", "?q=kettle", "?q=zeppelin&status=open"):
        await looks.at("/desk/search", query=query)
    await looks.go("/desk/system")
    await page.wait_for_selector("#badge .count")
    await looks.here("system")
    await page.goto(f"{desk.url}/desk/tickets/T-99999")
    await looks.here("what is not there")
    await page.context.clear_cookies()
    await looks.at("/desk/login")
    looks.found_nothing()
