"""Simulations in a real browser: asked by keyboard, watched to their end, read by everybody."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.simulation.simulate import answer_next, ask_simulation
from hub.model.people import HUB
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.bygone import a_few_days
from tests.fakes.desk import CHANNELS, Desk, serving_desk

QUESTION = {
    "workload": "history", "days": 2, "seeds": "1-3", "load": 1.2,
    "staff": {"add": [{"like": "li", "count": 2}], "sick": [{"name": "wang"}]},
}  # fmt: skip


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "chat": {"kind": "webchat"}}) as desk:
        await a_few_days(desk.ctx, days=1, other="shop")
        yield desk


async def test_asked_by_keyboard_and_watched_until_it_is_done(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/simulate")
    await page.focus("#s-days")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("2")
    await page.focus("[name=add_like] >> nth=0")
    await page.keyboard.type("li")
    await page.focus("#s-seeds")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("1-2")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/simulate/1")
    assert await page.inner_text("label[for=progress]") == "Waits for its turn"
    await speak(desk, "zh_CN")
    await page.reload()
    assert await page.inner_text("label[for=progress]") == "排队中"
    await answer_next(desk.ctx, asyncio.Event())
    await page.wait_for_selector("#h-figures")
    assert await page.locator("#progress").count() == 0
    assert await page.locator(".headline").count() == 4
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_cancelled_from_the_page(open_desk: OpenDesk, desk: Desk) -> None:
    await ask_simulation(desk.ctx, {"workload": "reference"}, HUB)
    page = await open_desk("/desk/simulate/1")
    await page.focus("text=Cancel")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=It was cancelled.")


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    await speak(desk, locale)
    for _ in range(2):
        await ask_simulation(desk.ctx, QUESTION, HUB)
        await answer_next(desk.ctx, asyncio.Event())
    await ask_simulation(desk.ctx, {"workload": "reference"}, HUB)
    page = await open_desk("/desk/notices")
    looks = await Looks.begin(page, desk.url, "simulation")
    await looks.go("/desk/simulate")
    await page.click(".further summary")
    await page.evaluate("scrollTo(0, 0)")
    await looks.here("form")
    await looks.at("/desk/simulate/{id}", id=3, called="waiting")
    await looks.at("/desk/simulate/{id}", id=1, called="done")
    await looks.at("/desk/simulate/{id}", id=1, query="?with=2")
    looks.found_nothing()
