"""Copies in the mailbox's folder of sent letters: made apart from the sending, never a reason for another letter (F48)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.adapter import ChannelAdapter, HasSentCopy, Misconfigured, Unavailable
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.sent_copies import keep_copies
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.model.interactions import Mailbox, OutboundAttachment
from hub.workers.channel import ChannelWorker
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, raw_letter, rows, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay

LI = "li@example.cn"


class World:
    """A mailbox, a relay, and a hub's channel between them."""

    def __init__(self, ctx: Context, adapter: ChannelAdapter, imap: ImapServer, relay: ScriptedRelay) -> None:
        self.ctx, self.adapter, self.imap, self.relay = ctx, adapter, imap, relay

    async def answer(self, *texts: str, **more: Any) -> None:
        code = (await ticket(self.ctx, await write(self.ctx, LI)))["code"]
        for text in texts:
            await queue_reply(self.ctx, ticket_code=code, actor=SYSTEM, text=text, **more)
        while await deliver_due(self.ctx, {"support": self.adapter}):
            pass

    async def keep(self) -> list[str]:
        assert isinstance(self.adapter, HasSentCopy)
        return await keep_copies(self.ctx, "support", self.adapter)

    async def states(self) -> list[tuple[str, str]]:
        found = await rows(self.ctx, "SELECT state, sent_copy FROM outbox ORDER BY id")
        return [(row["state"], row["sent_copy"]) for row in found]

    async def nothing_leaves_again(self) -> None:
        before = len(self.relay.letters)
        await self.ctx.database.run(lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp()"))
        assert await deliver_due(self.ctx, {"support": self.adapter}) == 0
        assert len(self.relay.letters) == before


@asynccontextmanager
async def _world(dsn: str, **settings: Any) -> AsyncIterator[World]:
    relay = ScriptedRelay()
    async with ImapServer() as imap, serving(relay.talk) as port:
        table = {
            **MAIL,
            "imap_port": imap.port,
            "imap_password": "secret",
            "smtp_port": port,
            "timeout_seconds": 2,
        }
        async with a_hub(dsn, {"support": {"sent_folder": "Sent", **table, **settings}}) as ctx:
            configured = ctx.channel("support")
            adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
            yield World(ctx, adapter, imap, relay)
            await adapter.close()
            await assert_invariants(ctx.database)


@pytest.fixture
async def world(database_dsn: str) -> AsyncIterator[World]:
    async with _world(database_dsn) as made:
        made.imap.add_folder("Sent")
        yield made


async def test_the_copy_is_the_letter_byte_for_byte_and_read_already(world: World) -> None:
    files = (OutboundAttachment(filename="收据.txt", content_type="text/plain", data=b"paid"),)
    await world.answer("1", "2", attachments=files, bcc=[Mailbox(address="zhao@example.cn")])
    assert await world.states() == [("sent", "wanted")] * 2
    assert world.imap.said("APPEND") == [], "the sending does not wait for a mailbox"
    assert await world.keep() == ["", ""]
    copies = world.imap.folders["Sent"].letters
    assert [one_.raw for one_ in copies] == world.relay.texts
    assert [one_.flags for one_ in copies] == [{"\\Seen"}] * 2
    assert len(world.imap.said("LOGIN")) == 1, "one visit makes several"
    assert await world.states() == [("sent", "kept")] * 2
    assert await world.keep() == []
    await world.nothing_leaves_again()


async def test_a_folder_that_is_not_there_is_made(database_dsn: str) -> None:
    async with _world(database_dsn) as world:
        await world.answer("1")
        assert await world.keep() == [""]
        assert len(world.imap.folders["Sent"].letters) == 1


async def test_without_a_folder_none_is_made(database_dsn: str) -> None:
    async with _world(database_dsn, sent_folder="") as world:
        await world.answer("1")
        assert await world.states() == [("sent", "")]
        assert await world.keep() == []


async def _refuse(session: Session, command: Command) -> bool:
    await session.end(command, "NO [OVERQUOTA] the mailbox is full")
    return True


async def _cut(session: Session, command: Command) -> bool:
    await session.cut()
    return True


async def _hang(session: Session, command: Command) -> bool:
    while await session.reader.read(65536):
        pass
    return True


@pytest.mark.parametrize("fault", [_refuse, _cut, _hang])
async def test_a_copy_that_fails_never_sends_a_letter_again(world: World, fault: Any) -> None:
    await world.answer("1")
    world.imap.always("APPEND", fault)
    (why,) = await world.keep()
    assert why
    assert await world.states() == [("sent", "failed")]
    world.imap.behave()
    assert await world.keep() == [], "nor is a second copy risked"
    await world.nothing_leaves_again()


async def test_a_line_that_drops_in_the_middle_leaves_the_others_for_later(world: World) -> None:
    await world.answer("1", "2", "3")

    async def second_time(session: Session, command: Command) -> bool:
        if len(world.imap.said("APPEND")) == 2:
            await session.cut()
        return False

    world.imap.always("APPEND", second_time)
    first = await world.keep()
    assert [bool(why) for why in first] == [False, True]
    assert [copy for _, copy in await world.states()] == ["kept", "failed", "wanted"]
    assert await world.keep() == [""]
    assert len(world.imap.folders["Sent"].letters) == 2


@pytest.mark.parametrize(("answer", "failure"), [("cut", Unavailable), ("wrong", Misconfigured)])
async def test_a_mailbox_that_cannot_be_reached_gets_its_copies_later(
    world: World, answer: str, failure: type[Exception]
) -> None:
    await world.answer("1")

    async def fault(session: Session, command: Command) -> bool:
        if answer == "cut":
            await session.cut()
        await session.end(command, "NO [AUTHENTICATIONFAILED] wrong")
        return True

    world.imap.always("LOGIN", fault)
    with pytest.raises(failure):
        await world.keep()
    assert await world.states() == [("sent", "wanted")]
    await world.nothing_leaves_again()
    world.imap.behave()
    assert await world.keep() == [""]


async def test_a_copy_that_we_find_in_a_folder_we_read_is_our_own_echo(world: World) -> None:
    """Pitfall 20: no entry, no ticket, no answer."""
    await world.answer("1")
    await world.keep()
    (copy,) = world.imap.folders["Sent"].letters
    entries = await one(world.ctx, "SELECT count(*) FROM interaction")
    (kept,) = await accept_items(world.ctx, "support", [raw_letter(copy.raw, uid=900)])
    assert await one(world.ctx, "SELECT count(*) FROM interaction") == entries
    assert await one(world.ctx, "SELECT count(*) FROM ticket") == 1
    assert await one(world.ctx, "SELECT state FROM inbound_raw WHERE id = $1", kept.raw_id) != "quarantined"


async def test_the_channel_says_that_copies_fail_and_works_all_the_same(world: World) -> None:
    halt = asyncio.Event()
    world.imap.always("APPEND", _refuse)
    worker = ChannelWorker(world.ctx, "support", halt)
    running = asyncio.create_task(worker.run())

    async def until(query: str) -> None:
        async with asyncio.timeout(40):
            while not await one(world.ctx, query):
                await asyncio.sleep(0.05)

    code = (await ticket(world.ctx, await write(world.ctx, LI)))["code"]
    await queue_reply(world.ctx, ticket_code=code, actor=SYSTEM, text="1")
    await until(
        "SELECT state_detail LIKE '%mailbox is full%' AND state = 'up' FROM channel WHERE name = 'support'"
    )
    assert await world.states() == [("sent", "failed")]
    world.imap.behave()
    await queue_reply(world.ctx, ticket_code=code, actor=SYSTEM, text="2")
    await until("SELECT state_detail = '' AND state = 'up' FROM channel WHERE name = 'support'")
    assert await world.states() == [("sent", "failed"), ("sent", "kept")]
    assert len(world.relay.letters) == 2
    halt.set()
    world.ctx.listener.wake("hub_outbox")
    async with asyncio.timeout(20):
        await running
    await worker.close()
