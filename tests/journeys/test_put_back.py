"""F31: a database that was put back from a copy which is an hour old. What came and left in that hour is neither doubled nor
sent as another letter."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from channels.adapter import Acceptance, ChannelAdapter, RawItem
from hub.actions.answers.recall import send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.channels.hearing import list_gaps
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items, read_waiting
from hub.model.codes import TICKET, show_code
from hub.sandbox.telegram_world import TelegramWorld
from storage import views
from tests.conftest import SECRET, at_database
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import letter
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay
from tests.journeys.command import command


@asynccontextmanager
async def _hearing(ctx: Context, name: str) -> AsyncIterator[tuple[ChannelAdapter, list[Acceptance]]]:
    """One channel of this hub is heard; what was made of each item that it handed over."""
    configured, made = ctx.channel(name), list[Acceptance]()
    adapter = configured.kind.open(name, configured.settings, make_ports(ctx, name))

    async def accept(items: Sequence[RawItem]) -> list[Acceptance]:
        kept = await accept_items(ctx, name, items)
        made.extend(kept)
        return kept

    task = asyncio.create_task(adapter.receive(accept))
    try:
        yield adapter, made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adapter.close()


async def _said(ctx: Context) -> list[str]:
    """What stands on timelines by now: subjects of letters, words of chats."""
    while await read_waiting(ctx):
        pass
    found = "SELECT coalesce(nullif(subject, ''), text) AS said FROM interaction WHERE direction = 'in' ORDER BY id"
    return [row["said"] for row in await rows(ctx, found)]


async def _until_said(ctx: Context, *words: str) -> None:
    async with asyncio.timeout(30):
        while not set(words) <= set(await _said(ctx)):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _empty(postgres: str, dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"{dsn.partition('?')[0].rpartition('/')[2]}_back"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield at_database(postgres, name)
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


async def test_what_came_and_left_since_the_copy_was_made_is_neither_doubled_nor_sent_as_another_letter(
    postgres: str, database_dsn: str, tmp_path: Path
) -> None:
    """Mailbox and bot are heard again; the answer that had left by then is in doubt, and sent again it is the same letter."""
    relay = ScriptedRelay()

    def env(dsn: str) -> dict[str, str]:
        return {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": SECRET.decode()}

    async with AsyncExitStack() as stack:
        empty_dsn = await stack.enter_async_context(_empty(postgres, database_dsn))
        imap = await stack.enter_async_context(ImapServer())
        bot = await stack.enter_async_context(TelegramWorld())
        port = await stack.enter_async_context(serving(relay.talk))
        mail = {"imap_port": imap.port, "imap_password": "secret", "smtp_port": port, "poll_seconds": 0.2}
        channels = {
            "support": {**MAIL, **mail},
            "bot": {
                "kind": "telegram", "token": bot.token, "poll_seconds": 1,
                "base_url": bot.base_url, "base_file_url": bot.base_file_url,
            },
        }  # fmt: skip
        async with a_hub(database_dsn, channels) as ctx:
            imap.inbox.put(letter(1))
            async with _hearing(ctx, "bot"), _hearing(ctx, "support") as (by_mail, _):
                await bot.customer_writes(7, "Li", "before the copy")
                await _until_said(ctx, "s1", "before the copy")
                await bot.wait_until_confirmed()
                asked = "SELECT t.code FROM ticket t JOIN interaction i ON i.ticket_id = t.id WHERE i.subject = 's1'"
                code = await one(ctx, asked)
                reply = await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="It left us today.")
                copied = await command("backup", "copy", cwd=tmp_path, env=env(database_dsn))
                assert copied.code == 0, copied.said
                # An hour that will not have been.
                await imap.deliver(letter(2))
                await _until_said(ctx, "s2")
                assert await deliver_due(ctx, {"support": by_mail}) == 1
        done = await command("restore", "copy", cwd=tmp_path, env=env(empty_dsn))
        assert done.code == 0 and show_code(TICKET, code) in done.out, done.said

        async with a_hub(empty_dsn, channels) as again:
            assert sorted(await _said(again)) == ["before the copy", "s1"]
            await bot.repeat_updates()
            async with (
                _hearing(again, "bot") as (_, from_bot),
                _hearing(again, "support") as (adapter, from_mailbox),
            ):
                await bot.customer_writes(7, "Li", "after the copy")
                await _until_said(again, "s2", "after the copy")
                assert [made.duplicate for made in from_bot] == [True, False]
                assert [made.duplicate for made in from_mailbox] == [False]
                # Nothing leaves by itself; what a person sends again is the letter that the customer has.
                assert await deliver_due(again, {"support": adapter}) == 0
                (shown,) = await again.database.read(lambda c: views.list_troubled(c, limit=10))
                assert (shown.interaction_id, shown.state) == (reply, "uncertain")
                await send_again(again, interaction_id=reply, actor=SYSTEM)
                assert await deliver_due(again, {"support": adapter}) == 1
            assert sorted(await _said(again)) == ["after the copy", "before the copy", "s1", "s2"]
            await assert_invariants(again.database)
    assert len(relay.letters) == 2 and len(set(relay.letters)) == 1


async def test_letters_that_were_moved_since_the_copy_was_made_come_back_once_and_what_is_lost_is_named(
    postgres: str, database_dsn: str, tmp_path: Path
) -> None:
    """They are in no folder that is read any more. What a bot was handed, and confirmed, nobody hands out again."""
    async with AsyncExitStack() as stack:
        empty_dsn = await stack.enter_async_context(_empty(postgres, database_dsn))
        imap = await stack.enter_async_context(ImapServer())
        bot = await stack.enter_async_context(TelegramWorld())
        mail = {"imap_port": imap.port, "imap_password": "secret", "smtp_port": 1, "poll_seconds": 0.2}
        channels = {
            "support": {**MAIL, **mail, "after_reading": "move", "done_folder": "Erledigt"},
            "bot": {
                "kind": "telegram", "token": bot.token, "poll_seconds": 1,
                "base_url": bot.base_url, "base_file_url": bot.base_file_url,
            },
        }  # fmt: skip

        def env(dsn: str, **more: str) -> dict[str, str]:
            told = {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": SECRET.decode()}
            return {**told, "HUB_CHANNELS": json.dumps(channels), **more}

        imap.inbox.put(letter(1))
        async with a_hub(database_dsn, channels) as ctx, _hearing(ctx, "bot"), _hearing(ctx, "support"):
            await bot.customer_writes(7, "Li", "before the copy")
            await _until_said(ctx, "s1", "before the copy")
            await imap.until(lambda: not imap.inbox.letters)
            copied = await command("backup", "copy", cwd=tmp_path, env=env(database_dsn))
            assert copied.code == 0, copied.said
            await imap.deliver(letter(2))
            await imap.deliver(letter(3))
            await bot.customer_writes(7, "Li", "taken in and confirmed")
            await _until_said(ctx, "s2", "s3", "taken in and confirmed")
            await bot.wait_until_confirmed()
            await imap.until(lambda: not imap.inbox.letters)
        done = await command("restore", "copy", cwd=tmp_path, env=env(empty_dsn, LC_ALL="zh_CN.UTF-8"))
        assert done.code == 0, done.said
        assert "邮箱 support：系统启动后会重新读取“Erledigt”文件夹" in done.out, done.out
        assert "也无法重新获取：bot" in done.out, done.out

        async with a_hub(empty_dsn, channels) as again:
            (gap,) = await again.database.read(list_gaps)
            assert (gap.channel, gap.hours) == ("bot", 0)
            async with (
                _hearing(again, "bot") as (_, from_bot),
                _hearing(again, "support") as (_, from_mailbox),
            ):
                await imap.deliver(letter(4))
                await bot.customer_writes(7, "Li", "after the copy")
                await _until_said(again, "s2", "s3", "s4", "after the copy")
                await imap.until(lambda: not imap.inbox.letters)
                assert len(from_bot) == 1
                # s1 was in Erledigt too, and is known by its content.
                assert len(from_mailbox) == 4
            assert sorted(await _said(again)) == ["after the copy", "before the copy", "s1", "s2", "s3", "s4"]
            found = (
                "SELECT state, count(*) AS n FROM inbound_raw WHERE external_key LIKE 'Erledigt:%' GROUP BY 1"
            )
            assert {row["state"]: row["n"] for row in await rows(again, found)} == {"duplicate": 1, "read": 2}
            assert len(imap.folders["Erledigt"].letters) == 4
            assert await again.database.read(list_gaps) == [gap]
            await assert_invariants(again.database)
