"""A chat whose hub is in memory, so that each state can be shown, on the page of a shop."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from channels.adapter import Unavailable
from channels.webchat import KIND
from tests.browser.chat_shop import Shop, tag
from tests.fakes.lounge import Waitingroom
from tests.fakes.ports import Journal, Notebook, make_ports, serving_routes


@dataclass
class Stage:
    """`url`: of the chat's own page."""

    notebook: Notebook
    lounge: Waitingroom
    journal: Journal
    shop: Shop
    url: str


@asynccontextmanager
async def a_stage(
    browser: Browser, language: str = "en", *, said: Mapping[str, Any] | None = None, **standing: Any
) -> AsyncIterator[Stage]:
    """`said`: settings beside the usual ones."""
    notebook, lounge, journal, base = Notebook(), Waitingroom(**standing), Journal(), [""]
    async with serving_routes([tag(base, language)]) as site:
        settings = KIND.settings.model_validate(
            {"allowed_origins": (site,), "go_on_by": "support", "colour": "#d33682", **(said or {})}
        )
        adapter: Any = KIND.open("shop", settings, make_ports(notebook=notebook, lounge=lounge))
        async with serving_routes(adapter.routes(journal.accept)) as base[0]:
            shop = Shop(site, browser)
            yield Stage(notebook, lounge, journal, shop, f"{base[0]}/chat/shop")
            await adapter.close()
        assert shop.complaints == []


async def open_chat(page: Page) -> FrameLocator:
    """Its line stands."""
    await page.get_by_role("button", name="Open chat").click()
    chat = page.frame_locator("iframe")
    await expect(chat.locator("#state")).to_be_hidden()
    return chat


async def break_down(*_given: Any) -> Any:
    """In the place of what is to fail."""
    raise RuntimeError("broken on purpose")


async def be_away(*_given: Any) -> Any:
    """In the place of what cannot be had now."""
    raise Unavailable("away on purpose")


def at_the_door(patch: pytest.MonkeyPatch, deed: Callable[..., Awaitable[Any]]) -> None:
    """`deed` in the place of coming in, by a socket and by a poll."""
    for way in ("visitor", "poll"):
        patch.setattr(f"channels.webchat.{way}.come_in", deed)
