"""Roles, keys, the audit trail and retention in a browser: an administrator changes what somebody may do while they look on,
and axe finds nothing."""

import pytest
from playwright.async_api import Dialog, expect

from hub.actions.floor.assign import assign_ticket
from hub.actions.people.keys import create_api_key
from hub.actions.people.staff import add_agent
from hub.actions.privacy.forget import lift_hold, set_hold
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import HUB, Actor, Role, Scope
from storage import views
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.desk import PASSWORD, Desk, customer_writes
from tests.fakes.scene import one

ADMIN = Actor(name="Ada Keller", role=Role.ADMIN)
ACTS = {
    "en": ("API key revoked", "API key made", "Retention changed", "Webhook added"),
    "zh_CN": ("吊销 API 密钥", "创建 API 密钥", "修改保留期限", "添加 Webhook"),
}

WOULD_GO = {
    "en": ("This goes", "Messages and notes", "1 (5 bytes)", "This stays, and why"),
    "zh_CN": ("将清除的内容", "消息和备注", "1（5 字节）", "将保留的内容及原因"),
}


async def test_what_a_role_shows_changes_under_the_eyes_of_who_has_it(
    open_desk: OpenDesk, desk: Desk
) -> None:
    ada = await add_agent(desk.ctx, login="ada", name="Ada Keller", password=PASSWORD, role=Role.ADMIN)
    lin = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
    mine = await customer_writes(desk.ctx, "Mine", thread="one", name="One")
    other = await customer_writes(desk.ctx, "Somebody's", thread="two", name="Two")
    await assign_ticket(desk.ctx, ticket_code=mine, agent_id=lin, actor=HUB)
    await assign_ticket(desk.ctx, ticket_code=other, agent_id=ada, actor=HUB)
    theirs = await open_desk("/desk?scope=all", login="lin")
    await expect(theirs.locator(f'.row[data-ticket="T-{other}"]')).to_be_visible()

    page = await open_desk("/desk/roles", login="ada")
    await page.get_by_role("link", name="New role").click()
    await page.fill("#r-name", "Night shift")
    await page.get_by_label("Only their own tickets").check()
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("thead")).to_contain_text("Night shift")
    await page.goto(f"{desk.url}/desk/staff?agent={lin}")
    await page.select_option("#a-role", "Night shift")
    await page.locator(".staff-card form.stacked .button.strong").click()
    await expect(page.locator(".good")).to_be_visible()

    # Their page asks again with the next thing that happens, and is shown what there is for them now.
    await assign_ticket(desk.ctx, ticket_code=other, agent_id=None, actor=HUB)
    await expect(theirs.locator(f'.row[data-ticket="T-{other}"]')).to_have_count(0)
    await expect(theirs.locator(f'.row[data-ticket="T-{mine}"]')).to_be_visible()
    # What comes into their sight is there at once.
    await assign_ticket(desk.ctx, ticket_code=other, agent_id=lin, actor=HUB)
    await expect(theirs.locator(f'.row[data-ticket="T-{other}"]')).to_be_visible()


