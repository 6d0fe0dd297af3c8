"""Entries that people move to another ticket or split off, and the way back. The invariants hold at every end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.move import move_entries, split_entries, undo_move
from hub.actions.note import add_note
from hub.actions.status import change_status
from storage import threads
from tests.fakes.inboxes import FAIL, TWO_INBOXES, arrive, vouched
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SUPPORT, SYSTEM, a_hub, an_agent, entry, ledger, one, rows, say, ticket, write

LI, WANG, EVIL = "li@example.cn", "wang@example.cn", "evil@x.example"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _row(ctx: Context, number: int) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM ticket WHERE id = $1", number)
    return found


async def _entries(ctx: Context, number: int) -> list[int]:
    return [
        row["id"]
        for row in await rows(ctx, "SELECT id FROM interaction WHERE ticket_id = $1 ORDER BY id", number)
    ]


async def _left(ctx: Context, ticket_code: int) -> tuple[int, str]:
    """(entry, Message-ID) of a reply that has left, as the ledger tells it."""
    sent = await queue_reply(ctx, ticket_code=ticket_code, actor=SYSTEM, text="Yes.")
    await ctx.database.run(
        lambda c: c.execute(
            """WITH o AS (UPDATE outbox SET state = 'sent' WHERE interaction_id = $1 RETURNING ticket_id),
                    n AS (UPDATE ticket t SET seq = seq + 1 FROM o WHERE t.id = o.ticket_id RETURNING t.id, t.seq)
               INSERT INTO event (ticket_id, seq, kind, data)
               SELECT id, seq, 'delivery_changed', jsonb_build_object('interaction', $1::bigint, 'state', 'sent') FROM n""",
            sent,
        )
    )
    return sent, await one(ctx, "SELECT external_id FROM interaction WHERE id = $1", sent)


async def _two(ctx: Context) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Two tickets of one customer, the first with two letters; the second of these is on the wrong one."""
    source = await ticket(ctx, await write(ctx, LI, "about A", message_id="a@example.cn"))
    wrong = await write(ctx, LI, "about B", answers="a@example.cn", message_id="b@example.cn")
    target = await ticket(ctx, await write(ctx, LI, "B", subject="Another matter"))
    return await _row(ctx, source["id"]), target, wrong.interaction_id


# ── to another ticket ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_entry_goes_with_all_that_hangs_on_it(ctx: Context) -> None:
    source, target, wrong = await _two(ctx)
    move_id = await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong], to_code=target["code"], actor=SYSTEM
    )
    (moved,) = await rows(ctx, "SELECT * FROM interaction WHERE id = $1", wrong)
    assert (moved["ticket_id"], moved["text"].strip(), moved["thread_rule"]) == (
        target["id"],
        "about B",
        "reference",
    )
    assert wrong not in await _entries(ctx, source["id"])
    assert "entries_moved" in await ledger(ctx, source["id"]) and "entries_moved" in await ledger(
        ctx, target["id"]
    )
    # Whoever answers the moved letter finds the new place; the others find the old one.
    assert (await ticket(ctx, await write(ctx, LI, answers="b@example.cn")))["id"] == target["id"]
    assert (await ticket(ctx, await write(ctx, LI, answers="a@example.cn")))["id"] == source["id"]
    facts = (await ctx.database.read(lambda c: threads.entry_facts(c, [wrong])))[wrong]
    assert facts.moved is not None and (facts.moved.move_id, facts.moved.by_name) == (move_id, "A test")
    assert facts.moved.from_code == source["code"]
    links = await ctx.database.read(lambda c: threads.ticket_links(c, source["id"]))
    assert [(link.code, link.why, link.newer) for link in links] == [(target["code"], "moved", True)]


async def test_what_a_ticket_says_of_itself_follows(ctx: Context) -> None:
    source, target, wrong = await _two(ctx)
    assert source["last_preview"] == "about B"
    await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong], to_code=target["code"], actor=SYSTEM
    )
    after, other = await _row(ctx, source["id"]), await _row(ctx, target["id"])
    assert after["last_preview"] == "about A" and after["last_in_at"] < source["last_in_at"]
    # It was written before the target's own first letter: the customer waits since then.
    assert other["waiting_since"] < target["waiting_since"] and other["last_preview"] == "B"


