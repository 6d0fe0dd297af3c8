"""A house with a page for its customers, and customers who sign in to it with a browser without a window."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web

from channels.loopback.adapter import LoopbackAdapter
from channels.loopback.settings import LoopbackSettings
from hub.actions.answers.deliver import as_queued
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.model.codes import TICKET, read_code
from hub.settings import Settings
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, write
from tests.fakes.sending import deliver_due

LI, MEI = "li@example.cn", "mei@other.example"
CHANNELS: dict[str, dict[str, Any]] = {
    "support": MAIL,
    "own": {"kind": "portal"},
    "form": {"kind": "webform", "fill_in_seconds": 0, "confirm_by": "support"},
    "plain": {"kind": "plain"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    status: int
    text: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def goes_to(self) -> str:
        return self.headers.get("Location", "")


@dataclass(slots=True)
class Browser:
    """One browser. `peer`: where it comes from, through a proxy of ours."""

    url: str
    session: aiohttp.ClientSession
    peer: str = "203.0.113.9"

    async def ask(self, method: str, path: str, data: Any = None, **headers: str) -> Page:
        said = {"X-Forwarded-For": self.peer, "Accept-Language": "en", **headers}
        if method == "POST":
            said.setdefault("Origin", self.url)
        async with self.session.request(
            method, self.url + path, data=data, headers=said, allow_redirects=False
        ) as answer:
            body = await answer.read()
            return Page(
                status=answer.status,
                text=body.decode("utf-8", "replace"),
                headers=answer.headers.copy(),
                body=body,
            )

    async def get(self, path: str, **headers: str) -> Page:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, data: Any = None, **headers: str) -> Page:
        return await self.ask("POST", path, data if data is not None else {}, **headers)

    async def say(
        self, number: str, text: str, *, page: str = "", files: Mapping[str, bytes] | None = None
    ) -> Page:
        """Open the case, write, send. `page`: what was open already."""
        page = page or (await self.get(f"/portal/{number}")).text
        form = aiohttp.FormData()
        form.add_field("submission", _hidden(page))
        form.add_field("text", text)
        for name, content in (files or {}).items():
            form.add_field("files", content, filename=name, content_type="text/plain")
        return await self.post(f"/portal/{number}/more", form)


@dataclass(slots=True)
class House:
    """A served hub with a page for its customers."""

    ctx: Context
    url: str

    @asynccontextmanager
    async def browser(self, peer: str = "203.0.113.9") -> AsyncIterator[Browser]:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            yield Browser(self.url, session, peer)

    async def enter(self, browser: Browser, address: str) -> Page:
        """Ask for a code, read the letter, type it."""
        await browser.post("/portal", {"email": address})
        return await browser.post("/portal/code", {"code": await self.code(address)})

    async def letters(self, address: str) -> list[dict[str, Any]]:
        """Letters with codes that wait to leave to an address, oldest first."""
        return [
            row["message"]
            for row in await rows(
                self.ctx,
                "SELECT message FROM side_letter WHERE state = 'queued' AND message->>'address' = $1 ORDER BY id",
                address,
            )
        ]

    async def code(self, address: str) -> str:
        found = re.search(r"\b\d{6}\b", (await self.letters(address))[-1]["text"])
        assert found
        return found[0]

    async def link(self, address: str) -> str:
        """Of the newest letter with a code."""
        return link_in((await self.letters(address))[-1]["text"])

    async def writes(self, address: str, text: str = "Where is my parcel?", **more: Any) -> str:
        """A letter of theirs arrives; the ticket's number."""
        return (await write(self.ctx, address, text, **more)).ticket_code

    async def answer(self, number: str, text: str, **more: Any) -> int:
        """We answer, and it leaves; the entry's id."""
        entry = await queue_reply(
            self.ctx, ticket_code=read_code(TICKET, number), actor=SYSTEM, text=text, **more
        )
        await self.leave()
        return entry

    async def leave(self) -> None:
        """What waits to leave by the inbox leaves; it goes no further than this process."""
        ports = make_ports(self.ctx, "support")
        adapter = LoopbackAdapter("support", LoopbackSettings(), ports)
        while await deliver_due(self.ctx, {"support": adapter}):
            pass

    async def letter_of(self, entry: int) -> str:
        """The text that leaves."""
        message = await one(self.ctx, "SELECT message FROM outbox WHERE interaction_id = $1", entry)
        return as_queued(message, entry, await one(self.ctx, "SELECT now()")).text

    async def ticket(self, number: str) -> dict[str, Any]:
        (found,) = await rows(self.ctx, "SELECT * FROM ticket WHERE code = $1", read_code(TICKET, number))
        return found


def link_in(text: str) -> str:
    """The path of the link with a key."""
    found = re.search(r"/portal/go/[\w-]+", text)
    assert found, text
    return found[0]


def _hidden(page: str) -> str:
    found = re.search(r'name="submission" value="([^"]+)"', page)
    assert found, page
    return found[1]


@asynccontextmanager
async def a_house(
    dsn: str, channels: dict[str, Any] | None = None, *, rules: bytes | None = None
) -> AsyncIterator[House]:
    async with a_hub(dsn, channels or CHANNELS, rules=rules) as opened, serving(opened) as house:
        yield house


@asynccontextmanager
async def serving(opened: Context) -> AsyncIterator[House]:
    """One hub of it."""
    settings = Settings(
        channels=opened.settings.channels,
        web={"trusted_proxies": ["127.0.0.1"]},  # type: ignore[arg-type]
        delivery=opened.settings.delivery,
        scanner=opened.settings.scanner,
    )
    ctx = replace(opened, settings=settings)

    async def ready() -> dict[str, str]:
        return {}

    runner = web.AppRunner(make_app(ctx, ChannelDoors(), ready), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield House(ctx, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
