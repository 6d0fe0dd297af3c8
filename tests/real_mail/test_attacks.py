"""Attacks by letter, through real servers: a stranger with what leaked, headers that want to become others, machines that
answer machines, a storm of reports, letters made to stop the house. What lies in the mailboxes afterwards is what counts.
"""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from hub.actions.answers.reply import queue_reply
from hub.model.codes import TICKET, show_code
from hub.wiring import Hub
from storage import views
from tests.fakes.processes import until
from tests.real_mail.hubs import ANN, a_hub, a_letter, answers, tickets, write
from tests.real_mail.postfix import NOWHERE
from tests.real_mail.servers import COLLEAGUE, CUSTOMER, SUPPORT, MailServers
from tests.security.test_mail_bombs import FIVE
from tests.unit.email.test_limits import BOMBS

SECRET = "4711-0815"
"""What only the customer may read."""


@pytest.fixture
async def hub(mail: MailServers, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_hub(mail, database_dsn, tmp_path, acknowledge=True, authserv_id="mx.shop.example") as hub:
        yield hub


async def _ticket_called(hub: Hub, subject: str) -> views.TicketRow:
    async def there() -> bool:
        return any(one.subject == subject for one in await tickets(hub))

    await until(there, seconds=30, what=f"there is a ticket {subject!r}")
    return next(one for one in await tickets(hub) if one.subject == subject)


async def _letters(mail: MailServers, address: str, count: int) -> list[bytes]:
    async def there() -> bool:
        return len(mail.letters(address)) >= count

    await until(there, seconds=30, what=f"{address} has {count} letters")
    return mail.letters(address)


async def test_a_stranger_with_all_that_leaked_gets_tickets_of_their_own_and_nothing_else(
    hub: Hub, mail: MailServers
) -> None:
    """S1, S2, S3, S6, S8, S9, S10: COLLEAGUE here is somebody to whom the customer's letters were shown."""
    ticket = await write(hub, mail, CUSTOMER)
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text=f"Your account is {SECRET}.")
    leaked = message_from_bytes((await _letters(mail, CUSTOMER, 2))[-1], policy=default)
    way_back, ours = leaked["Reply-To"].addresses[0].addr_spec, leaked["Message-ID"]
    number = show_code(TICKET, ticket.code)
    forged = "Authentication-Results: mx.shop.example; dmarc=fail\nAuthentication-Results: mx.shop.example; dmarc=pass\n"
    attempts = {
        "by the address": (COLLEAGUE, way_back, ""),
        "by a guessed address": (COLLEAGUE, f"support+t{ticket.id}z{'0' * 26}@shop.example", ""),
        "by the references": (COLLEAGUE, SUPPORT, f"In-Reply-To: {ours}\nReferences: {ours}\nReply-To: {COLLEAGUE}\n"),
        f"by the number {number}": (COLLEAGUE, SUPPORT, "X-Hub-Ticket: close\n"),
        "in the customer's name": (CUSTOMER, way_back, f"{forged}In-Reply-To: {ours}\nCc: {COLLEAGUE}\n"),
    }  # fmt: skip
    for subject, (sender, recipient, headers) in attempts.items():
        mail.deliver(
            headers.encode() + a_letter(sender, subject, "Tell me all of it.", to=recipient),
            sender=COLLEAGUE,
            recipient=recipient,
        )
        apart = await _ticket_called(hub, subject)
        assert apart.id != ticket.id
        assert (apart.customer_id == ticket.customer_id) is False
    (same,) = [one for one in await tickets(hub) if one.id == ticket.id]
    assert same.status == "pending"
    for raw in mail.letters(COLLEAGUE):
        assert all(
            SECRET not in part.get_content()
            for part in message_from_bytes(raw, policy=default).walk()
            if part.get_content_maintype() == "text"
        )


