"""A desk to test: a served hub over a real database, agents who can log in, and customers who write."""

import asyncio
import base64
import dataclasses
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, web
from yarl import URL

from channels.adapter import RawItem
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.people.staff import add_agent
from hub.actions.receive import accept_items, read_waiting
from hub.model.codes import TICKET, read_code
from hub.model.people import Role
from hub.settings import Settings
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from storage.database import Connection
from tests.canaries import written

PASSWORD = "correct horse battery"
CHANNELS: dict[str, dict[str, Any]] = {
    "shop": {
        "kind": "api",
        "callback_url": "http://127.0.0.1:9/answers",
        "callback_secret": "whsec_" + base64.b64encode(b"s" * 32).decode(),
    },
    "mute": {"kind": "api"},
}
MAIL: dict[str, Any] = {
    "kind": "email", "address": "support@shop.example", "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1",
    "imap_security": "none", "smtp_security": "none", "authserv_id": "mx.shop.example", "burst_minutes": 0,
}  # fmt: skip
_keys = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]
    url: URL


@dataclass(slots=True, kw_only=True)
class Desk:
    """A served hub. `session` is one browser without a window: it keeps cookies and sends its origin."""

    ctx: Context
    url: str
    session: ClientSession

    async def get(self, path: str, **headers: Any) -> Answer:
        async with self.session.get(self.url + path, headers=headers) as response:
            return await _answer(response)

    async def post(
        self, path: str, data: Mapping[str, Any] | None = None, *, origin: str | None = "", **headers: Any
    ) -> Answer:
        """`origin` "": the hub's own, as a browser would say; None: none."""
        if origin is not None:
            headers["Origin"] = origin or self.url
        async with self.session.post(
            self.url + path, data=data or {}, headers=headers, allow_redirects=False
        ) as response:
            return await _answer(response)

    async def log_in(self, login: str = "ann") -> None:
        answer = await self.post("/desk/login", {"login": login, "password": PASSWORD})
        assert answer.status == 303, answer.text


async def _answer(response: ClientResponse) -> Answer:
    text = await response.text(errors="replace")
    return Answer(status=response.status, text=text, headers=response.headers.copy(), url=response.url)


@asynccontextmanager
async def serving_desk(
    ctx: Context,
    channels: Mapping[str, Any] = CHANNELS,
    *,
    doors: ChannelDoors | None = None,
    **settings: Any,
) -> AsyncIterator[Desk]:
    """The whole web side on a free port, with feed and listener; agents ann (supervisor) and 小林 (Chinese). `doors`: those of
    the channels, which whoever asks opens and shuts; without them none is open."""
    ctx = dataclasses.replace(ctx, settings=Settings(channels=dict(channels), **settings))
    await set_up(ctx)
    await ctx.feed.start()
    await add_agent(
        ctx, login="ann", name="Ann Berg", password=PASSWORD, role=Role.SUPERVISOR, languages=("en", "zh")
    )
    await add_agent(ctx, login="lin", name="小林", password=PASSWORD, languages=("zh",), locale="zh_CN")
    served = ChannelDoors() if doors is None else doors  # one with no door open is as good as any
    runner = web.AppRunner(make_app(ctx, served, _ready), shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    tasks = [asyncio.create_task(ctx.listener.run()), asyncio.create_task(ctx.feed.run())]
    try:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            yield Desk(ctx=ctx, url=f"http://127.0.0.1:{port}", session=session)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.cleanup()


async def _ready() -> Mapping[str, str]:
    return {}


async def customer_writes(
    ctx: Context,
    text: str,
    *,
    subject: str = "",
    name: str = "Li Wei",
    thread: str = "li",
    channel: str = "shop",
    **more: Any,
) -> int:
    """Something comes in, by its own door; returns the ticket's code."""
    body = {
        "sender": {
            "name": name,
            "identities": [{"kind": "email", "value": f"{thread}@mail.example", "verified": True}],
        },
        "subject": subject,
        "text": written(text),
        "thread_key": thread,
        "reply_address": f"{thread}@mail.example" if channel == "shop" else "",
        **more,
    }
    (kept,) = await accept_items(
        ctx,
        channel,
        [
            RawItem(
                external_key=f"desk-{next(_keys)}",
                content=json.dumps(body).encode(),
                received_at=datetime.now(UTC),
            )
        ],
    )
    return read_code(TICKET, kept.ticket_code)


async def letters_come(ctx: Context, letters: Sequence[bytes], *, channel: str = "support") -> list[int]:
    """Letters come in and are read; returns the code of each one's ticket."""
    items = [
        RawItem(external_key=f"letter-{next(_keys)}", content=one, received_at=datetime.now(UTC))
        for one in letters
    ]
    kept = await accept_items(ctx, channel, items)
    while await read_waiting(ctx):
        pass
    found = "SELECT t.code FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE i.raw_id = $1"

    async def look(connection: Connection) -> list[int]:
        return [await connection.fetchval(found, one.raw_id) for one in kept]

    return await ctx.database.read(look)


def html_letter(
    html: str,
    *,
    number: int = 0,
    answers: int | None = None,
    subject: str = "Letter",
    text: str | None = None,
) -> bytes:
    """A letter from li@mail.example with HTML; `answers` is the number of the one that it answers."""
    letter = EmailMessage()
    letter["From"] = "Li Wei <li@mail.example>"
    letter["To"] = "support@shop.example"
    letter["Subject"] = subject
    letter["Message-ID"] = f"<html{number}@mail.example>"
    if answers is not None:
        letter["In-Reply-To"] = f"<html{answers}@mail.example>"
    if text is not None:
        letter.set_content(text)
        letter.add_alternative(html, subtype="html")
    else:
        letter.set_content(html, subtype="html")
    return letter.as_bytes()


async def unreadable_comes(ctx: Context) -> int:
    """Something that no translator can read; returns the journal's number."""
    item = RawItem(external_key=f"bad-{next(_keys)}", content=b'{"sender": 3}', received_at=datetime.now(UTC))
    (kept,) = await accept_items(ctx, "shop", [item])
    assert kept.quarantined
    return kept.raw_id


def words_of(html: str) -> str:
    """What a reader sees of it, roughly: the text without its tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())
