"""A mailbox whose line, numbering or server misbehaves: nothing lost, nothing doubled, nothing held up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest

from channels.adapter import Acceptance, RawItem, Unavailable
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import Inbox, hearing, letter
from tests.fakes.ports import Journal


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


async def cut_fetch(session: Session, command: Command, after: int) -> bool:
    """The answer to FETCH of the letters themselves ends after so many bytes."""
    if "BODY.PEEK[]" in command.rest:
        await session.cut((session.fetched(command) + f"{command.tag} OK done\r\n".encode())[:after])
    return False


async def test_a_line_that_is_cut_at_any_byte_of_a_letter_gives_it_once_and_whole(server: ImapServer) -> None:
    """F32: for every k a letter arrives whose first FETCH ends after k bytes; then the server behaves. It is asked for once
    more, and handed over once."""

    def small(number: int) -> bytes:
        return b"Subject: s%d\r\n\r\nHi\r\n" % number

    inbox = Inbox(server, poll_seconds=600)
    whole = len(b"* 100 FETCH (UID 100 BODY[] {99}\r\n") + len(small(100)) + len(b")\r\nAAAA99 OK done\r\n")
    async with hearing(inbox):
        for place in range(whole):
            server.once("FETCH", partial(cut_fetch_once, after=place))
            await server.deliver(small(place))
            await inbox.journal.kept(place + 1)
    assert len(inbox.failures) >= whole - 1
    assert [item.content for item in inbox.journal.items.values()] == [small(n) for n in range(whole)]
    assert inbox.journal.offered == [f"INBOX:7.{uid}" for uid in range(1, whole + 1)]
    asked = Counter(int(rest.split()[0]) for rest in server.said("FETCH") if "BODY.PEEK[]" in rest)
    # The cuts at the end came behind all that was asked for.
    assert all(asked[uid] == 2 for uid in range(1, len(small(0)) + 20)) and max(asked.values()) == 2


async def cut_fetch_once(session: Session, command: Command, *, after: int) -> bool:
    if "BODY.PEEK[]" not in command.rest:
        session.server.once("FETCH", partial(cut_fetch_once, after=after))  # the sizes come first
        return False
    return await cut_fetch(session, command, after)


async def test_a_line_that_drops_between_fetch_and_store_loses_and_doubles_nothing(
    server: ImapServer,
) -> None:
    """F33: the letter is committed, marking it fails."""
    for number in (1, 2, 3):
        server.inbox.put(letter(number))

    async def drop(session: Session, command: Command) -> bool:
        await session.cut()
        return True

    server.once("STORE", drop)
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.until_broken()
        await server.deliver(letter(4))
        await inbox.journal.kept(4)
    assert inbox.journal.offered == [f"INBOX:7.{uid}" for uid in (1, 2, 3, 4)]


async def test_nothing_is_marked_before_it_is_committed(server: ImapServer) -> None:
    inbox = Inbox(server)
    inbox.journal.gate.clear()
    arrived = server.inbox.put(letter(1))
    async with hearing(inbox):
        await inbox.journal.offers(1)
        assert (arrived.flags, server.said("STORE"), inbox.mark()) == (set(), [], 0)
        inbox.journal.gate.set()
        await server.until(lambda: bool(server.said("STORE")))
    assert all(".PEEK" in rest for rest in server.said("FETCH") if "BODY" in rest)


async def test_a_silent_idle_is_noticed_and_the_line_begun_again(server: ImapServer) -> None:
    """F37: after "+ idling" the server never says anything again; the router between has forgotten the line."""

    async def silent(session: Session, command: Command) -> bool:
        await session.send(b"+ idling\r\n")
        await session.reader.read()
        return True

    server.once("IDLE", silent)
    inbox = Inbox(server, poll_seconds=0.3, timeout_seconds=0.5)
    async with hearing(inbox):
        await server.until(lambda: bool(server.said("IDLE")))
        await server.deliver(letter(1))
        await inbox.journal.kept(1)
    assert "timed out" in str(inbox.failures[0])


async def test_a_healthy_looking_idle_that_tells_nothing_is_looked_behind(server: ImapServer) -> None:
    """Some servers accept IDLE and forget to tell: the poll finds the letter."""

    async def mute(session: Session, command: Command) -> bool:
        await session.send(b"+ idling\r\n")
        await session.reader.readline()
        await session.send(f"{command.tag} OK done\r\n".encode())
        return True

    server.always("IDLE", mute)
    inbox = Inbox(server)
    async with hearing(inbox):
        await server.until(lambda: bool(server.said("IDLE")))
        server.inbox.put(letter(1))
        await inbox.journal.kept(1)
    assert inbox.failures == []


async def test_a_server_that_repeats_the_number_of_letters_is_not_taken_at_its_word(
    server: ImapServer,
) -> None:
    """With every answer, and at the beginning of every IDLE: looking again each time would never end."""
    server.inbox.put(letter(1))

    async def repeat(session: Session, command: Command) -> bool:
        await session.send(b"* 1 EXISTS\r\n")
        return False

    server.always("SEARCH", repeat)
    server.always("IDLE", repeat)
    inbox = Inbox(server, poll_seconds=600)
    async with hearing(inbox):
        await server.until(lambda: len(server.said("IDLE")) >= 3)
        assert len(server.said("SEARCH")) <= len(server.said("IDLE")) + 2
        server.inbox.put(letter(2))
        await inbox.journal.kept(2)


def test_a_dead_idle_is_noticed_within_a_minute_by_default() -> None:
    """Poll, then the wait for its answer: both defaults together."""
    fields = Inbox.__init__.__globals__["EmailSettings"].model_fields
    assert fields["poll_seconds"].default + fields["timeout_seconds"].default <= 60


@pytest.mark.parametrize("how", ["BYE", "abort", "EOF"])
async def test_a_line_that_ends_in_idle_is_begun_again(server: ImapServer, how: str) -> None:
    async def leave(session: Session, command: Command) -> bool:
        await session.send(b"+ idling\r\n")
        if how == "abort":
            session.writer.transport.abort()
        else:
            await session.cut(b"* BYE shutting down\r\n" if how == "BYE" else b"")
        return True

    server.once("IDLE", leave)
    inbox = Inbox(server, poll_seconds=600)
    async with hearing(inbox):
        await inbox.until_broken()
        await server.deliver(letter(1))
        await inbox.journal.kept(1)
    assert all(isinstance(one, Unavailable) for one in inbox.failures)


async def test_the_newest_letter_that_every_search_names_is_taken_once(server: ImapServer) -> None:
    """ "n:*" with n above the highest UID names the highest (RFC 3501 6.4.8)."""
    server.inbox.put(letter(1))
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(1)
        looked = len(server.said("SEARCH"))
        await server.until(lambda: len(server.said("SEARCH")) >= looked + 3)
    assert inbox.journal.offered == ["INBOX:7.1"]


async def test_letters_that_vanish_under_way_are_passed_over(server: ImapServer) -> None:
    for number in range(1, 6):
        server.inbox.put(letter(number))

    async def remove(session: Session, command: Command) -> bool:
        server.inbox.letters[:] = [one for one in server.inbox.letters if one.uid not in (2, 5)]
        return False

    server.once("FETCH", remove)
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(3)
        await server.until(lambda: inbox.mark() == 5)
    assert inbox.texts() == ["s1", "s3", "s4"]


async def test_a_letter_that_breaks_the_line_does_not_hold_up_the_others(server: ImapServer) -> None:
    """Pitfall 13: the server dies of one letter, each time."""
    for number in range(1, 5):
        server.inbox.put(letter(number))

    async def die(session: Session, command: Command) -> bool:
        assert session.folder is not None
        asked = {one.uid for one in session.folder.within(command.rest.split()[0])}
        if "BODY.PEEK[]" in command.rest and 2 in asked:
            await session.cut(b"* 2 FETCH (UID 2 BODY[] {100000}\r\n")
        return False

    server.always("FETCH", die)
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(4)
    assert sorted(inbox.journal.items) == ["INBOX:7.1", "INBOX:7.2!", "INBOX:7.3", "INBOX:7.4"]
    notice = inbox.journal.items["INBOX:7.2!"]
    assert b"Subject: s2" in notice.content
    assert b"did not hand out this letter" in notice.content


@pytest.mark.parametrize("what", ["BODY", "RFC822.SIZE"])
async def test_a_letter_that_is_refused_does_not_hold_up_the_others(server: ImapServer, what: str) -> None:
    for number in range(1, 4):
        server.inbox.put(letter(number))

    async def refuse(session: Session, command: Command) -> bool:
        assert session.folder is not None
        if what in command.rest and 2 in {one.uid for one in session.folder.within(command.rest.split()[0])}:
            await session.end(command, "NO [SERVERBUG] some messages could not be fetched")
            return True
        return False

    server.always("FETCH", refuse)
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(3)
    refused = "INBOX:7.2!" if what == "BODY" else "INBOX:7.2"
    assert sorted(inbox.journal.items) == ["INBOX:7.1", refused, "INBOX:7.3"]
    assert inbox.failures == []


async def test_answers_about_letters_that_nobody_asked_for_are_not_believed(server: ImapServer) -> None:
    server.inbox.put(letter(1))

    async def others(session: Session, command: Command) -> bool:
        if "BODY" in command.rest:
            await session.send(b"* 9 FETCH (UID 99 BODY[] {5}\r\nwrong)\r\n")
        return False

    server.always("FETCH", others)
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(1)
        await server.deliver(letter(2))
        await inbox.journal.kept(2)
    assert [item.content for item in inbox.journal.items.values()] == [letter(1), letter(2)]


async def test_a_size_that_is_a_lie_is_found_out(server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """F42: zero, an estimate, or less than what comes."""
    monkeypatch.setattr("channels.email.mailbox.fetch.MAX_RAW", 10_000)
    for number, size in ((1, 0), (2, 5), (3, 9_000)):
        server.inbox.put(letter(number)).size = size
    server.inbox.put(letter(4, "x" * 20_000)).size = 100
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(4)
    items = list(inbox.journal.items.values())
    assert [item.content for item in items[:3]] == [letter(1), letter(2), letter(3)]
    assert b"more than is fetched" in items[3].content
    assert b"Subject: s4" in items[3].content


async def test_a_letter_that_is_too_large_is_not_fetched(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.email.mailbox.fetch.MAX_RAW", 10_000)
    server.inbox.put(letter(1, "x" * 20_000))
    server.inbox.put(letter(2))
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(2)
    whole = [rest.split()[0] for rest in server.said("FETCH") if "BODY.PEEK[]" in rest]
    assert {one.uid for rest in whole for one in server.inbox.within(rest)} == {2}
    assert b"Subject: s1" in inbox.journal.items["INBOX:7.1"].content
    assert "INBOX:7.2" in inbox.journal.items


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\x00" * 50, b"no headers at all", b"Subject: \xd6\xd0\r\n\r\n\xff\xfe"]
)
async def test_whatever_a_letter_is_made_of_comes_as_it_is(server: ImapServer, raw: bytes) -> None:
    """F42: of no length, 8-bit, no letter at all."""
    server.inbox.put(raw)
    server.inbox.put(letter(2))
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(2)
    assert inbox.journal.items["INBOX:7.1"].content == raw


async def test_the_hub_that_cannot_commit_asks_again(server: ImapServer) -> None:
    server.inbox.put(letter(1))
    inbox = Inbox(server, journal=Journal(broken=2))
    async with hearing(inbox):
        await inbox.journal.kept(1)
    assert inbox.journal.offered == ["INBOX:7.1"] * 3


async def test_a_backlog_comes_in_order_and_in_small_groups(server: ImapServer) -> None:
    """F41, small: bounded in count and in bytes."""
    sizes: list[tuple[int, int]] = []
    journal = Journal()

    async def accept(items: Sequence[RawItem]) -> list[Acceptance]:
        sizes.append((len(items), sum(len(item.content) for item in items)))
        return await journal.accept(items)

    for number in range(130):
        server.inbox.put(letter(number))
    for number in range(130, 136):
        server.inbox.put(letter(number, "x" * 3_000_000))
    inbox = Inbox(server, journal=journal, accept=accept)
    async with hearing(inbox):
        await journal.kept(136)
    assert inbox.texts() == [f"s{number}" for number in range(136)]
    assert max(count for count, _ in sizes) <= 50
    assert max(size for _, size in sizes) <= 8 * 1024 * 1024


async def test_a_backlog_goes_on_where_it_was_cut(server: ImapServer) -> None:
    for number in range(120):
        server.inbox.put(letter(number))
    inbox = Inbox(server)
    async with hearing(inbox):
        await inbox.journal.kept(50)
    async with hearing(inbox):
        await inbox.journal.kept(120)
    assert len(inbox.journal.offered) <= 120 + 50
    assert inbox.texts() == [f"s{number}" for number in range(120)]


async def test_deaf_for_a_moment_and_nothing_is_missed(server: ImapServer) -> None:
    """Letters arrive at every moment of the client's round, the line is cut at random ones."""
    inbox = Inbox(server)
    async with hearing(inbox):
        for number in range(60):
            await server.deliver(letter(number))
            if number % 20 == 7:
                server.hang_up()
            await asyncio.sleep(0)
        await inbox.journal.kept(60)
    assert inbox.texts() == [f"s{number}" for number in range(60)]
