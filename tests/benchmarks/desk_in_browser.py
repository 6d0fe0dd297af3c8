"""The desk in Chromium: from the key or the button that a hand presses until what it asked for is painted.

The page itself notes both moments, on its own clock, so that the way between this process and the browser does not count.
"""

import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, async_playwright

from hub.actions.context import Context
from hub.actions.note import add_note
from hub.model.codes import TICKET, read_code
from hub.model.people import HUB
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.stage import PASSWORD
from tests.browser.conftest import ARGUMENTS
from tests.fakes.chromium import find_chromium

FLOOR = "the page of preferences, in the same browser"
OPENED, PUSHED = (Aim(of="value", bound=bound, low=True) for bound in (200, 300))

SCOPES = ("mine", "unassigned", "all", "all&show=done")
ROWS = "#rows .row"
WORDS: Mapping[str, Sequence[str]] = {
    "two characters, frequent": ("订单", "退款", "收到"),
    "two characters, rare": ("滤芯", "静音", "烤箱"),
    "an English word": ("refund", "order", "induction"),
}
WARM_UP = 5

# When a hand did something, and when the picture changed after it: kept over the way to another page.
_WATCH = """
const now = () => performance.timeOrigin + performance.now();
const press = () => sessionStorage.setItem("pressed", now());
addEventListener("click", press, true);
addEventListener("keydown", (event) => event.key === "Enter" && press(), true);
window.painted = (holds) => new Promise((done) => {
  const look = () => {
    if (!holds()) return false;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(now())));
    return true;
  };
  const seen = new MutationObserver(look);
  seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
});
"""
_OPENED = """(ticket) => {
  window.shown = painted(() => document.querySelector(`#thread[data-ticket="${ticket}"] .entry`));
}"""
_PAGE = """async (wanted) => {
  const there = await painted(() => document.querySelector(wanted));
  const first = performance.getEntriesByName("first-contentful-paint")[0];
  // A page that came whole was painted before anybody could ask.
  return { at: first ? performance.timeOrigin + first.startTime : there };
}"""
_TOLD = """(text) => {
  const log = () => document.getElementById("log").textContent;
  window.shown = painted(() => log().includes(text)).then(() => Date.now());
}"""


