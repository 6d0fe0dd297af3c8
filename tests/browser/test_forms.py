"""Forms in a real browser: built at the desk, filled in by a customer in both languages, followed, and shown in a frame of a site
of another origin; with scripts and without. axe finds nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page

from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import Role
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from tests.browser.looks import violations
from tests.conftest import SECRET
from tests.fakes.desk import PASSWORD
from tests.fakes.ports import serving_routes


@dataclass(frozen=True, slots=True)
class House:
    hub: Hub
    browser: Browser
    desk: Page

    async def customer(self, *, locale: str = "en-US", scripts: bool = True, **more: object) -> Page:
        context = await self.browser.new_context(locale=locale, java_script_enabled=scripts, **more)  # type: ignore[arg-type]
        return await context.new_page()


@pytest.fixture
async def house(ctx: Context, database_dsn: str, browser: Browser) -> AsyncIterator[House]:
    await add_agent(
        ctx, login="root", name="Rui Root", password=PASSWORD, role=Role.ADMIN, languages=("en", "zh")
    )
    settings = Settings(channels={}, web={"port": 0}, secret_key=SECRET.decode())  # type: ignore[arg-type]
    complaints: list[str] = []
    async with run_hub(settings, database_dsn, grace=5) as hub:
        context: BrowserContext = await browser.new_context(timezone_id="Asia/Shanghai", locale="en-US")
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{hub.url}/desk/login")
        await page.fill("#login", "root")
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        yield House(hub, browser, page)
        await context.close()
    assert complaints == []


async def build(house: House, preset: str, *, site: str = "") -> None:
    """A form of its own channel, with a field more and a consent."""
    page = house.desk
    await page.goto(f"{house.hub.url}/desk/channels/new/webform")
    await page.fill("#f-name", "complaints")
    await page.click("text=Your own site")
    if site:
        await page.fill("#f-allowed_origins", site)
    await page.click("text=Try it and keep it")
    await page.wait_for_selector("#channel-complaints .state.up")
    await page.click("#channel-complaints >> text=Form…")
    await page.click("summary:has-text('Begin anew with')")
    await page.click(f"button[value='preset:{preset}']")
    await page.wait_for_selector("#field-remedy")


async def test_shots(house: House) -> None:
    await build(house, "complaint")
    page = house.desk
    await page.set_viewport_size({"width": 1280, "height": 1000})
    await page.screenshot(path="/tmp/b1.png", full_page=True)
    await page.click("#edit-remedy_words summary")
    await page.screenshot(path="/tmp/b2.png", full_page=True)
    print(await violations(page))
    await page.click("text=Keep it >> nth=0")
    await page.wait_for_selector("text=It is kept")
    cust = await house.customer(locale="zh-CN")
    await cust.goto(f"{house.hub.url}/forms/complaints")
    await cust.screenshot(path="/tmp/b3.png", full_page=True)
