"""An open chat with its doors, served over a real socket; journal, transcript and lounge are in memory."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from channels.webchat import KIND
from tests.fakes.lounge import Waitingroom
from tests.fakes.ports import Doorkeeper, Journal, Notebook, make_ports, serving_routes
from tests.fakes.visitor import key_of as key_of_token

SITE = "https://www.shop.example"
LARGE = 2**60
"""Ids as the timeline has them: beyond what JavaScript's numbers tell apart."""


@dataclass
class Room:
    journal: Journal
    notebook: Notebook
    lounge: Waitingroom
    client: aiohttp.ClientSession
    base: str
    adapter: Any

    @contextlib.asynccontextmanager
    async def line(
        self, session: str = "", after: int = 0, origin: str | None = None, **more: Any
    ) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]]:
        """A socket that has said hello, and its welcome."""
        headers = {"Origin": origin or self.base}
        async with self.client.ws_connect(f"{self.base}/chat/shop/socket", headers=headers) as line:
            await line.send_json({"type": "hello", "session": session, "after": str(after), **more})
            yield line, await line.receive_json(timeout=10)

    async def post(
        self, path: str, body: Any, token: str = "", *, origin: str | None = "", form: bool = False
    ) -> tuple[int, list[dict[str, Any]]]:
        """The status and the frames of a request as the page makes them. `origin` "": its own; None: none. Who is told to come
        another time is told when."""
        headers = {"Authorization": f"Bearer {token}", "Chat-Page": "p1"} if token else {}
        if origin is not None:
            headers["Origin"] = origin or self.base
        sent: dict[str, Any] = {"data": body} if form else {"json": body}
        async with self.client.post(f"{self.base}/chat/shop/{path}", headers=headers, **sent) as answer:
            assert answer.status not in (429, 503) or int(answer.headers["Retry-After"]) > 0
            if answer.content_type != "application/json":
                return answer.status, []
            return answer.status, (await answer.json())["frames"]


@contextlib.asynccontextmanager
async def a_chat(
    *, gate: Doorkeeper | None = None, lounge: Waitingroom | None = None, **values: Any
) -> AsyncIterator[Room]:
    """`values` are settings."""
    notebook, journal, room = Notebook(), Journal(), lounge or Waitingroom()
    settings = KIND.settings.model_validate({"allowed_origins": (SITE,), **values})
    adapter: Any = KIND.open("shop", settings, make_ports(notebook=notebook, lounge=room, gate=gate))
    async with serving_routes(adapter.routes(journal.accept)) as base, aiohttp.ClientSession() as client:
        yield Room(journal, notebook, room, client, base, adapter)
        await adapter.close()


def key_of(welcome: dict[str, Any]) -> str:
    """The conversation that it welcomes to."""
    return key_of_token(welcome["session"])


def say(number: int, text: str = "hello", **more: Any) -> dict[str, Any]:
    """A message of the page's."""
    return {"type": "message", "client_id": f"c{number}", "text": text, **more}


async def until(line: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next frame of this kind."""
    while True:
        frame: dict[str, Any] = await line.receive_json(timeout=10)
        if frame["type"] == kind:
            return frame