async def test_what_is_set_up_is_there_for_colleagues_and_in_the_audit_trail(
    open_desk: OpenDesk, desk: Desk
) -> None:
    await add_agent(desk.ctx, login="ada", name="Ada Keller", password=PASSWORD, role=Role.ADMIN)
    code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    colleague = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    page = await open_desk("/desk/templates", login="ada")
    await page.fill("#template-name", "We are sorry")
    await page.fill("#template-shortcut", "sorry")
    await page.fill("#template-body", "Dear {{customer.name}}, we are sorry.")
    await expect(page.locator("#preview")).to_contain_text("we are sorry.")
    await page.click("#template-form .strong")
    await page.goto(f"{desk.url}/desk/macros")
    await page.fill("#macro-name", "Sorry and done")
    await page.select_option("#macro-status", "resolved")
    await page.click("#macro-form .strong")
    await expect(page.locator(".columns strong").first).to_have_text("Sorry and done")
    # Both are there for somebody whose page was open before.
    await colleague.click("#reply-text")
    await colleague.keyboard.type("/sorry")
    await expect(colleague.locator("#completions .completion")).to_have_count(1)
    await colleague.keyboard.press("Enter")
    await expect(colleague.locator("#reply-text")).to_have_value("Dear Li Wei, we are sorry.")
    await colleague.keyboard.press("Escape")
    await colleague.keyboard.press("m")
    await colleague.keyboard.type("Sorry")
    await colleague.keyboard.press("Enter")
    await expect(colleague.locator("#dialog")).to_contain_text("已解决")

    await page.goto(f"{desk.url}/desk/webhooks")
    await page.fill("#webhook-name", "erp")
    await page.fill("#webhook-url", "https://erp.example/hook")
    await page.click("main .button.strong")
    await expect(page.locator(".webhook h2")).to_contain_text("erp")
    # A policy is looked at before it can be switched on.
    await page.goto(f"{desk.url}/desk/retention")
    await expect(page.locator("#policy-raw .strong")).to_have_count(0)
    await page.click("#policy-raw [name=look]")
    await page.click("#policy-raw .strong")
    await expect(page.locator("#policy-raw .state.up")).to_be_visible()
    await page.goto(f"{desk.url}/desk/keys")
    await page.fill("#k-name", "till")
    await page.click("main .button.strong")
    await page.goto(f"{desk.url}/desk/keys")
    page.on("dialog", Dialog.accept)
    await page.click("main .menu > summary")
    await page.click("[data-ask] .choice")
    await expect(page.locator("tr.ended")).to_contain_text("till")
    trail = page.locator("main tbody tr")
    for locale in LOCALES:
        await speak(desk, locale, "ada")
        await page.goto(f"{desk.url}/desk/audit")
        for row, act in enumerate(ACTS[locale]):
            await expect(trail.nth(row)).to_contain_text(act)


async def test_a_key_is_copied_with_one_press(open_desk: OpenDesk, desk: Desk) -> None:
    await add_agent(desk.ctx, login="ada", name="Ada Keller", password=PASSWORD, role=Role.ADMIN)
    page = await open_desk("/desk/keys", login="ada")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.fill("#k-name", "erp")
    await page.locator("main .button.strong").click()
    shown = await page.inner_text("#new-key")
    await page.click("[data-copy]")
    await expect(page.locator("[data-copy]")).to_contain_text("Copied")
    assert shown.startswith("chk_") and await page.evaluate("navigator.clipboard.readText()") == shown


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_on_the_administrators_pages(
    open_desk: OpenDesk, desk: Desk, locale: str
) -> None:
    await add_agent(desk.ctx, login="ada", name="Ada Keller", password=PASSWORD, role=Role.ADMIN)
    await create_api_key(desk.ctx, name="erp", scopes=[Scope.READ], actor=ADMIN)
    file = {"filename": "kettle.txt", "content_type": "text/plain", "data_base64": "aGVsbG8="}
    code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle", attachments=[file])
    ticket = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert ticket is not None
    await set_hold(desk.ctx, customer_code=ticket.customer_code, reason="Case 12/26", actor=ADMIN)
    await one(
        desk.ctx, "UPDATE ticket SET status = 'closed', updated_at = now() - interval '5 years' RETURNING 1"
    )
    await speak(desk, locale, "ada")
    looks = await Looks.begin(await open_desk("/desk/roles", login="ada"), desk.url, "administrator")
    await looks.at("/desk/roles")
    await looks.at("/desk/roles/new")
    await looks.at("/desk/roles/{name}", name="admin")
    await looks.at("/desk/keys")
    await looks.at("/desk/audit", query="?check=1")
    await looks.at("/desk/retention", query="?look=messages&days=1095")
    whose = show_code(CUSTOMER, ticket.customer_code)
    await looks.at("/desk/customers/{code}/data", code=whose)
    await lift_hold(desk.ctx, customer_code=ticket.customer_code, actor=ADMIN)
    await looks.at("/desk/customers/{code}/data", code=whose, called="what would go of somebody")
    for told in WOULD_GO[locale]:
        await expect(looks.page.locator("section.danger")).to_contain_text(told)
    await expect(looks.page.locator("#h-typed")).to_be_visible()
    looks.found_nothing()
