"""Mail servers that misbehave on purpose, over sockets: a scripted SMTP relay, a TCP line that is cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

DROP = "drop"
"""Instead of an answer: close the line without a word."""


class ScriptedRelay:
    """Answers 250 (354 to DATA) except where `answers` says otherwise, by verb; "." ends the letter."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.verbs: list[str] = []
        self.letters: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say(writer, "CONNECT", "220 relay.example ESMTP"):
            return
        while line := await reader.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            self.verbs.append(verb)
            if not await self._say(writer, verb, "354 go on" if verb == "DATA" else "250 ok"):
                return
            if verb == "DATA" and self.answers.get("DATA", "354").startswith("354"):
                self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                if not await self._say(writer, ".", "250 kept"):
                    return

    async def _say(self, writer: asyncio.StreamWriter, key: str, usual: str) -> bool:
        answer = self.answers.get(key, usual)
        if answer == DROP:
            writer.close()
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    """Serve on a free loopback port, which is yielded; every line is closed at the end."""
    open_lines: set[asyncio.StreamWriter] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.add(writer)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client left, which is what some of these tests are about
        finally:
            open_lines.discard(writer)
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
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
