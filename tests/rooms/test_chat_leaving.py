"""When the visitor of a chat leaves: nothing is lost, doubled, or told to somebody else."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from structlog.testing import capture_logs

from channels.adapter import Opened, Refused, TryLater
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.chat.part import look_at_chats
from hub.actions.chat.room import MISSED_PER_ADDRESS
from hub.actions.context import Context
from hub.actions.note import add_note
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.model.interactions import OutboundAttachment
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from storage import chat as stored
from tests.fakes.chat import CHAT, LI, Visitor, answers, left_unseen, letters, pass_minutes
from tests.fakes.invariants import assert_invariants
from tests.fakes.outside import Outside
from tests.fakes.scene import (
    MAIL,
    SYSTEM,
    a_hub,
    ledger,
    letter,
    mend_ledger,
    one,
    rows,
    spoil_ledger,
    ticket,
)
from tests.fakes.sending import deliver_due


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, CHAT) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
def li(ctx: Context) -> Visitor:
    return Visitor(ctx, "li")


async def test_what_was_not_seen_goes_to_their_address_as_one_letter(ctx: Context, li: Visitor) -> None:
    opened = await li.says(email=LI)
    await li.lounge.here(li.key, "p1")
    seen = await answers(ctx, opened, "This was seen")
    await li.lounge.seen(li.key, seen)
    await answers(ctx, opened, "Parcel one is on its way.")
    await answers(ctx, opened, "And {braces} are no trouble.")
    await add_note(ctx, ticket_code=opened["code"], actor=SYSTEM, text="A secret among colleagues")
    assert await look_at_chats(ctx) == 0
    await li.lounge.gone(li.key, "p1")
    await pass_minutes(ctx, 2.5)
    await look_at_chats(ctx)
    assert await letters(ctx) == []
    await pass_minutes(ctx, 1)
    assert await look_at_chats(ctx) == 1
    (sent,) = await letters(ctx)
    assert (sent["to"], sent["automatic"], sent["state"]) == (LI, "chat_missed", "queued")
    assert sent["said"].index("Parcel one") < sent["said"].index("{braces}")
    for absent in ("This was seen", "secret", "Where is my parcel"):
        assert absent not in sent["said"] + sent["message"]["subject"], absent
    (link,) = re.findall(r"/chat/chat#key=([\w-]{32})(?![\w-])", sent["said"])
    opened_by = await li.lounge.use_key(link)
    wrote = await one(ctx, "SELECT max(id) FROM interaction WHERE direction = 'in'")
    assert opened_by == Opened(thread_key=li.key, since=wrote), (
        "to a claimed address: nothing that the visitor wrote"
    )
    assert link not in sent["text"] and "Parcel one" in sent["text"], "the desk has the words and not the key"
    assert (await ledger(ctx, opened["id"]))[-1] == "interaction_added"
    await pass_minutes(ctx, 60)
    await look_at_chats(ctx)
    assert len(await letters(ctx)) == 1


async def test_words_that_are_taken_back_before_they_leave_are_in_no_letter(
    ctx: Context, li: Visitor
) -> None:
    """The first answer waits for the second try of its channel, and the other behind it: either can be taken back."""
    opened = await left_unseen(ctx, li, "Parcel one is on its way.", "CANARY", leaves=False)
    chat = Outside(TryLater("busy", retry_after=600), name="chat")
    assert await deliver_due(ctx, {"chat": chat}) == 1
    for _ in range(2):
        assert await look_at_chats(ctx) == 1
        assert await letters(ctx) == []
        assert await look_at_chats(ctx) == 0, "it is not looked all the time"
        await pass_minutes(ctx, 1.1)
    second = await one(ctx, "SELECT max(interaction_id) FROM outbox")
    await cancel_reply(ctx, interaction_id=second, actor=SYSTEM)
    await one(ctx, "UPDATE outbox SET not_before = clock_timestamp() WHERE state = 'queued' RETURNING 1")
    await one(ctx, "UPDATE channel SET hold_until = NULL WHERE name = 'chat' RETURNING 1")
    assert await deliver_due(ctx, {"chat": chat}) == 1
    assert await look_at_chats(ctx) == 1
    (sent,) = await letters(ctx)
    assert "Parcel one" in sent["said"] and "CANARY" not in sent["said"]
    assert await one(ctx, "SELECT id FROM ticket") == opened["id"]
    await pass_minutes(ctx, 2)
    assert await look_at_chats(ctx) == 0


async def test_what_has_left_goes_by_letter_and_what_leaves_later_by_another(
    ctx: Context, li: Visitor
) -> None:
    opened = await left_unseen(ctx, li, "One.")
    await answers(ctx, opened, "Two.", leaves=False)
    assert await look_at_chats(ctx) == 1
    chat = Outside(name="chat")
    assert await deliver_due(ctx, {"chat": chat}) == 1
    await pass_minutes(ctx, 5)
    assert await look_at_chats(ctx) == 1
    first, second = await letters(ctx)
    assert [("One." in row["said"], "Two." in row["said"]) for row in (first, second)] == [
        (True, False),
        (False, True),
    ]


async def test_an_answer_that_failed_is_for_its_agent_to_decide(ctx: Context, li: Visitor) -> None:
    await left_unseen(ctx, li, "CANARY", leaves=False)
    assert await deliver_due(ctx, {"chat": Outside(Refused("no"), name="chat")}) == 1
    failed = await one(ctx, "SELECT interaction_id FROM outbox WHERE state = 'failed'")
    for looks in (1, 0):
        assert await look_at_chats(ctx) == looks
        assert await letters(ctx) == []
        await pass_minutes(ctx, 5)
    await send_again(ctx, interaction_id=failed, actor=SYSTEM)
    assert await deliver_due(ctx, {"chat": Outside(name="chat")}) == 1
    await look_at_chats(ctx)
    assert ["CANARY" in row["said"] for row in await letters(ctx)] == [True]


async def test_chinese_customers_are_written_to_in_chinese(ctx: Context, li: Visitor) -> None:
    await left_unseen(ctx, li, "正在配送。", text="我的包裹到哪里了？")
    await look_at_chats(ctx)
    (sent,) = await letters(ctx)
    assert "您离开在线咨询后" in sent["said"] and "正在配送。" in sent["said"]


async def test_two_hubs_write_one_letter(ctx: Context, li: Visitor, database_dsn: str) -> None:
    await left_unseen(ctx, li)
    async with a_hub(database_dsn, CHAT) as other:
        await asyncio.gather(*(look_at_chats(hub) for hub in (ctx, other, ctx, other)))
    assert len(await letters(ctx)) == 1


async def test_a_hub_that_dies_in_between_has_written_nothing(
    ctx: Context, li: Visitor, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the letter was made, before it is noted that it was: the next hub finds all as it was."""
    await left_unseen(ctx, li)

    async def dies(*_: object, **__: object) -> None:
        raise asyncio.CancelledError("the hub dies here")

    for where in ("set_look", "went_by_mail"):
        with monkeypatch.context() as patch:
            patch.setattr(stored, where, dies)
            with pytest.raises(asyncio.CancelledError):
                await look_at_chats(ctx)
        assert await letters(ctx) == []
    async with a_hub(database_dsn, CHAT) as other:
        await look_at_chats(other)
    assert len(await letters(ctx)) == 1


