"""Asks clamd, ClamAV's daemon, over TCP or a Unix socket, by its INSTREAM command: a null-terminated command, pieces each
behind its length in four bytes, a piece of no length; one answer, null-terminated (clamd(8), "COMMANDS")."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from hub.settings import Scanner

PIECE = 64 * 1024
CONNECT_SECONDS = 5.0
MOST_ANSWER = 4096
MOST_NAME = 200


class ScanState(StrEnum):
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`found`: what clamd calls it, or why it does not look into it."""

    state: ScanState
    found: str = ""


class ScannerAway(Exception):
    """It does not answer at all: nothing is said about the file."""


class ScanBroken(Exception):
    """It broke off over this file, or answered with an error."""


async def scan(scanner: Scanner, data: bytes) -> Verdict:
    """What it says of these bytes. Raises ScannerAway, ScanBroken."""
    if len(data) > scanner.most_mb * 1024 * 1024:
        return Verdict(ScanState.UNSCANNABLE, "larger than scanner.most_mb")
    async with _line(scanner) as (reader, writer):
        try:
            async with asyncio.timeout(scanner.within_seconds):
                said = await _stream(reader, writer, data)
        except TimeoutError as error:
            raise ScanBroken("no answer in time") from error
        except OSError as error:
            raise ScanBroken(f"the line broke: {type(error).__name__}") from error
    return read_answer(said)


def read_answer(said: str) -> Verdict:
    """Raises ScanBroken for what is neither yes nor no.

    >>> read_answer("stream: OK").state, read_answer("stream: Win.Test.EICAR_HDB-1 FOUND").found
    (<ScanState.CLEAN: 'clean'>, 'Win.Test.EICAR_HDB-1')
    """
    word = said.removeprefix("stream: ").strip()
    if word == "OK":
        return Verdict(ScanState.CLEAN)
    if word.endswith(" FOUND"):
        return Verdict(ScanState.INFECTED, _printable(word.removesuffix(" FOUND")))
    if "size limit exceeded" in word:
        return Verdict(ScanState.UNSCANNABLE, "larger than clamd takes (StreamMaxLength)")
    raise ScanBroken(_printable(word) or "it hung up")


async def version(scanner: Scanner) -> str:
    """Who answers, and how old its signatures are. Raises ScannerAway."""
    async with _line(scanner) as (reader, writer):
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                writer.write(b"zVERSION\0")
                await writer.drain()
                said = await _answer(reader)
        except (TimeoutError, OSError) as error:
            raise ScannerAway(f"{scanner.address}: {type(error).__name__}") from error
    if not said.startswith("ClamAV"):
        raise ScannerAway(f"{scanner.address}: this is no clamd")
    return said


async def _stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> str:
    """Its answer, which may come before all is written."""
    answered = asyncio.create_task(_answer(reader))
    try:
        # Who has heard enough hangs up, and has said why.
        with suppress(ConnectionError):
            await _send(writer, data, answered)
        return await answered
    finally:
        answered.cancel()


async def _send(writer: asyncio.StreamWriter, data: bytes, answered: "asyncio.Task[str]") -> None:
    writer.write(b"zINSTREAM\0")
    for begin in range(0, len(data), PIECE):
        if answered.done():
            return
        piece = data[begin : begin + PIECE]
        writer.write(struct.pack("!L", len(piece)) + piece)
        await writer.drain()
    writer.write(struct.pack("!L", 0))
    await writer.drain()


async def _answer(reader: asyncio.StreamReader) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < MOST_ANSWER:
        more = await reader.read(MOST_ANSWER)
        if not more:
            break
        said += more
    return said.rstrip(b"\0").decode("utf-8", "replace")


@asynccontextmanager
async def _line(scanner: Scanner) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if scanner.socket:
                reader, writer = await asyncio.open_unix_connection(scanner.socket)
            else:
                reader, writer = await asyncio.open_connection(*scanner.place)
    except (TimeoutError, OSError) as error:
        raise ScannerAway(f"{scanner.address}: {type(error).__name__}") from error
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:MOST_NAME]
