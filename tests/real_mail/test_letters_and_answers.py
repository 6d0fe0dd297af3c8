"""Whole ways over real servers: a customer's letter to a ticket, an answer into the customer's mailbox, and back; and answers
that do not arrive, of which Postfix' own reports tell.
"""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from hub.actions.reply import queue_reply
from hub.model.people import Actor
from hub.settings import Delivery, Settings
from hub.wiring import Hub, run_hub
from storage import views
from tests.conftest import SECRET
from tests.fakes.processes import until
from tests.real_mail.postfix import LATER, NOWHERE
from tests.real_mail.servers import CUSTOMER, SUPPORT, MailServers

ANN = Actor(name="Ann")


@pytest.fixture
async def hub(mail: MailServers, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels={"support": {"kind": "email", **mail.table(burst_minutes=0)}},
        delivery=Delivery(undo_seconds=0),
    )
    async with run_hub(settings, database_dsn, grace=5) as hub:
        yield hub


def _letter(sender: str, subject: str, text: str, *, to: str = SUPPORT) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Lin <{sender}>", to, subject
    made["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@customer.example>"
    made.set_content(text)
    return made.as_bytes()


async def _tickets(hub: Hub) -> list[views.TicketRow]:
    return await hub.ctx.database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))


async def _timeline(hub: Hub, ticket: views.TicketRow) -> list[views.TimelineRow]:
    return await hub.ctx.database.read(lambda c: views.ticket_timeline(c, ticket.id))


async def _ticket_of(hub: Hub, mail: MailServers, sender: str) -> views.TicketRow:
    """The ticket that a letter from there opens."""
    mail.deliver(_letter(sender, "Where is my parcel?", "It was due on Monday."), sender=sender)

    async def opened() -> bool:
        return len(await _tickets(hub)) == 1

    await until(opened, seconds=20, what="the letter is a ticket")
    return (await _tickets(hub))[0]


async def test_a_letter_its_answer_and_the_answer_to_that(hub: Hub, mail: MailServers) -> None:
    ticket = await _ticket_of(hub, mail, CUSTOMER)
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today. 今天发出了。")

    async def arrived() -> bool:
        return len(mail.letters(CUSTOMER)) == 1

    await until(arrived, seconds=20, what="the answer is in the customer's mailbox")
    answer = message_from_bytes(mail.letters(CUSTOMER)[0], policy=default)
    body = answer.get_body(("plain",))
    assert body is not None
    assert "今天发出了。" in body.get_content()
    way_back = answer["Reply-To"].addresses[0].addr_spec
    assert way_back.startswith("support+")
    # By the address alone: no reference, another subject.
    mail.deliver(_letter(CUSTOMER, "Thanks", "Thank you!", to=way_back), recipient=way_back)

    async def returned() -> bool:
        return len(await _timeline(hub, ticket)) == 3

    await until(returned, seconds=20, what="the customer's answer is on the ticket")
    entries = await _timeline(hub, ticket)
    assert (entries[-1].text.strip(), entries[-1].thread_rule) == ("Thank you!", "token")
    assert entries[1].delivery == "sent"
    assert len(await _tickets(hub)) == 1


@pytest.mark.parametrize(
    ("gone", "reason"),
    [(f"lin@{NOWHERE}", "nobody here by that name"), ("nobody@customer.example", "unknown user")],
)
async def test_an_answer_that_comes_back_is_failed_and_says_why(
    hub: Hub, mail: MailServers, gone: str, reason: str
) -> None:
    ticket = await _ticket_of(hub, mail, gone)
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

    async def failed() -> bool:
        return any(one.delivery == "failed" for one in await _timeline(hub, ticket))

    await until(failed, seconds=20, what="the answer is shown as failed")
    entries = await _timeline(hub, ticket)
    (answer,) = [one for one in entries if one.delivery]
    assert reason in answer.delivery_detail
    assert "5.1.1" in answer.delivery_detail
    assert [one.automatic for one in entries if one.automatic] == ["bounce"]
    # Nobody is told of it by letter, least of all the address that failed.
    assert len(await _tickets(hub)) == 1
    assert mail.letters(CUSTOMER) == []


async def test_an_answer_that_is_late_is_not_failed(hub: Hub, mail: MailServers) -> None:
    ticket = await _ticket_of(hub, mail, f"lin@{LATER}")
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

    async def told() -> bool:
        return any(one.automatic == "delayed" for one in await _timeline(hub, ticket))

    await until(told, seconds=20, what="the delay is on the ticket")
    assert [one.delivery for one in await _timeline(hub, ticket) if one.delivery] == ["sent"]
    assert len(await _tickets(hub)) == 1
