"""The outside of each kind of channel, in one shape, so that one suite can be run over all of them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from channels.adapter import ChannelAdapter, ChannelFailure, ChannelKind, HasRoutes, RawItem
from channels.email.parse import parse_letter
from channels.registry import load_kinds
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.sandbox.telegram_world import TelegramWorld
from hub.sandbox.visit import read_form
from tests.fakes.ports import Journal, Memory, Notebook, make_ports, serving_routes
from tests.fakes.visitor import key_of

CUSTOMER = 880001
LETTER = "From: Li <li@example.cn>\r\nTo: {to}\r\nMessage-ID: <{key}@example.cn>\r\n\r\n{text}\r\n"


@dataclass(kw_only=True)
class Outside:
    """One channel and what is around it. `say` lets a customer say something (with a key of its own) and
    keeps at it until the channel has acknowledged it, as that outside would; `acknowledged` counts; `arrived`
    waits for the texts that reached the customer at `address`."""

    kind: ChannelKind
    settings: Any
    say: Callable[[str, str], Awaitable[None]]
    acknowledged: Callable[[], int]
    repeat: Callable[["Hearing"], Awaitable[None]]
    arrived: Callable[[], Awaitable[list[str]]] | None = None
    address: str = ""
    wrong: Any = None
    memory: Memory = field(default_factory=Memory)
    notebook: Notebook = field(default_factory=Notebook)
    base: list[str] = field(default_factory=list)
    public_url: str = "https://hub.example"
    port: int = 0

    def open(self, settings: Any = None) -> ChannelAdapter:
        ports = make_ports(memory=self.memory, notebook=self.notebook, public_url=self.public_url)
        self.adapter = self.kind.open("shop", settings or self.settings, ports)
        return self.adapter


class Hearing:
    """A channel that is heard as the hub does it: begun again after a failure, its routes served."""

    def __init__(self, outside: Outside, adapter: ChannelAdapter, journal: Journal) -> None:
        self.outside = outside
        self.adapter = adapter
        self.journal = journal
        self._task = asyncio.create_task(self._supervise())

    async def _supervise(self) -> None:
        while True:
            with contextlib.suppress(ChannelFailure):
                await self.adapter.receive(self.journal.accept)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def restart(self) -> None:
        await self.stop()
        self._task = asyncio.create_task(self._supervise())


@contextlib.asynccontextmanager
async def hearing(outside: Outside, journal: Journal) -> AsyncIterator[Hearing]:
    adapter = outside.open()
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(adapter, HasRoutes):
            routes = adapter.routes(journal.accept)
            outside.base[:] = [await stack.enter_async_context(serving_routes(routes, outside.port))]
        heard = Hearing(outside, adapter, journal)
        try:
            yield heard
        finally:
            await heard.stop()
            await adapter.close()


def raw_text(outside: Outside, item: RawItem) -> str:
    return outside.kind.translate(item, outside.settings).text


@contextlib.asynccontextmanager
async def loopback() -> AsyncIterator[Outside]:
    kind = load_kinds()["loopback"]
    said: list[tuple[str, str]] = []

    async def say(key: str, text: str) -> None:
        said.append((key, text))
        await outside.adapter.say(text, key=key)  # type: ignore[attr-defined]

    async def repeat(heard: Hearing) -> None:
        await say(*said[-1])

    async def arrived() -> list[str]:
        return [message.text for message in outside.adapter.sent]  # type: ignore[attr-defined]

    outside = Outside(
        kind=kind,
        settings=kind.settings(),
        say=say,
        acknowledged=lambda: len(said) - outside.adapter.waiting,  # type: ignore[attr-defined]
        repeat=repeat,
        arrived=arrived,
        address="visitor",
        wrong=kind.settings.model_validate({"password": "guessed"}),
    )
    yield outside


@contextlib.asynccontextmanager
async def email() -> AsyncIterator[Outside]:
    kind = load_kinds()["email"]
    async with MailWorld(uid_validity=7) as mail:
        values: dict[str, Any] = {
            "address": SUPPORT,
            "imap_host": "127.0.0.1",
            "imap_port": mail.imap_port,
            "imap_security": "none",
            "imap_user": SUPPORT,
            "imap_password": SUPPORT_PASSWORD,
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.smtp_port,
            "smtp_security": "none",
            "smtp_user": SUPPORT,
            "smtp_password": SUPPORT_PASSWORD,
            "poll_seconds": 1,
            "timeout_seconds": 5,
        }

        async def say(key: str, text: str) -> None:
            await mail.deliver(SUPPORT, LETTER.format(to=SUPPORT, key=key, text=text).encode())

        async def repeat(heard: Hearing) -> None:
            """A hub that has lost its bookmark reads the mailbox again from the start."""
            await heard.stop()
            outside.memory.values.clear()
            await heard.restart()

        async def arrived() -> list[str]:
            return [parse_letter(letter).text for letter in await mail.wait_for_letter("li@example.cn")]

        def acknowledged() -> int:
            marks = [value["uid"] for value in outside.memory.values.values() if "uid" in value]
            return max(marks, default=0)

        outside = Outside(
            kind=kind,
            settings=kind.settings.model_validate(values),
            say=say,
            acknowledged=acknowledged,
            repeat=repeat,
            arrived=arrived,
            address="li@example.cn",
            wrong=kind.settings.model_validate({**values, "imap_password": "guessed"}),
        )
        yield outside


def _telegram(world: TelegramWorld, **more: Any) -> Outside:
    kind = load_kinds()["telegram"]
    values = {
        "token": world.token,
        "base_url": world.base_url,
        "base_file_url": world.base_file_url,
        "poll_seconds": 1,
        "timeout_seconds": 5,
    }

    async def say(key: str, text: str) -> None:
        await world.customer_writes(CUSTOMER, "小梅", text, language_code="zh-hans")

    async def repeat(heard: Hearing) -> None:
        await world.wait_until_confirmed()
        await world.repeat_updates(1)

    async def arrived() -> list[str]:
        return [message["text"] for message in await world.wait_for_message(CUSTOMER)]

    world.open_chat(CUSTOMER, "小梅")
    return Outside(
        kind=kind,
        settings=kind.settings.model_validate({**values, **more}),
        say=say,
        acknowledged=lambda: len(world.state.confirmed),
        repeat=repeat,
        arrived=arrived,
        address=str(CUSTOMER),
        wrong=kind.settings.model_validate({**values, **more, "token": "1:wrong-token"}),
    )


@contextlib.asynccontextmanager
async def telegram() -> AsyncIterator[Outside]:
    async with TelegramWorld(first_update_id=500) as world:
        yield _telegram(world)


@contextlib.asynccontextmanager
async def telegram_webhook() -> AsyncIterator[Outside]:
    async with TelegramWorld(first_update_id=500) as world:
        outside = _telegram(world, webhook=True)
        outside.port = _free_port()
        outside.public_url = f"http://127.0.0.1:{outside.port}"
        yield outside


@contextlib.asynccontextmanager
async def webform() -> AsyncIterator[Outside]:
    """A person who presses the button again when the page asks for it."""
    kind = load_kinds()["webform"]
    thanked: list[str] = []
    posted: list[dict[str, str]] = []
    async with _Outsiders() as outsiders:

        async def post(fields: dict[str, str]) -> None:
            address = f"{outside.base[0]}/forms/shop"
            while True:
                async with outsiders.client.post(address, data=fields) as answer:
                    if answer.status == 200:
                        thanked.append(await answer.text())
                        return
                    assert answer.status == 503, await answer.text()

        async def say(key: str, text: str) -> None:
            async with outsiders.client.get(f"{outside.base[0]}/forms/shop") as page:
                form = read_form(await page.text())
            posted.append(form.fields | {"name": "Li", "email": "li@example.cn", "message": text})
            outsiders.start(post(posted[-1]))

        async def repeat(heard: Hearing) -> None:
            outsiders.start(post(posted[-1]))

        outside = Outside(
            kind=kind,
            settings=kind.settings.model_validate({"fill_in_seconds": 0}),
            say=say,
            acknowledged=lambda: len(thanked),
            repeat=repeat,
        )
        yield outside


@contextlib.asynccontextmanager
async def webchat() -> AsyncIterator[Outside]:
    """A page that sends again what was not kept."""
    kind = load_kinds()["webchat"]
    kept: list[str] = []
    said: list[dict[str, str]] = []
    session = [""]
    async with _Outsiders() as outsiders:

        async def talk(message: dict[str, str]) -> None:
            async with outsiders.client.ws_connect(
                f"{outside.base[0]}/chat/shop/socket", headers={"Origin": outside.base[0]}
            ) as line:
                await line.send_json({"type": "hello", "session": session[0], "after": "0"})
                while True:
                    frame = await line.receive_json(timeout=15)
                    if frame["type"] == "welcome":
                        session[0] = frame["session"]
                        await line.send_json(message)
                    elif frame["type"] == "error":
                        await line.send_json(message)
                    elif frame["type"] == "kept":
                        kept.append(frame["client_id"])
                        return

        async def say(key: str, text: str) -> None:
            said.append({"type": "message", "client_id": key, "text": text})
            outsiders.start(talk(said[-1]))

        async def repeat(heard: Hearing) -> None:
            outsiders.start(talk(said[-1]))

        async def arrived() -> list[str]:
            """The hub's commit makes a line visible; an open page gets it."""
            async with outsiders.client.ws_connect(
                f"{outside.base[0]}/chat/shop/socket", headers={"Origin": outside.base[0]}
            ) as line:
                await line.send_json({"type": "hello", "session": "", "after": "0"})
                token = (await line.receive_json(timeout=15))["session"]
                await outside.notebook.write(key_of(token), 2**60 + 1, "Here is your answer.")
                frame = await line.receive_json(timeout=15)
                return [one["text"] for one in frame["lines"]]

        outside = Outside(
            kind=kind,
            settings=kind.settings(),
            say=say,
            acknowledged=lambda: len(kept),
            repeat=repeat,
            arrived=arrived,
            address="session." + "0" * 64,
        )
        yield outside


