"""What is due, as an agent sees it: in the list, on the ticket, counting on by itself, readable for everybody."""

import pytest
from playwright.async_api import expect

from hub.actions.timers import fire_due
from tests.browser.conftest import OpenDesk
from tests.browser.looks import Looks, speak
from tests.fakes.clocks import time_passes
from tests.fakes.desk import Desk, customer_writes


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", ("overdue", "running: the ticket was opened")), ("zh_CN", ("已超时", "计时：工单建立"))],
)
async def test_the_ledger_of_the_clocks_is_readable_for_everybody(
    desk: Desk, open_desk: OpenDesk, locale: str, words: tuple[str, str]
) -> None:
    code = await customer_writes(desk.ctx, "The kettle leaks, I am very disappointed!", subject="Kettle")
    # A year of working time is over whatever the hours of the company are.
    await time_passes(desk.ctx, 525_600)
    await fire_due(desk.ctx)
    await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel", name="Bob", thread="bob")
    await speak(desk, locale)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("#clocks summary")
    await expect(page.locator("#clocks")).to_contain_text(words[0])
    await expect(page.locator("#clocks li li").first).to_contain_text(words[1])
    await expect(page.locator(f"#row-T-{code} .badge.due.over")).to_be_visible()
    looks = await Looks.begin(page, desk.url, "clocks")
    await looks.here("clocks")
    looks.found_nothing()


async def test_what_is_due_is_counted_on_without_asking_the_hub(desk: Desk, open_desk: OpenDesk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk()
    badge = page.locator(f"#row-T-{code} .badge.due")
    await expect(badge).to_contain_text("due in")
    await badge.locator("time").evaluate(
        "time => { time.dateTime = new Date(Date.now() - 7.5e6).toISOString() }"
    )
    await expect(badge).to_contain_text("overdue 2 hr")
    await expect(badge).to_have_class("badge due ahead over")
