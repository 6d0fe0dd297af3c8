"""Tags and what rules did, in a real browser: by keyboard, in both languages and themes, wide and narrow; axe finds nothing."""

import pytest

from hub.model.codes import TICKET, show_code
from storage import views
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
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


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing(desk: Desk, open_desk: OpenDesk, locale: str) -> None:
    code = await _opened(desk)
    await speak(desk, locale)
    page = await open_desk(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")
    looks = await Looks.begin(page, desk.url, "tags")
    await page.click("#automation summary")
    await looks.here("what rules did")
    await page.click("#tag-menu summary")
    await page.wait_for_selector("#tag-choice > *")
    await looks.here("tags", within="#tag-menu")
    looks.found_nothing()
