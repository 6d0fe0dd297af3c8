"""How many connections one hub holds open. Above the limit the one that is idle for longest makes room for the new one."""

import asyncio
import contextlib
import resource
import socket
import sys

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_server import Server

from hub.actions.metrics import REFUSED

KEEP_ALIVE = 75.0
"""Seconds for which a connection may say nothing, or not finish saying what it wants. Longer than proxies keep theirs (60 in
nginx), so that it is they who close."""
UNREAD_SECONDS = 60.0
"""A client that takes nothing of what is sent to it for so long is cut by the system, as by nginx's send_timeout. What it has
not read, and its connection, would be held for as long as it likes, even where the handler has long ended (tcp(7))."""
_OTHER_FILES = 128
"""Open files that are no visitor's: Postgres, mailboxes, the files of the program."""


class Lines:
    """The connections of one server."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy: dict[asyncio.BaseProtocol, StreamReader] = {}
        """Those at work, with what is said on each."""
        self._news = asyncio.Event()
        """All has been said on one of them, or it is not at work any more."""

    def middleware(self) -> Middleware:
        """Says which connections are at work. First of all, so that it is true for everybody."""

        @web.middleware
        async def mark(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._busy[request.protocol] = request.content
            request.content.on_eof(self._news.set)
            try:
                return await handler(request)
            finally:
                self._busy.pop(request.protocol, None)
                self._news.set()

        return mark

    async def hear_out(self, seconds: float) -> None:
        """Return when whoever has been let in has said all that they want, or after so many seconds. Of a server that closes
        its lines aiohttp hears no more (RequestHandler.close): they would be told nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(not said.is_eof() for said in self._busy.values()):
                    self._news.clear()
                    await self._news.wait()

    def may_come(self) -> bool:
        """Whether there is room for one more, if need be in the place of one that is idle."""
        if len(self._busy) < self._most:
            return True
        REFUSED.labels("lines").inc()
        return False

    def make_room(self, server: Server) -> None:
        """For one that comes now: close those that are idle for longest. Whoever is at work stays."""
        lines = [line for line in server.connections if line.transport is not None]
        too_many = max(0, len(lines) + 1 - self._most)
        for line in [line for line in lines if line not in self._busy][:too_many]:
            line.force_close()
            REFUSED.labels("lines").inc()


LINES = web.AppKey("lines", Lines)


class LimitedSite(web.SockSite):
    """Takes connections on a bound socket as long as there is room for them."""

    __slots__ = ("_door", "_lines")

    def __init__(self, runner: web.AppRunner, door: socket.socket, lines: Lines) -> None:
        super().__init__(runner, door)
        self._door = door
        self._lines = lines

    async def start(self) -> None:
        """Begin to listen."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert isinstance(server, Server)
        if sys.platform == "linux":  # elsewhere the system's own patience counts
            self._door.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))

        loop = asyncio.get_running_loop()

        def welcome() -> asyncio.BaseProtocol:
            if not self._lines.may_come():
                return _TurnedAway()
            # In a moment, just before it is counted: of very many that come together each sees the ones before it.
            loop.call_soon(self._lines.make_room, server)
            return server()

        self._server = await loop.create_server(welcome, sock=self._door, backlog=self._backlog)


class _TurnedAway(asyncio.Protocol):
    """Hears nothing. A proxy asks another hub then."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def raise_file_limit(lines: int) -> int:
    """Let this process open as many files as it may, and say how many connections of `lines` that leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = lines + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        reached = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (reached, hard))
        soft = reached
    return lines if soft == resource.RLIM_INFINITY else max(min(lines, soft - _OTHER_FILES), 1)
