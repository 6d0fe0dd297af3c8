"""Mailbox and journal compared: at night, when a person asks, with whatever is missing fetched; and how it is shown."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from channels.adapter import Acceptance, Misconfigured, RawItem, Unavailable
from hub.actions.channel_vault import ChannelVault
from hub.actions.context import Context
from hub.actions.housekeeping import tidy
from hub.actions.installation import channel_id, set_up
from hub.actions.mailboxes import count_if_due, is_due, mailbox_counts, mailbox_health, want_count
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.actions.vault import seal, unseal
from hub.sandbox.mail_world import MailWorld
from hub.settings import Settings
from hub.workers.channel import ChannelWorker
from storage.database import Connection
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import Inbox, hearing, letter, table


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


async def read_all(inbox: Inbox, count: int) -> None:
    async with hearing(inbox):
        await inbox.journal.kept(count)
        await inbox.adapter.close()


def figures(counts: Sequence[Any]) -> list[tuple[str, int, int, int, int]]:
    return [(one.folder, one.on_server, one.known, one.missing, one.fetched) for one in counts]


async def test_what_the_journal_lacks_is_fetched(server: ImapServer) -> None:
    for number in (1, 2, 3):
        server.inbox.put(letter(number))
    server.add_folder("Junk").put(letter(9))
    inbox = Inbox(server, junk_folders=["Junk"])
    await read_all(inbox, 4)
    del inbox.journal.items["INBOX:7.2"]
    counts = await inbox.adapter.count(inbox.journal.accept)
    assert figures(counts) == [("INBOX", 3, 2, 1, 1), ("Junk", 1, 1, 0, 0)]
    assert inbox.journal.items["INBOX:7.2"].content == letter(2)
    assert figures(await inbox.adapter.count(inbox.journal.accept))[0] == ("INBOX", 3, 3, 0, 0)


async def test_letters_above_the_bookmark_are_not_counted(server: ImapServer) -> None:
    """They are on their way; hearing brings them."""
    server.inbox.put(letter(1))
    inbox = Inbox(server)
    await read_all(inbox, 1)
    server.inbox.put(letter(2))
    assert figures(await inbox.adapter.count(inbox.journal.accept)) == [("INBOX", 1, 1, 0, 0)]


async def test_a_letter_that_was_not_handed_out_is_asked_for_every_night(server: ImapServer) -> None:
    async def refuse(session: Session, command: Command) -> bool:
        if "BODY.PEEK[]" in command.rest:
            await session.end(command, "NO [SERVERBUG] not now")
            return True
        return False

    server.inbox.put(letter(1))
    server.always("FETCH", refuse)
    inbox = Inbox(server)
    await read_all(inbox, 1)
    assert figures(await inbox.adapter.count(inbox.journal.accept)) == [("INBOX", 1, 0, 1, 0)]
    assert list(inbox.journal.items) == ["INBOX:7.1!"]
    server.behave()
    assert figures(await inbox.adapter.count(inbox.journal.accept)) == [("INBOX", 1, 0, 1, 1)]
    assert inbox.journal.items["INBOX:7.1"].content == letter(1)


async def test_older_letters_are_had_by_a_larger_take_days(server: ImapServer) -> None:
    server.inbox.put(letter(1), datetime.now(UTC) - timedelta(days=60))
    server.inbox.put(letter(2))
    few = Inbox(server, take_days=7)
    await read_all(few, 1)
    more = Inbox(server, take_days=90, journal=few.journal, memory=few.memory)
    assert figures(await more.adapter.count(few.journal.accept)) == [("INBOX", 2, 1, 1, 1)]
    assert sorted(few.texts()) == ["s1", "s2"]


async def test_letters_whose_move_failed_are_moved(server: ImapServer) -> None:
    async def refuse(session: Session, command: Command) -> bool:
        await session.end(command, "NO not now")
        return True

    server.once("MOVE", refuse)
    server.once("CREATE", refuse)
    server.inbox.put(letter(1))
    inbox = Inbox(server, after_reading="move")
    async with hearing(inbox):
        await server.until(lambda: bool(server.said("CREATE")))
        looked = len(server.said("SEARCH"))
        await server.until(lambda: len(server.said("SEARCH")) > looked)
    assert len(server.inbox.letters) == 1
    await inbox.adapter.count(inbox.journal.accept)
    assert (len(server.inbox.letters), len(server.folders["Done"].letters)) == (0, 1)


async def test_a_folder_that_cannot_be_compared_says_why_and_the_others_are(server: ImapServer) -> None:
    server.inbox.put(letter(1))
    inbox = Inbox(server, folders=["Orders", "INBOX"])
    server.add_folder("Orders")
    await read_all(inbox, 1)
    del server.folders["Orders"]
    counts = await inbox.adapter.count(inbox.journal.accept)
    assert "Orders" in counts[0].error
    assert figures(counts)[1] == ("INBOX", 1, 1, 0, 0)
    server.inbox.validity = 9
    assert "anew" in (await inbox.adapter.count(inbox.journal.accept))[1].error


async def test_without_a_login_nothing_is_compared(server: ImapServer) -> None:
    with pytest.raises(Misconfigured):
        wrong = Inbox(server, imap_password="wrong")
        await wrong.adapter.count(wrong.journal.accept)
    with pytest.raises(Unavailable):
        away = Inbox(server, imap_port=1)
        await away.adapter.count(away.journal.accept)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-11-25 02:00", "2026-11-25 02:59", False),
        ("2026-11-25 02:00", "2026-11-25 03:00", True),
        ("2026-11-25 03:00", "2026-11-25 23:59", False),
        ("2026-11-24 03:01", "2026-11-25 02:00", False),
        ("2026-11-23 03:01", "2026-11-25 02:00", True),
    ],
)
def test_it_is_due_once_a_day_from_its_hour_on(last: str, now: str, due: bool) -> None:
    local = [datetime.fromisoformat(one).astimezone() for one in (last, now)]
    assert is_due(local[0].astimezone(UTC), local[1].astimezone(UTC), 3) is due


# With the database.


def with_inbox(ctx: Context, server: ImapServer, **more: Any) -> Context:
    channels = {"support": {"kind": "email", **table(server, **more)}}
    return replace(ctx, settings=Settings(channels=channels), memo={})


async def test_a_comparison_is_written_down_and_shown(ctx: Context, server: ImapServer) -> None:
    here = with_inbox(ctx, server, junk_folders=["Junk"])
    await set_up(here)
    server.add_folder("Junk")
    server.inbox.put(letter(1))
    kind = here.channel("support").kind
    adapter: Any = kind.open("support", here.channel("support").settings, make_ports(here, "support"))
    accepted: list[int] = []

    async def accept(items: Sequence[RawItem]) -> list[Acceptance]:
        accepted.append(len(items))
        return await accept_items(here, "support", items)

    heard = asyncio.create_task(adapter.receive(accept))
    await server.until(lambda: bool(accepted) and len(server.said("SEARCH")) > 4)
    # As if the journal had never heard of it.
    await forget(here, "INBOX:7.1")
    started = datetime.now(UTC)
    count = partial(count_if_due, here, "support", adapter, accept, started)
    assert not await count(), "neither the hour nor a person asked for it"
    await want_count(here, "support")
    assert [one.count_wanted for one in await mailbox_health(here)] == [True, True]
    assert await count()
    assert not await count()
    heard.cancel()
    await asyncio.gather(heard, return_exceptions=True)
    await adapter.close()
    inbox, junk = await mailbox_health(here)
    assert (inbox.channel, inbox.folder, inbox.letters, inbox.junk) == ("support", "INBOX", 1, False)
    assert (inbox.on_server, inbox.known, inbox.missing, inbox.fetched) == (1, 0, 1, 1)
    assert (junk.folder, junk.junk, junk.on_server, junk.count_wanted) == ("Junk", True, 0, False)
    assert 0 <= inbox.heard_seconds_ago < 60
    assert {(one.folder, one.fetched) for one in await mailbox_counts(here, "support")} == {
        ("INBOX", 1),
        ("Junk", 0),
    }


async def forget(ctx: Context, key: str) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute("DELETE FROM inbound_key WHERE key = $1", key)

    await ctx.database.run(work)


async def test_a_comparison_that_fails_is_shown_with_every_folder(ctx: Context, server: ImapServer) -> None:
    here = with_inbox(ctx, server)
    await set_up(here)
    ports = make_ports(here, "support")
    adapter: Any = here.channel("support").kind.open("support", here.channel("support").settings, ports)
    heard = asyncio.create_task(adapter.receive(partial(accept_items, here, "support")))
    await server.until(lambda: len(server.said("SEARCH")) > 2)
    heard.cancel()
    await asyncio.gather(heard, return_exceptions=True)
    await adapter.close()

    async def refuse(session: Session, command: Command) -> bool:
        await session.end(command, "NO [UNAVAILABLE] maintenance")
        return True

    server.always("LOGIN", refuse)
    yesterday = datetime.now(UTC) - timedelta(days=2)
    accept = partial(accept_items, here, "support")
    assert await count_if_due(here, "support", adapter, accept, yesterday), "the hour has come since"
    (row,) = await mailbox_health(here)
    assert "maintenance" in row.count_error


async def test_old_comparisons_are_thrown_away(ctx: Context, server: ImapServer) -> None:
    here = with_inbox(ctx, server)
    await set_up(here)
    number = await channel_id(here, "support")

    async def work(connection: Connection) -> None:
        for days in (1, 89, 91, 400):
            await connection.execute(
                "INSERT INTO mailbox_count (channel_id, folder, at, on_server, known, missing, fetched) "
                "VALUES ($1, 'INBOX', clock_timestamp() - make_interval(days => $2), $2, 0, 0, 0)",
                number,
                days,
            )

    await here.database.run(work)
    await tidy(here)
    assert [one.on_server for one in await mailbox_counts(here, "support")] == [1, 89]


async def test_the_worker_compares_when_a_person_asks(ctx: Context, server: ImapServer) -> None:
    async with MailWorld() as mail:
        here = with_inbox(ctx, server, smtp_port=mail.smtp_port)
        await set_up(here)
        server.inbox.put(letter(1))
        halt = asyncio.Event()
        worker = ChannelWorker(here, "support", halt)
        running = asyncio.create_task(worker.run())
        await server.until(lambda: len(server.said("SEARCH")) > 3)
        await forget(here, "INBOX:7.1")
        await want_count(here, "support")
        async with asyncio.timeout(30):
            while not await mailbox_counts(here, "support"):
                await asyncio.sleep(0.1)
        halt.set()
        await running
        await worker.close()
    assert figures(await mailbox_counts(here, "support")) == [("INBOX", 1, 0, 1, 1)]


async def test_a_channels_secret_is_sealed_and_opens_only_where_it_belongs(
    ctx: Context, server: ImapServer
) -> None:
    here = with_inbox(ctx, server)
    await set_up(here)
    vault = ChannelVault(here, "support")
    assert await vault.read("oauth2") is None
    await vault.write("oauth2", b"a refresh token")
    await vault.write("oauth2", b"a newer one")
    assert await vault.read("oauth2") == b"a newer one"

    async def stored(connection: Connection) -> bytes:
        found: bytes = await connection.fetchval("SELECT sealed FROM channel_secret")
        return found

    sealed = await here.database.read(stored)
    assert b"newer" not in sealed
    assert unseal(here.secret, "support", "oauth2", sealed) == b"a newer one"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for secret, channel, key, value in (
        (here.secret, "sales", "oauth2", sealed),
        (here.secret, "support", "other", sealed),
        (b"x" * 32, "support", "oauth2", sealed),
        (here.secret, "support", "oauth2", changed),
        (here.secret, "support", "oauth2", b"\x01short"),
        (here.secret, "support", "oauth2", b""),
    ):
        with pytest.raises(ValueError, match="sealed"):
            unseal(secret, channel, key, value)
    assert seal(here.secret, "support", "oauth2", b"x") != seal(here.secret, "support", "oauth2", b"x")
    with pytest.raises(Misconfigured, match="cannot be opened"):
        await ChannelVault(replace(here, secret=b"y" * 32), "support").read("oauth2")
