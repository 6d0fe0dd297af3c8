"""Drafts on the server, files that lie ready, replies that leave later, other ways to the customer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.answers import drafts, schedule
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.answers.reach import Shut
from hub.actions.answers.recall import cancel_reply
from hub.actions.answers.reply import Queued, ReplyRequest, queue_reply, queue_request
from hub.actions.cases.merge import merge_tickets
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.housekeeping import tidy
from hub.actions.note import add_note
from hub.actions.own_fields import add_field
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.drafts import DraftContent, DraftMode, Outcome, Write
from hub.model.people import Actor
from storage import drafts as stored
from storage.database import Connection
from tests.fakes.answers import LI, TWO_INBOXES, open_ticket, queue
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import PLAIN, SYSTEM, a_hub, an_agent, one, rows, say, ticket, write

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SOON = timedelta(hours=2)


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _ann(ctx: Context) -> Actor:
    return Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))


def _write(text: str, number: int, *, tab: str = "a.0", base: int = 0, over: bool = False) -> Write:
    return Write(tab=tab, number=number, base=base, over=over, content=DraftContent(text=text))


async def _save(ctx: Context, opened: dict[str, Any], ann: Actor, write: Write) -> tuple[Outcome, str]:
    assert ann.agent_id is not None
    outcome, draft = await drafts.save_draft(
        ctx, ticket_code=opened["code"], agent_id=ann.agent_id, mode=DraftMode.REPLY, write=write
    )
    return outcome, draft.content.text


async def _shelf(ctx: Context, opened: dict[str, Any], ann: Actor) -> drafts.Shelf:
    async def read(c: Connection) -> drafts.Shelf:
        assert ann.agent_id is not None
        return await drafts.read_shelf(c, opened["id"], ann.agent_id)

    return await ctx.database.read(read)


async def _upload(ctx: Context, opened: dict[str, Any], ann: Actor, data: bytes = PNG) -> str:
    assert ann.agent_id is not None
    file = await drafts.upload_file(
        ctx, ticket_code=opened["code"], agent_id=ann.agent_id, filename="../a.png", content_type="image/png", data=data
    )  # fmt: skip
    return file.token


async def _later(ctx: Context, opened: dict[str, Any], ann: Actor, **more: Any) -> int:
    given = {"text": "Later.", "send_at": datetime.now(UTC) + SOON, **more}
    return await schedule.schedule_reply(ctx, ticket_code=opened["code"], actor=ann, **given)


async def _comes(ctx: Context, scheduled_id: int) -> None:
    """Its time has come."""
    await one(ctx, "UPDATE scheduled_reply SET send_at = clock_timestamp() WHERE id = $1", scheduled_id)
    await fire_due(ctx)


# ── drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_two_pages_lose_nothing_and_an_older_write_replaces_nothing(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    assert await _save(ctx, opened, ann, _write("Hello", 2)) == (Outcome.KEPT, "Hello")
    assert await _save(ctx, opened, ann, _write("Hel", 1)) == (Outcome.OLD, "Hello")
    assert await _save(ctx, opened, ann, _write("Other", 1, tab="b.0")) == (Outcome.BESIDE, "Hello")
    assert [one.text for one in (await _shelf(ctx, opened, ann)).beside] == ["Other"]
    over = _write("Other", 2, tab="b.0", base=1, over=True)
    assert await _save(ctx, opened, ann, over) == (Outcome.KEPT, "Other")
    assert [one.text for one in (await _shelf(ctx, opened, ann)).beside] == ["Hello"], "what lost is kept"


async def test_first_writes_of_two_pages_at_once_meet_at_one_draft(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    came = await asyncio.gather(
        *(_save(ctx, opened, ann, _write(f"text {n}", 1, tab=f"t{n}.0")) for n in range(4))
    )
    assert sorted(outcome for outcome, _ in came) == ["beside", "beside", "beside", "kept"]
    shelf = await _shelf(ctx, opened, ann)
    said = {shelf.of("reply").content.text, *(one.text for one in shelf.beside)}
    assert said == {f"text {n}" for n in range(4)}


async def test_sending_takes_exactly_its_draft_and_what_is_typed_later_stays(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    await _save(ctx, opened, ann, _write("On its w", 1))
    await queue(ctx, opened, "On its way.", actor=ann, written=_write("On its way.", 2))
    assert (await _shelf(ctx, opened, ann)).of("reply").content.empty
    assert await _save(ctx, opened, ann, _write("On its wa", 1)) == (Outcome.OLD, ""), (
        "late, and sent already"
    )
    await _save(ctx, opened, ann, _write("And more", 4, base=2))
    await queue(ctx, opened, "And", actor=ann, written=_write("And", 3))
    assert (await _shelf(ctx, opened, ann)).of("reply").content.text == "And more"


async def test_a_note_takes_its_own_draft_alone(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    assert ann.agent_id is not None
    await _save(ctx, opened, ann, _write("A reply", 1))
    await drafts.save_draft(
        ctx, ticket_code=opened["code"], agent_id=ann.agent_id, mode=DraftMode.NOTE, write=_write("A note", 1)
    )
    await add_note(ctx, ticket_code=opened["code"], actor=ann, text="A note", written=_write("A note", 1))
    shelf = await _shelf(ctx, opened, ann)
    assert (shelf.of("reply").content.text, shelf.of("note").content.text) == ("A reply", "")
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0


async def test_taking_back_gives_words_copies_and_files_back(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    token = await _upload(ctx, opened, ann)
    row = await queue(ctx, opened, "Look.", actor=ann, files=[token])
    assert (await _shelf(ctx, opened, ann)).files == []
    assert await one(ctx, "SELECT filename FROM attachment") == "a.png"
    await _save(ctx, opened, ann, _write("And more", 1))
    await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann, into_draft=True)
    shelf = await _shelf(ctx, opened, ann)
    assert shelf.of("reply").content.text == "Look.\n\nAnd more"
    assert [file.filename for file in shelf.files] == ["a.png"]


async def test_which_tickets_have_drafts(ctx: Context) -> None:
    ann, bob = await _ann(ctx), Actor(name="Bob", agent_id=await an_agent(ctx, "bob"))
    first, second, third = [await open_ticket(ctx, f"P <p{n}@example.cn>") for n in range(3)]
    await _save(ctx, first, ann, _write("Hello", 1))
    await _upload(ctx, second, ann)
    await _save(ctx, third, bob, _write("Hello", 1))
    numbers = [first["id"], second["id"], third["id"]]

    async def read(c: Connection) -> set[int]:
        return await stored.tickets_with_drafts(c, ann.agent_id or 0, numbers)

    assert await ctx.database.read(read) == {first["id"], second["id"]}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_uploads_are_bounded_and_a_reply_with_a_file_that_is_gone_is_refused(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    for data, code in ((b"", "empty_file"), (b"x" * (20 * 1024 * 1024 + 1), "too_much")):
        with pytest.raises(NotPossible) as refused:
            await _upload(ctx, opened, ann, data)
        assert refused.value.code == code
    token = await _upload(ctx, opened, ann)
    bob = Actor(name="Bob", agent_id=await an_agent(ctx, "bob"))
    for actor, tokens in ((bob, [token]), (ann, [token, "0" * 64])):
        with pytest.raises(NotPossible) as refused:
            await queue(ctx, opened, "Yes.", actor=actor, files=tokens)
        assert refused.value.code == "files_gone"
    assert len((await _shelf(ctx, opened, ann)).files) == 1, "nothing was taken"


async def test_what_nobody_comes_back_to_is_swept_and_bytes_that_something_names_stay(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    await queue(ctx, opened, "Look.", actor=ann, files=[await _upload(ctx, opened, ann, b"sent")])
    await _upload(ctx, opened, ann, b"sent")
    await _upload(ctx, opened, ann, b"never sent")
    await _save(ctx, opened, ann, _write("Old", 1))
    await tidy(ctx)
    assert len((await _shelf(ctx, opened, ann)).files) == 2
    await one(ctx, "UPDATE draft_file SET uploaded_at = now() - interval '31 days'")
    await one(ctx, "UPDATE draft SET written_at = now() - interval '31 days'")
    await tidy(ctx)
    shelf = await _shelf(ctx, opened, ann)
    assert (shelf.files, shelf.of("reply").content.text) == ([], "Old"), "the ticket is open"
    assert [row["data"] for row in await rows(ctx, "SELECT data FROM blob")] == [b"sent"]
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=ann)
    await tidy(ctx)
    assert (await _shelf(ctx, opened, ann)).drafts == {}


# ── later ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_scheduled_reply_leaves_once_whoever_looks(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    made = await _later(ctx, opened, ann, files=[await _upload(ctx, opened, ann)])
    assert await one(ctx, "SELECT count(*) FROM interaction") == 1, "nothing is said before its time"
    assert await fire_due(ctx) == 0
    await one(ctx, "UPDATE scheduled_reply SET send_at = clock_timestamp() WHERE id = $1", made)
    await asyncio.gather(*(schedule.settle_scheduled(ctx) for _ in range(4)))
    (row,) = await rows(ctx, "SELECT i.text, i.agent_id, a.filename FROM outbox o JOIN interaction i ON i.id = o.interaction_id"
                             " JOIN attachment a ON a.interaction_id = i.id")  # fmt: skip
    assert row == {"text": "Later.", "agent_id": ann.agent_id, "filename": "a.png"}
    assert await one(ctx, "SELECT count(*) FROM outbox") == 1
    assert await one(ctx, "SELECT status FROM ticket") == "pending"


async def test_it_stays_when_the_customer_writes_first_and_its_words_come_back(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    made = await _later(ctx, opened, ann, files=[await _upload(ctx, opened, ann)])
    await write(ctx, f"Li <{LI}>", "It has come!", subject=f"Re: T-{opened['code']}")
    # Whatever the clock says, and before anybody has looked.
    await _comes(ctx, made)
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0
    assert await one(ctx, "SELECT state || ' ' || why FROM scheduled_reply") == "cancelled heard"
    shelf = await _shelf(ctx, opened, ann)
    assert (shelf.of("reply").content.text, len(shelf.files)) == ("Later.", 1)
    (notice,) = await rows(ctx, "SELECT agent_id, kind, params FROM notice")
    assert notice == {"agent_id": ann.agent_id, "kind": "schedule_cancelled", "params": {"why": "heard"}}


async def test_it_stays_when_the_ticket_is_closed(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    await _later(ctx, opened, ann)
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
    await fire_due(ctx)
    assert await one(ctx, "SELECT state || ' ' || why FROM scheduled_reply") == "cancelled closed"
    assert (await _shelf(ctx, opened, ann)).of("reply").content.text == "Later."


async def test_it_holds_up_no_other_reply(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    await _later(ctx, opened, ann)
    await queue(ctx, opened, "At once.", actor=SYSTEM)
    assert (
        await one(
            ctx, "SELECT count(*) FROM outbox WHERE state = 'queued' AND not_before <= clock_timestamp()"
        )
        == 1
    )


@pytest.mark.parametrize(
    ("ahead", "code"), [(timedelta(seconds=-60), "in_the_past"), (timedelta(days=400), "too_far")]
)
async def test_a_time_that_cannot_be_is_refused(ctx: Context, ahead: timedelta, code: str) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    with pytest.raises(NotPossible) as refused:
        await _later(ctx, opened, ann, send_at=datetime.now(UTC) + ahead)
    assert refused.value.code == code


async def test_it_is_edited_sent_now_or_cancelled_once(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    first, second, third = [await _later(ctx, opened, ann, text=f"Text {n}.") for n in range(3)]
    await schedule.cancel_scheduled(ctx, scheduled_id=first, actor=ann)
    assert (await _shelf(ctx, opened, ann)).of("reply").content.text == "Text 0."
    await schedule.send_scheduled_now(ctx, scheduled_id=second, actor=ann)
    assert await one(ctx, "SELECT message->>'text' FROM outbox") == "Text 1."
    await schedule.cancel_scheduled(ctx, scheduled_id=third, actor=ann, into_draft=False)
    await schedule.restore_scheduled(ctx, scheduled_id=third, actor=ann)
    assert (await _shelf(ctx, opened, ann)).of("reply").content.text == "Text 2.\n\nText 0."
    for act, done in (
        (schedule.send_scheduled_now, first),
        (schedule.send_scheduled_now, third),
        (schedule.cancel_scheduled, second),
    ):
        with pytest.raises(NotPossible) as refused:
            await act(ctx, scheduled_id=done, actor=ann)
        assert refused.value.code == "settled_already"
    assert await one(ctx, "SELECT count(*) FROM notice") == 0, "whoever cancels need not be told"


async def test_what_cannot_leave_any_more_is_a_draft_again(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    made = await _later(ctx, opened, ann, inbox="sales")
    channels = {name: table for name, table in ctx.settings.channels.items() if name != "sales"}
    ctx = replace(ctx, settings=ctx.settings.model_copy(update={"channels": channels}))
    await _comes(ctx, made)
    assert await one(ctx, "SELECT state || ' ' || why FROM scheduled_reply") == "cancelled not_our_inbox"
    assert (await _shelf(ctx, opened, ann)).of("reply").content.text == "Later."


# ── ways ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def _ways(ctx: Context, code: int) -> dict[str, Any]:
    prepared = await prepare_answer(ctx, code, agent_id=None, agent_name="Ann")
    assert prepared is not None
    return {way.key: way for way in prepared.ways}


async def test_a_letter_is_answered_in_a_chat_and_what_is_said_there_comes_here(ctx: Context) -> None:
    who = [("email", LI, True)]
    chat: dict[str, Any] = {"channel": "plain", "who": who, "key": "chat.7", "reply_address": "7"}
    other = await ticket(ctx, await say(ctx, **chat, text="Hello"))
    opened = await open_ticket(ctx)
    assert opened["id"] != other["id"] and opened["customer_id"] == other["customer_id"]
    found = await _ways(ctx, opened["code"])
    assert list(found) == [f"mail:{LI}", "talk:plain:7"] and found[f"mail:{LI}"].own
    row = await queue(ctx, opened, "Here you are.", way="talk:plain:7")
    assert (row["message"]["address"], row["ticket_id"]) == ("7", opened["id"])
    assert (
        await one(ctx, "SELECT thread_key FROM interaction WHERE id = $1", row["interaction_id"]) == "chat.7"
    )
    answered = await ticket(ctx, await say(ctx, **chat, text="Thanks!"))
    assert answered["id"] == opened["id"]
    assert (await _ways(ctx, opened["code"]))["talk:plain:7"].own, "the customer was heard there last"
    assert (await queue(ctx, opened, "Gladly."))["message"]["address"] == "7"


async def test_who_wrote_a_letter_last_is_answered_by_letter_though_the_ticket_is_a_chat(
    ctx: Context,
) -> None:
    """A letter was merged into it: there if the address is proven, until they are in the chat again."""
    for proven in (True, False):
        address = f"{'proven' if proven else 'claimed'}@example.cn"
        who = [("visitor", address, True), ("email", address, proven)]
        chat: dict[str, Any] = {"channel": "plain", "who": who, "key": address, "reply_address": "9"}
        kept = await ticket(ctx, await say(ctx, **chat, text="Hello"))
        gone = await ticket(ctx, await write(ctx, address, subject="By letter"))
        await merge_tickets(
            ctx, ticket_code=gone["code"], into_code=kept["code"], actor=SYSTEM, other_customer=not proven
        )
        own = next(one.key for one in (await _ways(ctx, kept["code"])).values() if one.own)
        assert own == (f"mail:{address}" if proven else "talk:plain:9")
        row = await queue(ctx, kept, "Here you are.")
        assert row["message"]["address"] == (address if proven else "9")
        await say(ctx, **chat, text="I am here again")
        assert (await _ways(ctx, kept["code"]))["talk:plain:9"].own


async def test_a_claimed_address_is_written_to_only_when_that_is_confirmed(ctx: Context) -> None:
    who = [("visitor", "v1", True), ("email", "maybe@example.cn", False)]
    opened = await ticket(ctx, await say(ctx, "plain", who=who, key="chat.1", reply_address="1"))
    assert not (await _ways(ctx, opened["code"]))["mail:maybe@example.cn"].proven
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened, way="mail:maybe@example.cn")
    assert refused.value.code == "way_claimed"
    row = await queue(ctx, opened, way="mail:maybe@example.cn", confirmed=True)
    assert row["message"]["address"] == "maybe@example.cn"
    came = await ticket(ctx, await write(ctx, "maybe@example.cn", answers=row["message_id"]))
    assert came["id"] == opened["id"]


async def test_a_way_that_is_not_this_customers_is_none(ctx: Context) -> None:
    opened = await open_ticket(ctx)
    await say(ctx, "plain", who=[("email", "other@example.cn", True)], key="chat.9", reply_address="9")
    for way in ("talk:plain:9", "mail:other@example.cn", "nonsense"):
        with pytest.raises(NotPossible) as refused:
            await queue(ctx, opened, way=way)
        assert refused.value.code == "no_such_way"


async def test_a_channel_with_a_window_says_how_long_and_how_often(ctx: Context) -> None:
    bound = replace(PLAIN, capabilities=replace(PLAIN.capabilities, window_hours=48, window_replies=2))
    ctx = replace(ctx, kinds={**ctx.kinds, "plain": bound}, memo={})
    who = [("email", LI, True)]
    opened = await ticket(ctx, await say(ctx, "plain", who=who, key="chat.7", reply_address="7"))
    way = (await _ways(ctx, opened["code"]))["talk:plain:7"]
    assert way.own and way.left == 2 and way.open_until is not None
    assert timedelta(hours=47) < way.open_until - datetime.now(UTC) <= timedelta(hours=48)
    for _ in range(2):
        await queue(ctx, opened)
    assert (await _ways(ctx, opened["code"]))["talk:plain:7"].shut is Shut.USED_UP
    with pytest.raises(NotPossible) as refused:
        await queue(ctx, opened)
    assert refused.value.code == "way_shut"
    await say(ctx, "plain", who=who, key="chat.7", reply_address="7", text="Hello?")
    assert (await _ways(ctx, opened["code"]))["talk:plain:7"].left == 2
    await one(ctx, "UPDATE interaction SET created_at = now() - interval '49 hours'")
    assert (await _ways(ctx, opened["code"]))["talk:plain:7"].shut is Shut.TOO_LATE


async def test_a_letter_whose_address_returns_them_is_offered_as_shut(ctx: Context) -> None:
    opened = await ticket(
        ctx, await say(ctx, "plain", who=[("email", LI, True)], key="chat.7", reply_address="7")
    )
    await one(ctx, "INSERT INTO undeliverable (address) VALUES ($1)", LI)
    assert (await _ways(ctx, opened["code"]))[f"mail:{LI}"].shut is Shut.RETURNED


async def test_files_without_a_word_are_a_reply(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)
    token = await _upload(ctx, opened, ann)
    await queue_reply(ctx, ticket_code=opened["code"], actor=ann, text="", files=[token])
    assert await one(ctx, "SELECT last_preview FROM ticket") == "a.png"
    with pytest.raises(NotPossible):
        await queue_reply(ctx, ticket_code=opened["code"], actor=ann, text=" ")


async def test_send_and_resolve_is_one_step_and_taken_back_as_one(ctx: Context) -> None:
    opened, ann = await open_ticket(ctx), await _ann(ctx)

    async def send() -> Queued:
        request = ReplyRequest(text="Done.")
        return await queue_request(ctx, ticket_code=opened["code"], actor=ann, request=request, resolve=True)

    async def status() -> str:
        return await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"])

    sent = await send()
    assert await status() == "resolved"
    await cancel_reply(
        ctx, interaction_id=sent.interaction_id, actor=ann, into_draft=True, resolved=sent.resolved
    )
    assert await status() == "open" and (await _shelf(ctx, opened, ann)).of("reply").content.text == "Done."
    # What came after it is newer than what is taken back.
    sent = await send()
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
    await cancel_reply(ctx, interaction_id=sent.interaction_id, actor=ann, resolved=sent.resolved)
    assert await status() == "closed"
    # A ticket that may not be resolved yet is not answered either: a second try would answer twice.
    await change_status(ctx, ticket_code=opened["code"], status="open", actor=SYSTEM)
    await add_field(
        ctx, about="ticket", kind="text", label_en="Serial", label_zh="", actor=SYSTEM, required=True
    )
    before = await one(ctx, "SELECT count(*) FROM outbox")
    with pytest.raises(NotPossible) as refused:
        await send()
    assert refused.value.code == "fields_missing" and await one(ctx, "SELECT count(*) FROM outbox") == before
