"""The done-criterion, in a real browser and through the real doors: customers of all four channels arrive on the desk,
assigned, and each is answered so that the answer arrives where the customer is."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from hub.actions.people.staff import add_agent
from hub.sandbox.visit import fill_in_form, send_letter
from hub.sandbox.world import SandboxWorld
from hub.settings import Delivery, Settings
from hub.wiring import Hub, run_hub
from tests.conftest import SECRET
from tests.fakes.desk import PASSWORD
from tests.fakes.processes import sandbox_channels

LETTER_FROM, FORM_FROM, TELEGRAM_CHAT = "lihua@mail.example", "tom@mail.example", 600_001
CUSTOMERS = ("王丽华", "Tom Weber", "Sara Visitor", "陈晨")
"""By letter, form, chat and Telegram."""
PATIENCE = 15_000
"""Milliseconds in which the desk must show it by itself."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    async with SandboxWorld(tmp_path) as world:
        yield world


@pytest.fixture
async def hub(world: SandboxWorld, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels=sandbox_channels(world),
        delivery=Delivery(undo_seconds=0),
    )
    async with run_hub(settings, database_dsn, grace=5) as hub:
        yield hub


class Chat:
    """A visitor's page: says one line, keeps what the hub tells it."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line

    async def _next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = await self._line.receive_json()
                if frame["type"] == kind:
                    return frame

    async def says(self, name: str, text: str) -> None:
        """Return once the hub has it."""
        await self._line.send_json({"type": "hello", "session": ""})
        await self._next("welcome")
        await self._line.send_json({"type": "message", "client_id": "one", "text": text, "name": name})
        await self._next("kept")

    async def hears(self) -> str:
        """The next line of an agent."""
        while True:
            theirs = [said["text"] for said in (await self._next("lines"))["lines"] if not said["mine"]]
            if theirs:
                return str(theirs[0])


async def test_customers_of_all_four_channels_are_answered_where_they_are(
    hub: Hub, world: SandboxWorld, browser: Browser
) -> None:
    await add_agent(hub.ctx, login="ann", name="Ann Berg", password=PASSWORD, languages=("en", "zh"))
    page = await _logged_in(browser, hub.url)
    await page.evaluate("window.untouched = true")
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{hub.url}/chat/shop/socket", headers={"Origin": hub.url}) as line,
    ):
        chat = Chat(line)
        await asyncio.gather(
            send_letter(world, LETTER_FROM, world.support, _letter()),
            fill_in_form(
                client,
                hub.url,
                "feedback",
                {
                    "name": "Tom Weber",
                    "email": FORM_FROM,
                    "subject": "Opening hours",
                    "message": "Are you open on Sunday?",
                },
            ),
            chat.says("Sara Visitor", "Do you have the blue one?"),
            world.telegram.customer_writes(TELEGRAM_CHAT, "陈晨", "我的包裹在哪里？"),
        )
        for customer in CUSTOMERS:
            # "Mine" is what is shown: the row is there only once the ticket is hers.
            await expect(_row(page, customer)).to_be_visible(timeout=PATIENCE)
        await expect(page.locator("#rows .row")).to_have_count(len(CUSTOMERS))
        assert await page.evaluate("window.untouched"), "the page was loaded anew"

        for customer in CUSTOMERS:
            await _answer(page, customer, _words_for(customer))
        assert await page.evaluate("window.untouched"), "the page was loaded anew"

        (raw,) = await world.mail.wait_for_letter(LETTER_FROM)
        letter = message_from_bytes(raw, policy=default)
        assert letter["In-Reply-To"] == "<kettle@mail.example>"
        assert "<kettle@mail.example>" in letter["References"]
        assert _words_for("王丽华") in _text(letter)

        (raw,) = await world.mail.wait_for_letter(FORM_FROM)
        assert _words_for("Tom Weber") in _text(message_from_bytes(raw, policy=default))

        assert await chat.hears() == _words_for("Sara Visitor")

        (message,) = await world.telegram.wait_for_message(TELEGRAM_CHAT)
        assert message["text"] == _words_for("陈晨")


async def _logged_in(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context(locale="en-US")).new_page()
    await page.goto(f"{url}/desk/login")
    await page.fill("#login", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("body[data-line=open]")
    await expect(page.locator(".scopes a[aria-current]")).to_contain_text("Mine")
    return page


def _row(page: Page, customer: str) -> Any:
    return page.locator("#rows .row", has_text=customer)


async def _answer(page: Page, customer: str, words: str) -> None:
    """Open the ticket, write, send; return when the desk says that it is sent."""
    await _row(page, customer).click()
    await expect(page.locator("#thread")).to_contain_text(customer)
    await page.locator("#reply-text").fill(words)
    await page.locator("#send-reply").click()
    entry = page.locator("#log .entry.out", has_text=words)
    await expect(entry.locator(".delivery")).to_have_text("Sent", timeout=PATIENCE)


def _words_for(customer: str) -> str:
    return f"Hello {customer}, 您好，we look into it."


def _letter() -> bytes:
    letter = EmailMessage()
    letter["From"] = f"王丽华 <{LETTER_FROM}>"
    letter["To"] = "support@shop.example"
    letter["Subject"] = "水壶漏水"
    letter["Message-ID"] = "<kettle@mail.example>"
    letter.set_content("新买的水壶漏水，请问怎么办？")
    return letter.as_bytes()


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
