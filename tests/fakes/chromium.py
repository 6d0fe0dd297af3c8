"""The browser that tests drive: which program it is, what shows how long its pages wait, who stands between them and us."""

import asyncio
import re
import shutil
from collections.abc import Callable

from playwright.async_api import Page, Route

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that there is. The shell is the same engine without the windows: it opens a page with half the work."""
PAUSES = """
window.pauses = [];
Math.random = () => 0.9;
const later = window.setTimeout;
window.setTimeout = (act, pause, ...more) => {
  window.pauses.push(Math.round(pause));
  return later(act, pause, ...more);
};
"""
"""To run in a page: chance is always 0.9, and `pauses` has the milliseconds of everything that is done later."""


def find_chromium() -> str | None:
    """Its path; None where there is none (tests/install_browser.sh)."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


async def stand_between(page: Page, what: str | re.Pattern[str], do: Callable[[Route], object]) -> None:
    """Has `do` take what `page`, which is open already, asks for from here on. Chromium says that it will a moment before the
    page does: what is pressed at once may still get through.
    """
    await page.route(what, do)
    await page.route("**/is-somebody-between", lambda route: route.fulfill(status=204))
    while await page.evaluate("fetch('/is-somebody-between').then((answer) => answer.status)") != 204:
        pass
    await page.unroute("**/is-somebody-between")


class HeldAnswer:
    """To stand between: an answer that the server has made, and that the page does not have before `come` is set."""

    def __init__(self) -> None:
        self.made, self.come = asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.made.set()
        await self.come.wait()
        await route.fulfill(response=answer)