async def test_an_unanswered_letter_brings_the_other_ticket_back_to_work(ctx: Context) -> None:
    agent = await an_agent(ctx, "ann")
    source, target, _ = await _two(ctx)
    await assign_ticket(ctx, ticket_code=target["code"], agent_id=agent, actor=SYSTEM)
    await change_status(ctx, ticket_code=target["code"], status="resolved", actor=SYSTEM)
    late = await write(ctx, LI, "late", answers="a@example.cn")
    move_id = await move_entries(
        ctx,
        ticket_code=source["code"],
        interaction_ids=[late.interaction_id],
        to_code=target["code"],
        actor=SYSTEM,
    )
    assert (await _row(ctx, target["id"]))["status"] == "open"
    assert await one(ctx, "SELECT load FROM agent") == 1
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert (await _row(ctx, target["id"]))["status"] == "resolved"
    assert await one(ctx, "SELECT load FROM agent") == 0
    assert await one(ctx, "SELECT count(*) FROM timer WHERE fired_at IS NULL AND cancelled_at IS NULL") == 1


async def test_all_that_was_said_leaves_an_empty_ticket_that_leads_on(ctx: Context) -> None:
    """A merge: number, token and references of the old ticket lead to the new one (pitfall 8)."""
    source, target, _ = await _two(ctx)
    sent, message_id = await _left(ctx, source["code"])
    token = (await rows(ctx, "SELECT message FROM outbox WHERE interaction_id = $1", sent))[0]["message"][
        "reply_token"
    ]
    await move_entries(
        ctx,
        ticket_code=source["code"],
        interaction_ids=await _entries(ctx, source["id"]),
        to_code=target["code"],
        actor=SYSTEM,
    )
    emptied = await _row(ctx, source["id"])
    assert (emptied["status"], emptied["merged_into"], await _entries(ctx, source["id"])) == (
        "closed",
        target["id"],
        [],
    )
    for more in (
        {"subject": f"Re: T-{source['code']}"}, {"answers": message_id}, {"answers": "a@example.cn"},
        {"to": SUPPORT.replace("@", f"+{token}@")},
    ):  # fmt: skip
        assert (await ticket(ctx, await write(ctx, LI, **more)))["id"] == target["id"], more
    assert (await ticket(ctx, await write(ctx, EVIL, subject=f"Re: T-{source['code']}")))["id"] != target[
        "id"
    ]


async def test_the_answer_to_a_moved_reply_finds_where_it_is(ctx: Context) -> None:
    """Its token is the old ticket's; where the letter that carries it stands now is what counts."""
    source, target, wrong = await _two(ctx)
    sent, message_id = await _left(ctx, source["code"])
    await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong, sent], to_code=target["code"], actor=SYSTEM
    )
    answer = await write(ctx, LI, answers=message_id)
    assert (await ticket(ctx, answer))["id"] == target["id"]
    assert (await entry(ctx, answer))["thread_rule"] == "token"
    assert await one(ctx, "SELECT ticket_id FROM outbox WHERE interaction_id = $1", sent) == target["id"]


async def test_what_goes_to_another_customers_ticket_is_on_their_timeline(ctx: Context) -> None:
    """And its writer may go on there: an agent put them together."""
    source = await ticket(ctx, await write(ctx, LI, message_id="a@example.cn"))
    target = await ticket(ctx, await write(ctx, WANG))
    kept = await _entries(ctx, source["id"])
    move_id = await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=kept, to_code=target["code"], actor=SYSTEM
    )
    answer = await ticket(ctx, await write(ctx, LI, answers="a@example.cn"))
    assert answer["id"] == target["id"] and (await _row(ctx, target["id"]))["reply_address"] == WANG
    with pytest.raises(NotPossible) as refused:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert refused.value.code == "added_since"


async def test_a_reply_that_has_not_left_stays_where_it_is(ctx: Context) -> None:
    source, target, _ = await _two(ctx)
    queued = await queue_reply(ctx, ticket_code=source["code"], actor=SYSTEM, text="Yes.")
    with pytest.raises(NotPossible) as refused:
        await move_entries(
            ctx, ticket_code=source["code"], interaction_ids=[queued], to_code=target["code"], actor=SYSTEM
        )
    assert refused.value.code == "still_leaving"


