"""What an answer by mail is made of: who gets it, by which inbox, its signature, what it quotes, how it is taken back."""

from collections.abc import AsyncIterator
from dataclasses import replace as changed
from typing import Any

import pytest

from channels.adapter import Receipt
from channels.email.replies.quotes import new_text
from channels.email.sending.write import write_html
from hub.actions.answers.deliver import message_of
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.answers.signatures import set_signature
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.note import add_note
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.interactions import Mailbox
from hub.model.people import Actor
from storage import outbound
from tests.fakes.answers import LI, SALES, TWO_INBOXES, WANG, ZHAO, letter_of, open_ticket, queue
from tests.fakes.invariants import assert_invariants
from tests.fakes.outside import Outside
from tests.fakes.scene import (
    MAIL,
    SYSTEM,
    a_hub,
    an_agent,
    entry,
    letter,
    one,
    raw_letter,
    say,
    ticket,
    write,
)
from tests.fakes.sending import deliver_due


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database)


# ── who gets it ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_copies_are_written_in_one_way_and_once_and_never_to_ourselves(ctx: Context) -> None:
    opened = await open_ticket(ctx)
    row = await queue(
        ctx,
        opened,
        cc=[
            Mailbox(address="Wang@EXAMPLE.cn", name="王\r\nBcc: x"), Mailbox(address=LI.upper()), Mailbox(address=WANG),
            Mailbox(address="support+t1zk@shop.example"), Mailbox(address=SALES), Mailbox(address="a@例子.cn"),
        ],
        bcc=[Mailbox(address=WANG), Mailbox(address=ZHAO)],
    )  # fmt: skip
    assert row["message"]["cc"] == [
        {"address": WANG, "name": "王 Bcc: x"},
        {"address": "a@xn--fsqu00a.cn", "name": ""},
    ]
    assert row["message"]["bcc"] == [{"address": ZHAO, "name": ""}]


async def test_who_was_copied_by_an_answer_may_speak_in_the_ticket_and_bcc_may_not(ctx: Context) -> None:
    opened = await open_ticket(ctx)
    row = await queue(ctx, opened, cc=[Mailbox(address=WANG)], bcc=[Mailbox(address=ZHAO)])
    for sender, joins in ((WANG, True), (ZHAO, False)):
        came = await ticket(ctx, await write(ctx, sender, answers=row["message_id"]))
        assert (came["id"] == opened["id"]) is joins


@pytest.mark.parametrize(
    "address",
    [
        "", "nobody", "a@b", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b.example>",
        '"a b"@c.example', "a@b.example> RCPT TO:<c@d.example", "李@example.cn", "a@[127.0.0.1]", "a@b..example",
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused_before_anything_is_written(ctx: Context, address: str) -> None:
    opened = await open_ticket(ctx)
    for field in ("cc", "bcc"):
        with pytest.raises(NotPossible) as refused:
            await queue(ctx, opened, **{field: [Mailbox(address=address)]})
        assert refused.value.code == "bad_address"
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0
    assert await one(ctx, "SELECT status FROM ticket") == "open"


async def test_forty_people_and_no_more(ctx: Context) -> None:
    opened = await open_ticket(ctx)
    people = [Mailbox(address=f"p{n}@example.cn") for n in range(41)]
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened, cc=people[:20], bcc=people[20:])
    assert refused.value.code == "too_many_copies"
    row = await queue(ctx, opened, cc=people[:20], bcc=people[20:40])
    assert len(row["message"]["cc"]) + len(row["message"]["bcc"]) == 40


async def test_channels_that_reach_one_person_take_no_copies(ctx: Context) -> None:
    opened = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="v"))
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened, cc=[Mailbox(address=WANG)])
    assert refused.value.code == "no_copies"


# ── by which inbox ───────────────────────────────────────────────────────────────────────────────────────────────────
async def _channel(ctx: Context, row: dict[str, Any]) -> str:
    return str(await one(ctx, "SELECT name FROM channel WHERE id = $1", row["channel_id"]))


async def test_an_answer_leaves_by_the_inbox_that_was_written_to_last_or_by_the_one_that_is_asked_for(
    ctx: Context,
) -> None:
    opened = await open_ticket(ctx)
    first = await queue(ctx, opened)
    assert await _channel(ctx, first) == "support"
    await accept_items(ctx, "sales", [letter(LI, "And the price?", to=SALES, answers=first["message_id"])])
    assert await one(ctx, "SELECT count(*) FROM ticket") == 1
    second = await queue(ctx, opened)
    assert await _channel(ctx, second) == "sales"
    third = await queue(ctx, opened, inbox="support")
    assert await _channel(ctx, third) == "support"


