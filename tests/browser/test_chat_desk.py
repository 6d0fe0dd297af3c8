"""A visitor's page and an agent's page, side by side: each sees that the other is there, writes, and has seen; and when the visitor
leaves, the agent knows that too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from playwright.async_api import Browser, Page, expect

from hub.actions.people.staff import add_agent
from hub.settings import Delivery, Settings
from hub.wiring import run_hub
from tests.browser.conftest import OpenDesk
from tests.conftest import SECRET
from tests.fakes.desk import PASSWORD, Desk

LI = "li@x.example"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A whole hub with a chat; ann answers."""
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels={"chat": {"kind": "webchat"}},
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

    # They leave; the next answer is not seen.
    await visitor.close()
    await expect(there).to_contain_text("named no e-mail address")
    await expect(agent.locator("#rows .row .visitor")).to_have_text("Left the chat")
    await agent.locator("#reply-text").fill("Shall I keep one for you?")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".entry.out")).to_have_count(2)
    await expect(agent.locator(".entry.out .seen-mark:visible")).to_have_count(1)
