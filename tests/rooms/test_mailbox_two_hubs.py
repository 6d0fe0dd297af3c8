"""F39: two hubs, one mailbox. One reads it; the other takes over; nothing is doubled."""

import asyncio
from dataclasses import replace
from typing import Any

from hub.actions.context import Context, close_context, open_context
from hub.actions.installation import set_up
from hub.actions.receive import read_waiting
from hub.sandbox.mail_world import MailWorld
from hub.settings import Settings
from hub.workers.channel import ChannelWorker
from storage.database import Connection
from tests.conftest import SECRET
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import letter, table


class OneHub:
    """A hub's worker of the mailbox, with a pool of its own."""

    def __init__(self, ctx: Context, channels: dict[str, Any]) -> None:
        self.ctx = replace(
            open_context(
                ctx.database, Settings(channels=channels), secret=SECRET, rules=ctx.rules, kinds=ctx.kinds
            ),
            memo={},
        )
        self.halt = asyncio.Event()

    async def start(self) -> None:
        await set_up(self.ctx)
        self.worker = ChannelWorker(self.ctx, "support", self.halt)
        self.running = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        self.halt.set()
        await self.running
        await self.worker.close()
        await close_context(self.ctx)


async def kept(ctx: Context) -> list[str]:
    async def work(connection: Connection) -> list[str]:
        rows = await connection.fetch("SELECT subject FROM interaction WHERE direction = 'in' ORDER BY id")
        return [row["subject"] for row in rows]

    while await read_waiting(ctx):
        pass
    return await ctx.database.read(work)


async def test_one_hub_reads_a_mailbox_and_another_takes_over(ctx: Context) -> None:
    hearing: set[Session] = set()
    most = 0

    async def idle(session: Session, command: Command) -> bool:
        nonlocal most
        hearing.add(session)
        most = max(most, len(hearing & session.server.sessions))
        return False

    async with ImapServer() as server, MailWorld() as mail:
        server.always("IDLE", idle)
        channels = {"support": {"kind": "email", **table(server, smtp_port=mail.smtp_port)}}
        hubs = [OneHub(ctx, channels), OneHub(ctx, channels)]
        for hub in hubs:
            await hub.start()
        for number in range(1, 6):
            await server.deliver(letter(number))
        await server.until(lambda: bool(server.said("STORE")) and len(server.said("IDLE")) > 5)
        await asyncio.gather(*(hub.stop() for hub in hubs[:1]))
        for number in range(6, 11):
            await server.deliver(letter(number))
        await server.until(lambda: all("\\Seen" in one.flags for one in server.inbox.letters), seconds=60)
        await hubs[1].stop()
    assert most == 1, "two hubs heard the mailbox at once"
    reading = OneHub(ctx, channels)
    subjects = await kept(reading.ctx)
    await close_context(reading.ctx)
    assert subjects == [f"s{number}" for number in range(1, 11)]