@pytest.mark.parametrize("inbox", ["nobody", "chat", "plain", "ceo@shop.example", SALES])
async def test_what_is_no_inbox_of_ours_sends_nothing(ctx: Context, inbox: str) -> None:
    opened = await open_ticket(ctx)
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened, inbox=inbox)
    assert refused.value.code == "not_our_inbox"


async def test_an_inbox_is_nothing_to_somebody_who_chats(ctx: Context) -> None:
    opened = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="v"))
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened, inbox="support")
    assert refused.value.code == "not_our_inbox"


# ── what is quoted ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("said", "words"),
    [("Where is my parcel?\nIt is late.", "wrote:"), ("我的包裹在哪里？\n已经晚了很多天了。", "写道：")],
)
async def test_the_customers_letter_is_quoted_in_their_language_and_our_own_reader_takes_it_away(
    ctx: Context, said: str, words: str
) -> None:
    opened = await open_ticket(ctx, text=said)
    row = await queue(ctx, opened, "It is on its way.\n\n1. Look here\n2. Look there")
    text = await letter_of(row)
    first, second = said.split("\n")
    assert f"\n> {first}\n> {second}" in text
    assert words in text and f"Li <{LI}>" in text
    assert new_text(text) == "It is on its way.\n\n1. Look here\n2. Look there"
    # Whoever answers below our letter, as phones do, is read right too.
    assert new_text("谢谢\n\n" + "\n".join(f"> {line}" for line in text.split("\n"))) == "谢谢"


async def test_only_the_new_text_of_the_last_letter_is_quoted_and_never_a_note(ctx: Context) -> None:
    """S51: a canary among colleagues never leaves."""
    opened = await open_ticket(ctx, text="First question")
    first = await queue(ctx, opened, "First answer")
    await add_note(ctx, ticket_code=opened["code"], actor=SYSTEM, text="CANARY-7e1")
    back = f"Second question\n\nOn Mon, 1 Jan 2024 at 10:00, Shop <support@shop.example> wrote:\n> {first['message']['text']}"
    await write(ctx, LI, back, answers=first["message_id"])
    await add_note(ctx, ticket_code=opened["code"], actor=SYSTEM, text="CANARY-8f2")
    row = await queue(ctx, opened, "Second answer")
    assert row["message"]["quotation"]["text"] == "Second question"
    assert "CANARY" not in str(row["message"]) and "CANARY" not in await letter_of(row)


@pytest.mark.parametrize("field", ["cc", "bcc"])
async def test_nothing_said_earlier_is_quoted_to_somebody_new(ctx: Context, field: str) -> None:
    """S6. Wang was on the letter, Zhao was not."""
    opened = await open_ticket(ctx, text="SECRET-3c9", headers=[("Cc", f"Wang <{WANG}>")])
    known = await queue(ctx, opened, **{field: [Mailbox(address=WANG)]})
    assert known["message"]["quotation"]["text"] == "SECRET-3c9"
    new = await queue(ctx, opened, **{field: [Mailbox(address=WANG), Mailbox(address=ZHAO)]})
    assert "SECRET-3c9" not in str(new["message"])


async def test_nothing_is_quoted_to_an_address_that_the_letter_only_names_for_answers(ctx: Context) -> None:
    opened = await open_ticket(ctx, text="SECRET-3c9", headers=[("Reply-To", "other@example.com")])
    row = await queue(ctx, opened)
    assert row["message"]["address"] == "other@example.com"
    assert "SECRET-3c9" not in str(row["message"])


async def test_a_letter_that_may_be_forged_is_not_quoted(ctx: Context) -> None:
    failed = [("Authentication-Results", "mx.shop.example; dmarc=fail")]
    row = await queue(ctx, await open_ticket(ctx, text="Pay here: http://evil.example", headers=failed))
    assert "evil" not in str(row["message"])


async def test_an_inbox_may_quote_nothing_at_all(database_dsn: str) -> None:
    async with a_hub(database_dsn, {"support": {**MAIL, "quote_history": False}}) as ctx:
        assert "quotation" not in (await queue(ctx, await open_ticket(ctx)))["message"]


