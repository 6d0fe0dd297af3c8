"""An SMTP server that takes everything and keeps nothing: a process of its own, so that its work is nobody else's.

Says its port on standard output; at the end of standard input it says how many letters it took, and ends.
"""

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Sink:
    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken += 1
        return "250 taken"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    sink = _Sink()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="sink.example", ident="ESMTP", loop=loop, enable_SMTPUTF8=True),
        "127.0.0.1",
        0,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    print(sink.taken, flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