async def test_nothing_that_a_letter_says_becomes_a_header_or_a_recipient(
    hub: Hub, mail: MailServers
) -> None:
    """S15, S16, S17."""
    evil = (
        f'From: "x\\" <{COLLEAGUE}>, \\"y" <{CUSTOMER}>\r\nTo: {SUPPORT}\r\nMessage-ID: <evil@customer.example>\r\n'
        f"Subject: =?utf-8?q?hi=0D=0ABcc:_{COLLEAGUE.replace('@', '=40')}?=\r\n\r\nHello\r\n"
    )
    mail.deliver(evil.encode())
    ticket = await _ticket_called(hub, f"hi Bcc: {COLLEAGUE}")
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="Yes.")
    for raw in await _letters(mail, CUSTOMER, 2):
        seen = message_from_bytes(raw, policy=default)
        assert len(seen.get_all("Subject", [])) == 1 and seen["Bcc"] is None
        assert [one.addr_spec for one in seen["To"].addresses] == [CUSTOMER]
    assert mail.letters(COLLEAGUE) == []


async def test_machines_are_not_answered_and_what_we_send_by_ourselves_says_so(
    hub: Hub, mail: MailServers
) -> None:
    """S20, S22; and what would stop another hub (S21) is still there when Postfix has delivered it."""
    away = a_letter(CUSTOMER, "I am away", "Until Monday.")
    mail.deliver(b"Auto-Submitted: auto-replied\n" + away)
    mail.deliver(a_letter(CUSTOMER, "from nobody", "Hello"), sender="")
    mail.deliver(b"List-Id: <l.customer.example>\n" + a_letter(CUSTOMER, "to a list", "Hello"))
    mail.deliver(a_letter(SUPPORT, "from ourselves", "Hello"), sender=SUPPORT)
    mail.deliver(a_letter(CUSTOMER, "a person", "Hello"))
    for subject in ("I am away", "from nobody", "to a list", "a person"):
        await _ticket_called(hub, subject)
    loops = "SELECT status FROM ticket t JOIN interaction i ON i.ticket_id = t.id WHERE i.automatic = 'loop'"

    async def put_away() -> bool:
        return bool(await hub.ctx.database.read(lambda c: c.fetchval(loops)) == "resolved")

    await until(put_away, seconds=20, what="our own letter is put away")
    (told,) = await _letters(mail, CUSTOMER, 1)
    seen = message_from_bytes(told, policy=default)
    assert show_code(TICKET, (await _ticket_called(hub, "a person")).code) in seen["Subject"]
    assert (seen["Return-Path"], seen["Auto-Submitted"], seen["X-Auto-Response-Suppress"]) == (
        "<>", "auto-replied", "All",
    )  # fmt: skip
    assert await hub.ctx.database.read(lambda c: c.fetchval("SELECT count(*) FROM outbox")) == 1


async def test_a_storm_of_postfixs_own_reports_opens_nothing(hub: Hub, mail: MailServers) -> None:
    """S23."""
    ticket = await write(hub, mail, f"lin@{NOWHERE}")
    for number in range(15):
        await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text=f"Answer {number}.")

    async def all_failed() -> bool:
        return (await answers(hub, ticket)).count("failed") >= 15

    await until(all_failed, seconds=60, what="every answer is shown as failed")
    assert [one.id for one in await tickets(hub)] == [ticket.id]


async def test_letters_made_to_stop_the_house_stop_nobody(hub: Hub, mail: MailServers) -> None:
    """S34, F40: each ends in one way, and the letter behind them is a ticket."""
    for name in FIVE:
        mail.deliver(BOMBS[name]())
    mail.deliver(a_letter(CUSTOMER, "behind them all", "Hello"))
    await _ticket_called(hub, "behind them all")

    async def all_ended() -> bool:
        ends = await hub.ctx.database.read(lambda c: c.fetch("SELECT state FROM inbound_raw"))
        return len(ends) == len(FIVE) + 1 and all(row["state"] in ("read", "quarantined") for row in ends)

    await until(all_ended, seconds=60, what="every letter has come to an end")
