import pytest
from hub.actions.answers.templates import Draft, add_template
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.staff import set_preferences
from hub.model.people import HUB, Actor
from storage import views
from tests.browser.conftest import OpenDesk
from tests.fakes.desk import Desk, customer_writes

async def test_look(desk: Desk, open_desk: OpenDesk) -> None:
    code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    await customer_writes(desk.ctx, "请问发票怎么开？", subject="发票", name="陈芳", thread="chen")
    for name, sc, folder, body in (("Refund on its way","refund","Money","Dear {{customer.name | default: 'customer'}},\nthe refund is on its way."),("退款说明","tk","退款","您好，退款将在三个工作日内到账。"),("Delay","","","It is late.")):
        await add_template(desk.ctx, draft=Draft(name=name, body=body, shortcut=sc, folder=folder), actor=HUB)
    await add_macro(desk.ctx, draft=MacroDraft(name="Refund and resolve", acts={"reply":"Dear {{customer.name}}, you have it back.","note":"Refunded @lin","add_tags":["refund"],"status":"resolved","priority":3,"assign":"me"}), actor=HUB)
    for login in ("ann","lin"):
        page = await open_desk(f"/desk/tickets/T-{code}?scope=all", login=login)
        await page.keyboard.press("Control+k")
        await page.wait_for_selector("#palette[open]")
        await page.screenshot(path=f"/tmp/w-{login}-palette.png")
        await page.keyboard.type("zy" if login=="lin" else "res")
        await page.wait_for_timeout(300)
        await page.screenshot(path=f"/tmp/w-{login}-palette2.png")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Shift+Slash")
        await page.screenshot(path=f"/tmp/w-{login}-help.png")
        await page.keyboard.press("Escape")
        await page.keyboard.press("m")
        await page.wait_for_selector("#macro-q")
        await page.screenshot(path=f"/tmp/w-{login}-macros.png")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".macro-half")
        await page.screenshot(path=f"/tmp/w-{login}-macro.png")
        await page.keyboard.press("Escape")
        await page.click("#reply-text")
        await page.keyboard.type("/")
        await page.wait_for_selector("#completions")
        await page.screenshot(path=f"/tmp/w-{login}-quick.png")
        await page.keyboard.press("Escape")
        await page.click("#tab-note")
        await page.click("#note-text")
        await page.keyboard.type("@")
        await page.wait_for_selector("#completions")
        await page.screenshot(path=f"/tmp/w-{login}-mention.png")
        await page.keyboard.press("Escape")
        await page.goto(desk.url+"/desk/templates")
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"/tmp/w-{login}-templates.png", full_page=True)
        await page.goto(desk.url+"/desk/macros?edit=1")
        await page.screenshot(path=f"/tmp/w-{login}-macropage.png", full_page=True)
        await page.goto(desk.url+"/desk/preferences")
        await page.screenshot(path=f"/tmp/w-{login}-prefs.png", full_page=True)
