"""Starts the demo on an embedded Postgres, lets its customers write, and takes each picture of SCREENS into docs/screens/."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from playwright.async_api import Browser, Page, async_playwright

from hub.logs import set_up_logs
from hub.sandbox.demo import STAFF, Demo, run_demo
from hub.settings import Settings, Web
from storage.embedded import embedded_postgres
from tests.browser.conftest import ARGUMENTS
from tests.fakes.chromium import find_chromium
from tests.fakes.processes import until

PLACE = Path(__file__).parent.parent.parent / "docs" / "screens"
ENOUGH_TICKETS = 14
PATIENCE_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One picture. `path` may hold {ticket} and {customer}; `palette`: with the palette open over it."""

    name: str
    path: str
    locale: str = "en"
    theme: str = "light"
    width: int = 1440
    height: int = 900
    palette: bool = False


SCREENS = (
    Screen(name="desk", path="/desk/tickets/{ticket}?scope=all"),
    Screen(name="desk-zh-dark", path="/desk/tickets/{ticket}?scope=all", locale="zh_CN", theme="dark"),
    Screen(name="desk-phone", path="/desk/tickets/{ticket}?scope=all", width=390, height=844),
    Screen(name="palette", path="/desk?scope=all", palette=True),
    Screen(name="search", path="/desk/search?q=TW"),
    Screen(name="floor", path="/desk/floor", theme="dark"),
    Screen(name="customer", path="/desk/customers/{customer}"),
    Screen(name="rules-zh", path="/desk/rules/queues", locale="zh_CN"),
    Screen(name="channels", path="/desk/channels"),
    Screen(name="roles", path="/desk/roles"),
    Screen(name="simulation", path="/desk/simulate"),
    Screen(name="design", path="/desk/design"),
)


async def take_all() -> None:
    """Every picture, in order."""
    PLACE.mkdir(exist_ok=True)
    set_up_logs("error")
    with tempfile.TemporaryDirectory(prefix="hub-screens-") as folder:
        settings = Settings(data_dir=Path(folder), web=Web(port=0))
        with embedded_postgres(Path(folder) / "postgres") as dsn:
            async with run_demo(settings, dsn, locale="en") as demo, async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=find_chromium(), args=list(ARGUMENTS)
                )
                connection = await asyncpg.connect(dsn)
                here = await _log_in(browser, demo)
                await until(lambda: _come(connection), seconds=PATIENCE_SECONDS, what="enough tickets")
                for screen in SCREENS:
                    await _take(browser, demo, connection, screen)
                await here.close()
                await connection.close()
                await browser.close()


async def _come(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    tickets: int = await connection.fetchval("SELECT count(*) FROM ticket")
    return tickets >= ENOUGH_TICKETS


async def _log_in(browser: Browser, demo: Demo, width: int = 1440, height: int = 900) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai", locale="en-US"
    )
    page = await context.new_page()
    await page.goto(f"{demo.url}/desk/login")
    await page.fill("#login", STAFF[0].login)
    await page.fill("#password", demo.password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("body[data-line=open]")
    return page


async def _take(
    browser: Browser, demo: Demo, connection: "asyncpg.Connection[asyncpg.Record]", screen: Screen
) -> None:
    await connection.execute(
        "UPDATE agent SET locale = $1, theme = $2 WHERE login = $3",
        screen.locale,
        screen.theme,
        STAFF[0].login,
    )
    row = await connection.fetchrow(
        """SELECT t.code, c.code FROM ticket t JOIN customer c ON c.id = t.customer_id
           ORDER BY (SELECT count(*) FROM interaction i WHERE i.ticket_id = t.id) DESC, t.id LIMIT 1"""
    )
    assert row is not None
    number, customer = row
    page = await _log_in(browser, demo, screen.width, screen.height)
    await page.goto(demo.url + screen.path.format(ticket=f"T-{number}", customer=f"C-{customer}"))
    await page.wait_for_selector("body[data-line=open]")
    if screen.palette:
        await page.keyboard.press("Control+k")
        await page.wait_for_selector("dialog[open]")
    await page.screenshot(path=PLACE / f"{screen.name}.png")
    await page.context.close()


if __name__ == "__main__":
    asyncio.run(take_all())
