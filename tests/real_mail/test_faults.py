"""What goes wrong between the hub and real servers: lines that end or fall silent, refusals of every kind, letters that
are hard to read. Nothing is lost, doubled or sent twice, and a person sees it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from channels.adapter import Refused, TryLater, Unavailable, Unsure
from channels.email.adapter import EmailAdapter
from channels.email.settings import EmailSettings
from hub.actions.answers.reply import queue_reply
from hub.model.interactions import OutboundInteraction
from hub.wiring import Hub
from tests.fakes.leaving import free_to_leave
from tests.fakes.mail_servers import cutting_line, serving
from tests.fakes.ports import Journal, Memory, make_ports
from tests.fakes.processes import until
from tests.real_mail.hubs import ANN, a_hub, answers, channel_detail, tickets, timeline, write
from tests.real_mail.postfix import BUSY, REFUSED
from tests.real_mail.servers import CUSTOMER, PASSWORD, SUPPORT, MailServers

SHELF = sorted((Path(__file__).parents[1] / "letters").glob("*.eml"))


def letter(number: int) -> bytes:
    return (
        f"From: Lin <{CUSTOMER}>\r\nTo: {SUPPORT}\r\nMessage-ID: <m{number}@customer.example>\r\nSubject: s{number}\r\n\r\n"
        f"Hello {number}\r\n"
    ).encode()


def an_adapter(mail: MailServers, memory: Memory, journal: Journal, **more: Any) -> EmailAdapter:
    settings = EmailSettings.model_validate(mail.table(**more))
    return EmailAdapter("support", settings, make_ports(memory=memory, journal=journal))


def put(mail: MailServers, *letters: bytes) -> None:
    """Into the mailbox, as they are: no server adds a line."""
    with IMAPClient("127.0.0.1", mail.dovecot.imap_port, ssl=False) as client:
        client.login(SUPPORT, PASSWORD)
        for one in letters:
            client.append("INBOX", one)


async def hear_until(adapter: EmailAdapter, journal: Journal, count: int) -> None:
    task = asyncio.create_task(adapter.receive(journal.accept))
    try:
        await journal.kept(count)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adapter.close()


@pytest.mark.parametrize("after", [1, 200, 600, 1000, 1200, 1400, 1600, 1800, 2000, 2300])
async def test_a_line_cut_anywhere_leaves_no_half_letter_and_no_double(mail: MailServers, after: int) -> None:
    put(mail, *(letter(number) for number in range(3)))
    memory, journal = Memory(), Journal()
    async with serving(cutting_line(mail.dovecot.imap_port, after)) as port:
        with contextlib.suppress(Unavailable, TimeoutError):
            await asyncio.wait_for(
                an_adapter(mail, memory, journal, imap_port=port, poll_seconds=0.1).receive(journal.accept), 2
            )
    await hear_until(an_adapter(mail, memory, journal), journal, 3)
    assert [item.content for item in journal.items.values()] == [letter(number) for number in range(3)]


async def test_a_line_that_falls_silent_while_it_is_heard_is_given_up(mail: MailServers) -> None:
    silent = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", mail.dovecot.imap_port)

        async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if not silent.is_set():
                    target.write(data)

        try:
            await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))
        finally:
            far_writer.close()

    memory, journal = Memory(), Journal()
    put(mail, letter(0))
    async with serving(talk) as port:
        adapter = an_adapter(mail, memory, journal, imap_port=port, poll_seconds=0.5, timeout_seconds=1)
        task = asyncio.create_task(adapter.receive(journal.accept))
        await journal.kept(1)
        silent.set()
        put(mail, letter(1))
        with pytest.raises(Unavailable):
            await asyncio.wait_for(task, 20)
        await adapter.close()
    await hear_until(an_adapter(mail, memory, journal), journal, 2)
    assert [item.content for item in journal.items.values()] == [letter(0), letter(1)]


async def test_every_letter_of_the_shelf_arrives_byte_for_byte(mail: MailServers) -> None:
    letters = [path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path in SHELF]
    put(mail, *letters)
    journal = Journal()
    await hear_until(an_adapter(mail, Memory(), journal), journal, len(letters))
    assert [item.content for item in journal.items.values()] == letters


async def test_an_answer_whose_line_ends_before_the_relays_word_is_unsure_and_arrived_once(
    mail: MailServers,
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", mail.postfix.port)

        async def back() -> None:
            while data := await far_reader.read(65536):
                writer.write(data)

        carrying = asyncio.create_task(back())
        told = b""
        try:
            while data := await reader.read(65536):
                told = told[-4:] + data
                if told.endswith(b"\r\n.\r\n"):
                    carrying.cancel()
                    far_writer.write(data)
                    # Postfix has it, and says so to nobody.
                    await far_reader.readline()
                    return
                far_writer.write(data)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            far_writer.close()

    message = _to(CUSTOMER)
    async with serving(talk) as port:
        with pytest.raises(Unsure):
            await an_adapter(mail, Memory(), Journal(), smtp_port=port).send(message, free_to_leave)

    async def arrived() -> bool:
        return len(mail.letters(CUSTOMER)) == 1

    await until(arrived, seconds=10, what="the letter has arrived")


async def test_refusals_for_good_and_for_now_are_told_apart(mail: MailServers) -> None:
    adapter = an_adapter(mail, Memory(), Journal())
    with pytest.raises(TryLater, match="come back later"):
        await adapter.send(_to(BUSY), free_to_leave)
    with pytest.raises(Refused, match="not to them"):
        await adapter.send(_to(REFUSED), free_to_leave)
    with pytest.raises(Refused, match="denied"):
        # Who has not logged in may write to the relay's own people alone.
        await an_adapter(mail, Memory(), Journal(), smtp_user="", smtp_password="").send(
            _to("lin@far.example"), free_to_leave
        )


def _to(address: str) -> OutboundInteraction:
    return OutboundInteraction(
        interaction_id=1, ticket_code="T-1", address=address, recipient_name="", author_name="Ann", text="您好",
        subject="Re: 退款", queued_at=datetime(2026, 11, 24, tzinfo=UTC), message_id="r.t1zk@shop.example", reply_token="t1zk",
    )  # fmt: skip


@pytest.fixture
async def hub(mail: MailServers, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_hub(mail, database_dsn, tmp_path, sent_folder="Sent") as hub:
        yield hub


async def test_a_folder_that_takes_no_copy_has_nothing_sent_twice(hub: Hub, mail: MailServers) -> None:
    ticket = await write(hub, mail, CUSTOMER)
    # A file stands where the folder would be.
    (mail.dovecot.maildir(SUPPORT) / ".Sent").write_bytes(b"")
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

    async def sent() -> bool:
        return await answers(hub, ticket) == ["sent"] and bool(mail.letters(CUSTOMER))

    await until(sent, seconds=20, what="the answer has left")

    async def told() -> bool:
        return "No copy" in await channel_detail(hub)

    await until(told, seconds=30, what="the channel says that there is no copy")
    assert await answers(hub, ticket) == ["sent"]
    assert len(mail.letters(CUSTOMER)) == 1


async def test_the_same_letter_twice_is_one_entry_and_another_under_its_number_is_two(
    hub: Hub, mail: MailServers
) -> None:
    one = b"From: lin@customer.example\r\nMessage-ID: <same@customer.example>\r\nSubject: first\r\n\r\nHello\r\n"
    for content in (one, one, one.replace(b"first", b"second"), letter(9)):
        mail.deliver(content)

    # In whatever order Postfix hands them over.
    ended = "SELECT count(*) FROM inbound_raw WHERE state IN ('read', 'duplicate')"

    async def all_ended() -> bool:
        return bool(await hub.ctx.database.read(lambda c: c.fetchval(ended)) == 4)

    await until(all_ended, seconds=20, what="each of the four letters has come to an end")
    subjects = [
        entry.subject
        for ticket in await tickets(hub)
        for entry in await timeline(hub, ticket)
        if entry.direction == "in"
    ]
    assert sorted(subjects) == ["first", "s9", "second"]


async def test_a_letter_that_cannot_be_read_does_not_stop_the_next(hub: Hub, mail: MailServers) -> None:
    nested = b"From: lin@customer.example\r\nSubject: bomb\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth)
        for depth in range(300)
    )
    mail.deliver(nested)
    mail.deliver(letter(9))

    async def there() -> bool:
        return any(ticket.subject == "s9" for ticket in await tickets(hub))

    await until(there, seconds=20, what="the letter behind it is a ticket")

    async def kept() -> bool:
        count = "SELECT count(*) FROM inbound_raw WHERE state = 'quarantined'"
        return bool(await hub.ctx.database.read(lambda c: c.fetchval(count)) == 1)

    await until(kept, seconds=20, what="the other is shown as what cannot be read")
