"""The sandbox's mail server against real clients: imapclient in a thread, aiosmtplib on the loop."""

import asyncio
from collections.abc import AsyncIterator

import aiosmtplib
import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from channels.email.mailbox.line import Client
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld

LETTER = b"From: Ada <ada@customer.example>\r\nTo: support@shop.example\r\nSubject: Lid\r\n\r\nIt leaks.\r\n"
ANSWER = b"From: support@shop.example\r\nTo: ada@customer.example\r\nSubject: Re: Lid\r\n\r\nSorry!\r\n"


@pytest.fixture
async def mail() -> AsyncIterator[MailWorld]:
    async with MailWorld() as world:
        yield world


def log_in(port: int, address: str = SUPPORT, password: str = SUPPORT_PASSWORD) -> IMAPClient:
    client = IMAPClient("127.0.0.1", port=port, ssl=False, timeout=10)
    try:
        client.login(address, password)
    except LoginError:
        client.shutdown()
        raise
    client.select_folder("INBOX")
    return client


def fetch_all(port: int, address: str = SUPPORT, password: str = SUPPORT_PASSWORD) -> dict[int, bytes]:
    with log_in(port, address, password) as client:
        found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
        return {uid: parts[b"BODY[]"] for uid, parts in found.items()}


async def send(mail: MailWorld, sender: str, to: str, raw: bytes, *, password: str = "") -> None:
    await aiosmtplib.send(
        raw,
        sender=sender,
        recipients=[to],
        hostname="127.0.0.1",
        port=mail.smtp_port,
        username=sender if password else None,
        password=password or None,
        start_tls=False,
    )


async def test_a_letter_by_smtp_is_in_the_imap_mailbox_with_its_trace(mail: MailWorld) -> None:
    await send(mail, "ada@customer.example", "support+abc@shop.example", LETTER)
    (raw,) = (await asyncio.to_thread(fetch_all, mail.imap_port)).values()
    assert raw.endswith(LETTER)
    assert b"Delivered-To: support+abc@shop.example\r\n" in raw
    assert b"Return-Path: <ada@customer.example>\r\n" in raw
    assert mail.letters_to(SUPPORT) == [LETTER]


async def test_delivered_bytes_are_not_touched(mail: MailWorld) -> None:
    odd = b"From: a@b\nSubject: \xd6\xd0\xce\xc4\n\n\xff\xfe\x00body"
    uid = await mail.deliver(SUPPORT, odd)
    assert await asyncio.to_thread(fetch_all, mail.imap_port) == {uid: odd}


async def test_idle_clients_are_told_of_every_letter(mail: MailWorld) -> None:
    """Letters go in back to back, and just as the client begins to idle: none may pass unnoticed."""
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    rounds = 20

    def listen() -> bool:
        client = Client("127.0.0.1", mail.imap_port, tls=None, timeout=10)
        client.login(SUPPORT, SUPPORT_PASSWORD)
        client.select_folder("INBOX")
        loop.call_soon_threadsafe(ready.set)
        told = True
        while told:
            client.forget_news()
            seen = len(client.search("ALL"))
            if seen == rounds:
                break
            # False only when half a minute passed in which a letter lay in the mailbox untold.
            told = client.has_news(seen) or client.await_news(30)
        client.shutdown()
        return told

    listening = asyncio.create_task(asyncio.to_thread(listen))
    await ready.wait()
    for _ in range(rounds):
        await mail.deliver(SUPPORT, LETTER)
        await asyncio.sleep(0)
    assert await listening, "a letter was noticed only because something else happened"


async def test_an_answer_reaches_the_customer_and_can_be_awaited(mail: MailWorld) -> None:
    waiting = asyncio.create_task(mail.wait_for_letter("ada@customer.example", 1, 5))
    await send(mail, SUPPORT, "Ada@Customer.example", ANSWER, password=SUPPORT_PASSWORD)
    assert await waiting == [ANSWER]
    with pytest.raises(TimeoutError):
        await mail.wait_for_letter("ada@customer.example", 2, 0.05)


async def test_sending_as_the_shop_needs_its_password(mail: MailWorld) -> None:
    with pytest.raises(aiosmtplib.SMTPSenderRefused):
        await send(mail, SUPPORT, "ada@customer.example", ANSWER)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send(mail, SUPPORT, "ada@customer.example", ANSWER, password="wrong")
    with pytest.raises(LoginError):
        await asyncio.to_thread(log_in, mail.imap_port, SUPPORT, "wrong")
    assert mail.letters_to("ada@customer.example") == []


async def test_strangers_cannot_relay_and_unknown_or_refused_people_are_550(mail: MailWorld) -> None:
    mail.refuse("gone@customer.example")
    for sender, to, password in (
        ("ada@customer.example", "bob@elsewhere.example", ""),
        ("ada@customer.example", "nobody@shop.example", ""),
        (SUPPORT, "gone@customer.example", SUPPORT_PASSWORD),
    ):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refusal:
            await send(mail, sender, to, LETTER, password=password)
        assert refusal.value.recipients[0].code == 550


async def test_several_users_have_their_own_mailboxes() -> None:
    async with MailWorld({SUPPORT: "one", "sales@shop.example": "two"}) as mail:
        await mail.deliver("sales@shop.example", LETTER)
        assert await asyncio.to_thread(fetch_all, mail.imap_port, SUPPORT, "one") == {}
        assert len(await asyncio.to_thread(fetch_all, mail.imap_port, "sales@shop.example", "two")) == 1
        with pytest.raises(KeyError, match=r"nobody@shop\.example"):
            await mail.deliver("nobody@shop.example", LETTER)


async def test_uidvalidity_is_the_one_asked_for() -> None:
    async with MailWorld(uid_validity=1_700_000_001) as mail:
        await mail.deliver(SUPPORT, LETTER)

        def look() -> dict[bytes, int]:
            with log_in(mail.imap_port) as client:
                return dict(client.folder_status("INBOX", ["UIDVALIDITY", "UIDNEXT"]))

        assert await asyncio.to_thread(look) == {b"UIDVALIDITY": 1_700_000_001, b"UIDNEXT": 2}


async def test_it_stops_at_once_while_clients_are_connected() -> None:
    mail = MailWorld()
    await mail.__aenter__()
    client = await asyncio.to_thread(log_in, mail.imap_port)
    await asyncio.to_thread(client.idle)
    sender = aiosmtplib.SMTP(hostname="127.0.0.1", port=mail.smtp_port, start_tls=False)
    await sender.connect()
    async with asyncio.timeout(10):
        await mail.__aexit__(None, None, None)
    sender.close()
    await asyncio.to_thread(client.shutdown)


async def test_dropped_lines_are_noticed_by_the_client_and_a_new_one_works(mail: MailWorld) -> None:
    client = await asyncio.to_thread(log_in, mail.imap_port)
    mail.drop_imap_connections()
    with pytest.raises((client.AbortError, OSError)):
        await asyncio.to_thread(client.noop)
    await mail.deliver(SUPPORT, LETTER)
    assert len(await asyncio.to_thread(fetch_all, mail.imap_port)) == 1
    client.shutdown()
