"""Very many pages of the chat that come back at the same time, each as its script does (channels/webchat/static/line.js): it
tries until it is welcomed, and draws how long it waits. As cheap as can be: what is tried is the hub, not the client."""

import asyncio
import random
import resource
from collections.abc import Sequence

import orjson

from tests.faults.fleet import Seat

OPEN_SECONDS = 8.0
LEAST_PAUSE, FIRST_PAUSE, LONGEST_PAUSE = 0.2, 0.5, 30.0
_OTHER_FILES = 500


async def come_back(
    seat: Seat, sessions: Sequence[str], many: int, *, seed: int
) -> list[asyncio.StreamWriter]:
    """So many pages of these conversations, in turn. Returns their lines when all are welcomed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < many + _OTHER_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (many + _OTHER_FILES, hard))
    dice = random.Random(f"stampede {seed}")
    return await asyncio.gather(*(_come_back(seat, sessions[n % len(sessions)], dice) for n in range(many)))


async def _come_back(seat: Seat, session: str, dice: random.Random) -> asyncio.StreamWriter:
    knock, hello = _handshake(seat), _frame({"type": "hello", "session": session, "after": "0"})
    tries = 0
    while True:
        await asyncio.sleep(LEAST_PAUSE + dice.random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**tries))
        tries += 1
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", seat.port)
                writer.write(knock)
                if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 "):
                    raise ConnectionRefusedError
                writer.write(hello)
                await reader.readuntil(b'"welcome"')
        except (OSError, TimeoutError, asyncio.IncompleteReadError):  # not yet, as every page finds
            if writer is not None:
                writer.close()
        else:
            return writer


def _handshake(seat: Seat) -> bytes:
    """RFC 6455 4.1, with the key of its example."""
    return (
        f"GET /chat/shop/socket HTTP/1.1\r\nHost: 127.0.0.1:{seat.port}\r\nOrigin: {seat.url}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def _frame(content: dict[str, str]) -> bytes:
    """RFC 6455 5.2, masked with zeros, which change nothing."""
    payload = orjson.dumps(content)
    length = (
        bytes((0x80 | len(payload),))
        if len(payload) < 126
        else bytes((0xFE,)) + len(payload).to_bytes(2, "big")
    )
    return b"\x81" + length + bytes(4) + payload
