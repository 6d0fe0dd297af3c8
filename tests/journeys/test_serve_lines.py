"""Lines that break and lines that dawdle, over real sockets: they are their client's, and hold nothing up."""

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

import psutil
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from hub.settings import Settings
from hub.web import lines
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from hub.web.lines import LINES, LimitedSite
from hub.workers.channel import ChannelWorker
from storage.database import Connection
from tests.fakes.processes import until

LIMIT = 0.3
UPLOAD = (
    "POST /forms/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    'Content-Length: 5000\r\n\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nhalf'
)


class Line:
    """A client that writes what it likes, and stops when it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def says(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

    def breaks(self) -> None:
        self.writer.transport.abort()

    async def hears(self) -> str:
        """The whole answer: the hub ends the line after it."""
        async with asyncio.timeout(10):
            return (await self.reader.read()).decode()

    async def aclose(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def served(ctx: Context, *, body_within: float) -> AsyncIterator[int]:
    """The web side with one form and one API channel; yields the port."""
    channels = {"feedback": {"kind": "webform"}, "api": {"kind": "api"}}
    ctx = dataclasses.replace(ctx, settings=Settings(channels=channels))
    await set_up(ctx)
    form = ChannelWorker(ctx, "feedback", asyncio.Event())
    doors = ChannelDoors()
    doors.open("feedback", form.routes())
    runner = web.AppRunner(make_app(ctx, doors, _ready, body_within=body_within), shutdown_timeout=1)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as door:
        try:
            await LimitedSite(runner, door, runner.app[LINES]).start()
            yield door.getsockname()[1]
        finally:
            await runner.cleanup()
            await form.close()


async def _ready() -> Mapping[str, str]:
    return {}


async def _open(port: int) -> Line:
    return Line(*await asyncio.open_connection("127.0.0.1", port))


async def test_an_upload_that_breaks_off_is_no_fault_of_ours(ctx: Context) -> None:
    with capture_logs() as logged:
        async with served(ctx, body_within=60) as port, aclosing(await _open(port)) as line:
            await line.says(UPLOAD)
            line.breaks()

            async def told() -> bool:
                return bool(logged)

            await until(told, seconds=10, what="the log tells of it")
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("web.client_gone", "info")]
    assert "exc_info" not in logged[0]


@pytest.mark.parametrize("path", ["/forms/feedback", "/desk/login", "/api/v1/interactions"])
async def test_a_body_that_does_not_come_is_given_up_and_its_line_closed(ctx: Context, path: str) -> None:
    key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])
    content_type = "application/json" if "api" in path else "application/x-www-form-urlencoded"
    async with served(ctx, body_within=LIMIT) as port, aclosing(await _open(port)) as line:
        with capture_logs() as logged:
            await line.says(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: {content_type}\r\nContent-Length: 500\r\n\r\nhalf"
            )
            answer = await line.hears()
    assert answer.startswith("HTTP/1.1 408 "), answer
    assert [entry for entry in logged if entry["log_level"] == "error"] == []

    async def count(c: Connection) -> int:
        return int(await c.fetchval("SELECT count(*) FROM inbound_raw"))

    assert await ctx.database.read(count) == 0


async def test_an_upload_in_parts_is_given_up_too(ctx: Context) -> None:
    async with served(ctx, body_within=LIMIT) as port, aclosing(await _open(port)) as line:
        await line.says(UPLOAD)
        assert (await line.hears()).startswith("HTTP/1.1 408 ")


async def test_answers_that_nobody_reads_end_with_their_line(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is asked for: what is not read holds neither its line nor the others up."""
    monkeypatch.setattr(lines, "UNREAD_SECONDS", 0.5)
    loop, lazy = asyncio.get_running_loop(), socket.socket()
    with capture_logs() as logged, lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.setblocking(False)
        async with served(ctx, body_within=60) as port:
            await loop.sock_connect(lazy, ("127.0.0.1", port))
            await loop.sock_sendall(lazy, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            async with aclosing(await _open(port)) as line:
                await line.says("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert (await line.hears()).startswith("HTTP/1.1 200 ")

            async def is_cut() -> bool:
                ours = psutil.Process().net_connections("tcp4")
                return lazy.getsockname() not in [one.raddr for one in ours if one.raddr]

            assert not await is_cut()
            await until(is_cut, seconds=20, what="the line is cut")
    assert [entry for entry in logged if entry["log_level"] == "error"] == []
