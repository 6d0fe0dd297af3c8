"""The desk for everybody: axe finds nothing on any page, in both languages, both themes, wide and narrow."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from hub.actions.answers.reply import queue_reply
from hub.actions.answers.templates import Draft, add_template
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.installation import report_channel
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.note import add_note
from hub.actions.people.staff import set_preferences
from hub.actions.search.index import index_some
from hub.model.people import HUB
from storage import views
from tests.browser.conftest import OpenDesk
from tests.fakes.desk import Desk, customer_writes, unreadable_comes

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


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


async def violations(page: Page, within: str | None = None) -> list[str]:
    """`within`: a selector. What an open menu lies upon is half covered, and so too small to hit; it is looked at by itself."""
    results = await Axe().run(page, context=within, options=RULES)
    return [
        f"{found['id']}: {node['html'][:150]}"
        for found in results.response["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_axe_finds_nothing(
    open_desk: OpenDesk, desk: Desk, locale: str, theme: str, width: int
) -> None:
    code = await _fill(desk)
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    await set_preferences(desk.ctx, agent_id=ann.id, locale=locale, theme=theme)
    page = await open_desk("/desk?scope=all", width=width)
    found = {"list": await violations(page)}
    await page.locator(".pick").first.check()
    found["chosen rows"] = await violations(page)
    await page.click("#views-menu > summary")
    await page.wait_for_selector("[data-key=save-view]")
    found["views"] = await violations(page, "#views")
    await page.click("[data-key=save-view]")
    await page.click("[data-do=group]")
    await page.wait_for_selector("[name=field-1-0]")
    found["view's form"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.click("[data-bulk=snooze]")
    await page.wait_for_selector(".moments")
    found["snooze"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.goto(f"{desk.url}/desk/preferences")
    found["preferences"] = await violations(page)
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await page.click("#why summary")
    found["ticket"] = await violations(page)
    await page.click("#tab-note")
    found["note"] = await violations(page)
    await page.click("h1")
    await page.keyboard.press("Shift+Slash")
    found["help"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.wait_for_selector("#palette [role=option]")
    found["palette"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("m")
    await page.wait_for_selector("#macro-q")
    found["macros of a ticket"] = await violations(page)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".macro-half")
    found["a macro of a ticket"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.click("#note-text")
    await page.keyboard.type("@")
    await page.wait_for_selector("#completions")
    found["mention"] = await violations(page)
    await page.keyboard.press("Escape")
    for name in ("templates", "macros", "preferences", "notices", "design"):
        await page.goto(f"{desk.url}/desk/{name}")
        found[name] = await violations(page)
    await page.goto(f"{desk.url}/desk/customers")
    found["customers"] = await violations(page)
    await page.click(".person-row >> nth=0")
    await page.wait_for_selector("#timeline")
    found["customer"] = await violations(page)
    await page.goto(f"{page.url.partition('?')[0]}/care")
    found["care"] = await violations(page)
    for name, asked in (("search", ""), ("found", "?q=kettle"), ("not found", "?q=zeppelin&status=open")):
        await page.goto(f"{desk.url}/desk/search{asked}")
        found[name] = await violations(page)
    await page.goto(f"{desk.url}/desk/system")
    await page.wait_for_selector("#badge .count")
    found["system"] = await violations(page)
    await page.context.clear_cookies()
    await page.goto(f"{desk.url}/desk/login")
    found["login"] = await violations(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
