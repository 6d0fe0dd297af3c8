"""One IMAP connection at the level of bytes: what arrives together, limits, deadlines, TLS."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from channels.adapter import Misconfigured, Unavailable
from channels.email.mailbox import line, mailbox
from channels.email.mailbox.line import Client
from channels.email.mailbox.mailbox import open_mailbox
from channels.email.settings import EmailSettings
from tests.fakes.certificates import make_context
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import letter, table

T = TypeVar("T")


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose ca.pem this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return tmp_path


def settings(server: ImapServer, **more: object) -> EmailSettings:
    return EmailSettings.model_validate(table(server, **more))


async def with_client(server: ImapServer, work: Callable[[Client], T], **more: object) -> T:
    """Log in by a thread, open INBOX, and do it."""
    given = settings(server, **more)

    def body() -> T:
        box = open_mailbox(given)
        try:
            box.open("INBOX")
            return work(box._client)
        finally:
            box.close()

    return await asyncio.to_thread(body)


def idle_that_answers(server: ImapServer, *, before: bytes = b"", behind: bytes = b"") -> None:
    """IDLE whose continuation arrives in one piece with other lines."""

    async def idle(session: Session, command: Command) -> bool:
        await session.send(before + b"+ idling\r\n" + behind)
        await session.reader.readline()
        await session.end(command, "OK")
        return True

    server.always("IDLE", idle)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("place", ["before", "behind"])
async def test_a_letter_told_together_with_the_continuation_is_noticed(
    tls: bool, place: str, trusted: Path
) -> None:
    """It lies in the client's own buffer then, where no poll of the socket sees it."""
    context = make_context(trusted) if tls else None
    async with ImapServer(tls=context) as server:
        idle_that_answers(server, **{place: b"* 1 EXISTS\r\n"})
        security = "tls" if tls else "none"
        # An hour: it is noticed at once, or the test runs into its own limit.
        assert await with_client(server, lambda c: c.await_news(3600), imap_security=security)


async def test_what_tls_has_deciphered_already_is_seen(trusted: Path) -> None:
    """Three bytes of a record were read; the rest lies in TLS, where no poll of the socket sees it."""
    async with ImapServer(tls=make_context(trusted)) as server:

        async def push(session: Session, command: Command) -> bool:
            await session.end(command, "OK")
            await session.send(b"abc* 1 EXISTS\r\n")
            return True

        server.once("NOOP", push)

        def look(client: Client) -> tuple[bytes, bool]:
            client.noop()
            return client._imap.read(3), client._imap.wait(3600)

        assert await with_client(server, look, imap_security="tls") == (b"abc", True)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_idle_ends_by_itself_when_nothing_is_said(tls: bool, trusted: Path) -> None:
    context = make_context(trusted) if tls else None
    async with ImapServer(tls=context) as server:
        security = "tls" if tls else "none"

        def twice(client: Client) -> list[bool]:
            # The first may be woken by TLS itself (session tickets), which costs one look more.
            return [client.await_news(0.2), client.await_news(0.2), client.await_news(0.2)]

        assert await with_client(server, twice, imap_security=security)
        assert (await with_client(server, twice, imap_security=security))[-1] is False


async def test_news_told_with_another_answer_are_not_waited_for() -> None:
    async with ImapServer() as server:

        async def search(session: Session, command: Command) -> bool:
            session.server.inbox.put(letter(1))
            await session.send(b"* SEARCH\r\n")
            await session.end(command, "OK")  # tells of the letter
            return True

        server.once("SEARCH", search)

        def look(client: Client) -> tuple[bool, bool, list[int]]:
            client.forget_news()
            before = client.has_news(0)
            client.search("ALL")
            assert not client.has_news(1), "the number that is known already is no news"
            return before, client.has_news(0), client.search("ALL")

        assert await with_client(server, look) == (False, True, [1])


async def test_a_line_that_is_interrupted_returns_at_once() -> None:
    async with ImapServer() as server:
        box = await asyncio.to_thread(open_mailbox, settings(server))
        await asyncio.to_thread(box.open, "INBOX")
        waiting = asyncio.create_task(asyncio.to_thread(box._client.await_news, 3600))
        await server.until(lambda: bool(server.said("IDLE")))
        box.interrupt()
        with contextlib.suppress(OSError, box._client.AbortError):
            await waiting
        box.close()
        box.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\nabc", "literal"),
        (b"* 1 FETCH (UID 1 BODY[] {80000000}\r\nabc", "literal"),
        (b"* SEARCH " + b"1" * (17 * 1024 * 1024), "line"),
        (b"rubbish\r\n", "unexpected"),
        (b"* 1 FETCH (UID 1 BODY[] {3}\r\nab", "dropped"),
        (b"* 1 FETCH (UID x BODY[] NIL)\r\n", "invalid UID"),
        (b"* 1 FETCH ((((((((\r\n", "unexpected|dropped|answer|Tuple"),
        (b"\xff\xfe\x00\r\n", "unexpected"),
        (b"* BYE too busy\r\n", "BYE|dropped"),
        (b"A9999 OK what\r\n", "unexpected"),
    ],
)
async def test_garbage_ends_the_line_and_nothing_else(answer: bytes, why: str) -> None:
    async with ImapServer() as server:
        server.inbox.put(letter(1))

        async def fetch(session: Session, command: Command) -> bool:
            await session.cut(answer + f"{command.tag} OK done\r\n".encode())
            return True

        server.always("FETCH", fetch)

        def look() -> None:
            box = open_mailbox(settings(server))
            try:
                box.open("INBOX")
                box.bodies([1])
            finally:
                box.close()

        with pytest.raises((Unavailable, mailbox.Declined), match=why):
            await asyncio.to_thread(look)


