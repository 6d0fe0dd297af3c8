"""A client that costs next to nothing: one keep-alive HTTP/1.1 connection, one request at a time, bytes in and out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.benchmarks.figure import BenchmarkFailed


class Line(asyncio.Protocol):
    """Reads only answers with a Content-Length, which is what the API gives."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """(status, body)"""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BenchmarkFailed(f"the hub closed the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head = self._heard.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _length(bytes(self._heard[:head]))
        end = head + 4 + length
        if len(self._heard) < end or self._answer is None:
            return
        answer = int(self._heard[9:12]), bytes(self._heard[head + 4 : end])
        del self._heard[:end]
        if not self._answer.done():
            self._answer.set_result(answer)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    if not found:
        raise BenchmarkFailed(f"an answer without Content-Length: {head[:200]!r}")
    return int(rest.partition(b"\r\n")[0])


@asynccontextmanager
async def lines(url: str, count: int) -> AsyncIterator[list[Line]]:
    """So many open connections to the hub."""
    where = urlsplit(url)
    assert where.hostname and where.port
    loop = asyncio.get_running_loop()
    opened: list[Line] = []
    try:
        for _ in range(count):
            _, line = await loop.create_connection(Line, where.hostname, where.port)
            opened.append(line)
        yield opened
    finally:
        for line in opened:
            line.close()


def post(url: str, path: str, key: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
