"""A real browser on a served desk. Skipped where the machine has no Chromium."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, async_playwright

from hub.actions.context import Context
from tests.fakes.desk import PASSWORD, Desk, serving_desk

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenDesk = Callable[..., Awaitable[Page]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("There is no Chromium on this machine; tests/install_browser.sh says how to get one.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


@pytest.fixture
async def open_desk(browser: Browser, desk: Desk) -> AsyncIterator[OpenDesk]:
    """Log in and open a page of the desk. What the page's scripts complain about fails the test at its end."""
    complaints: list[str] = []

    async def open_page(
        path: str = "/desk?scope=all", *, login: str = "ann", width: int = 1280, height: int = 800
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai", locale="en-US"
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.text) else None)
        await page.goto(f"{desk.url}/desk/login")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        await page.goto(desk.url + path)
        await page.wait_for_selector("body[data-line=open]")
        return page

    yield open_page
    assert complaints == []


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "htmx" in text or "Uncaught" in text
