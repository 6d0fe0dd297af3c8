"""A real browser on a served desk: one for all tests of a process, with a fresh profile for each page that is opened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psutil
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect
from yarl import URL

from hub.actions.context import Context
from tests.fakes.chromium import find_chromium
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
ZONE = "Asia/Shanghai"

TEARDOWN_SECONDS = 30
# A bound for what does not come, not for how long it may take.
expect.set_options(timeout=30_000)

OpenDesk = Callable[..., Awaitable[Page]]


class OneBrowser:
    """The browser of this process. It is started at the first need, and again if it should have died."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._browser: Browser | None = None

    async def at_work(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            chromium = find_chromium()
            if chromium is None:
                pytest.fail(
                    "There is no Chromium on this machine; tests/install_browser.sh says how to get one."
                )
            self._browser = await self._playwright.chromium.launch(
                executable_path=chromium, args=list(ARGUMENTS)
            )
        return self._browser

    async def kill(self) -> None:
        self._browser, hung = None, self._browser
        for process in psutil.Process().children(recursive=True) if hung else ():
            if "chrom" in process.name():
                process.kill()

    async def close(self) -> None:
        if self._browser is not None:
            await self._browser.close()


@pytest.fixture(scope="session")
def loop_of_the_browser() -> Iterator[asyncio.Runner]:
    """What speaks to the browser belongs to one event loop, so all of these tests run in it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def one_browser(loop_of_the_browser: asyncio.Runner) -> Iterator[OneBrowser]:
    playwright = loop_of_the_browser.run(async_playwright().start())
    browser = OneBrowser(playwright)
    yield browser
    loop_of_the_browser.run(browser.close())
    loop_of_the_browser.run(playwright.stop())


@pytest.fixture
def _function_scoped_runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """In the place of pytest-asyncio's own, which closes its loop after each test; so does this for a test without a browser.
    What a test left at work ends with it either way."""
    if "browser" not in request.fixturenames:
        with asyncio.Runner() as own:
            yield own
        return
    request.getfixturevalue("one_browser")  # what the driver itself has at work is there before
    runner: asyncio.Runner = request.getfixturevalue("loop_of_the_browser")
    before = asyncio.all_tasks(runner.get_loop())
    yield runner
    runner.run(_end(asyncio.all_tasks(runner.get_loop()) - before))


async def _end(left: set[asyncio.Task[object]]) -> None:
    for task in left:
        task.cancel()
    if left:
        _, alive = await asyncio.wait(left, timeout=TEARDOWN_SECONDS)
        assert not alive, f"cancelled and still at work: {alive}"


@pytest.fixture
async def browser(one_browser: OneBrowser) -> AsyncIterator[Browser]:
    """Nothing is open in it: neither before nor after."""
    browser = await one_browser.at_work()
    yield browser
    try:
        async with asyncio.timeout(TEARDOWN_SECONDS):
            for context in browser.contexts:
                await context.close()
    except TimeoutError:
        await one_browser.kill()  # it answers no more; the next test gets another one
        raise


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


@pytest.fixture
async def open_desk(browser: Browser, desk: Desk) -> AsyncIterator[OpenDesk]:
    """Sign in and open a page of the desk. What the page's scripts complain about fails the test at its end."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_page(
        path: str = "/desk?scope=all", *, login: str = "ann", width: int = 1280, height: int = 800
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id=ZONE,
            locale="en-US",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.text) else None)
        await sign_in(context, desk.url, login)
        await page.goto(desk.url + path)
        await page.wait_for_selector("body[data-line=open]")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert complaints == []


async def sign_in(context: BrowserContext, url: str, login: str) -> None:
    """As the form of the login page does it, without showing that page (test_sign_in fills it in)."""
    answer = await context.request.post(
        f"{url}/desk/login",
        form={"login": login, "password": PASSWORD},
        headers={"Origin": url},
        max_redirects=0,
    )
    assert answer.status == 303, await answer.text()
    # Every page tells the hub its zone, which makes the second page one of that zone.
    zone = {"name": "hub_zone", "value": ZONE.replace("/", "%2F"), "domain": URL(url).host, "path": "/desk"}
    await context.add_cookies([zone])


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "htmx" in text or "Uncaught" in text
