"""A mailbox whose numbers change their meaning, over the real journal, which knows letters by their content too."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from channels.adapter import Acceptance, RawItem
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.receive import accept_items, read_waiting
from hub.settings import Settings
from storage.database import Connection
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import Inbox, hearing, letter, table


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


class Filed:
    """The e-mail channel over the real database."""

    def __init__(self, ctx: Context, server: ImapServer) -> None:
        self.ctx = replace(
            ctx, settings=Settings(channels={"support": {"kind": "email", **table(server)}}), memo={}
        )

    async def accept(self, items: Sequence[RawItem]) -> list[Acceptance]:
        return await accept_items(self.ctx, "support", items)

    async def letters(self) -> list[tuple[str, str, str]]:
        """Subject, text and name of those on the timeline, when everything has been read."""
        while await read_waiting(self.ctx):
            pass

        async def work(connection: Connection) -> list[tuple[str, str, str]]:
            rows = await connection.fetch(
                "SELECT subject, text, external_id FROM interaction WHERE direction = 'in' ORDER BY id"
            )
            return [(row["subject"], row["text"].strip(), row["external_id"]) for row in rows]

        return await self.ctx.database.read(work)

    async def subjects(self) -> list[str]:
        return [subject for subject, _, _ in await self.letters()]


@pytest.fixture
async def filed(ctx: Context, server: ImapServer) -> Filed:
    made = Filed(ctx, server)
    await set_up(made.ctx)
    return made


async def test_a_new_numbering_of_the_same_letters_doubles_nothing(server: ImapServer, filed: Filed) -> None:
    """F34, and back again."""
    inbox = Inbox(server, accept=filed.accept)
    for number in (1, 2, 3):
        server.inbox.put(letter(number))
    async with hearing(inbox):
        await server.until(lambda: inbox.mark() == 3)
        for validity, newest in ((8, 4), (7, 5), (8, 6), (3, 7)):
            renumber(server, validity)
            server.inbox.put(letter(newest))
            top = server.inbox.letters[-1].uid
            await server.until(lambda v=validity, t=top: at(inbox) == (v, t))  # type: ignore[misc]
    assert await filed.subjects() == [f"s{number}" for number in (1, 2, 3, 4, 5, 6, 7)]


async def test_a_mailbox_restored_from_a_backup_loses_and_doubles_nothing(
    server: ImapServer, filed: Filed
) -> None:
    """The same UIDVALIDITY, but its numbers have gone back and now mean other letters."""
    inbox = Inbox(server, accept=filed.accept)
    for number in (1, 2, 3, 4):
        server.inbox.put(letter(number))
    async with hearing(inbox):
        await server.until(lambda: inbox.mark() == 4)
        del server.inbox.letters[2:]
        server.inbox.next_uid = 3
        server.inbox.put(letter(5))
        await server.until(lambda: inbox.mark() == 3)
        server.inbox.put(letter(6))
        await server.until(lambda: inbox.mark() == 4)
    assert await filed.subjects() == ["s1", "s2", "s3", "s4", "s5", "s6"]


async def test_equal_letters_are_one_and_different_ones_with_one_id_are_two(
    server: ImapServer, filed: Filed
) -> None:
    """F35."""
    first = letter(1)
    for raw in (
        first,
        b"Delivered-To: sales@shop.example\r\n" + first,  # the same by way of an alias
        first.replace(b"Hello", b"Good-bye"),  # another with the same Message-ID
        first.replace(b"Message-ID: <m1@customer.example>\r\n", b""),
        first.replace(b"Message-ID: <m1@customer.example>\r\n", b""),
    ):
        server.inbox.put(raw)
    inbox = Inbox(server, accept=filed.accept)
    async with hearing(inbox):
        await server.until(lambda: inbox.mark() == 5)
    assert await filed.letters() == [
        ("s1", "Hello 1", "m1@customer.example"), ("s1", "Good-bye 1", "m1@customer.example"), ("s1", "Hello 1", ""),
    ]  # fmt: skip


def renumber(server: ImapServer, validity: int) -> None:
    """The same letters under another UIDVALIDITY; each numbering counts for itself."""
    server.inbox.validity = validity
    for uid, one in enumerate(server.inbox.letters, 1):
        one.uid = uid
    server.inbox.next_uid = len(server.inbox.letters) + 1
    for session in tuple(server.sessions):
        session.writer.transport.abort()


def at(inbox: Inbox) -> tuple[Any, int]:
    return inbox.memory.values.get("imap:INBOX", {}).get("uidvalidity"), inbox.mark()