async def test_one_that_cannot_be_seen_to_is_put_off_and_the_others_are_seen_to(
    ctx: Context, li: Visitor
) -> None:
    bad = await left_unseen(ctx, li)
    await left_unseen(ctx, Visitor(ctx, "wang"), named="wang@x.example")
    await spoil_ledger(ctx, bad["id"])
    with capture_logs() as logged:
        assert await look_at_chats(ctx) == 2
        assert await look_at_chats(ctx) == 0
    assert [(line["event"], line["ticket"]) for line in logged] == [("chat.put_off", bad["id"])]
    assert [one["to"] for one in await letters(ctx)] == ["wang@x.example"]
    await mend_ledger(ctx, bad["id"])
    await pass_minutes(ctx, 61)
    await look_at_chats(ctx)
    assert [one["to"] for one in await letters(ctx)] == ["wang@x.example", LI]


async def test_a_crash_of_the_database_sends_nobody_a_letter_early(ctx: Context, li: Visitor) -> None:
    """Who was there is forgotten then; whoever still is says so within seconds."""
    opened = await li.says(email=LI)
    await li.lounge.here(li.key, "p1")
    await answers(ctx, opened)
    await one(ctx, "WITH gone AS (DELETE FROM chat_page) SELECT 1")
    await pass_minutes(ctx, 4)
    assert await look_at_chats(ctx) == 1
    assert await letters(ctx) == []
    await li.lounge.here(li.key, "p1")
    await pass_minutes(ctx, 0.5)
    await look_at_chats(ctx)
    assert await letters(ctx) == []


async def test_a_page_that_dies_without_a_word_is_noticed(ctx: Context, li: Visitor) -> None:
    opened = await li.says(email=LI)
    await li.lounge.here(li.key, "p1")
    await answers(ctx, opened)
    await pass_minutes(ctx, 5)
    await look_at_chats(ctx)
    assert len(await letters(ctx)) == 1


