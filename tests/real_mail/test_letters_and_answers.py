"""Whole ways over real servers: a customer's letter to a ticket, an answer into the customer's mailbox, and back; and answers
that do not arrive, of which Postfix' own reports tell.
"""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from hub.actions.answers.reply import queue_reply
from hub.model.interactions import Mailbox
from hub.wiring import Hub
from tests.fakes.processes import until
from tests.real_mail.hubs import ANN, a_hub, a_letter, answers, tickets, timeline, write
from tests.real_mail.postfix import LATER, NOWHERE
from tests.real_mail.servers import COLLEAGUE, CUSTOMER, SUPPORT, MailServers


@pytest.fixture
async def hub(mail: MailServers, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_hub(mail, database_dsn, tmp_path) as hub:
        yield hub


async def test_a_letter_its_answer_and_the_answer_to_that(hub: Hub, mail: MailServers) -> None:
    ticket = await write(hub, mail, CUSTOMER)
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
    mail.deliver(a_letter(CUSTOMER, "Thanks", "Thank you!", to=way_back), recipient=way_back)

    async def returned() -> bool:
        return len(await timeline(hub, ticket)) == 3

    await until(returned, seconds=20, what="the customer's answer is on the ticket")
    entries = await timeline(hub, ticket)
    assert (entries[-1].text.strip(), entries[-1].thread_rule) == ("Thank you!", "token")
    assert entries[1].delivery == "sent"
    assert len(await tickets(hub)) == 1


@pytest.mark.parametrize(
    ("gone", "reason"),
    [(f"lin@{NOWHERE}", "nobody here by that name"), ("nobody@customer.example", "unknown user")],
)
async def test_an_answer_that_comes_back_is_failed_and_says_why(
    hub: Hub, mail: MailServers, gone: str, reason: str
) -> None:
    ticket = await write(hub, mail, gone)
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

    async def failed() -> bool:
        return any(one.delivery == "failed" for one in await timeline(hub, ticket))

    await until(failed, seconds=20, what="the answer is shown as failed")
    entries = await timeline(hub, ticket)
    (answer,) = [one for one in entries if one.delivery]
    assert reason in answer.delivery_detail
    assert "5.1.1" in answer.delivery_detail
    assert [one.automatic for one in entries if one.automatic] == ["bounce"]
    # Nobody is told of it by letter, least of all the address that failed.
    assert len(await tickets(hub)) == 1
    assert mail.letters(CUSTOMER) == []


async def test_an_answer_that_is_late_is_not_failed(hub: Hub, mail: MailServers) -> None:
    ticket = await write(hub, mail, f"lin@{LATER}")
    await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

    async def told() -> bool:
        return any(one.automatic == "delayed" for one in await timeline(hub, ticket))

    await until(told, seconds=20, what="the delay is on the ticket")
    assert await answers(hub, ticket) == ["sent"]
    assert len(await tickets(hub)) == 1


async def test_everybody_in_copy_gets_it_and_nobody_sees_who_is_hidden(hub: Hub, mail: MailServers) -> None:
    ticket = await write(hub, mail, CUSTOMER)
    await queue_reply(
        hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.",
        cc=[Mailbox(address="boss@customer.example")], bcc=[Mailbox(address=COLLEAGUE)],
    )  # fmt: skip

    async def arrived() -> bool:
        return bool(mail.letters(CUSTOMER) and mail.letters(COLLEAGUE))

    await until(arrived, seconds=20, what="both have the answer")
    for letters in (mail.letters(CUSTOMER), mail.letters(COLLEAGUE)):
        (raw,) = letters
        seen = message_from_bytes(raw, policy=default)
        assert (seen["To"].addresses[0].addr_spec, seen["Cc"].addresses[0].addr_spec, seen["Bcc"]) == (
            CUSTOMER, "boss@customer.example", None,
        )  # fmt: skip
        assert COLLEAGUE.encode() not in raw.partition(b"From: ")[2]

    async def told() -> bool:
        return any(one.automatic == "bounce" for one in await timeline(hub, ticket))

    # The one in copy does not exist; the customer has the answer all the same.
    await until(told, seconds=20, what="the report about the copy is on the ticket")
    assert await answers(hub, ticket) == ["sent"]


async def test_what_is_sent_is_put_into_the_folder_of_sent_letters_once(
    mail: MailServers, database_dsn: str, tmp_path: Path
) -> None:
    async with a_hub(mail, database_dsn, tmp_path, sent_folder="Sent") as hub:
        ticket = await write(hub, mail, CUSTOMER)
        await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

        async def kept() -> bool:
            return bool(mail.letters(SUPPORT, ".Sent"))

        await until(kept, seconds=30, what="the copy is in the folder")
    (copy,), (arrived,) = mail.letters(SUPPORT, ".Sent"), mail.letters(CUSTOMER)
    assert message_from_bytes(copy)["Message-ID"] == message_from_bytes(arrived)["Message-ID"]


async def test_an_answer_waits_for_a_relay_that_is_away_and_leaves_once(hub: Hub, mail: MailServers) -> None:
    ticket = await write(hub, mail, CUSTOMER)
    mail.postfix.stop()
    try:
        await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

        async def tried() -> bool:
            (answer,) = [one for one in await timeline(hub, ticket) if one.delivery]
            return answer.delivery == "queued" and "does not answer" in answer.delivery_detail

        await until(tried, seconds=20, what="the relay has been asked in vain")
    finally:
        mail.start_postfix()

    async def sent() -> bool:
        return await answers(hub, ticket) == ["sent"]

    await until(sent, seconds=60, what="the answer has left")

    async def arrived() -> bool:
        return bool(mail.letters(CUSTOMER))

    await until(arrived, seconds=20, what="the customer has it")
    assert len(mail.letters(CUSTOMER)) == 1


async def test_a_report_to_an_address_of_its_own_finds_its_letter(
    mail: MailServers, database_dsn: str, tmp_path: Path
) -> None:
    async with a_hub(mail, database_dsn, tmp_path, return_path_tokens=True) as hub:
        ticket = await write(hub, mail, f"lin@{NOWHERE}")
        await queue_reply(hub.ctx, ticket_code=ticket.code, actor=ANN, text="It left us today.")

        async def failed() -> bool:
            return await answers(hub, ticket) == ["failed"]

        await until(failed, seconds=20, what="the answer is shown as failed")
    report = message_from_bytes(mail.letters(SUPPORT)[-1], policy=default)
    assert report["X-Original-To"].startswith("support+")


async def test_two_hubs_over_one_mailbox_take_each_letter_once(
    mail: MailServers, database_dsn: str, tmp_path: Path
) -> None:
    async with (
        a_hub(mail, database_dsn, tmp_path / "one") as one,
        a_hub(mail, database_dsn, tmp_path / "two"),
    ):
        await asyncio.gather(
            *(
                asyncio.to_thread(
                    mail.deliver, a_letter(f"c{number}@customer.example", f"s{number}", "Hello")
                )
                for number in range(12)
            )
        )

        async def all_there() -> bool:
            return len(await tickets(one)) == 12

        await until(all_there, seconds=30, what="every letter is a ticket")
        subjects = sorted(ticket.subject for ticket in await tickets(one))
    assert subjects == sorted(f"s{number}" for number in range(12))
