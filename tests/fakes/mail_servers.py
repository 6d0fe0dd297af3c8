"""Servers that misbehave on purpose, over sockets: serving what a test says, a TCP line that is cut."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[int]:
    """Serve on a free loopback port, which is yielded, or on `port`; every line is closed at the end. `tls`: from the first
    byte."""
    open_lines: set[asyncio.StreamWriter] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.add(writer)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return  # the client left, which is what some of these tests are about
        finally:
            open_lines.discard(writer)
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in tuple(open_lines):
            writer.transport.abort()
        await server.wait_closed()


def cutting_line(target: int, after: int) -> Talk:
    """A line to 127.0.0.1:`target` on which the first connection ends after `after` bytes from the server."""
    first = True

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal first
        budget = after if first else -1
        first = False
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)

        async def up() -> None:
            while data := await reader.read(65536):
                far_writer.write(data)
                await far_writer.drain()

        sending = asyncio.create_task(up())
        try:
            passed = 0
            while data := await far_reader.read(65536):
                if 0 <= budget <= passed + len(data):
                    writer.write(data[: budget - passed])
                    await writer.drain()
                    return
                passed += len(data)
                writer.write(data)
                await writer.drain()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            far_writer.close()

    return talk
