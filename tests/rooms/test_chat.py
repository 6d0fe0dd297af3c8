"""When the visitor of a chat leaves: nothing is lost, doubled, or told to somebody else."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from channels.adapter import Opened
from hub.actions.answers.deliver import deliver_due
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.chat.part import look_at_chats
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.housekeeping import tidy
from hub.actions.note import add_note
from hub.actions.ports import make_ports
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.actions.surveys.invite import invite_now
from hub.actions.timers import fire_due
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.interactions import OutboundAttachment
from hub.model.people import Actor, Role
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from storage import chat as stored
from tests.fakes.chat import CHAT, Visitor, answers, pass_minutes
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import MAIL, SYSTEM, a_hub, an_agent, ledger, letter, one, rows, ticket

LI = "li@x.example"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, CHAT) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
def li(ctx: Context) -> Visitor:
    return Visitor(ctx, "li")


async def letters(ctx: Context) -> list[dict[str, Any]]:
    """Those that left, or wait to leave, by the mail channel."""
    found = await rows(
        ctx,
        """SELECT o.*, i.text, i.automatic FROM outbox o JOIN interaction i ON i.id = o.interaction_id
           JOIN channel c ON c.id = o.channel_id WHERE c.kind = 'email' ORDER BY o.id""",
    )
    return [one | {"said": one["message"]["text"], "to": one["message"]["address"]} for one in found]


async def left_unseen(ctx: Context, li: Visitor, *texts: str, named: str = LI, **more: Any) -> dict[str, Any]:
    """They wrote, named an address, were answered, and have been gone for five minutes."""
    await li.lounge.here(li.key, "p1")
    opened = await li.says(email=named, **more)
    for text in texts or ("On its way.",):
        await answers(ctx, opened, text)
    await li.lounge.gone(li.key, "p1")
    await pass_minutes(ctx, 5)
    return opened


# ── when they leave ─────────────────────────────────────────────────────────────────────────────────────────────────
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
    (link,) = re.findall(r"/chat/chat#key=([A-Za-z0-9_-]{32})\b", sent["said"])
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
        raise RuntimeError("the hub dies here")

    for where in ("set_look", "went_by_mail"):
        with monkeypatch.context() as patch:
            patch.setattr(stored, where, dies)
            with pytest.raises(RuntimeError):
                await look_at_chats(ctx)
        assert await letters(ctx) == []
    async with a_hub(database_dsn, CHAT) as other:
        await look_at_chats(other)
    assert len(await letters(ctx)) == 1


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


# ── what may be opened, and by whom ─────────────────────────────────────────────────────────────────────────────────
async def test_files_are_opened_in_their_own_conversation_alone(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x05\x08\x06\0\0\0"
    line = await answers(
        ctx,
        opened,
        "Here",
        attachments=[
            OutboundAttachment(filename="cup.png", content_type="image/png", data=png),
            OutboundAttachment(
                filename="page.png", content_type="image/png", data=b"<script>alert(1)</script>"
            ),
        ],
    )
    (shown,) = [one for one in await make_ports(ctx, "chat").transcript.since(li.key, 0) if one.id == line]
    assert [(file.number, file.name, file.picture) for file in shown.files] == [
        (1, "cup.png", True),
        (2, "page.png", True),
    ]
    cup = await li.lounge.open_file(li.key, line, 1)
    assert cup is not None and (cup.media_type, cup.content) == ("image/png", png)
    page = await li.lounge.open_file(li.key, line, 2)
    assert page is not None and page.media_type == "application/octet-stream"
    bob = Visitor(ctx, "bob")
    await bob.says()
    for number in (0, -1, 3, 2**70):
        assert await li.lounge.open_file(li.key, line, number) is None
    assert await bob.lounge.open_file(bob.key, line, 1) is None
    assert await bob.lounge.open_file("", line, 1) is None
    assert await make_ports(ctx, "talk").lounge.open_file(li.key, line, 1) is None


async def test_a_key_opens_one_conversation_of_one_chat_until_its_time_is_over(
    ctx: Context, li: Visitor
) -> None:
    assert await li.lounge.make_key(li.key, 3600) == "", "a blank page would hide that somebody reads along"
    await li.says()
    key = await li.lounge.make_key(li.key, 3600)
    assert len(key) == 32
    for _ in range(2):
        assert await li.lounge.use_key(key) == Opened(thread_key=li.key)
    for wrong in ("", "x" * 32, key[:-1], f"{key} ", "\0", "\ud800"):
        assert await li.lounge.use_key(wrong) is None
    assert await make_ports(ctx, "talk").lounge.use_key(key) is None
    kept = await rows(ctx, "SELECT * FROM chat_key")
    assert key.encode() not in kept[0]["key_hash"], "what is kept opens nothing"
    for _ in range(25):
        await li.lounge.make_key(li.key, 7200)
    assert await one(ctx, "SELECT count(*) FROM chat_key") == 20
    again = await li.lounge.make_key(li.key, 3600 * 24 * 365)
    await pass_minutes(ctx, 7 * 24 * 60 + 1)
    assert await li.lounge.use_key(again) is None, "a week at the most, whatever was asked for"
    await tidy(ctx)
    assert await one(ctx, "SELECT count(*) FROM chat_key") == 0


async def test_a_copy_goes_once_an_hour_and_to_a_stranger_only_what_the_house_wrote(
    ctx: Context, li: Visitor
) -> None:
    """Otherwise anybody could have us write anything to anybody (S19)."""
    assert not await li.lounge.transcript_to(li.key)
    opened = await li.says("Buy cheap watches", email=LI)
    await one(ctx, "UPDATE interaction SET direction = 'out', automatic = 'rule' RETURNING 1")
    assert not await li.lounge.transcript_to(li.key), "nothing was answered by anybody"
    await one(ctx, "UPDATE interaction SET direction = 'in', automatic = '' RETURNING 1")
    await answers(ctx, opened, "We sell parcels.")
    assert await li.lounge.transcript_to(li.key)
    assert not await li.lounge.transcript_to(li.key)
    (copy,) = await letters(ctx)
    assert "We sell parcels." in copy["said"] and "watches" not in copy["said"] + copy["message"]["subject"]
    await one(ctx, "UPDATE identity SET verified = true WHERE kind = 'email' RETURNING 1")
    await pass_minutes(ctx, 61)
    assert await li.lounge.transcript_to(li.key)
    sent = (await letters(ctx))[-1]["said"]
    assert "watches" in sent, "whose address it is may have all of it"
    assert await li.lounge.use_key(sent.rpartition("#key=")[2]) == Opened(thread_key=li.key)


async def test_one_address_gets_three_copies_a_day_whoever_asks(ctx: Context) -> None:
    sent = 0
    for number in range(5):
        visitor = Visitor(ctx, f"v{number}")
        await answers(ctx, await visitor.says(email=LI.replace("@", f"+{number}@")))
        sent += await visitor.lounge.transcript_to(visitor.key)
    assert sent == 3 == len(await letters(ctx))


async def test_no_method_reaches_into_another_conversation(ctx: Context, li: Visitor) -> None:
    """Whatever a visitor says of themselves changes nothing of anybody else."""
    opened = await left_unseen(ctx, li)
    before = await rows(ctx, "SELECT * FROM chat")
    bob = Visitor(ctx, "bob")
    await bob.says()
    line = await one(ctx, "SELECT max(id) FROM interaction WHERE direction = 'out'")
    await bob.lounge.here(bob.key, "p1")
    await bob.lounge.seen(bob.key, line)
    await bob.lounge.typing(bob.key, True)
    await bob.lounge.gone(bob.key, "p1")
    await bob.lounge.go_on_by_mail(bob.key, "bob@y.example")
    assert not await bob.lounge.transcript_to(bob.key)
    assert not await bob.lounge.answer(bob.key, "no such question", {"score": 5})
    assert (await bob.lounge.standing(bob.key)).reference != show_code(TICKET, opened["code"])
    assert await rows(ctx, "SELECT * FROM chat WHERE thread_key = $1", li.key) == before
    for no_key in ("", "session.", "session.%", "session.' OR 1=1"):
        found = await bob.lounge.standing(no_key)
        assert (found.reference, found.mail, found.agent) == ("", "", "")
        await bob.lounge.seen(no_key, line)
    assert await rows(ctx, "SELECT * FROM chat WHERE thread_key = $1", li.key) == before


async def test_only_the_conversation_that_was_asked_can_answer(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    bob = Visitor(ctx, "bob")
    await bob.says()
    await answers(ctx, opened)
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    await pass_minutes(ctx, 5)
    await one(ctx, "UPDATE timer SET due_at = now() WHERE kind = 'ask_rating' RETURNING 1")
    await fire_due(ctx)
    asked = (await li.lounge.standing(li.key)).question
    assert asked
    assert not await bob.lounge.answer(bob.key, asked, {"score": 1})
    assert await li.lounge.answer(li.key, asked, {"score": 4})
    assert await one(ctx, "SELECT score FROM survey_invitation") == 4


async def test_an_agent_asks_how_they_like_it_while_they_are_there(ctx: Context, li: Visitor) -> None:
    """Once until it is resolved, and not again then."""
    opened = await li.says()
    await answers(ctx, opened)
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "Ann"))
    await invite_now(ctx, ticket_code=opened["code"], actor=ann)
    with pytest.raises(NotPossible) as refused:
        await invite_now(ctx, ticket_code=opened["code"], actor=ann)
    assert refused.value.code == "asked_already"
    asked = (await li.lounge.standing(li.key)).question
    assert asked and (await ledger(ctx, opened["id"]))[-1] == "survey_sent"
    await li.says("And the other parcel?")
    assert (await li.lounge.standing(li.key)).question == asked, "a word more is no answer"
    assert await li.lounge.answer(li.key, asked, {"score": 5})
    assert (await li.lounge.standing(li.key)).question == ""
    await answers(ctx, opened)
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    await one(ctx, "UPDATE timer SET due_at = now() WHERE kind = 'ask_rating' RETURNING 1")
    await fire_due(ctx)
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 1
    # What comes back and is resolved once more is asked about once more.
    await li.says("It is broken")
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    await one(ctx, "UPDATE timer SET due_at = now() WHERE kind = 'ask_rating' RETURNING 1")
    await fire_due(ctx)
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 2


# ── nothing is left ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_whoever_is_forgotten_leaves_no_chat_behind(ctx: Context, li: Visitor) -> None:
    opened = await left_unseen(ctx, li)
    await look_at_chats(ctx)
    await li.lounge.here(li.key, "p1")
    await li.lounge.typing(li.key, True)
    await li.lounge.make_key(li.key, 3600)
    for status in ("resolved", "closed"):
        await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", opened["customer_id"])
    chief = Actor(name="Chief", agent_id=await an_agent(ctx, "Chief"), role=Role.ADMIN)
    await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=chief)
    for table in ("chat", "chat_key", "chat_page", "chat_typing"):
        assert await one(ctx, f"SELECT count(*) FROM {table}") == 0, table


async def test_what_nobody_needs_any_more_is_tidied_away(ctx: Context, li: Visitor) -> None:
    await li.lounge.go_on_by_mail(li.key, LI)
    await li.lounge.here(li.key, "p1")
    await li.lounge.typing(li.key, True)
    await li.lounge.make_key(li.key, 60)
    assert await look_at_chats(ctx) == 0, "nothing was said: there is nothing to look at"
    await tidy(ctx)
    assert await one(ctx, "SELECT count(*) FROM chat") == 1
    await pass_minutes(ctx, 3 * 24 * 60)
    await tidy(ctx)
    for table in ("chat", "chat_key", "chat_page", "chat_typing"):
        assert await one(ctx, f"SELECT count(*) FROM {table}") == 0, table
