"""Several folders, junk, how far back, and what is done with a letter that has been read."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from channels.adapter import Misconfigured, Unavailable
from channels.email.translate import translate
from tests.fakes.imap_server import CAPABILITIES, Command, ImapServer, Session
from tests.fakes.inbox import Inbox, hearing, letter


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


async def test_letters_of_several_folders_come_in_each_by_its_own_numbers(server: ImapServer) -> None:
    for name, validity in (("Orders", 7), ("Archive/2026", 9)):
        server.add_folder(name, validity)
    inbox = Inbox(server, folders=["INBOX", "Orders", "Archive/2026"])
    async with hearing(inbox):
        for number, folder in enumerate(("INBOX", "Orders", "Archive/2026", "Orders"), 1):
            await server.deliver(letter(number), folder)
            await inbox.journal.kept(number)
    assert sorted(inbox.journal.items) == ["Archive/2026:9.1", "INBOX:7.1", "Orders:7.1", "Orders:7.2"]
    assert (inbox.mark("Orders"), inbox.mark("Archive/2026")) == (2, 1)


async def test_junk_is_read_and_said_to_be_junk(server: ImapServer) -> None:
    server.add_folder("Junk").put(letter(1))
    server.inbox.put(letter(2))
    inbox = Inbox(server, junk_folders=["Junk"], after_reading="move")
    async with hearing(inbox):
        await inbox.journal.kept(2)
        await server.until(lambda: bool(server.said("STORE")) and bool(server.said("MOVE")))
    said = {key: translate(item, inbox.settings).details for key, item in inbox.journal.items.items()}
    assert {key: bool(details and details.junk) for key, details in said.items()} == {
        "INBOX:7.1": False,
        "Junk:7.1": True,
    }
    assert len(server.folders["Junk"].letters) == 1, "junk is not moved among the letters that are done with"


async def test_a_folder_that_is_missing_does_not_keep_the_others_from_being_read(server: ImapServer) -> None:
    inbox = Inbox(server, folders=["INBOX", "Orders"])
    async with hearing(inbox):
        server.inbox.put(letter(1))
        await inbox.journal.kept(1)
        await server.until(lambda: "error" in inbox.memory.values.get("heard:Orders", {}))
        server.add_folder("Orders").put(letter(2))
        await inbox.journal.kept(2)
    assert "Orders" in inbox.memory.values["heard:Orders"].get("error", "Orders")
    assert inbox.failures == []


async def test_the_check_names_a_folder_that_is_missing(server: ImapServer) -> None:
    inbox = Inbox(server, junk_folders=["Spam"])
    with pytest.raises(Misconfigured, match="Spam"):
        await inbox.adapter.check()
    inbox = Inbox(server, folders=["Post"])
    async with hearing(inbox):
        (failure,) = (await inbox.until_broken())[:1]
    assert isinstance(failure, Misconfigured)
    assert "Post" in str(failure)


async def test_a_folder_that_cannot_be_opened_now_is_waited_for(server: ImapServer) -> None:
    async def busy(session: Session, command: Command) -> bool:
        await session.end(command, "NO [INUSE] try again later")
        return True

    server.always("SELECT", busy)
    inbox = Inbox(server)
    with pytest.raises(Unavailable, match="INUSE"):
        await inbox.adapter.receive(inbox.journal.accept)


async def test_a_folder_name_in_any_language(server: ImapServer) -> None:
    server.add_folder("&V4NXPpCuTvY-").put(letter(1))  # 垃圾邮件 in modified UTF-7 (RFC 3501 5.1.3)
    inbox = Inbox(server, folders=["INBOX", "垃圾邮件"])
    async with hearing(inbox):
        await inbox.journal.kept(1)
    assert "垃圾邮件:7.1" in inbox.journal.items


async def test_only_the_last_days_are_taken_at_the_first_sight_and_ever_after(server: ImapServer) -> None:
    """Five years of mail must not come back because the server has numbered it anew."""
    now = datetime.now(UTC)
    for number, days in ((1, 2000), (2, 400), (3, 30), (4, 6), (5, 0)):
        server.inbox.put(letter(number), now - timedelta(days=days))
    inbox = Inbox(server, take_days=7)
    async with hearing(inbox):
        await inbox.journal.kept(2)
        server.inbox.validity = 8
        server.hang_up()
        await server.until(
            lambda: inbox.memory.values.get("imap:INBOX", {}).get("uidvalidity") == 8 and inbox.mark() == 5
        )
        await server.deliver(letter(6))
        await inbox.journal.kept(5)
    assert inbox.texts() == ["s4", "s5", "s4", "s5", "s6"]


async def test_everything_is_taken_by_default(server: ImapServer) -> None:
    server.inbox.put(letter(1), datetime(1999, 12, 31, tzinfo=UTC))
    inbox = Inbox(server)
    async with hearing(inbox):
        (item,) = await inbox.journal.kept(1)
    assert item.received_at == datetime(1999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("policy", ["seen", "keep", "move"])
async def test_what_is_done_with_a_letter_that_was_read(server: ImapServer, policy: str) -> None:
    arrived = server.inbox.put(letter(1))
    inbox = Inbox(server, after_reading=policy, done_folder="Erledigt")
    async with hearing(inbox):
        await inbox.journal.kept(1)
        looked = len(server.said("SEARCH"))
        await server.until(lambda: len(server.said("SEARCH")) > looked + 1)
    moved = [one.raw for one in server.folders["Erledigt"].letters] if "Erledigt" in server.folders else []
    assert (arrived.flags, len(server.inbox.letters), moved) == {
        "seen": ({"\\Seen"}, 1, []),
        "keep": (set(), 1, []),
        "move": (set(), 0, [letter(1)]),
    }[policy]
    assert bool(server.said("EXAMINE")) == (policy == "keep")
    assert server.said("SUBSCRIBE") == (["Erledigt"] if policy == "move" else []) or server.said(
        "SUBSCRIBE"
    ) == ['"Erledigt"']


@pytest.mark.parametrize("able", ["UIDPLUS", ""])
async def test_moving_without_the_command_for_it(able: str) -> None:
    """COPY, mark as deleted, and expunge only these: somebody else's marked letters are not ours to remove."""
    capabilities = CAPABILITIES.replace(" MOVE", "").replace(" UIDPLUS", f" {able}")
    async with ImapServer(capabilities=capabilities) as server:
        server.add_folder("Done")
        mine = server.inbox.put(letter(1))
        inbox = Inbox(server, after_reading="move")
        async with hearing(inbox):
            await server.until(lambda: bool(server.folders["Done"].letters) and "\\Deleted" in mine.flags)
            looked = len(server.said("SEARCH"))
            await server.until(lambda: len(server.said("SEARCH")) > looked)
        assert [one.raw for one in server.folders["Done"].letters] == [letter(1)]
        assert len(server.inbox.letters) == (0 if able else 1)
        assert all(rest for rest in server.said("EXPUNGE")), (
            "EXPUNGE without UIDs takes along what others marked"
        )
        assert inbox.texts() == ["s1"]


