"""Delivery reports: each recipient settles what went to them; addresses that are no use are known as such."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from channels.adapter import RawItem
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.interactions import Mailbox
from storage import reports, threads
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SUPPORT, SYSTEM, a_hub, entry, one, raw_letter, rows, ticket, write

LI, WANG, EVIL = "li@example.cn", "wang@example.cn", "evil@x.example"
_serial = iter(range(50_000, 90_000))


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


def report(
    recipients: Sequence[tuple[str, str, str]],
    *,
    original: str = "",
    to: str = SUPPORT,
    sender: str = "MAILER-DAEMON@mx.example.cn",
) -> RawItem:
    """RFC 3464: (address, action, status) of each. `original`: the returned letter's Message-ID; "" for none."""
    uid = next(_serial)
    groups = "\r\n".join(
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; it is so\r\n"
        for address, action, status in recipients
    )
    returned = f"Message-ID: <{original}>\r\n" if original else ""
    text = (
        f"From: {sender}\r\nTo: {to}\r\nDelivered-To: {to}\r\nReturn-Path: <>\r\nSubject: Delivery Status Notification\r\n"
        f"Message-ID: <report-{uid}@mx.example.cn>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is a report.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n{groups}"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: {SUPPORT}\r\nSubject: Re: A question\r\n{returned}--b--\r\n"
    )
    return raw_letter(text.encode(), uid=uid)


