"""The e-mail channel against real servers (pymap, aiosmtpd) and against relays and lines that misbehave."""

# ruff: noqa: E501 - wire text reads better unbroken

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import (
    Acceptance,
    Misconfigured,
    NotAccepted,
    RawItem,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from channels.email import KIND
from channels.email.mailbox.items import content_key, group_by_size, headers_only
from channels.email.parse import parse_letter
from channels.email.settings import EmailSettings
from hub.model.interactions import OutboundInteraction
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from tests.fakes.leaving import free_to_leave
from tests.fakes.mail_servers import cutting_line, serving
from tests.fakes.ports import Memory, make_ports
from tests.fakes.smtp_server import DROP, ScriptedRelay

MESSAGE = OutboundInteraction(
    interaction_id=1, ticket_code="T-1", address="li@example.cn", recipient_name="李", author_name="Ann", text="您好", subject="Re: 退款",
    queued_at=datetime(2026, 11, 24, tzinfo=UTC), message_id="r.t1zk@shop.example", reply_token="t1zk",
)  # fmt: skip


class Journal:
    """Commits raw items as the hub does: once for each key. `broken` refuses that many batches first."""

    def __init__(self, broken: int = 0) -> None:
        self.items: dict[str, RawItem] = {}
        self.offered = 0
        self.broken = broken
        self._changed = asyncio.Condition()

    async def accept(self, items: Sequence[RawItem]) -> list[Acceptance]:
        self.offered += len(items)
        if self.broken:
            self.broken -= 1
            raise NotAccepted("the database is away")
        out = []
        async with self._changed:
            for item in items:
                out.append(Acceptance(raw_id=len(self.items), duplicate=item.external_key in self.items))
                self.items.setdefault(item.external_key, item)
            self._changed.notify_all()
        return out

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(lambda: len(self.items) >= count)


@pytest.fixture
async def mail() -> AsyncIterator[MailWorld]:
    async with MailWorld(uid_validity=7) as world:
        yield world


def _settings(imap_port: int = 1, smtp_port: int = 1, **more: Any) -> EmailSettings:
    values: dict[str, Any] = {
        "address": SUPPORT, "imap_host": "127.0.0.1", "imap_port": imap_port, "imap_security": "none", "imap_user": SUPPORT, "imap_password": SUPPORT_PASSWORD,
        "smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none", "poll_seconds": 5, "timeout_seconds": 5,
    }  # fmt: skip
    return EmailSettings.model_validate({**values, **more})


def _open(settings: EmailSettings, memory: Memory | None = None, alive: bool = True) -> Any:
    ports = make_ports(memory=memory, alive=lambda: alive)
    return KIND.open("support", settings, ports)


@contextlib.asynccontextmanager
async def _hearing(adapter: Any, journal: Journal) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(adapter.receive(journal.accept))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adapter.close()
        await adapter.close()


def _letter(number: int) -> bytes:
    return f"From: c{number}@customer.example\r\nMessage-ID: <m{number}@customer.example>\r\nSubject: s{number}\r\n\r\nHello {number}\r\n".encode()


async def test_check_logs_in_to_both(mail: MailWorld) -> None:
    good = _settings(mail.imap_port, mail.smtp_port, smtp_user=SUPPORT, smtp_password=SUPPORT_PASSWORD)
    await _open(good).check()
    for wrong in (
        {"imap_password": "x"},
        {"smtp_user": SUPPORT, "smtp_password": "x"},
        {"folders": ["Nowhere"]},
    ):
        with pytest.raises(Misconfigured):
            await _open(_settings(mail.imap_port, mail.smtp_port, **wrong)).check()
    with pytest.raises(Unavailable):
        await _open(_settings(1, mail.smtp_port)).check()
    with pytest.raises(Unavailable):
        await _open(_settings(mail.imap_port, 1)).check()


async def test_letters_before_and_during_idle_arrive_once_in_order(mail: MailWorld) -> None:
    for number in range(3):
        await mail.deliver(SUPPORT, _letter(number))
    memory, journal = Memory(), Journal()
    async with _hearing(_open(_settings(mail.imap_port, poll_seconds=60), memory), journal):
        await journal.reach(3)
        await mail.deliver(SUPPORT, _letter(3))
        await journal.reach(4)
    assert [i.content for i in journal.items.values()] == [_letter(n) for n in range(4)]
    uids = [i.meta["uid"] for i in journal.items.values()]
    assert list(journal.items) == [f"INBOX:7.{uid}" for uid in uids]
    assert uids == sorted(uids)


async def test_the_bookmark_moves_only_after_the_commit_and_nothing_is_offered_twice(mail: MailWorld) -> None:
    uid = await mail.deliver(SUPPORT, _letter(0))
    memory, journal = Memory(), Journal(broken=1)
    settings = _settings(mail.imap_port)
    with pytest.raises(NotAccepted):
        await _open(settings, memory).receive(journal.accept)
    assert memory.values == {}
    async with _hearing(_open(settings, memory), journal):
        await journal.reach(1)
        await mail.deliver(SUPPORT, _letter(1))
        await journal.reach(2)
    assert journal.offered == 3
    assert memory.values["imap:INBOX"]["uid"] >= uid
    again = Journal()
    async with _hearing(_open(settings, memory), again):
        await mail.deliver(SUPPORT, _letter(2))
        await again.reach(1)
    assert {i.content for i in again.items.values()} <= {_letter(1), _letter(2)}


async def test_a_backlog_comes_in_batches_of_fifty(mail: MailWorld) -> None:
    for number in range(120):
        await mail.deliver(SUPPORT, _letter(number))
    journal = Journal()
    sizes: list[int] = []

    async def accept(items: Sequence[RawItem]) -> list[Acceptance]:
        sizes.append(len(items))
        return await journal.accept(items)

    adapter = _open(_settings(mail.imap_port))
    task = asyncio.create_task(adapter.receive(accept))
    await journal.reach(120)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sizes == [50, 50, 20]


async def test_a_new_uidvalidity_means_a_rescan_with_the_same_content_keys(mail: MailWorld) -> None:
    await mail.deliver(SUPPORT, _letter(0))
    memory, journal = Memory(), Journal()
    async with _hearing(_open(_settings(mail.imap_port), memory), journal):
        await journal.reach(1)
    async with MailWorld(uid_validity=8) as other:
        await other.deliver(SUPPORT, _letter(0))
        async with _hearing(_open(_settings(other.imap_port), memory), journal):
            await journal.reach(2)
    assert len({i.content_key for i in journal.items.values()}) == 1


async def test_a_dropped_line_is_unavailable(mail: MailWorld) -> None:
    await mail.deliver(SUPPORT, _letter(0))
    journal = Journal()
    async with _hearing(_open(_settings(mail.imap_port, poll_seconds=60)), journal) as task:
        await journal.reach(1)
        mail.drop_imap_connections()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(task, 10)


@pytest.mark.parametrize("after", [20, 300, 600, 900, 1000, 1100, 1200, 1300, 1400, 1600])
async def test_a_line_cut_anywhere_leaves_no_half_letter(mail: MailWorld, after: int) -> None:
    for number in range(3):
        await mail.deliver(SUPPORT, _letter(number))
    memory, journal = Memory(), Journal()
    async with serving(cutting_line(mail.imap_port, after)) as port:
        with contextlib.suppress(Unavailable, TimeoutError):
            await asyncio.wait_for(
                _open(_settings(port, poll_seconds=0.1), memory).receive(journal.accept), 1
            )
        async with _hearing(_open(_settings(port), memory), journal):
            await journal.reach(3)
    assert [i.content for i in journal.items.values()] == [_letter(n) for n in range(3)]


async def test_cancelling_ends_the_thread_soon(mail: MailWorld) -> None:
    await mail.deliver(SUPPORT, _letter(0))
    journal = Journal()
    adapter = _open(_settings(mail.imap_port, poll_seconds=600))
    task = asyncio.create_task(adapter.receive(journal.accept))
    await journal.reach(1)
    task.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(task, return_exceptions=True)


async def test_without_the_lease_nothing_is_fetched_or_sent(mail: MailWorld) -> None:
    await mail.deliver(SUPPORT, _letter(0))
    journal = Journal()
    with pytest.raises(Unavailable):
        await _open(_settings(mail.imap_port), alive=False).receive(journal.accept)
    assert not journal.items
    relay = ScriptedRelay({})
    async with serving(relay.talk) as port:
        with pytest.raises(TryLater):
            await _open(_settings(smtp_port=port), alive=False).send(MESSAGE, free_to_leave)
    assert relay.letters == []


async def test_a_reply_reaches_the_customer(mail: MailWorld) -> None:
    adapter = _open(
        _settings(mail.imap_port, mail.smtp_port, smtp_user=SUPPORT, smtp_password=SUPPORT_PASSWORD)
    )
    receipt = await adapter.send(replace(MESSAGE, text="line\n.\n..dots\n您好"), free_to_leave)
    (raw,) = await mail.wait_for_letter("li@example.cn")
    letter = parse_letter(raw)
    assert (letter.text, letter.message_id, receipt.external_id) == (
        "line\n.\n..dots\n您好",
        MESSAGE.message_id,
        MESSAGE.message_id,
    )
    mail.refuse("gone@example.cn")
    with pytest.raises(Refused):
        await adapter.send(replace(MESSAGE, address="gone@example.cn"), free_to_leave)
    with pytest.raises(Refused):
        await adapter.send(replace(MESSAGE, address="no address"), free_to_leave)


@pytest.mark.parametrize(
    ("stage", "answer", "failure"),
    [
        ("CONNECT", "421 busy", TryLater), ("CONNECT", DROP, TryLater), ("EHLO", DROP, TryLater),
        ("MAIL", "451 later", TryLater), ("MAIL", "550 no", Refused), ("MAIL", DROP, TryLater), ("MAIL", "530 log in", Misconfigured),
        ("RCPT", "450 grey", TryLater), ("RCPT", "421 bye", TryLater), ("RCPT", "550 unknown", Refused), ("RCPT", DROP, TryLater),
        ("DATA", "451 later", TryLater), ("DATA", "554 no", Refused), ("DATA", DROP, TryLater),
        (".", "451 later", TryLater), (".", "554 spam", Refused), (".", DROP, Unsure),
    ],
)  # fmt: skip
async def test_each_stage_fails_in_its_own_way(stage: str, answer: str, failure: type[Exception]) -> None:
    relay = ScriptedRelay({stage: answer})
    async with serving(relay.talk) as port:
        with pytest.raises(failure):
            await _open(_settings(smtp_port=port)).send(MESSAGE, free_to_leave)
    assert relay.verbs.count("DATA") <= 1


async def test_nothing_leaves_unprotected_when_tls_is_demanded() -> None:
    relay = ScriptedRelay({})
    async with serving(relay.talk) as port:
        with pytest.raises(Misconfigured, match="STARTTLS"):
            await _open(_settings(smtp_port=port, smtp_security="starttls")).send(MESSAGE, free_to_leave)
        with pytest.raises(TryLater):
            await _open(_settings(smtp_port=port, smtp_security="tls", timeout_seconds=1)).send(
                MESSAGE, free_to_leave
            )
    assert relay.letters == []
    assert "MAIL" not in relay.verbs


def test_a_letter_that_is_too_large_shows_its_headers_and_a_notice() -> None:
    block = b"From: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary=B\r\nContent-Transfer-Encoding: base64\r\nSubject: big\r\n\r\n"
    letter = parse_letter(headers_only(block, 40_000_000))
    assert (letter.from_address, letter.subject) == ("a@b.example", "big")
    assert "40000000" in letter.text
    assert group_by_size([(1, 30_000_000), (2, 30_000_000), (3, 10)]) == [
        [(1, 30_000_000)],
        [(2, 30_000_000)],
        [(3, 10)],
    ]
    assert [len(group) for group in group_by_size([(uid, 10) for uid in range(1, 121)])] == [50, 50, 20]


def test_the_content_key_sees_the_letter_and_not_its_way() -> None:
    assert content_key(_letter(1)) == content_key(
        b"Received: by b\r\nDelivered-To: x@y.example\r\n" + _letter(1)
    )
    assert content_key(_letter(1)) != content_key(_letter(1).replace(b"Hello", b"Other"))