@pytest.mark.parametrize("verb", ["STORE", "MOVE"])
@pytest.mark.parametrize("how", ["NO", "drop"])
async def test_what_fails_afterwards_loses_and_repeats_nothing(
    server: ImapServer, verb: str, how: str
) -> None:
    async def fail(session: Session, command: Command) -> bool:
        if how == "drop":
            await session.cut()
        await session.end(command, "NO [OVERQUOTA] the folder is full")
        return True

    server.always(verb, fail)
    server.always("CREATE", fail)
    inbox = Inbox(server, after_reading="move" if verb == "MOVE" else "seen")
    async with hearing(inbox):
        for number in (1, 2, 3):
            await server.deliver(letter(number))
            await inbox.journal.kept(number)
            await server.until(lambda n=number: len(server.said(verb)) >= n)  # type: ignore[misc]
    assert inbox.journal.offered == ["INBOX:7.1", "INBOX:7.2", "INBOX:7.3"]


async def test_a_mailbox_that_may_only_be_read_is_read(server: ImapServer) -> None:
    server.inbox.writable = False
    server.inbox.put(letter(1))
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(1)
        looked = len(server.said("SEARCH"))
        await server.until(lambda: len(server.said("SEARCH")) > looked)
    assert server.said("STORE") == []
    assert inbox.failures == []


async def test_when_it_was_heard_is_written_down_with_what_the_folder_said(server: ImapServer) -> None:
    server.inbox.put(letter(1))
    server.add_folder("Junk")
    inbox = Inbox(server, junk_folders=["Junk"])
    async with hearing(inbox):
        await server.until(lambda: {"heard:INBOX", "heard:Junk"} <= inbox.memory.values.keys())
    assert inbox.memory.values["heard:INBOX"] == {"letters": 1, "junk": False}
    assert inbox.memory.values["heard:Junk"] == {"letters": 0, "junk": True}


async def test_a_server_that_cannot_idle_is_polled() -> None:
    async with ImapServer(capabilities="IMAP4rev1") as server:
        inbox = Inbox(server)
        async with hearing(inbox):
            await asyncio.sleep(0)
            await server.deliver(letter(1))
            await inbox.journal.kept(1)
        assert server.said("IDLE") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"folders": []},
        {"folders": ["INBOX", "INBOX"]},
        {"folders": ["INBOX\r\nA1 LOGOUT"]},
        {"junk_folders": ["INBOX"]},
        {"after_reading": "move", "done_folder": "INBOX"},
        {"after_reading": "move", "done_folder": ""},
        {"take_days": -1},
        {"count_hour": 24},
    ],
)
async def test_folders_that_contradict_each_other_are_refused(
    server: ImapServer, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        Inbox(server, **wrong)  # type: ignore[arg-type]
