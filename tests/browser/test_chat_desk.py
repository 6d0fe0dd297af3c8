"""A visitor's page and an agent's page, side by side: each sees that the other is there, writes, and has seen; and when the
visitor leaves, the agent knows that too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from playwright.async_api import Browser, Page, expect

from hub.actions.people.staff import add_agent
from hub.model.codes import TICKET, show_code
from hub.settings import Delivery, Settings
from hub.wiring import run_hub
from tests.browser.conftest import OpenDesk
from tests.conftest import SECRET
from tests.fakes.chat import CHAT, Visitor, answers, pass_minutes
from tests.fakes.desk import PASSWORD, Desk

LI = "li@x.example"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A whole hub with a chat that goes on by letter; ann answers."""
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels=CHAT,
        delivery=Delivery(undo_seconds=0),
    )
    async with (
        run_hub(settings, database_dsn, grace=5) as hub,
        ClientSession(cookie_jar=CookieJar()) as session,
    ):
        await add_agent(hub.ctx, login="ann", name="Ann Berg", password=PASSWORD, languages=("en", "zh"))
        yield Desk(ctx=hub.ctx, url=hub.url, session=session)


async def visit(browser: Browser, desk: Desk) -> Page:
    """A visitor has written, and their page shows it."""
    page = await (await browser.new_context(locale="en-US")).new_page()
    await page.goto(f"{desk.url}/chat/chat")
    await page.locator("#text").fill("Is the blue cup back?")
    await page.locator("#text").press("Enter")
    await expect(page.locator("#lines li")).to_have_count(1)
    return page


async def test_both_sides_see_each_other(browser: Browser, desk: Desk, open_desk: OpenDesk) -> None:
    visitor = await visit(browser, desk)
    agent = await open_desk("/desk?scope=all")
    row = agent.locator("#rows .row")
    await expect(row.locator(".visitor")).to_have_text("Here now")
    await expect(row.locator(".visitor")).to_be_visible()
    await row.click()
    there = agent.locator("#visitor")
    await expect(there).to_have_text("The visitor is here")

    # The visitor writes, and is seen to.
    await visitor.locator("#text").press_sequentially("And the r", delay=20)
    await expect(there).to_have_text("The visitor is writing…")
    await expect(agent.locator("#visitor-writes")).to_be_visible()

    # The agent writes, and is seen to; the answer is seen, and said to be.
    await agent.locator("#reply-text").press_sequentially("Yes, since today", delay=20)
    await expect(visitor.locator("#typing")).to_contain_text("Ann Berg")
    await agent.keyboard.press("Control+Enter")
    await expect(visitor.locator("#lines li").last).to_contain_text("Yes, since today")
    answer = agent.locator(".entry.out").last
    await expect(answer).to_contain_text("Yes, since today")
    await expect(answer.locator(".seen-mark")).to_be_visible()
    await expect(visitor.locator("#typing")).to_be_hidden()

    # The agent asks how they like it, by a key, and hears.
    await agent.keyboard.press("Escape")
    await agent.keyboard.press("Shift+R")
    await expect(agent.locator("#toasts")).to_contain_text("Asked for a rating.")
    await visitor.locator("#rating [value='5']").check()
    await visitor.locator("#rating [type=submit]").click()
    await expect(agent.locator(".entry.survey")).to_have_count(1)

    # They leave; the next answer is not seen.
    await visitor.close()
    await expect(there).to_contain_text("named no e-mail address")
    await expect(agent.locator("#rows .row .visitor")).to_have_text("Left the chat")
    await agent.locator("#reply-text").fill("Shall I keep one for you?")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".entry.out").last).to_contain_text("Shall I keep one")
    await expect(agent.locator(".entry.out .seen-mark:visible")).to_have_count(1)
    await expect(agent.locator(".entry.out").last.locator(".seen-mark")).to_be_hidden()


async def test_the_desk_shows_that_it_goes_on_by_letter_and_that_they_are_back(
    desk: Desk, open_desk: OpenDesk
) -> None:
    li = Visitor(desk.ctx, "li")
    await li.lounge.here(li.key, "p1")
    opened = await li.says(email=LI)
    await answers(desk.ctx, opened)
    agent = await open_desk(f"/desk/tickets/{show_code(TICKET, opened['code'])}?scope=all")
    there, to = agent.locator("#visitor"), agent.locator("#composer div.to summary")
    await expect(there).to_have_text("The visitor is here")
    await expect(to).to_contain_text("Web chat")

    await li.lounge.gone(li.key, "p1")
    await expect(there).to_contain_text(f"what they do not see goes to {LI}")
    await pass_minutes(desk.ctx, 5)
    await expect(there).to_contain_text(f"it goes on by e-mail: {LI}")
    await expect(agent.locator(".entry.out.automatic")).to_contain_text("On its way.")
    await expect(to).to_contain_text(LI)

    await li.lounge.here(li.key, "p2")
    await expect(there).to_have_text("The visitor is here")
    await expect(to).to_contain_text("Web chat")