async def test_what_cannot_be_moved(ctx: Context) -> None:
    source, target, wrong = await _two(ctx)

    async def refused(code: str, **more: Any) -> None:
        given = {"ticket_code": source["code"], "interaction_ids": [wrong], "to_code": target["code"], **more}
        with pytest.raises(NotPossible) as failure:
            await move_entries(ctx, actor=SYSTEM, **given)
        assert failure.value.code == code

    await refused("nothing_to_move", interaction_ids=[])
    await refused("not_on_ticket", interaction_ids=[wrong, 1])
    await refused("same_ticket", to_code=source["code"])
    await change_status(ctx, ticket_code=target["code"], status="closed", actor=SYSTEM)
    await refused("closed")
    for given in ({"ticket_code": 10_000_019}, {"to_code": 10_000_019}):
        with pytest.raises(NotFound):
            await move_entries(
                ctx,
                **{
                    "ticket_code": source["code"],
                    "interaction_ids": [wrong],
                    "to_code": target["code"],
                    **given,
                },
                actor=SYSTEM,
            )
    with pytest.raises(NotFound):
        await undo_move(ctx, move_id=99, actor=SYSTEM)


async def test_two_agents_who_move_at_once_do_not_both(ctx: Context) -> None:
    source, target, wrong = await _two(ctx)
    third = await ticket(ctx, await write(ctx, LI, "C", subject="Third"))
    outcomes = await asyncio.gather(
        *(
            move_entries(ctx, ticket_code=source["code"], interaction_ids=[wrong], to_code=to, actor=SYSTEM)
            for to in (target["code"], third["code"], target["code"])
        ),
        split_entries(ctx, ticket_code=source["code"], interaction_ids=[wrong], actor=SYSTEM),
        return_exceptions=True,
    )
    failed = [one_ for one_ in outcomes if isinstance(one_, BaseException)]
    assert len(failed) == 3 and {getattr(one_, "code", "") for one_ in failed} == {"not_on_ticket"}
    # And two that go the opposite ways wait for each other, and never for ever.
    for where in (target, third):
        await add_note(ctx, ticket_code=where["code"], actor=SYSTEM, text="Look.")
    await asyncio.gather(
        *(
            move_entries(ctx, ticket_code=a, interaction_ids=[e], to_code=b, actor=SYSTEM)
            for a, b, e in (
                (target["code"], third["code"], (await _entries(ctx, target["id"]))[-1]),
                (third["code"], target["code"], (await _entries(ctx, third["id"]))[-1]),
            )
        )
    )


# ── back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def _picture(ctx: Context, number: int) -> list[tuple[Any, ...]]:
    found = await rows(
        ctx, "SELECT id, seq, customer_id, text FROM interaction WHERE ticket_id = $1 ORDER BY id", number
    )
    return [tuple(row.values()) for row in found]


async def test_what_was_moved_goes_back_exactly(ctx: Context) -> None:
    source, target, _ = await _two(ctx)
    await _left(ctx, source["code"])
    before = await _picture(ctx, source["id"]), await _picture(ctx, target["id"])
    was = await _row(ctx, source["id"])
    kept = await _entries(ctx, source["id"])
    move_id = await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=kept, to_code=target["code"], actor=SYSTEM
    )
    await assert_invariants(ctx.database, by_hand=True)
    assert await undo_move(ctx, move_id=move_id, actor=SYSTEM) == source["code"]
    assert (await _picture(ctx, source["id"]), await _picture(ctx, target["id"])) == before
    after = await _row(ctx, source["id"])
    same = ("status", "merged_into", "last_preview", "customer_id", "waiting_since")
    assert {key: after[key] for key in same} == {key: was[key] for key in same}
    assert (await ticket(ctx, await write(ctx, LI, answers="a@example.cn")))["id"] == source["id"]
    with pytest.raises(NotPossible) as again:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert again.value.code == "undone_already"


