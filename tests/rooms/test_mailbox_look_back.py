"""Once after a restore the folder of letters that are done with is read: nothing there is moved, marked or read again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from channels.email.mailbox.checkpoints import LOOK_BACK
from hub.actions.installation import channel_id
from hub.actions.ports import make_ports
from storage import backups, house
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import Inbox, hearing, letter
from tests.fakes.scene import MAIL, a_hub, one

DONE: dict[str, Any] = {"after_reading": "move", "done_folder": "Erledigt"}


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


def _asked(inbox: Inbox, days: int = 1) -> Inbox:
    """As a restore has it: from so many days ago on."""
    inbox.memory.values["look_back"] = {
        "since": (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
    }
    return inbox


def _is_done(inbox: Inbox) -> bool:
    return not inbox.memory.values["look_back"]


async def test_letters_that_were_moved_since_that_day_come_in_once_and_stay_as_they_are(
    server: ImapServer,
) -> None:
    done = server.add_folder("Erledigt", 9)
    for number, days in ((1, 3), (2, 1), (3, 0)):
        done.put(letter(number), datetime.now(UTC) - timedelta(days=days))
    server.inbox.put(letter(4))
    inbox = _asked(Inbox(server, **DONE))
    async with hearing(inbox):
        await inbox.journal.kept(3)
        await server.until(lambda: len(done.letters) == 4)
        assert inbox.texts() == ["s2", "s3", "s4"], "what was written before comes before"
        assert _is_done(inbox)
        server.hang_up()
        await inbox.until_broken()
        server.inbox.put(letter(5))
        await inbox.journal.kept(4)
    assert inbox.journal.offered == ["Erledigt:9.2", "Erledigt:9.3", "INBOX:7.1", "INBOX:7.2"]
    assert not any(one.flags for one in done.letters)
    assert server.said("EXAMINE") == ['"Erledigt"'], "to be read only, and once"


async def test_a_line_that_drops_in_between_loses_and_repeats_nothing(server: ImapServer) -> None:
    done = server.add_folder("Erledigt", 9)
    for number in range(1, 121):
        done.put(letter(number))
    inbox = _asked(Inbox(server, **DONE))
    fetched = 0

    async def cut(session: Session, command: Command) -> bool:
        nonlocal fetched
        fetched += "BODY" in command.rest
        if fetched == 2:
            fetched += 1
            await session.cut()
        return False

    server.always("FETCH", cut)
    async with hearing(inbox):
        await inbox.journal.kept(120)
        await server.until(lambda: _is_done(inbox))
    assert len(inbox.failures) == 1
    assert inbox.journal.offered == [f"Erledigt:9.{number}" for number in range(1, 121)]


async def test_a_folder_that_is_missing_holds_nothing_up_and_is_read_when_it_is_there(
    server: ImapServer,
) -> None:
    inbox = _asked(Inbox(server, **DONE))
    async with hearing(inbox):
        server.inbox.put(letter(1))
        await inbox.journal.kept(1)
        await server.until(lambda: _is_done(inbox))
    assert inbox.failures == []
    assert sorted(inbox.journal.items) == ["Erledigt:7.1", "INBOX:7.1"], (
        "moving made it; known by its content"
    )


@pytest.mark.parametrize("policy", ["seen", "keep"])
async def test_a_mailbox_that_moves_nothing_reads_no_other_folder(server: ImapServer, policy: str) -> None:
    server.add_folder("Done").put(letter(1))
    server.inbox.put(letter(2))
    inbox = _asked(Inbox(server, after_reading=policy))
    async with hearing(inbox):
        await inbox.journal.kept(1)
        await server.until(lambda: _is_done(inbox))
    assert inbox.texts() == ["s2"]


async def test_it_reaches_back_to_when_the_mailbox_was_last_heard_and_over_a_look_that_did_not_end(
    database_dsn: str,
) -> None:
    made_at = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
    marks = {
        "away": ("heard:INBOX", {}, made_at - timedelta(days=3)),
        "heard": ("heard:INBOX", {}, made_at - timedelta(seconds=5)),
        "twice": ("look_back", {"since": "2026-11-20", "uidvalidity": 7, "uid": 12}, made_at),
        "ended": ("look_back", {}, made_at),
        "new": ("hub:heard", {}, made_at),
    }
    async with a_hub(
        database_dsn, {name: {**MAIL, "address": f"{name}@shop.example"} for name in marks}
    ) as ctx:
        for name, (key, value, at) in marks.items():
            number = await channel_id(ctx, name)
            await ctx.database.run(partial(house.write_bookmark, channel_id=number, key=key, value=value))
            await one(
                ctx, "UPDATE bookmark SET written_at = $2 WHERE channel_id = $1 RETURNING 1", number, at
            )
        made = await ctx.database.run(lambda c: backups.look_back(c, ["email"], made_at, LOOK_BACK))
        kept = {name: await make_ports(ctx, name).bookmark.read(LOOK_BACK) for name in marks}
    assert {row.name: row.since.isoformat() for row in made} == {
        "away": "2026-11-23",
        "ended": "2026-11-26",
        "heard": "2026-11-26",
        "new": "2026-11-26",
        "twice": "2026-11-20",
    }
    assert kept == {row.name: {"since": row.since.isoformat()} for row in made}
