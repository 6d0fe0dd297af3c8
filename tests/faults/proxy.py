"""A TCP line between a hub and what it talks to, which passes, falls silent, is late, is cut, or is torn."""

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Self

CHUNK = 65536


def _open() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Way:
    """One direction of all lines. `passing` unset: nothing arrives and nobody is told, as behind a firewall that drops; what
    was sent arrives when it is set again. `late`: (seconds, as many more at random) for each piece. `left`: bytes after which
    the line that carries them is torn, once; None: never."""

    passing: asyncio.Event = field(default_factory=_open)
    late: tuple[float, float] = (0.0, 0.0)
    left: int | None = None
    carried: int = 0


class Proxy:
    """Use as `async with Proxy(port=…)` or `Proxy(path=…)` (a socket file); answers on 127.0.0.1:`self.port`. `mark`: what
    tells some lines from others.

    `up` is from the hub to the other side, `down` the way back."""

    def __init__(self, *, port: int = 0, path: str = "", seed: int = 0, mark: bytes = b"") -> None:
        self._target = (port, path)
        self._dice = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.up, self.down = Way(), Way()
        self.shut = False
        """Whether new lines are closed at once."""
        self._mark, self._marked = mark, set[asyncio.StreamWriter]()
        self.marked_pass = _open()
        """Unset: nothing arrives any more, either way, on lines on which the hub has ever said the mark; the others go on."""
        self.port = 0
        self.lines_begun = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.tear()
        self.heal()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def lead_to(self, path: str) -> None:
        """From now on new lines go to this socket file, and those that are open are reset: a fail-over."""
        self._target = (0, path)
        self.tear()

    def fall_silent(self, *, up: bool = True, down: bool = True) -> None:
        """Drop everything from now on, without a word to either side."""
        for way, wanted in ((self.up, up), (self.down, down)):
            if wanted:
                way.passing.clear()

    def heal(self) -> None:
        """Pass everything again, at once."""
        self.shut = False
        self.marked_pass.set()
        for way in (self.up, self.down):
            way.passing.set()
            way.late, way.left = (0.0, 0.0), None

    def tear(self) -> int:
        """Reset every open line; returns how many there were."""
        for near, far in tuple(self._lines.items()):
            _reset(near)
            _reset(far)
        torn, self._lines = len(self._lines), {}
        return torn

    @property
    def open_lines(self) -> int:
        return len(self._lines)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port, path = self._target
        if path:
            return await asyncio.open_unix_connection(path)
        return await asyncio.open_connection("127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines_begun += 1
        if self.shut:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await self._dial()
        except OSError:  # the other side is away: the hub sees what it would see without us
            _reset(writer)
            return
        self._lines[writer] = far_writer
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, self.up, writer)),
            asyncio.create_task(self._pump(far_reader, writer, self.down, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._lines.pop(writer, None)
            self._marked.discard(writer)
            for one in (writer, far_writer):
                one.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, line: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if self._mark and way is self.up and self._mark in data:
                    self._marked.add(line)
                await way.passing.wait()
                if line in self._marked:
                    await self.marked_pass.wait()
                if way.late != (0.0, 0.0):
                    await asyncio.sleep(way.late[0] + self._dice.random() * way.late[1])
                if way.left is not None:
                    if len(data) >= way.left:
                        writer.write(data[: way.left])
                        way.left = None
                        await writer.drain()
                        return
                    way.left -= len(data)
                way.carried += len(data)
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):  # it was closed a moment ago
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