@pytest.mark.parametrize("what", ["letter", "note", "reply"])
async def test_there_is_no_way_back_once_something_was_added(ctx: Context, what: str) -> None:
    source, target, wrong = await _two(ctx)
    move_id = await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong], to_code=target["code"], actor=SYSTEM
    )
    if what == "letter":
        await write(ctx, LI, answers="b@example.cn")
    elif what == "note":
        await add_note(ctx, ticket_code=target["code"], actor=SYSTEM, text="Look.")
    else:
        await queue_reply(ctx, ticket_code=target["code"], actor=SYSTEM, text="Yes.")
    with pytest.raises(NotPossible) as refused:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert refused.value.code == "added_since"
    # By hand it goes on.
    await move_entries(
        ctx, ticket_code=target["code"], interaction_ids=[wrong], to_code=source["code"], actor=SYSTEM
    )
    with pytest.raises(NotPossible) as moved:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert moved.value.code == "moved_on"


async def test_a_chain_of_merges_leads_to_its_end_and_back(ctx: Context) -> None:
    first, second, third = [
        await ticket(ctx, await write(ctx, LI, text, subject=text, message_id=f"{text}@example.cn"))
        for text in "abc"
    ]
    moves = []
    for source, target in ((first, second), (second, third)):
        kept = await _entries(ctx, source["id"])
        moves.append(
            await move_entries(
                ctx, ticket_code=source["code"], interaction_ids=kept, to_code=target["code"], actor=SYSTEM
            )
        )
    assert (await _row(ctx, first["id"]))["merged_into"] == third["id"]
    assert (await ticket(ctx, await write(ctx, LI, subject=f"T-{third['code']} T-{first['code']}")))[
        "id"
    ] == third["id"]
    await one(ctx, "SELECT 1")
    with pytest.raises(NotPossible):
        await undo_move(ctx, move_id=moves[1], actor=SYSTEM)


async def test_back_from_the_second_merge_leads_to_the_first(ctx: Context) -> None:
    first, second, third = [
        await ticket(ctx, await write(ctx, LI, text, subject=text, message_id=f"{text}@example.cn"))
        for text in "abc"
    ]
    moves = []
    for source, target in ((first, second), (second, third)):
        kept = await _entries(ctx, source["id"])
        moves.append(
            await move_entries(
                ctx, ticket_code=source["code"], interaction_ids=kept, to_code=target["code"], actor=SYSTEM
            )
        )
    await undo_move(ctx, move_id=moves[1], actor=SYSTEM)
    assert (await _row(ctx, first["id"]))["merged_into"] == second["id"]
    await undo_move(ctx, move_id=moves[0], actor=SYSTEM)
    assert (await _row(ctx, first["id"]))["merged_into"] is None
    assert (await ticket(ctx, await write(ctx, LI, answers="a@example.cn")))["id"] == first["id"]


# ── split ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_is_split_off_is_a_ticket_like_any_other(ctx: Context) -> None:
    agent = await an_agent(ctx, "ann", capacity=5)
    source, _, wrong = await _two(ctx)
    code, move_id = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong], actor=SYSTEM
    )
    (opened,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert (opened["customer_id"], opened["status"], opened["subject"]) == (
        source["customer_id"],
        "open",
        "A question",
    )
    assert (opened["reply_address"], opened["last_preview"]) == (LI, "about B")
    assert opened["waiting_since"] < opened["created_at"], "the customer waits since the letter came"
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "entries_moved"]
    assert (
        await one(
            ctx,
            "SELECT count(*) FROM routing_decision WHERE ticket_id = $1 AND step = 'classified'",
            opened["id"],
        )
        == 1
    )
    await drain(ctx)
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", opened["id"]) == agent
    assert (await ticket(ctx, await write(ctx, LI, answers="b@example.cn")))["id"] == opened["id"]
    with pytest.raises(NotPossible):
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)


