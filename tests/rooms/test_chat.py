"""What of a chat may be opened, and by whom; what is sent at a visitor's own wish; what is left of it."""

from collections.abc import AsyncIterator

import pytest

from channels.adapter import Opened
from hub.actions.chat.part import look_at_chats
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.housekeeping import tidy
from hub.actions.ports import make_ports
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.status import change_status
from hub.actions.surveys.invite import invite_now
from hub.actions.timers import fire_due
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.interactions import OutboundAttachment
from hub.model.people import Actor, Role
from tests.fakes.chat import CHAT, LI, Visitor, answers, left_unseen, letters, pass_minutes
from tests.fakes.invariants import assert_invariants
from tests.fakes.outside import Outside
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows
from tests.fakes.sending import deliver_due


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, CHAT) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
def li(ctx: Context) -> Visitor:
    return Visitor(ctx, "li")


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
    assert await deliver_due(ctx, {"support": Outside(name="support")}) == 1
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