async def test_a_long_letter_is_quoted_in_part(ctx: Context) -> None:
    row = await queue(ctx, await open_ticket(ctx, text="word " * 20_000))
    text = await letter_of(row)
    assert len(text) < 11_000 and text.endswith("[…]")


def _html(row: dict[str, Any]) -> str:
    fields = ("id", "interaction_id", "channel_id", "message", "queued_at")
    return write_html(message_of(outbound.CopyRow(**{name: row[name] for name in fields}), ()))


async def test_nothing_of_a_letter_is_markup_in_the_answer(ctx: Context) -> None:
    evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> </blockquote></div>"
    opened = await open_ticket(ctx, f'"<b>Li</b>" <{LI}>', text=evil)
    html = _html(await queue(ctx, opened, evil))
    assert "<script" not in html and "<img" not in html and "<b>" not in html
    assert html.count("</blockquote>") == 1


# ── second thoughts ──────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_agents_answer_waits_and_can_be_taken_back_with_all_that_was_written(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, TWO_INBOXES, undo_seconds=10) as ctx:
        ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
        opened = await open_ticket(ctx)
        row = await queue(
            ctx,
            opened,
            "Hm.",
            actor=ann,
            cc=[Mailbox(address=WANG)],
            bcc=[Mailbox(address=ZHAO)],
            inbox="sales",
        )
        assert 0 < (row["not_before"] - row["queued_at"]).total_seconds() <= 10.5
        outside = Outside(name="sales")
        assert await deliver_due(ctx, {"sales": outside}) == 0
        assert await one(ctx, "SELECT status FROM ticket") == "pending"
        gone = await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann)
        assert (gone.text, gone.inbox) == ("Hm.", "sales")
        assert [one_.address for one_ in (*gone.cc, *gone.bcc)] == [WANG, ZHAO]
        assert await one(ctx, "SELECT status FROM ticket") == "open", "the customer still waits for an answer"
        assert await one(ctx, "SELECT waiting_since IS NOT NULL FROM ticket")
        await ctx.database.run(lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp()"))
        assert await deliver_due(ctx, {"sales": outside}) == 0
        assert outside.sent == []


async def test_programs_and_live_channels_have_no_second_thoughts(database_dsn: str) -> None:
    async with a_hub(database_dsn, undo_seconds=600) as ctx:
        ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
        by_mail = await open_ticket(ctx)
        session = await ticket(ctx, await say(ctx, "chat", session="ab" * 32, text="Hello", client_id="c1"))
        for opened, actor, waits in ((by_mail, SYSTEM, False), (session, ann, False), (by_mail, ann, True)):
            row = await queue(ctx, opened, actor=actor)
            assert ((row["not_before"] - row["queued_at"]).total_seconds() > 1) is waits


async def test_only_the_answer_that_made_a_ticket_pending_opens_it_again(ctx: Context) -> None:
    opened = await open_ticket(ctx)
    first, second = await queue(ctx, opened, "1"), await queue(ctx, opened, "2")
    await cancel_reply(ctx, interaction_id=first["interaction_id"], actor=SYSTEM)
    assert await one(ctx, "SELECT status FROM ticket") == "pending", "the second answer stands"
    await cancel_reply(ctx, interaction_id=second["interaction_id"], actor=SYSTEM)
    assert await one(ctx, "SELECT status FROM ticket") == "pending", "a person or a program had left it so"
    await change_status(ctx, ticket_code=opened["code"], status="open", actor=SYSTEM)
    third = await queue(ctx, opened, "3")
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    await cancel_reply(ctx, interaction_id=third["interaction_id"], actor=SYSTEM)
    assert await one(ctx, "SELECT status FROM ticket") == "resolved"


async def test_an_answer_that_may_have_arrived_does_not_open_its_ticket_again(ctx: Context) -> None:
    row = await queue(ctx, await open_ticket(ctx))
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET state = 'uncertain'"))
    await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=SYSTEM)
    assert await one(ctx, "SELECT status FROM ticket") == "pending"
    with pytest.raises(NotPossible):
        await send_again(ctx, interaction_id=row["interaction_id"], actor=SYSTEM)


