"""What is due, as an agent sees it: in the list, on the ticket, counting on by itself, readable for everybody."""

import pytest
from playwright.async_api import expect

from hub.actions.people.staff import set_preferences
from hub.actions.timers import fire_due
from tests.browser.conftest import OpenDesk
from tests.browser.looks import violations
from tests.fakes.clocks import time_passes
from tests.fakes.desk import Desk, customer_writes


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_ledger_of_the_clocks_is_readable_for_everybody(
    desk: Desk, open_desk: OpenDesk, theme: str
) -> None:
    code = await customer_writes(desk.ctx, "The kettle leaks, I am very disappointed!", subject="Kettle")
    # A year of working time is over whatever the hours of the company are.
    await time_passes(desk.ctx, 525_600)
    await fire_due(desk.ctx)
    await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel", name="Bob", thread="bob")
    agent_id = await desk.ctx.database.read(lambda c: c.fetchval("SELECT id FROM agent WHERE login = 'ann'"))
    await set_preferences(desk.ctx, agent_id=agent_id, locale="zh_CN", theme=theme)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("#clocks summary")
    await expect(page.locator("#clocks")).to_contain_text("已超时")
    await expect(page.locator("#clocks li li").first).to_contain_text("计时：工单建立")
    await expect(page.locator(f"#row-T-{code} .badge.due.over")).to_be_visible()
    assert await violations(page) == []


async def test_what_is_due_is_counted_on_without_asking_the_hub(desk: Desk, open_desk: OpenDesk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk()
    badge = page.locator(f"#row-T-{code} .badge.due")
    await expect(badge).to_contain_text("due in")
    await badge.locator("time").evaluate(
        "time => { time.dateTime = new Date(Date.now() - 7.5e6).toISOString() }"
    )
    await expect(badge).to_contain_text("overdue 2 hr", timeout=30_000)
    await expect(badge).to_have_class("badge due ahead over")
