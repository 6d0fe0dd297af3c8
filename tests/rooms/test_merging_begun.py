"""What was begun on a ticket of which nothing is left: drafts of every agent, files that lie ready, fields of the company's own
come along to the other ticket, and go back with it as far as nobody touched them. Nothing that anybody wrote is lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.drafts import Shelf, forget_version, read_shelf, save_draft, upload_file
from hub.actions.answers.reply import queue_reply
from hub.actions.cases.merge import merge_tickets
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.live import end_silent
from hub.actions.move import move_entries, split_entries, undo_move
from hub.actions.own_fields import add_field, said_of, say_of_ticket
from hub.model.drafts import DraftContent, DraftMode, Write
from hub.model.own_fields import About
from tests.fakes.floor import floor_rules, loads, minutes_pass
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket, write

LI = "li@example.cn"
REPLY, NOTE = DraftMode.REPLY, DraftMode.NOTE


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
async def talking(database_dsn: str) -> AsyncIterator[Context]:
    """A hub with a channel in which people sit at the other end. No load is ever wrong."""
    async with a_hub(database_dsn, rules=floor_rules()) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _two(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    source = await ticket(ctx, await write(ctx, LI, "about A", message_id="a@example.cn"))
    target = await ticket(ctx, await write(ctx, LI, "B", subject="Another matter", message_id="b@example.cn"))
    return source, target


async def _type(
    ctx: Context, on: dict[str, Any], agent: int, mode: DraftMode, text: str, **more: Any
) -> None:
    """As a page does that has looked at what stands."""
    shelf = await _shelf(ctx, on, agent)
    content = DraftContent(text=text, **more)
    page = Write(tab=f"page{agent}.{on['id']}", number=1, base=shelf.of(mode).revision, content=content)
    await save_draft(ctx, ticket_code=on["code"], agent_id=agent, mode=mode, write=page)


async def _shelf(ctx: Context, on: dict[str, Any], agent: int) -> Shelf:
    return await ctx.database.read(lambda c: read_shelf(c, on["id"], agent))


async def _words(ctx: Context, on: dict[str, Any], agent: int) -> dict[str, str]:
    """What stands there, by mode, without what is empty."""
    shelf = await _shelf(ctx, on, agent)
    return {mode: draft.content.text for mode, draft in shelf.drafts.items() if not draft.content.empty}


async def test_drafts_of_everybody_come_along_and_go_back(ctx: Context) -> None:
    source, target = await _two(ctx)
    lin, zhou = await an_agent(ctx, "lin"), await an_agent(ctx, "zhou")
    await _type(ctx, source, lin, REPLY, "Dear Li", cc="boss@example.cn", expected_seq=1)
    await _type(ctx, source, lin, NOTE, "Ask the depot")
    await _type(ctx, source, zhou, NOTE, "He rang me")
    await upload_file(
        ctx,
        ticket_code=source["code"],
        agent_id=lin,
        filename="a.txt",
        content_type="text/plain",
        data=b"A",
    )
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    assert await _words(ctx, target, lin) == {"reply": "Dear Li", "note": "Ask the depot"}
    assert await _words(ctx, target, zhou) == {"note": "He rang me"}
    shelf = await _shelf(ctx, target, lin)
    assert [file.filename for file in shelf.files] == ["a.txt"]
    reply = shelf.of(REPLY).content
    # What the customer says from now on is news to it, and what came with it is not.
    seq = await one(
        ctx, "SELECT max(seq) FROM event WHERE ticket_id = $1 AND kind <> 'entries_moved'", target["id"]
    )
    assert reply.cc == "boss@example.cn" and reply.expected_seq is not None and reply.expected_seq >= seq
    assert await _words(ctx, source, lin) == await _words(ctx, source, zhou) == {}
    assert not (await _shelf(ctx, source, lin)).files
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await _words(ctx, source, lin) == {"reply": "Dear Li", "note": "Ask the depot"}
    assert await _words(ctx, source, zhou) == {"note": "He rang me"}
    assert (await _shelf(ctx, source, lin)).of(REPLY).content.cc == "boss@example.cn"
    assert [file.filename for file in (await _shelf(ctx, source, lin)).files] == ["a.txt"]
    assert await _words(ctx, target, lin) == await _words(ctx, target, zhou) == {}


async def test_where_both_were_begun_the_one_that_comes_is_kept_beside(ctx: Context) -> None:
    source, target = await _two(ctx)
    lin = await an_agent(ctx, "lin")
    for mode, came in ((REPLY, "from A"), (NOTE, "note of A")):
        await _type(ctx, source, lin, mode, came)
        await _type(ctx, target, lin, mode, f"own of B, {mode}")
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    own = {"reply": "own of B, reply", "note": "own of B, note"}
    assert await _words(ctx, target, lin) == own
    beside = (await _shelf(ctx, target, lin)).beside
    assert sorted(version.text for version in beside) == ["from A", "note of A"]
    await forget_version(
        ctx, beside_id=next(version.id for version in beside if version.mode == NOTE), agent_id=lin
    )
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await _words(ctx, source, lin) == {"reply": "from A"}
    assert await _words(ctx, target, lin) == own
    assert not (await _shelf(ctx, target, lin)).beside


async def test_what_was_written_on_since_stays_with_its_files(ctx: Context) -> None:
    source, target = await _two(ctx)
    lin = await an_agent(ctx, "lin")
    await _type(ctx, source, lin, REPLY, "Dear Li")
    await upload_file(
        ctx, ticket_code=source["code"], agent_id=lin, filename="a.txt", content_type="text/plain", data=b"A"
    )
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    await _type(ctx, target, lin, REPLY, "Dear Li, both matters are settled")
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await _words(ctx, target, lin) == {"reply": "Dear Li, both matters are settled"}
    assert await _words(ctx, source, lin) == {}
    assert [file.filename for file in (await _shelf(ctx, target, lin)).files] == ["a.txt"]


async def test_versions_that_lost_go_along_though_both_tickets_have_them_of_one_page(ctx: Context) -> None:
    source, target = await _two(ctx)
    lin = await an_agent(ctx, "lin")
    for on in (source, target):
        await _type(ctx, on, lin, REPLY, "stands")
        late = Write(tab="another", number=3, base=0, content=DraftContent(text=f"lost on {on['code']}"))
        await save_draft(ctx, ticket_code=on["code"], agent_id=lin, mode=REPLY, write=late)
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    lost = [f"lost on {on['code']}" for on in (source, target)]
    assert sorted(one_.text for one_ in (await _shelf(ctx, target, lin)).beside) == sorted(lost)
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert [one_.text for one_ in (await _shelf(ctx, source, lin)).beside] == lost[:1]
    assert [one_.text for one_ in (await _shelf(ctx, target, lin)).beside] == lost[1:]


async def test_a_split_that_is_undone_brings_what_was_begun_on_its_ticket(ctx: Context) -> None:
    source, _ = await _two(ctx)
    await write(ctx, LI, "more about A", answers="a@example.cn", message_id="a2@example.cn")
    lin = await an_agent(ctx, "lin")
    await _type(ctx, source, lin, REPLY, "stays where it is")
    entries = [
        row["id"]
        for row in await rows(
            ctx, "SELECT id FROM interaction WHERE ticket_id = $1 ORDER BY id", source["id"]
        )
    ]
    code, move_id = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=entries[1:], actor=SYSTEM
    )
    (split,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert await _words(ctx, source, lin) == {"reply": "stays where it is"}
    await _type(ctx, split, lin, NOTE, "begun on the new one")
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await _words(ctx, source, lin) == {"reply": "stays where it is", "note": "begun on the new one"}
    # All of it to one of its own: nothing is left, so nothing is left behind.
    code, move_id = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=entries, actor=SYSTEM
    )
    (split,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert await _words(ctx, split, lin) == {"reply": "stays where it is", "note": "begun on the new one"}


async def test_moving_the_last_entry_brings_drafts_and_moving_another_does_not(ctx: Context) -> None:
    source, target = await _two(ctx)
    await write(ctx, LI, "more about A", answers="a@example.cn", message_id="a2@example.cn")
    lin = await an_agent(ctx, "lin")
    await _type(ctx, source, lin, REPLY, "Dear Li")
    found = await rows(ctx, "SELECT id FROM interaction WHERE ticket_id = $1 ORDER BY id", source["id"])
    for entry, there in zip(found, ({}, {"reply": "Dear Li"}), strict=True):
        await move_entries(
            ctx,
            ticket_code=source["code"],
            interaction_ids=[entry["id"]],
            to_code=target["code"],
            actor=SYSTEM,
        )
        assert await _words(ctx, target, lin) == there


async def test_own_fields_fill_what_is_empty_and_are_empty_again(ctx: Context) -> None:
    for label in ("Serial", "Colour", "Shop"):
        await add_field(ctx, about="ticket", kind="text", label_en=label, label_zh="", actor=SYSTEM)
    source, target = await _two(ctx)
    await say_of_ticket(
        ctx, ticket_code=source["code"], values={"serial": "K-17", "colour": "red", "shop": "9"}, actor=SYSTEM
    )
    await say_of_ticket(ctx, ticket_code=target["code"], values={"colour": "blue"}, actor=SYSTEM)
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    assert await said_of(ctx, About.TICKET, target["id"]) == {"serial": "K-17", "colour": "blue", "shop": "9"}
    await say_of_ticket(ctx, ticket_code=target["code"], values={"shop": "10"}, actor=SYSTEM)
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await said_of(ctx, About.TICKET, target["id"]) == {"colour": "blue", "shop": "10"}
    assert await said_of(ctx, About.TICKET, source["id"]) == {"serial": "K-17", "colour": "red", "shop": "9"}


# ── conversations ────────────────────────────────────────────────────────────────────────────────────────────────────
CHAT: dict[str, Any] = {
    "channel": "plain",
    "who": [("email", LI, True)],
    "key": "chat.7",
    "reply_address": "7",
}


async def _chat_and_letter(
    ctx: Context, *, talks: bool = True
) -> tuple[dict[str, Any], dict[str, Any], int, int]:
    """Somebody who has written a letter sits at a chat now; lin talks with them, and zhou is there too."""
    letter = await ticket(ctx, await write(ctx, LI, "about A", message_id="a@example.cn"))
    chat = await ticket(ctx, await say(ctx, **CHAT, text="Is there news?"))
    assert (chat["live"], letter["live"]) == (True, False) and chat["customer_id"] == letter["customer_id"]
    lin, zhou = await an_agent(ctx, "lin", capacity=5), await an_agent(ctx, "zhou", capacity=5)
    if talks:
        await assign_ticket(ctx, ticket_code=chat["code"], agent_id=lin, actor=SYSTEM)
    return letter, chat, lin, zhou


async def _now(ctx: Context, on: dict[str, Any]) -> tuple[str, bool, int | None]:
    (row,) = await rows(ctx, "SELECT status, live, assignee_id FROM ticket WHERE id = $1", on["id"])
    return row["status"], row["live"], row["assignee_id"]


async def test_a_live_chat_goes_into_a_letter_and_the_talk_goes_on_there(talking: Context) -> None:
    ctx = talking
    letter, chat, lin, _ = await _chat_and_letter(ctx)
    await merge_tickets(ctx, ticket_code=chat["code"], into_code=letter["code"], actor=SYSTEM)
    assert await _now(ctx, letter) == ("open", True, lin)
    assert await loads(ctx) == {"lin": (0, 1), "zhou": (0, 0)}
    # The answer reaches the visitor in their window, and what they say next stands here.
    answer = await queue_reply(ctx, ticket_code=letter["code"], actor=SYSTEM, text="It left today.")
    assert await one(ctx, "SELECT thread_key FROM interaction WHERE id = $1", answer) == "chat.7"
    assert (await ticket(ctx, await say(ctx, **CHAT, text="Thanks!")))["id"] == letter["id"]
    # Who writes a letter is still answered by a letter, when that was last.
    await write(ctx, LI, "By mail again", answers="a@example.cn")
    mail = await queue_reply(ctx, ticket_code=letter["code"], actor=SYSTEM, text="Gladly.")
    assert await one(ctx, "SELECT message->>'address' FROM outbox WHERE interaction_id = $1", mail) == LI


async def test_whoever_has_the_letter_has_the_talk_and_undo_gives_both_back(talking: Context) -> None:
    ctx = talking
    letter, chat, lin, zhou = await _chat_and_letter(ctx)
    for given in (zhou, None):
        await assign_ticket(ctx, ticket_code=letter["code"], agent_id=given, actor=SYSTEM)
        before = await _now(ctx, letter), await _now(ctx, chat), await loads(ctx)
        move_id, _ = await merge_tickets(
            ctx, ticket_code=chat["code"], into_code=letter["code"], actor=SYSTEM
        )
        assert await _now(ctx, letter) == ("open", True, given or lin)
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
        assert (await _now(ctx, letter), await _now(ctx, chat), await loads(ctx)) == before
    assert (await ticket(ctx, await say(ctx, **CHAT, text="Hello?")))["id"] == chat["id"]


async def test_a_talk_that_falls_silent_is_a_letter_like_any_other_again(talking: Context) -> None:
    ctx = talking
    letter, chat, _, _ = await _chat_and_letter(ctx, talks=False)
    await merge_tickets(ctx, ticket_code=chat["code"], into_code=letter["code"], actor=SYSTEM)
    assert await _now(ctx, letter) == ("open", True, None)
    await minutes_pass(ctx, 120)
    await end_silent(ctx)
    assert await _now(ctx, letter) == ("open", False, None)


async def test_a_letter_goes_into_a_live_chat_and_its_answers_come_there(talking: Context) -> None:
    ctx = talking
    letter, chat, lin, _ = await _chat_and_letter(ctx)
    await merge_tickets(ctx, ticket_code=letter["code"], into_code=chat["code"], actor=SYSTEM)
    assert await _now(ctx, chat) == ("open", True, lin)
    assert (await ticket(ctx, await write(ctx, LI, "More", answers="a@example.cn")))["id"] == chat["id"]