# ── before it is written ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_agent_is_told_who_else_had_the_letter_and_what_will_stand_below(database_dsn: str) -> None:
    async with a_hub(database_dsn, TWO_INBOXES, undo_seconds=7) as ctx:
        ann = await an_agent(ctx, "ann")
        await set_signature(ctx, agent_id=ann, text="{{agent.name}} at {{inbox.address}}")
        opened = await open_ticket(
            ctx, headers=[("Cc", f"Wang <{WANG}>, {SALES}, {LI}, support+x@shop.example")]
        )
        ready = await prepare_answer(ctx, opened["code"], agent_id=ann, agent_name="Ann")
        assert ready is not None
        assert [(one_.name, one_.address) for one_ in ready.inboxes] == [
            ("support", "support@shop.example"),
            ("sales", SALES),
        ]
        assert (ready.inbox, ready.to, ready.copies, ready.undo_seconds) == ("support", LI, True, 7)
        assert ready.others == (Mailbox(address=WANG, name="Wang"),)
        assert ready.signature == "Ann at support@shop.example"
        plain = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="v"))
        bare = await prepare_answer(ctx, plain["code"], agent_id=ann, agent_name="Ann")
        assert bare is not None and (bare.inboxes, bare.to, bare.copies) == ((), "v", False)
        assert await prepare_answer(ctx, 1, agent_id=ann, agent_name="Ann") is None


# ── what a channel carries ───────────────────────────────────────────────────────────────────────────────────────────
async def test_an_answer_that_is_too_long_for_its_channel_is_refused_and_not_cut(ctx: Context) -> None:
    opened = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="v"))
    kind = ctx.channel("plain").kind
    short = changed(kind, capabilities=changed(kind.capabilities, max_text=10))
    narrow = changed(ctx, kinds={**ctx.kinds, "plain": short}, memo={})
    with pytest.raises(NotPossible) as refused:
        await queue(narrow, opened, "x" * 11)
    assert refused.value.code == "too_long"
    assert (await queue(narrow, opened, "x" * 10))["state"] == "queued"


# ── a relay that renames ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_answer_to_the_name_that_a_relay_gave_our_letter_comes_back(ctx: Context) -> None:
    """Pitfall 3: Amazon SES puts a Message-ID of its own into the place of ours."""
    opened = await open_ticket(ctx)
    row = await queue(ctx, opened)
    relay_id = "0102018f-000000@eu-west-1.amazonses.com"
    outside = Outside(Receipt(external_id=row["message_id"], relay_id=relay_id), name="support")
    await deliver_due(ctx, {"support": outside})
    assert await one(ctx, "SELECT relay_id FROM outbox") == relay_id
    back = await write(ctx, LI, answers=relay_id)
    assert (await ticket(ctx, back))["id"] == opened["id"]
    assert (await entry(ctx, back))["thread_rule"] == "reference"


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_REPORT = (
    "From: MAILER-DAEMON@mx.example.cn\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    "Message-ID: <r1@mx.example.cn>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
    "Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n{returned}\r\n--b--\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("returned", "to_token", "settles"),
    [("message_id", False, True), ("relay_id", False, True), ("", True, True), ("", False, False)],
)
async def test_a_report_finds_the_answer_that_it_is_about(
    ctx: Context, returned: str, to_token: bool, settles: bool
) -> None:
    """F49. By the Message-ID that it returns, ours or the one that the relay gave; where it returns nothing of the letter, by
    the address that it comes to. One that says nothing of all this settles nothing."""
    row = await queue(ctx, await open_ticket(ctx))
    relay_id = "0102018f-000000@eu-west-1.amazonses.com"
    outside = Outside(Receipt(external_id=row["message_id"], relay_id=relay_id), name="support")
    await deliver_due(ctx, {"support": outside})
    named = {"message_id": row["message_id"], "relay_id": relay_id}.get(returned, "")
    back = f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{named}>\r\n" if named else ""
    to = f"support+{row['message']['reply_token']}@shop.example" if to_token else "support@shop.example"
    report = _REPORT.format(to=to, recipient=LI, returned=back).encode()
    await accept_items(ctx, "support", [raw_letter(report, uid=77)])
    assert await one(ctx, "SELECT state FROM outbox") == ("failed" if settles else "sent")
    if settles:
        assert "5.1.1" in await one(ctx, "SELECT error FROM outbox")
        assert await one(ctx, "SELECT count(*) FROM ticket") == 1
