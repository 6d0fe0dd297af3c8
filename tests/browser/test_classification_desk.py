"""What a ticket is, changed from the keyboard; the page about it, readable for everybody."""

import pytest
from playwright.async_api import expect

from hub.actions.learning.correct import change_ticket
from hub.actions.learning.learn import learn
from hub.model.people import Actor
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak, violations
from tests.fakes import loom
from tests.fakes.desk import Desk, customer_writes

ANN = Actor(name="Ann Berg")


async def test_kind_and_queue_are_changed_from_the_keyboard(desk: Desk, open_desk: OpenDesk) -> None:
    code = await customer_writes(
        desk.ctx, "Could you please send me the invoice? The last one was damaged.", subject="Invoice"
    )
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    kind = page.locator("#kind-menu summary")
    other = await open_desk(f"/desk/tickets/T-{code}?scope=all", login="lin")
    for one, said in ((page, "Complaint"), (other, "投诉")):
        await expect(one.locator("#kind-menu summary")).to_contain_text(said)
        await expect(one.locator("#kind-menu .doubt")).to_be_visible()
    await page.keyboard.press("Shift+KeyY")  # it is right
    await expect(kind.locator(".doubt")).to_have_count(0)
    await page.keyboard.press("Shift+KeyC")
    await expect(page.locator("#kind-menu .choice").first).to_be_focused()
    await page.keyboard.press("Enter")  # feedback, the first of the others
    await expect(kind).to_contain_text("Feedback")
    await expect(page.locator("#kind-menu")).not_to_have_attribute("open", "")
    await page.keyboard.press("Shift+KeyQ")
    await expect(page.locator("#move-queue-menu .choice").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#move-queue-menu summary")).to_be_focused()
    for one, said in ((page, "Feedback"), (other, "反馈")):
        assert await violations(one) == []
        await one.locator(f"#row-T-{code}").get_by_text(said).wait_for()


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_about_classification_is_readable_for_everybody(
    desk: Desk, open_desk: OpenDesk, locale: str
) -> None:
    ctx = desk.ctx
    for number, (text, kind) in enumerate(loom.messages(1, 24)):
        code = await customer_writes(ctx, text, subject=text[:30], thread=f"m{number}")
        await change_ticket(ctx, ticket_code=code, actor=ANN, kind=kind)
    await learn(ctx, actor=ANN)
    await customer_writes(ctx, "在吗", thread="u")
    await speak(desk, locale)
    page = await open_desk("/desk/notices")
    looks = await Looks.begin(page, desk.url, "classification")
    await looks.at("/desk/classification")
    looks.found_nothing()
    # What somebody else says shows at once.
    await expect(page.locator("#classification .said-list").first).to_contain_text("在吗")
    code = await ctx.database.read(
        lambda c: c.fetchval("SELECT code FROM ticket WHERE kind_uncertain ORDER BY id DESC LIMIT 1")
    )
    await change_ticket(ctx, ticket_code=code, actor=ANN, kind="enquiry")
    await expect(page.locator(f"#uncertain-T-{code}")).to_have_count(0)
