"""A clamd: INSTREAM and VERSION over a real socket, as clamd(8) describes them; it finds what holds VIRUS."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

VIRUS = b"a virus that no other scanner knows"
NAME = "Win.Test.EICAR_HDB-1"


@dataclass
class Clamd:
    """`most`: StreamMaxLength. `says`: an answer other than its own, for the files to come; "" hangs up. `pieces`: how large
    those of the last file were."""

    address: str
    most: int = 25 * 1024 * 1024
    says: str | None = None
    asked: int = 0
    pieces: list[int] = field(default_factory=list)
    let_in: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            said = await self._answer(reader, await reader.readuntil(b"\0"))
            if said:
                writer.write(said.encode() + b"\0")
                await writer.drain()
                while await reader.read(65_536):
                    pass  # what was still on its way when the answer was clear
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # whoever asked has left
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, command: bytes) -> str:
        if command == b"zVERSION\0":
            return "ClamAV 1.4.3/27810/Thu Nov 26 09:31:00 2026"
        if command != b"zINSTREAM\0":
            return "UNKNOWN COMMAND"
        self.asked += 1
        data = b""
        self.pieces.clear()
        while size := struct.unpack("!L", await reader.readexactly(4))[0]:
            if len(data) + size > self.most:
                return "INSTREAM size limit exceeded. ERROR"
            self.pieces.append(size)
            data += await reader.readexactly(size)
        await self.let_in.wait()
        if self.says is not None:
            return self.says
        return f"stream: {NAME} FOUND" if VIRUS in data else "stream: OK"


@asynccontextmanager
async def serving_clamd(folder: Path | None = None, port: int = 0) -> AsyncIterator[Clamd]:
    """On a Unix socket in `folder`, else on a port of this machine."""
    daemon = Clamd("")
    daemon.let_in.set()
    if folder is not None:
        server: asyncio.Server = await asyncio.start_unix_server(daemon.talk, folder / "clamd.ctl")
        daemon.address = f"unix:{folder / 'clamd.ctl'}"
    else:
        server = await asyncio.start_server(daemon.talk, "127.0.0.1", port)
        daemon.address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield daemon
    finally:
        server.close()
        await server.wait_closed()
