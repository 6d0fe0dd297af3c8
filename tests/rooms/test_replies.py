"""Answers: what is written down when one is queued, when it is refused, and that the customer's answer finds its way back."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from typing import Any

import orjson
import pytest

from channels.adapter import RawItem
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.note import add_note
from hub.actions.participants import add_participant
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Mailbox, OutboundAttachment
from hub.model.people import Actor
from hub.model.tokens import read_thread
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import (
    CHANNELS,
    MAIL,
    SECRET,
    SYSTEM,
    a_hub,
    an_agent,
    entry,
    ledger,
    letter,
    one,
    raw_letter,
    rows,
    say,
    ticket,
    write,
)
from tests.fakes.sending import deliver_due

LI = "li@example.cn"
BOB = [("email", "bob@example.com", True)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _reply(ctx: Context, opened: dict[str, Any], text: str = "Yes.", **more: Any) -> int:
    return await queue_reply(ctx, **{"ticket_code": opened["code"], "actor": SYSTEM, "text": text, **more})


async def _message(ctx: Context, interaction_id: int) -> dict[str, Any]:
    return dict(await one(ctx, "SELECT message FROM outbox WHERE interaction_id = $1", interaction_id))


async def _form(ctx: Context, **fields: str) -> dict[str, Any]:
    posted = {"fields": {"message": "It is broken", "name": "Li", **fields}}
    (kept,) = await accept_items(
        ctx,
        "form",
        [RawItem(external_key="0b51", content=orjson.dumps(posted), received_at=letter(LI).received_at)],
    )
    return await ticket(ctx, kept)


async def test_a_reply_is_written_down_before_anything_leaves(ctx: Context) -> None:
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    opened = await ticket(
        ctx, await say(ctx, who=BOB, name="Bob", subject="Refund", reply_address="b-1", key="k")
    )
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann.agent_id, actor=ann)
    interaction_id = await _reply(ctx, opened, " It is on its way.\r\n", actor=ann)
    (said,) = await rows(ctx, "SELECT * FROM interaction WHERE id = $1", interaction_id)
    assert (said["direction"], said["text"], said["author_name"], said["agent_id"], said["thread_key"]) == (
        "out", "It is on its way.", "Ann", ann.agent_id, "k",
    )  # fmt: skip
    assert await _message(ctx, interaction_id) == {
        "ticket_code": show_code(TICKET, opened["code"]), "address": "b-1", "recipient_name": "Bob", "author_name": "Ann",
        "text": "It is on its way.", "subject": f"Re: Refund [T-{opened['code']}]", "message_id": "", "in_reply_to": "",
        "references": [], "reply_token": "",
    }  # fmt: skip
    after = (await rows(ctx, "SELECT * FROM ticket"))[0]
    assert (after["status"], after["last_preview"], after["waiting_since"]) == (
        "pending",
        "It is on its way.",
        None,
    )
    assert after["last_out_at"] is not None and after["assignee_id"] == ann.agent_id
    assert await one(ctx, "SELECT load FROM agent") == 0
    assert (await ledger(ctx, opened["id"]))[-2:] == ["interaction_added", "status_changed"]


@pytest.mark.parametrize("status", ["pending", "resolved"])
async def test_only_an_open_ticket_becomes_pending(ctx: Context, status: str) -> None:
    opened = await ticket(ctx, await say(ctx, who=BOB, reply_address="b-1"))
    await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    await _reply(ctx, opened)
    assert await one(ctx, "SELECT status FROM ticket") == status


# ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_letter_is_answered_within_its_thread(ctx: Context) -> None:
    opened = await ticket(
        ctx, await write(ctx, f"Li <{LI}>", message_id="one@example.cn", subject="Re: the order")
    )
    await write(ctx, LI, message_id="two@example.cn", answers="one@example.cn")
    first = await _message(ctx, await _reply(ctx, opened))
    second = await _message(ctx, await _reply(ctx, opened))
    assert first["subject"] == f"Re: the order [T-{opened['code']}]"
    assert (first["in_reply_to"], first["references"]) == (
        "two@example.cn",
        ["one@example.cn", "two@example.cn"],
    )
    assert second["references"] == ["one@example.cn", "two@example.cn", first["message_id"]]
    assert first["message_id"] != second["message_id"] and first["message_id"].endswith("@shop.example")
    assert read_thread(SECRET, first["reply_token"], LI) == opened["id"]
    assert first["reply_token"] in first["message_id"]
    assert (
        await one(ctx, "SELECT ticket_id FROM thread_ref WHERE ref = $1", first["message_id"]) == opened["id"]
    )


async def test_a_form_is_answered_by_e_mail_and_the_answer_comes_back(ctx: Context) -> None:
    opened = await _form(ctx, email="Li@Example.cn", subject="Broken")
    sent = await _message(ctx, await _reply(ctx, opened))
    assert (sent["address"], sent["in_reply_to"], sent["references"]) == (LI, "", [])
    assert await one(ctx, "SELECT ch.name FROM outbox JOIN channel ch ON ch.id = channel_id") == "support"
    back = await write(ctx, LI, to=f"support+{sent['reply_token']}@shop.example")
    assert (await ticket(ctx, back))["id"] == opened["id"]
    # Who answers a letter that was sent to a claimed address has proven it.
    assert await one(ctx, "SELECT count(*) FROM identity WHERE value = $1 AND verified", LI) == 1
    assert (await ticket(ctx, await write(ctx, LI)))["customer_id"] == opened["customer_id"]


async def test_a_proof_that_belongs_to_somebody_else_does_not_move(ctx: Context) -> None:
    owner = await ticket(ctx, await write(ctx, LI))
    opened = await _form(ctx, email=LI)
    sent = await _message(ctx, await _reply(ctx, opened))
    back = await ticket(ctx, await write(ctx, LI, to=f"support+{sent['reply_token']}@shop.example"))
    assert back["id"] == opened["id"] and opened["customer_id"] != owner["customer_id"]
    assert "identity_conflict" in await ledger(ctx, opened["id"])
    assert await one(ctx, "SELECT customer_id FROM identity WHERE verified") == owner["customer_id"]


async def test_a_chat_is_answered_in_the_chat(ctx: Context) -> None:
    session = "ab" * 32
    said = {"session": session, "text": "Hello", "client_id": "c1", "email": LI}
    (kept,) = await accept_items(
        ctx,
        "chat",
        [RawItem(external_key="1", content=orjson.dumps(said), received_at=letter(LI).received_at)],
    )
    opened = await ticket(ctx, kept)
    interaction_id = await _reply(ctx, opened)
    assert (await _message(ctx, interaction_id))["address"] == f"session.{session}"
    lines = await make_ports(ctx, "chat").transcript.since(f"session.{session}", 0)
    assert [(line.mine, line.text) for line in lines] == [(True, "Hello"), (False, "Yes.")]
    adapter = ctx.channel("chat").kind.open("chat", ctx.channel("chat").settings, make_ports(ctx, "chat"))
    assert await deliver_due(ctx, {"chat": adapter}) == 1
    assert await one(ctx, "SELECT state FROM outbox") == "sent"


async def test_a_letter_about_a_chat_does_not_turn_the_chats_answers(ctx: Context) -> None:
    """An e-mail address is no place in a chat: the answer would be refused there."""
    session = "ab" * 32
    said = {"session": session, "text": "Hello", "client_id": "c1", "email": LI}
    (kept,) = await accept_items(
        ctx,
        "chat",
        [RawItem(external_key="1", content=orjson.dumps(said), received_at=letter(LI).received_at)],
    )
    opened = await ticket(ctx, kept)
    await add_participant(ctx, ticket_code=opened["code"], mailbox=Mailbox(address=LI), actor=SYSTEM)
    by_mail = await write(ctx, LI, subject=f"My chat T-{opened['code']}")
    assert (await ticket(ctx, by_mail))["id"] == opened["id"]
    assert (await _message(ctx, await _reply(ctx, opened)))["address"] == f"session.{session}"


async def test_answers_go_where_the_customer_last_wrote_from(ctx: Context) -> None:
    opened = await _form(ctx, email=LI)
    sent = await _message(ctx, await _reply(ctx, opened))
    headers = [("Reply-To", "li.private@example.com")]
    await write(ctx, LI, to=f"support+{sent['reply_token']}@shop.example", headers=headers)
    assert (await _message(ctx, await _reply(ctx, opened)))["address"] == "li.private@example.com"


async def test_without_a_way_back_nothing_is_queued(ctx: Context, database_dsn: str) -> None:
    no_address, by_phone = await ticket(ctx, await say(ctx, who=BOB)), await _form(ctx, phone="13800138000")
    for opened in (no_address, by_phone):
        with pytest.raises(NotPossible) as refused:
            await _reply(ctx, opened)
        assert refused.value.code == "no_way_back"
    by_letter = await ticket(ctx, await write(ctx, LI))
    by_plain = await ticket(ctx, await say(ctx, who=BOB, reply_address="b-1"))
    without = {name: table for name, table in CHANNELS.items() if name in ("form", "loop")}
    async with a_hub(database_dsn, without) as other:
        for opened in (by_letter, by_plain):
            with pytest.raises(NotPossible) as refused:
                await _reply(other, opened)
            assert refused.value.code == "no_way_back"
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0


async def test_a_stranger_on_a_ticket_does_not_turn_its_answers(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    sent = await _message(ctx, await _reply(ctx, opened))
    await write(
        ctx, "evil@x.example", answers=sent["message_id"], to=f"support+{sent['reply_token']}@shop.example"
    )
    assert (await _message(ctx, await _reply(ctx, opened)))["address"] == LI


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_was_written_meanwhile_stops_a_reply(ctx: Context) -> None:
    ann, ben = [Actor(name=name, agent_id=await an_agent(ctx, name)) for name in ("ann", "ben")]
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k", reply_address="b"))

    async def seen() -> int:
        return int(await one(ctx, "SELECT seq FROM ticket"))

    looked = await seen()
    await _reply(ctx, opened, actor=ann, expected_seq=looked)
    # Not one's own words, nor what is said among colleagues.
    await _reply(ctx, opened, actor=ann, expected_seq=looked)
    await add_note(ctx, ticket_code=opened["code"], actor=ben, text="a note")
    await _reply(ctx, opened, actor=ann, expected_seq=looked)
    before = await one(ctx, "SELECT count(*) FROM outbox")
    with pytest.raises(Conflict) as conflict:
        await _reply(ctx, opened, actor=ben, expected_seq=looked)
    assert conflict.value.current_seq == await seen()
    looked = await seen()
    await say(ctx, who=BOB, key="k", reply_address="b")
    for actor in (ann, ben):
        with pytest.raises(Conflict):
            await _reply(ctx, opened, actor=actor, expected_seq=looked)
    assert await one(ctx, "SELECT count(*) FROM outbox") == before
    await _reply(ctx, opened, actor=ben, expected_seq=await seen())


async def test_of_two_who_answer_at_once_one_is_told(ctx: Context, database_dsn: str) -> None:
    ann, ben = [Actor(name=name, agent_id=await an_agent(ctx, name)) for name in ("ann", "ben")]
    opened = await ticket(ctx, await say(ctx, who=BOB, reply_address="b"))
    async with a_hub(database_dsn) as other:
        found = await asyncio.gather(
            _reply(ctx, opened, actor=ann, expected_seq=1), _reply(other, opened, actor=ben, expected_seq=1),
            return_exceptions=True,
        )  # fmt: skip
    assert sorted(type(one_).__name__ for one_ in found) == ["Conflict", "int"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"text": " \n"}, "empty"), ({"text": "x" * 100_001}, "too_long"),
        ({"attachments": (OutboundAttachment(filename="a", content_type="text/plain", data=b"x" * 21_000_000),)}, "too_much"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_is_refused(ctx: Context, wrong: dict[str, Any], code: str) -> None:
    opened = await ticket(ctx, await say(ctx, who=BOB, reply_address="b"))
    with pytest.raises(NotPossible) as refused:
        await _reply(ctx, opened, **wrong)
    assert refused.value.code == code
    assert await one(ctx, "SELECT status FROM ticket") == "open"


async def test_closed_unknown_and_fileless(ctx: Context) -> None:
    opened = await ticket(ctx, await say(ctx, "loop", text="Hi", who="w"))
    files = (OutboundAttachment(filename="a.txt", content_type="text/plain", data=b"x"),)
    for deed, wanted in (
        (_reply(ctx, opened, attachments=files), "no_files"),
        (change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM), ""),
        (_reply(ctx, opened), "closed"),
        (_reply(ctx, {"code": 1}), "not_found"),
    ):
        try:
            await deed
        except (NotPossible, NotFound) as refused:
            assert refused.code == wanted
        else:
            assert not wanted


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_reply_that_waits_can_be_cancelled_and_one_that_has_left_cannot(ctx: Context) -> None:
    opened = await ticket(ctx, await say(ctx, who=BOB, reply_address="b"))
    interaction_id = await _reply(ctx, opened)
    with pytest.raises(NotPossible):
        await send_again(ctx, interaction_id=interaction_id, actor=SYSTEM)
    for _ in range(2):
        await cancel_reply(ctx, interaction_id=interaction_id, actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await send_again(ctx, interaction_id=interaction_id, actor=SYSTEM)
    assert refused.value.code == "left_already"
    for deed in (cancel_reply, send_again):
        with pytest.raises(NotFound):
            await deed(ctx, interaction_id=4711, actor=SYSTEM)
    (event,) = await rows(ctx, "SELECT data FROM event WHERE kind = 'delivery_changed'")
    assert event["data"] == {"interaction": interaction_id, "state": "cancelled"}


async def test_there_and_back_again_through_real_mail(database_dsn: str) -> None:
    """A letter comes, is answered over SMTP, and the customer's program answers that: one ticket, one thread."""
    async with MailWorld(uid_validity=7) as mail:
        world = {**MAIL, "imap_port": mail.imap_port, "smtp_port": mail.smtp_port,
                 "smtp_user": SUPPORT, "smtp_password": SUPPORT_PASSWORD}  # fmt: skip
        async with a_hub(database_dsn, {"support": world}) as ctx:
            opened = await ticket(ctx, await write(ctx, f"Li <{LI}>", message_id="one@example.cn"))
            await add_note(ctx, ticket_code=opened["code"], actor=SYSTEM, text="CANARY among colleagues")
            files = (OutboundAttachment(filename="收据.txt", content_type="text/plain", data=b"paid"),)
            await _reply(ctx, opened, "您好", attachments=files)
            configured = ctx.channel("support")
            adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
            assert await deliver_due(ctx, {"support": adapter}) == 1
            (content,) = await mail.wait_for_letter(LI)
            sent = message_from_bytes(content)
            token = str((await rows(ctx, "SELECT message FROM outbox"))[0]["message"]["reply_token"])
            assert sent["In-Reply-To"] == "<one@example.cn>" and sent["References"] == "<one@example.cn>"
            assert f"support+{token}@shop.example" in sent["Reply-To"]
            assert b"CANARY" not in content
            assert [part.get_payload(decode=True) for part in sent.walk() if part.get_filename()] == [b"paid"]
            back = letter(
                LI, "谢谢", to=f"support+{token}@shop.example", answers=sent["Message-ID"].strip("<>")
            )
            (kept,) = await accept_items(ctx, "support", [raw_letter(back.content, uid=99)])
            assert (await ticket(ctx, kept))["id"] == opened["id"]
            assert (await entry(ctx, kept))["thread_rule"] == "token"
            await adapter.close()
            await assert_invariants(ctx.database)