async def test_without_an_address_nothing_goes_and_with_one_it_does(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    await li.lounge.here(li.key, "p1")
    await answers(ctx, opened)
    await li.lounge.gone(li.key, "p1")
    await pass_minutes(ctx, 5)
    await look_at_chats(ctx)
    assert await look_at_chats(ctx) == 0, "nothing is expected any more"
    assert await letters(ctx) == []
    for no_address in ("", "nobody", "support@shop.example", "no-reply@x.example", "a@b@c"):
        assert not await li.lounge.go_on_by_mail(li.key, no_address)
    assert await li.lounge.go_on_by_mail(li.key, LI)
    await look_at_chats(ctx)
    (sent,) = await letters(ctx)
    assert sent["to"] == LI
    claimed = await rows(ctx, "SELECT value, verified FROM identity WHERE kind = 'email'")
    assert claimed == [{"value": LI, "verified": False}], "it is known to be said, and by nobody proven"


@pytest.mark.parametrize("named", ["support@shop.example", "no-reply@x.example"])
async def test_what_was_named_beside_a_message_is_looked_at_too(
    ctx: Context, li: Visitor, named: str
) -> None:
    """A letter to ourselves would come back as the customer's."""
    await left_unseen(ctx, li, named=named)
    await look_at_chats(ctx)
    assert await letters(ctx) == []


async def test_an_address_from_which_letters_came_back_gets_none(ctx: Context, li: Visitor) -> None:
    await left_unseen(ctx, li)
    await one(
        ctx, "INSERT INTO undeliverable (address, status, reason) VALUES ($1, '5.1.1', 'x') RETURNING 1", LI
    )
    await look_at_chats(ctx)
    assert await letters(ctx) == []


async def test_a_chat_without_a_mail_channel_keeps_to_itself(ctx: Context) -> None:
    li = Visitor(ctx, "li", "talk")
    assert not await li.lounge.go_on_by_mail(li.key, LI)
    await left_unseen(ctx, li)
    await look_at_chats(ctx)
    assert await letters(ctx) == []
    assert not await li.lounge.transcript_to(li.key)


async def test_after_the_letter_answers_go_by_mail_until_they_are_back(ctx: Context, li: Visitor) -> None:
    opened = await left_unseen(ctx, li)

    async def way() -> str:
        prepared = await prepare_answer(ctx, opened["code"], agent_id=None, agent_name="Ann")
        assert prepared is not None and prepared.way is not None
        return prepared.way.key

    assert await way() == f"talk:chat:{li.key}"
    await look_at_chats(ctx)
    assert await way() == f"mail:{LI}"
    await answers(ctx, opened, "One more thing.")
    missed, further = await letters(ctx)
    assert (missed["automatic"], further["automatic"], further["to"]) == ("chat_missed", "", LI)
    # A second page of theirs that was never closed is no coming back; opening one is.
    await li.lounge.here(li.key, "p2")
    assert await way() == f"talk:chat:{li.key}"
    await li.lounge.gone(li.key, "p2")
    assert await way() == f"talk:chat:{li.key}"


async def test_there_and_back_again_through_real_mail(database_dsn: str) -> None:
    """The letter leaves over SMTP with its file, no machine is to answer it, and the answer to it lands on the ticket."""
    async with MailWorld(uid_validity=7) as mail:
        world = {**MAIL, "imap_port": mail.imap_port, "smtp_port": mail.smtp_port,
                 "smtp_user": SUPPORT, "smtp_password": SUPPORT_PASSWORD}  # fmt: skip
        async with a_hub(database_dsn, {**CHAT, "support": world}) as ctx:
            li = Visitor(ctx, "li")
            opened = await left_unseen(ctx, li)
            bill = OutboundAttachment(filename="bill.txt", content_type="text/plain", data=b"paid")
            await answers(ctx, opened, "", attachments=[bill])
            await pass_minutes(ctx, 5)
            await look_at_chats(ctx)
            adapters = {
                name: ctx.channel(name).kind.open(name, ctx.channel(name).settings, make_ports(ctx, name))
                for name in ("chat", "support")
            }
            while await deliver_due(ctx, adapters):
                pass
            (content,) = await mail.wait_for_letter(LI)
            sent = message_from_bytes(content, policy=default)
            assert sent["Auto-Submitted"].startswith("auto-")
            body = sent.get_body(("plain",))
            assert (
                body is not None
                and "On its way." in body.get_content()
                and "/chat/chat#key=" in body.get_content()
            )
            assert [part.get_content() for part in sent.iter_attachments()] == ["paid"]
            back = letter(LI, "Thank you!", to=sent["Reply-To"], answers=sent["Message-ID"].strip("<>"))
            (kept,) = await accept_items(ctx, "support", [back])
            assert (await ticket(ctx, kept))["id"] == opened["id"]
            # Somebody else who got hold of the letter's name and address does not get in.
            foreign = letter(
                "evil@y.example", "More!", to=sent["Reply-To"], answers=sent["Message-ID"].strip("<>")
            )
            (kept,) = await accept_items(ctx, "support", [foreign])
            assert (await ticket(ctx, kept))["id"] != opened["id"]
            for adapter in adapters.values():
                await adapter.close()


async def test_one_address_gets_so_many_letters_a_day_and_the_next_waits(ctx: Context) -> None:
    """Whoever types somebody else's into one chat after the other, and finds somebody who answers (S19)."""
    opened: list[dict[str, Any]] = []
    for number in range(MISSED_PER_ADDRESS + 1):
        named = LI.replace("@", f"+{number}@")
        opened.append(await left_unseen(ctx, Visitor(ctx, f"v{number}"), named=named))
        await look_at_chats(ctx)
    assert len(await letters(ctx)) == MISSED_PER_ADDRESS
    told = "SELECT count(*) FROM interaction WHERE ticket_id = $1 AND fields->>'chat' = 'withheld'"
    last = opened[-1]["id"]
    assert await one(ctx, told, last) == 1 and await one(ctx, told, opened[0]["id"]) == 0
    await pass_minutes(ctx, 60)
    await answers(ctx, opened[-1], "And something more.")
    await pass_minutes(ctx, 5)
    await look_at_chats(ctx)
    assert len(await letters(ctx)) == MISSED_PER_ADDRESS and await one(ctx, told, last) == 1, "told once"
    await pass_minutes(ctx, 24 * 60)
    await look_at_chats(ctx)
    late = (await letters(ctx))[MISSED_PER_ADDRESS:]
    assert len(late) == 1 and "On its way." in late[0]["said"] and "something more" in late[0]["said"]


async def test_who_has_shown_that_an_address_is_theirs_gets_every_letter(ctx: Context) -> None:
    for number in range(MISSED_PER_ADDRESS + 2):
        ticket = await left_unseen(ctx, Visitor(ctx, f"v{number}"))
        await one(
            ctx,
            "UPDATE identity SET verified = true WHERE customer_id = $1 AND kind = 'email' RETURNING 1",
            ticket["customer_id"],
        )
        await look_at_chats(ctx)
        await one(ctx, "UPDATE identity SET verified = false WHERE kind = 'email' RETURNING 1")
    assert len(await letters(ctx)) == MISSED_PER_ADDRESS + 2


# ── resolved by itself ──────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_conversation_that_was_answered_and_left_is_resolved_where_that_is_wanted(
    database_dsn: str,
) -> None:
    channels = {**CHAT, "chat": {**CHAT["chat"], "resolve_minutes": 30}}
    async with a_hub(database_dsn, channels) as ctx:
        li, bob = Visitor(ctx, "li"), Visitor(ctx, "bob")
        opened, waiting = await li.says(email=LI), await bob.says()
        await answers(ctx, opened)
        for visitor in (li, bob):
            await visitor.lounge.here(visitor.key, "p1")
            await visitor.lounge.gone(visitor.key, "p1")

        async def status(of: dict[str, Any]) -> str:
            return str(await one(ctx, "SELECT status FROM ticket WHERE id = $1", of["id"]))

        await pass_minutes(ctx, 5)
        await look_at_chats(ctx)
        assert await status(opened) == "pending"
        await pass_minutes(ctx, 31)
        async with a_hub(database_dsn, channels) as other:
            await asyncio.gather(look_at_chats(ctx), look_at_chats(other))
        assert (await status(opened), await status(waiting)) == ("resolved", "open")
        assert (await ledger(ctx, opened["id"])).count("status_changed") == 2
        await assert_invariants(ctx.database, by_hand=True)


async def test_a_conversation_is_not_over_while_its_answer_has_not_left(database_dsn: str) -> None:
    channels = {**CHAT, "chat": {**CHAT["chat"], "resolve_minutes": 30}}
    async with a_hub(database_dsn, channels) as ctx:
        li = Visitor(ctx, "li")
        await li.lounge.here(li.key, "p1")
        await answers(ctx, await li.says(), leaves=False)
        await li.lounge.gone(li.key, "p1")
        await pass_minutes(ctx, 40)
        await look_at_chats(ctx)
        assert await one(ctx, "SELECT status FROM ticket") == "pending"
        assert await deliver_due(ctx, {"chat": Outside(name="chat")}) == 1
        await pass_minutes(ctx, 1.1)
        await look_at_chats(ctx)
        assert await one(ctx, "SELECT status FROM ticket") == "resolved"