@dataclass(slots=True, kw_only=True)
class _Hand:
    """Somebody at the page."""

    page: Page
    url: str

    async def log_in(self, login: str) -> None:
        await self.page.goto(f"{self.url}/desk/login")
        await self.page.fill("#login", login)
        await self.page.fill("#password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("body[data-line=open]")

    async def go(self, path: str) -> None:
        await self.page.goto(self.url + path)
        await self.page.wait_for_selector("body[data-line=open]")

    async def open_ticket(self, row: str) -> float:
        """Milliseconds from the click on this row until its thread is painted."""
        await self.page.evaluate(_OPENED, row)
        await self.page.click(f"#row-{row} .row")
        return float(await self.page.evaluate("async () => await shown - sessionStorage.getItem('pressed')"))

    async def until_page(self, wanted: str) -> float:
        """Milliseconds from the last press until the page that it led to is painted, with an element `wanted` on it."""
        await self.page.wait_for_selector(wanted)
        painted = (await self.page.evaluate(_PAGE, wanted))["at"]
        pressed = float(await self.page.evaluate("sessionStorage.getItem('pressed')"))
        return float(painted) - pressed

    async def rows(self) -> list[str]:
        return [
            str(number)
            for number in await self.page.eval_on_selector_all(
                ROWS, "rows => rows.map((one) => one.dataset.ticket)"
            )
        ]


async def in_browser(
    ctx: Context, url: str, *, login: str, times: int, facts: Mapping[str, Any]
) -> AsyncIterator[Figure]:
    """Opening a ticket, lists, search, and news pushed into an open thread, each so many `times`."""
    chromium = find_chromium()
    if chromium is None:
        raise BenchmarkFailed("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        context = await browser.new_context(
            viewport={"width": 1440, "height": 900}, timezone_id="Asia/Shanghai"
        )
        page = await context.new_page()
        await page.add_init_script(_WATCH)
        hand = _Hand(page=page, url=url)
        await hand.log_in(login)
        floor = percentiles(await _links(hand, "/desk/preferences", "main h1", times))["p95"]

        def figure(name: str, each: Mapping[str, Sequence[float]], aim: Aim = OPENED) -> Figure:
            everything = [one for took in each.values() for one in took]
            return Figure(
                name=name,
                unit="ms, p95",
                floor=FLOOR,
                rounds=[Round(value=percentiles(everything)["p95"], floor=floor)],
                n=len(everything),
                aim=aim,
                more={**facts, "each": {sort: percentiles(took) for sort, took in each.items()}},
            )

        yield figure("desk_in_browser_open_ticket", await _openings(hand, times))
        lists = {one: await _links(hand, f"/desk?scope={one}", "#list", times // 3) for one in SCOPES}
        yield figure("desk_in_browser_list", lists)
        searches = {sort: await _searches(hand, words, times // 3) for sort, words in WORDS.items()}
        yield figure("desk_in_browser_search", searches)
        yield figure("desk_in_browser_push", {"a note": await _pushes(ctx, hand, times)}, PUSHED)
        await browser.close()


async def _openings(hand: _Hand, times: int) -> dict[str, list[float]]:
    """From each list its rows one after the other, with the thread of the one before open."""
    each = {}
    for scope in SCOPES:
        await hand.go(f"/desk?scope={scope}")
        rows = await hand.rows()
        if not rows:
            raise BenchmarkFailed(f"the list {scope} is empty")
        for row in rows[:WARM_UP]:
            await hand.open_ticket(row)
        # Not the one that is open already.
        asked = itertools.islice(itertools.cycle([*rows[WARM_UP:], *rows[:WARM_UP]]), max(times // 3, 10))
        each[scope] = [await hand.open_ticket(row) for row in asked]
    return each


async def _links(hand: _Hand, path: str, wanted: str, times: int) -> list[float]:
    """A link on the page is pressed, again and again."""
    await hand.go(path)
    took = []
    for number in range(-WARM_UP, max(times, 10)):
        await hand.page.evaluate(
            """(path) => { const link = document.createElement("a"); link.href = path; link.id = "go"; link.textContent = "go";
                           document.querySelector("main").prepend(link); }""",
            path,
        )
        async with hand.page.expect_navigation(wait_until="load"):
            await hand.page.click("#go")
        one = await hand.until_page(wanted)
        if number >= 0:
            took.append(one)
    return took


async def _searches(hand: _Hand, words: Sequence[str], times: int) -> list[float]:
    """Typed into the field at the top, and Enter."""
    took = []
    for number, word in zip(range(-WARM_UP, max(times, 10)), itertools.cycle(words), strict=False):
        await hand.go("/desk/preferences")
        await hand.page.keyboard.press("/")
        await hand.page.keyboard.type(word, delay=20)
        async with hand.page.expect_navigation(wait_until="load"):
            await hand.page.keyboard.press("Enter")
        one = await hand.until_page("#found .hit")
        if number >= 0:
            took.append(one)
    return took


async def _pushes(ctx: Context, hand: _Hand, times: int) -> list[float]:
    """A note by somebody else, from before its transaction until it is painted in the open thread."""
    await hand.go("/desk?scope=all")
    row = (await hand.rows())[0]
    await hand.open_ticket(row)
    code = read_code(TICKET, row)
    took = []
    for number in range(-WARM_UP, times):
        text = f"pushed at {time.time_ns()}"
        await hand.page.evaluate(_TOLD, text)
        began = time.time() * 1000
        await add_note(ctx, ticket_code=code, actor=HUB, text=text)
        shown = float(await hand.page.evaluate("async () => await shown"))
        if number >= 0:
            took.append(shown - began)
    return took