async def _sent(
    ctx: Context, *, cc: Sequence[str] = (), state: str = "sent"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(ticket, outbox row) of a reply that has left."""
    opened = await ticket(ctx, await write(ctx, LI))
    interaction = await queue_reply(
        ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.", cc=[Mailbox(address=a) for a in cc]
    )
    await ctx.database.run(
        lambda c: c.execute(
            """WITH n AS (UPDATE ticket SET seq = seq + 1 WHERE id = $1 RETURNING seq),
                    o AS (UPDATE outbox SET state = $3 WHERE interaction_id = $2)
               INSERT INTO event (ticket_id, seq, kind, data)
               SELECT $1, seq, 'delivery_changed', jsonb_build_object('interaction', $2::bigint, 'state', $3::text) FROM n""",
            opened["id"], interaction, state,
        )
    )  # fmt: skip
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", interaction)
    return opened, row


async def _comes(ctx: Context, *args: Any, **more: Any) -> Any:
    (kept,) = await accept_items(ctx, "support", [report(*args, **more)])
    return kept


async def _state(ctx: Context, row: dict[str, Any]) -> str:
    return str(await one(ctx, "SELECT state FROM outbox WHERE id = $1", row["id"]))


async def _told(ctx: Context, row: dict[str, Any]) -> dict[str, str]:
    facts = await ctx.database.read(lambda c: threads.entry_facts(c, [row["interaction_id"]]))
    return {r.address: r.outcome for r in facts[row["interaction_id"]].reports}


async def _useless(ctx: Context) -> set[str]:
    found = await ctx.database.read(lambda c: reports.undeliverable(c, [LI, WANG, EVIL]))
    return {row.address for row in found}


async def test_a_copy_that_failed_is_told_and_the_answer_stands(ctx: Context) -> None:
    opened, row = await _sent(ctx, cc=[WANG])
    kept = await _comes(ctx, [(WANG, "failed", "5.1.1")], original=row["message_id"])
    assert (await ticket(ctx, kept))["id"] == opened["id"]
    assert await _state(ctx, row) == "sent"
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"]) == "pending"
    assert await _told(ctx, row) == {WANG: "failed"} and await _useless(ctx) == {WANG}


async def test_one_report_about_several(ctx: Context) -> None:
    opened, row = await _sent(ctx, cc=[WANG])
    both = [(LI, "failed", "5.2.2"), (WANG, "delivered", "2.0.0")]
    await _comes(ctx, both, original=row["message_id"])
    assert await _state(ctx, row) == "failed"
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"]) == "open"
    assert await _told(ctx, row) == {LI: "failed", WANG: "delivered"}


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0")]
)
async def test_a_delay_and_a_success_are_information(ctx: Context, action: str, status: str) -> None:
    opened, row = await _sent(ctx)
    kept = await _comes(ctx, [(LI, action, status)], original=row["message_id"])
    assert (await ticket(ctx, kept))["id"] == opened["id"]
    assert await _state(ctx, row) == "sent" and await _useless(ctx) == set()
    assert await _told(ctx, row) == {LI: "delayed" if action == "delayed" else "delivered"}
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"]) == "pending"


async def test_a_success_settles_what_was_uncertain(ctx: Context) -> None:
    _, row = await _sent(ctx, state="uncertain")
    await _comes(ctx, [(LI, "delivered", "2.0.0")], original=row["message_id"])
    assert await _state(ctx, row) == "sent"


async def test_where_the_letter_ended_need_not_be_where_it_was_sent(ctx: Context) -> None:
    _, row = await _sent(ctx)
    await _comes(ctx, [("li@forwarded.example", "failed", "5.1.1")], original=row["message_id"])
    assert await _told(ctx, row) == {LI: "failed"} and await _useless(ctx) == {LI}


async def test_a_copy_that_was_forwarded_and_failed_there_is_the_copys_failure(ctx: Context) -> None:
    _, row = await _sent(ctx, cc=[WANG])
    (kept,) = [report([("box@forwarded.example", "failed", "5.1.1")], original=row["message_id"])]
    named = kept.content.replace(
        b"Final-Recipient", b"Original-Recipient: rfc822; " + WANG.encode() + b"\r\nFinal-Recipient"
    )
    await accept_items(ctx, "support", [raw_letter(named, uid=next(_serial))])
    assert await _state(ctx, row) == "sent"
    assert await _told(ctx, row) == {WANG: "failed"} and await _useless(ctx) == {WANG}


async def test_a_report_without_the_letter_is_known_by_our_token(ctx: Context) -> None:
    """F49. The token was signed for the one who did not get it; nobody else's report fits."""
    opened, row = await _sent(ctx)
    back = SUPPORT.replace("@", f"+{row['message']['reply_token']}@")
    stranger = await _comes(ctx, [(EVIL, "failed", "5.1.1")], to=back)
    assert (await ticket(ctx, stranger))["id"] != opened["id"] and await _state(ctx, row) == "sent"
    guessed = SUPPORT.replace("@", f"+t{opened['id']}z{'0' * 26}@")
    await _comes(ctx, [(LI, "failed", "5.1.1")], to=guessed)
    assert await _state(ctx, row) == "sent" and await _useless(ctx) == set()
    kept = await _comes(ctx, [(LI, "failed", "5.1.1")], to=back)
    assert (await ticket(ctx, kept))["id"] == opened["id"]
    assert (await entry(ctx, kept))["thread_rule"] == "report"
    assert await _state(ctx, row) == "failed"


async def test_a_relays_own_message_id_is_known(ctx: Context) -> None:
    opened, row = await _sent(ctx)
    await one(
        ctx, "UPDATE outbox SET relay_id = 'relay-1@relay.example' WHERE id = $1 RETURNING 1", row["id"]
    )
    kept = await _comes(ctx, [(LI, "failed", "5.1.1")], original="relay-1@relay.example")
    assert (await ticket(ctx, kept))["id"] == opened["id"] and await _state(ctx, row) == "failed"


async def test_a_report_marks_nobody_to_whom_we_did_not_write(ctx: Context) -> None:
    _, row = await _sent(ctx, cc=[WANG])
    await _comes(ctx, [(EVIL, "failed", "5.1.1")], original=row["message_id"])
    assert await _useless(ctx) == set()


async def test_a_full_mailbox_is_not_a_useless_address(ctx: Context) -> None:
    _, row = await _sent(ctx)
    await _comes(ctx, [(LI, "failed", "4.2.2")], original=row["message_id"])
    assert await _state(ctx, row) == "failed" and await _useless(ctx) == set()


async def test_a_letter_from_there_makes_the_address_good_again(ctx: Context) -> None:
    _, row = await _sent(ctx)
    await _comes(ctx, [(LI, "failed", "5.1.1")], original=row["message_id"])
    await write(ctx, EVIL)
    assert await _useless(ctx) == {LI}
    await write(ctx, LI)
    assert await _useless(ctx) == set()


async def test_a_success_makes_it_good_again_too(ctx: Context) -> None:
    _, row = await _sent(ctx)
    await _comes(ctx, [(LI, "failed", "5.1.1")], original=row["message_id"])
    _, later = await _sent(ctx)
    await one(ctx, "INSERT INTO undeliverable (address) VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1", LI)
    await _comes(ctx, [(LI, "delivered", "2.0.0")], original=later["message_id"])
    assert await _useless(ctx) == set()


async def test_a_report_about_nothing_of_ours_is_a_ticket_that_wants_nobody(ctx: Context) -> None:
    kept = await _comes(ctx, [(LI, "failed", "5.1.1")], original="never@shop.example")
    assert (await ticket(ctx, kept))["status"] == "resolved"
    assert await _useless(ctx) == set()


async def test_a_storm_opens_nothing_and_tells_it_once(ctx: Context) -> None:
    """S23: five hundred reports, fifty at a time as a mailbox hands them over."""
    opened, row = await _sent(ctx)
    before = await one(ctx, "SELECT count(*) FROM ticket")
    for _ in range(10):
        await accept_items(
            ctx, "support", [report([(LI, "failed", "5.1.1")], original=row["message_id"]) for _ in range(50)]
        )
    assert await one(ctx, "SELECT count(*) FROM ticket") == before
    failed = await rows(
        ctx,
        "SELECT 1 FROM event WHERE ticket_id = $1 AND kind = 'delivery_changed' AND data->>'state' = 'failed'",
        opened["id"],
    )
    assert len(failed) == 1
    # An agent has found another way meanwhile: another report about the old letter does not call them back.
    await change_status(ctx, ticket_code=opened["code"], status="pending", actor=SYSTEM)
    await _comes(ctx, [(LI, "failed", "5.1.1")], original=row["message_id"])
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"]) == "pending"