@contextlib.asynccontextmanager
async def api() -> AsyncIterator[Outside]:
    """Programs come in by the JSON API, which has tests of its own; here is only the way back."""
    kind = load_kinds()["api"]
    bodies: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        bodies.append((await request.json())["text"])
        return web.Response(status=204)

    async def options(request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def forbid(request: web.Request) -> web.Response:
        return web.Response(status=403)

    async def arrived() -> list[str]:
        return bodies

    async def nothing(*_: Any) -> None:
        raise AssertionError("nobody speaks to this channel directly")

    routes = (web.post("/answers", hear), web.options("/answers", options), web.options("/closed", forbid))
    async with serving_routes(routes) as base:
        secret = "whsec_" + "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
        values = {"callback_url": f"{base}/answers", "callback_secret": secret}
        yield Outside(
            kind=kind,
            settings=kind.settings.model_validate(values),
            say=nothing,
            acknowledged=lambda: 0,
            repeat=nothing,
            arrived=arrived,
            address="customer-7",
            wrong=kind.settings.model_validate({**values, "callback_url": f"{base}/closed"}),
        )


@contextlib.asynccontextmanager
async def portal() -> AsyncIterator[Outside]:
    """Customers come by the hub's own pages, which have tests of their own; nothing leaves by it."""
    kind = load_kinds()["portal"]

    async def nothing(*_: Any) -> None:
        raise AssertionError("nobody speaks to this channel directly")

    yield Outside(kind=kind, settings=kind.settings(), say=nothing, acknowledged=lambda: 0, repeat=nothing)


class _Outsiders:
    """People at work in the background; their failures are the test's."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "_Outsiders":
        self.client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            if not task.done():
                task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()
        for error in ended:
            if isinstance(error, AssertionError):
                raise error

    def start(self, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_key() -> str:
    return f"said-{uuid4().hex[:12]}"