async def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MAX_ANSWER", 100_000)
    async with ImapServer() as server:

        async def flood(session: Session, command: Command) -> bool:
            while True:
                await session.send(b"* OK still here\r\n" * 1000)

        server.always("SEARCH", flood)
        with pytest.raises(Unavailable, match="more than 100000"):
            await asyncio.to_thread(look_for, settings(server))


async def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never would."""
    monkeypatch.setattr(line, "SLOWEST", 1_000_000)
    async with ImapServer() as server:

        async def drip(session: Session, command: Command) -> bool:
            while True:
                await session.send(b"*")
                await asyncio.sleep(0.05)

        server.always("SEARCH", drip)
        with pytest.raises(Unavailable, match=r"does not come to an end|timed out"):
            await asyncio.to_thread(look_for, settings(server, timeout_seconds=1))


def look_for(given: EmailSettings) -> None:
    box = open_mailbox(given)
    try:
        box.open("INBOX")
        box.uids(1)
    finally:
        box.close()


async def test_a_silent_server_is_given_up_within_the_time_allowed() -> None:
    async with ImapServer() as server:

        async def silent(session: Session, command: Command) -> bool:
            await session.reader.read()
            return True

        server.always("SEARCH", silent)
        with pytest.raises(Unavailable, match="timed out"):
            await asyncio.to_thread(look_for, settings(server, timeout_seconds=0.5))


async def test_two_hundred_thousand_letters_fit_into_one_answer() -> None:
    """imaplib's own limit is a line of a million bytes."""
    async with ImapServer() as server:

        async def search(session: Session, command: Command) -> bool:
            numbers = b" ".join(b"%d" % uid for uid in range(1, 200_001))
            await session.send(b"* SEARCH " + numbers + b"\r\n")
            await session.end(command, "OK")
            return True

        server.always("SEARCH", search)
        found = await with_client(server, lambda c: c.search(["UID", "1:*"]))
        assert (len(found), found[-1]) == (200_000, 200_000)


async def test_a_trusted_certificate_is_taken_and_any_other_is_not(trusted: Path, tmp_path: Path) -> None:
    async with ImapServer(tls=make_context(trusted)) as server:
        await asyncio.to_thread(look_for, settings(server, imap_security="tls"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for context in (make_context(elsewhere), make_context(trusted, address="127.0.0.2")):
        async with ImapServer(tls=context) as server:
            with pytest.raises(Misconfigured, match="certificate"):
                await asyncio.to_thread(look_for, settings(server, imap_security="tls"))
            assert server.log == []


async def test_starttls_protects_the_login(trusted: Path) -> None:
    async with ImapServer(starttls=make_context(trusted)) as server:
        await asyncio.to_thread(look_for, settings(server, imap_security="starttls"))
        verbs = [verb for verb, _ in server.log]
        assert verbs.index("STARTTLS") < verbs.index("LOGIN")


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_nothing_is_said_unprotected_when_tls_is_demanded(security: str) -> None:
    async with ImapServer() as server:  # speaks neither
        with pytest.raises((Misconfigured, Unavailable)):
            await asyncio.to_thread(look_for, settings(server, imap_security=security, timeout_seconds=1))
        assert not server.said("LOGIN")
        assert not server.said("AUTHENTICATE")


async def test_a_server_that_speaks_before_tls_begins_is_not_believed(trusted: Path) -> None:
    """Somebody in between could answer the login in the server's stead (CVE-2011-0411)."""
    async with ImapServer(starttls=make_context(trusted)) as server:

        async def inject(session: Session, command: Command) -> bool:
            await session.send(f"{command.tag} OK begin\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n".encode())
            return True

        server.always("STARTTLS", inject)
        with pytest.raises(Unavailable, match="between STARTTLS and TLS"):
            await asyncio.to_thread(look_for, settings(server, imap_security="starttls"))
        assert not server.said("LOGIN")


async def test_a_server_that_is_logged_in_already_is_not_trusted_with_starttls(trusted: Path) -> None:
    async with ImapServer(starttls=make_context(trusted)) as server:
        server.greeting = b"* PREAUTH welcome\r\n"
        with pytest.raises((Misconfigured, Unavailable)):
            await asyncio.to_thread(look_for, settings(server, imap_security="starttls"))
        assert not server.said("SELECT")


async def test_the_time_for_an_answer_does_not_count_what_was_before_it() -> None:
    """A line that was quiet for longer than the timeout works on."""
    async with ImapServer() as server:

        def quiet(client: Client) -> list[int]:
            began = time.monotonic()
            while time.monotonic() - began < 2.4:
                client.await_news(1.2)
            found: list[int] = client.search("ALL")
            return found

        assert await with_client(server, quiet, timeout_seconds=1.0) == []