async def test_a_split_that_is_undone_leaves_a_closed_ticket_that_leads_back(ctx: Context) -> None:
    source, _, wrong = await _two(ctx)
    before = await _picture(ctx, source["id"])
    code, move_id = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong], actor=SYSTEM
    )
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await _picture(ctx, source["id"]) == before
    (left,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert (left["status"], left["merged_into"]) == ("closed", source["id"])
    assert (await ticket(ctx, await write(ctx, LI, subject=f"T-{code}")))["id"] == source["id"]


async def test_a_split_is_of_the_one_who_wrote(ctx: Context) -> None:
    """A colleague wrote into Li's ticket; their own matter is theirs."""
    opened = await ticket(ctx, await vouched(ctx, LI, message_id="a@example.cn", cc=[WANG]))
    theirs = await write(ctx, WANG, "My own matter", answers="a@example.cn", message_id="w@example.cn")
    code, _ = await split_entries(
        ctx, ticket_code=opened["code"], interaction_ids=[theirs.interaction_id], actor=SYSTEM
    )
    (split,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert split["customer_id"] != opened["customer_id"] and split["reply_address"] == WANG
    assert await rows(
        ctx, "SELECT value, verified FROM identity WHERE customer_id = $1", split["customer_id"]
    ) == [{"value": WANG, "verified": True}]
    assert (await ticket(ctx, await write(ctx, WANG, answers="w@example.cn")))["id"] == split["id"]
    again = await ticket(ctx, await write(ctx, WANG))
    assert again["customer_id"] == split["customer_id"]


async def test_a_forged_letter_that_is_split_off_is_a_claim(ctx: Context) -> None:
    genuine = await ticket(ctx, await write(ctx, LI))
    forged = await ticket(ctx, await arrive(ctx, "support", LI, "forged", headers=[FAIL]))
    kept = await _entries(ctx, forged["id"])
    code, _ = await split_entries(ctx, ticket_code=forged["code"], interaction_ids=kept, actor=SYSTEM)
    owner = await one(ctx, "SELECT customer_id FROM ticket WHERE code = $1", code)
    assert owner != genuine["customer_id"]


async def test_an_answered_letter_and_its_answer_are_split_off_as_done(ctx: Context) -> None:
    source, _, wrong = await _two(ctx)
    sent, _ = await _left(ctx, source["code"])
    code, _ = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=[wrong, sent], actor=SYSTEM
    )
    (opened,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert (opened["status"], opened["waiting_since"]) == ("pending", None) and opened[
        "last_out_at"
    ] is not None


async def test_what_came_by_chat_is_split_off_too(ctx: Context) -> None:
    who = [("visitor", "v1", True)]
    first = await say(ctx, who=who, key="chat-1", text="one", reply_address="chat-1")
    second = await say(ctx, who=who, key="chat-1", text="two", reply_address="chat-1")
    source = await ticket(ctx, first)
    code, _ = await split_entries(
        ctx, ticket_code=source["code"], interaction_ids=[second.interaction_id], actor=SYSTEM
    )
    (opened,) = await rows(ctx, "SELECT * FROM ticket WHERE code = $1", code)
    assert (opened["customer_id"], opened["reply_address"]) == (source["customer_id"], "chat-1")


async def test_a_chat_whose_ticket_was_merged_goes_on_where_it_is_now(ctx: Context) -> None:
    who = [("visitor", "v1", True)]
    first = await ticket(ctx, await say(ctx, who=who, key="chat-1", reply_address="chat-1"))
    second = await ticket(ctx, await say(ctx, who=who, key="chat-2", reply_address="chat-2"))
    kept = await _entries(ctx, first["id"])
    await move_entries(
        ctx, ticket_code=first["code"], interaction_ids=kept, to_code=second["code"], actor=SYSTEM
    )
    assert (await ticket(ctx, await say(ctx, who=who, key="chat-1")))["id"] == second["id"]


async def test_an_emptied_ticket_that_is_opened_again_leads_nowhere_else(ctx: Context) -> None:
    source, target, _ = await _two(ctx)
    kept = await _entries(ctx, source["id"])
    await move_entries(
        ctx, ticket_code=source["code"], interaction_ids=kept, to_code=target["code"], actor=SYSTEM
    )
    await change_status(ctx, ticket_code=source["code"], status="open", actor=SYSTEM)
    assert (await ticket(ctx, await write(ctx, LI, subject=f"T-{source['code']}")))["id"] == source["id"]
