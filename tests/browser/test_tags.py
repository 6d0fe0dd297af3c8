"""Tags and what rules did, in a real browser: by keyboard, in both languages and themes, wide and narrow; axe finds nothing."""

import pytest

from hub.actions.people.staff import set_preferences
from hub.model.codes import TICKET, show_code
from storage import views
from tests.browser.conftest import OpenDesk
from tests.browser.looks import violations
from tests.fakes.automation import other_rules, settle
from tests.fakes.desk import Desk, customer_writes

RULES = """
[[automation]]
name = "Parcels"
on = ["opened"]
when = { words = ["parcel"] }
then = [ { add_tags = ["parcel", "晚到"] }, { assign = "agent:gone" }, { note = "Look it up." } ]
"""


async def _opened(desk: Desk) -> int:
    await other_rules(desk.ctx, RULES)
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel 4711")
    await settle(desk.ctx)
    return code


async def test_a_tag_is_put_on_and_taken_off_by_keyboard(desk: Desk, open_desk: OpenDesk) -> None:
    code = await _opened(desk)
    page = await open_desk(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")
    await page.focus("#tag-menu summary")
    await page.keyboard.press("Enter")
    await page.focus("#new-tag")
    await page.keyboard.type("VIP guest")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".on-ticket >> text=vip guest")
    # The list shows it too, without being asked.
    await page.wait_for_selector("#rows .tag >> text=vip guest")
    await page.focus('.on-ticket:has-text("vip guest") .off')
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".on-ticket >> text=vip guest", state="detached")
    ticket = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert ticket is not None and ticket.tags == ["parcel", "晚到"]


@pytest.mark.parametrize(("login", "theme"), [("ann", "light"), ("lin", "dark")])
async def test_axe_finds_nothing(desk: Desk, open_desk: OpenDesk, login: str, theme: str) -> None:
    code = await _opened(desk)
    agent = await desk.ctx.database.read(
        lambda c: c.fetchrow("SELECT id, name, locale, languages FROM agent WHERE login = $1", login)
    )
    assert agent is not None
    await set_preferences(desk.ctx, agent_id=agent["id"], locale=agent["locale"], theme=theme)
    for width in (1280, 375):
        page = await open_desk(f"/desk/tickets/{show_code(TICKET, code)}?scope=all", login=login, width=width)
        await page.click("#automation summary")
        await page.click("#tag-menu summary")
        await page.wait_for_selector("#tag-choice > *")
        assert await violations(page) == []
        await page.context.close()
