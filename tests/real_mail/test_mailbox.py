"""The mailbox as real Dovecot keeps it: IDLE, folders, moves, a mailbox made anew, logins; letters come through Postfix."""

import asyncio
import contextlib
import smtplib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from imapclient import IMAPClient

from channels.adapter import Misconfigured, Unavailable
from channels.email.adapter import EmailAdapter
from channels.email.settings import EmailSettings
from tests.fakes.mail_servers import serving
from tests.fakes.ports import Journal, Memory, make_ports, serving_routes
from tests.fakes.processes import until
from tests.fakes.token_server import TokenServer
from tests.real_mail.dovecot import access_token
from tests.real_mail.servers import CUSTOMER, PASSWORD, SUPPORT, MailServers


def letter(number: int) -> bytes:
    return (
        f"From: Lin <{CUSTOMER}>\r\nTo: {SUPPORT}\r\nMessage-ID: <m{number}@customer.example>\r\nSubject: s{number}\r\n\r\n"
        f"Hello {number}\r\n"
    ).encode()


def an_adapter(
    mail: MailServers, *, memory: Memory | None = None, journal: Journal | None = None, **more: Any
) -> EmailAdapter:
    return EmailAdapter(
        "support",
        EmailSettings.model_validate(mail.table(**more)),
        make_ports(memory=memory, journal=journal),
    )


@contextlib.asynccontextmanager
async def heard(adapter: EmailAdapter, journal: Journal) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(adapter.receive(journal.accept))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adapter.close()


def _subjects(journal: Journal) -> list[str]:
    return [
        line[9:].decode()
        for item in journal.items.values()
        for line in item.content.split(b"\r\n")
        if line.startswith(b"Subject: ")
    ]


@contextlib.contextmanager
def a_person_at_the_mailbox(mail: MailServers) -> Any:
    """Another mail program in the same mailbox."""
    client = IMAPClient("127.0.0.1", mail.dovecot.imap_port, ssl=False)
    client.login(SUPPORT, PASSWORD)
    try:
        yield client
    finally:
        client.logout()


async def test_letters_before_and_during_idle_arrive_once_and_in_order(mail: MailServers) -> None:
    for number in range(3):
        mail.deliver(letter(number))
        # Postfix keeps no order among letters that it has at once.
        await until(lambda n=number + 1: _has(mail, n), seconds=10, what="Postfix has delivered")
    journal = Journal()
    # So long a wait that only IDLE can tell.
    async with heard(an_adapter(mail, journal=journal, poll_seconds=600), journal):
        await journal.kept(3)
        for number in range(3, 6):
            mail.deliver(letter(number))
            await journal.kept(number + 1)
    assert _subjects(journal) == [f"s{number}" for number in range(6)]
    assert len(journal.offered) == 6


