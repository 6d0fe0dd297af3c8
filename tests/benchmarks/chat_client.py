"""A visitor's page as a program: says hello, writes, waits until it is kept."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from hub.model.codes import TICKET, read_code
from tests.benchmarks.figure import BenchmarkFailed

CHANNEL = "shop"
CHANNELS: dict[str, dict[str, Any]] = {
    # As fast as the settings allow: what is measured is the hub, not its brake for a single visitor.
    CHANNEL: {
        "kind": "webchat",
        "burst": 1000,
        "messages_per_minute": 6000,
        "address_opens": 1_000_000,
        "address_messages": 10_000_000,
    }
}


class Visitor:
    """One open conversation."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._serial = itertools.count(1)

    async def hello(self) -> None:
        await self._send({"type": "hello", "session": "", "after": 0})
        await self._until("welcome", "")

    async def say(self, text: str) -> int:
        """The code of its ticket, after the hub has committed the message."""
        client_id = f"m{next(self._serial)}"
        await self._send({"type": "message", "client_id": client_id, "text": text})
        frame = await self._until("kept", client_id)
        return read_code(TICKET, str(frame["ticket"]))

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_str(orjson.dumps(frame).decode())

    async def _until(self, kind: str, client_id: str) -> dict[str, Any]:
        """Frames with lines come in between, as they do to every page."""
        while True:
            message = await self._socket.receive(timeout=30)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BenchmarkFailed(f"the chat's socket was closed: {message.data} {message.extra}")
            frame: dict[str, Any] = orjson.loads(message.data)
            if frame["type"] == "error":
                raise BenchmarkFailed(f"the chat answered {frame['code']}: {frame['text']}")
            if frame["type"] == kind and frame.get("client_id", "") == client_id:
                return frame


@asynccontextmanager
async def visiting(client: aiohttp.ClientSession, url: str) -> AsyncIterator[Visitor]:
    """A new visitor, welcomed."""
    async with client.ws_connect(f"{url}/chat/{CHANNEL}/socket", origin=url) as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        yield visitor