class OverheardLine:
    """A line to Dovecot that counts how often IDLE is begun on it."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.idles = 0
        self._more = asyncio.Condition()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)

        async def up() -> None:
            while line := await reader.readline():
                far_writer.write(line)
                if line.rstrip().upper().endswith(b" IDLE"):
                    async with self._more:
                        self.idles += 1
                        self._more.notify_all()

        sending = asyncio.create_task(up())
        try:
            while data := await far_reader.read(65536):
                writer.write(data)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            far_writer.close()

    async def begun(self, times: int) -> None:
        """Return when IDLE has been begun so often."""
        async with asyncio.timeout(30), self._more:
            await self._more.wait_for(lambda: self.idles >= times)


async def test_idle_is_begun_again_on_the_same_connection_and_hears_each_time(mail: MailServers) -> None:
    line, journal = OverheardLine(mail.dovecot.imap_port), Journal()
    before = mail.dovecot.sessions()
    async with (
        serving(line.talk) as port,
        heard(an_adapter(mail, journal=journal, imap_port=port, poll_seconds=0.3), journal),
    ):
        for number in range(3):
            await line.begun(line.idles + 2)
            mail.deliver(letter(number))
            await journal.kept(number + 1)
    assert mail.dovecot.sessions() - before == 1
    assert len(journal.offered) == 3


async def test_a_server_that_ends_is_told_and_heard_again(mail: MailServers) -> None:
    memory, journal = Memory(), Journal()
    mail.deliver(letter(0))
    async with heard(an_adapter(mail, memory=memory, journal=journal, poll_seconds=600), journal) as task:
        await journal.kept(1)
        mail.dovecot.crash()
        try:
            with pytest.raises(Unavailable):
                await asyncio.wait_for(task, 20)
            with pytest.raises(Unavailable):
                await an_adapter(mail).check()
        finally:
            mail.start_dovecot()

    async def taken() -> bool:
        with contextlib.suppress(smtplib.SMTPException):
            mail.deliver(letter(1))
            return True
        return False

    await until(taken, seconds=20, what="Postfix, which asks Dovecot who may log in, takes letters again")
    async with heard(an_adapter(mail, memory=memory, journal=journal), journal):
        await journal.kept(2)
    assert _subjects(journal) == ["s0", "s1"]
    assert len(journal.offered) == 2


async def test_what_the_journal_lacks_is_counted_and_fetched(mail: MailServers) -> None:
    memory, journal = Memory(), Journal()
    for number in range(5):
        mail.deliver(letter(number))
    adapter = an_adapter(mail, memory=memory, journal=journal)
    async with heard(adapter, journal):
        await journal.kept(5)

        async def marked() -> bool:
            return bool(memory.values.get("imap:INBOX", {}).get("uid", 0) >= 5)

        await until(marked, seconds=10, what="the bookmark stands behind the fifth letter")
        lost = list(journal.items)[2]
        del journal.items[lost]
        (count,) = await adapter.count(journal.accept)
    assert (count.folder, count.on_server, count.known, count.missing, count.fetched, count.error) == (
        "INBOX",
        5,
        4,
        1,
        1,
        "",
    )
    assert lost in journal.items


async def test_an_access_token_opens_the_mailbox_and_a_dead_one_is_renewed(mail: MailServers) -> None:
    provider = TokensOfDovecot()
    routes = [web.post("/token", provider.token)]
    async with serving_routes(routes) as base:
        provider.base = base
        given = provider.settings(
            imap_password="", smtp_user="", smtp_password="", oauth_refresh_token="refresh-1"
        )
        journal = Journal()
        mail.deliver(letter(0))
        # The first token that the provider hands out is one that Dovecot does not take.
        async with heard(an_adapter(mail, journal=journal, **given), journal):
            await journal.kept(1)
    assert len(provider.asked) == 2


class TokensOfDovecot(TokenServer):
    def hand_out(self) -> dict[str, Any]:
        answer = super().hand_out()
        return {**answer, "access_token": access_token(SUPPORT, seconds=3600 if len(self.asked) > 1 else -30)}


async def test_a_letter_is_marked_only_after_the_commit(mail: MailServers) -> None:
    mail.deliver(letter(0))
    await until(lambda: _has(mail, 1), seconds=10, what="Postfix has delivered")
    journal = Journal()
    journal.gate.clear()
    async with heard(an_adapter(mail, journal=journal), journal):
        await journal.offers(1)
        with a_person_at_the_mailbox(mail) as person:
            person.select_folder("INBOX", readonly=True)
            assert person.search("UNSEEN") == [1]
            journal.gate.set()

            async def seen() -> bool:
                person.noop()
                return person.search("SEEN") == [1]

            await until(seen, seconds=10, what="the letter is marked as seen")


async def test_read_letters_are_moved_where_the_settings_say_so(mail: MailServers) -> None:
    journal = Journal()
    async with heard(
        an_adapter(mail, journal=journal, after_reading="move", done_folder="Done/By the hub"), journal
    ):
        for number in range(2):
            mail.deliver(letter(number))
        await journal.kept(2)

        async def moved() -> bool:
            return len(mail.letters(SUPPORT, ".Done.By the hub")) == 2 and not mail.letters(SUPPORT)

        await until(moved, seconds=10, what="both letters are in the other folder")
    assert len(journal.offered) == 2


async def test_a_folder_made_anew_and_refilled_doubles_nothing(mail: MailServers) -> None:
    memory, journal = Memory(), Journal()
    with a_person_at_the_mailbox(mail) as person:
        person.create_folder("Orders")
        person.append("Orders", letter(1))
        settings = {"folders": ("INBOX", "Orders"), "poll_seconds": 0.3}
        async with heard(an_adapter(mail, memory=memory, journal=journal, **settings), journal):
            await journal.kept(1)
            first = person.folder_status("Orders", ["UIDVALIDITY"])[b"UIDVALIDITY"]
            person.delete_folder("Orders")
            person.create_folder("Orders")
            # The new one has the number that the old one had.
            person.append("Orders", letter(2))
            person.append("Orders", letter(1))
            assert person.folder_status("Orders", ["UIDVALIDITY"])[b"UIDVALIDITY"] != first

            async def found() -> bool:
                return "s2" in _subjects(journal)

            await until(found, seconds=15, what="the new letter of the new folder has come")
    # What came again is known by its content.
    assert len({item.content_key for item in journal.items.values()}) == 2


async def test_a_mailbox_made_anew_doubles_nothing(mail: MailServers) -> None:
    memory, journal = Memory(), Journal()
    mail.deliver(letter(1))
    async with heard(an_adapter(mail, memory=memory, journal=journal), journal):
        await journal.kept(1)
    with a_person_at_the_mailbox(mail) as person:
        before = person.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    kept = mail.letters(SUPPORT)
    mail.clear()

    async def another() -> bool:
        # The number is the second of its making.
        mail.clear()
        with a_person_at_the_mailbox(mail) as person:
            return bool(person.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"] != before)

    await until(another, seconds=10, what="the mailbox has another UIDVALIDITY")
    with a_person_at_the_mailbox(mail) as person:
        person.append("INBOX", letter(2))
        person.append("INBOX", kept[0])
    async with heard(an_adapter(mail, memory=memory, journal=journal), journal):

        async def found() -> bool:
            return "s2" in _subjects(journal)

        await until(found, seconds=15, what="the new letter has come")
    assert len({item.content_key for item in journal.items.values()}) == 2


async def test_a_certificate_that_nobody_vouches_for_is_refused(mail: MailServers) -> None:
    tls = {"imap_port": mail.dovecot.imaps_port, "imap_security": "tls"}
    with pytest.raises(Misconfigured, match="certificate"):
        await an_adapter(mail, **tls).check()
    journal = Journal()
    with pytest.raises(Misconfigured, match="certificate"):
        await an_adapter(mail, journal=journal, **tls).receive(journal.accept)
    with pytest.raises(Misconfigured, match="certificate"):
        await an_adapter(mail, imap_security="starttls").check()
    with pytest.raises(Misconfigured, match="certificate"):
        await an_adapter(mail, smtp_security="starttls").check()


async def test_with_a_certificate_that_counts_all_ways_work(
    mail: MailServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail.dovecot.folder / "ca.pem"))
    await an_adapter(
        mail, imap_port=mail.dovecot.imaps_port, imap_security="tls", smtp_security="starttls"
    ).check()
    await an_adapter(mail, imap_security="starttls").check()


async def test_a_wrong_password_is_told(mail: MailServers) -> None:
    with pytest.raises(Misconfigured):
        await an_adapter(mail, imap_password="wrong").check()
    with pytest.raises(Misconfigured):
        await an_adapter(mail, smtp_password="wrong").check()


async def _has(mail: MailServers, count: int) -> bool:
    return len(mail.letters(SUPPORT)) >= count
