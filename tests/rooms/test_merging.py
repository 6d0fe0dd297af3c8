"""Whole tickets merged into others, linked, and what was just done to one taken back. The invariants hold at every end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.cases.link import LinkKind, link_tickets, unlink_tickets
from hub.actions.cases.merge import merge_tickets
from hub.actions.cases.undo import undo_assignment, undo_status
from hub.actions.context import Context
from hub.actions.errands.tasks import new_task
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.move import undo_move
from hub.actions.note import add_note
from hub.actions.participants import add_participant
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.interactions import Mailbox
from storage import tasks, threads
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, ticket, write

LI, WANG = "li@example.cn", "wang@example.cn"

# What a merge and its undo add for good: the ledger, the record of the move, what rules and promises made of it.
LEDGERS = {
    "event", "move", "moved_entry", "ticket_merge", "automation_due", "automation_run", "automation_timer", "timer",
    "sla_clock", "sla_segment", "sla_rules", "feed_mark", "desk_line", "idempotency", "lease", "search_due", "audit",
}  # fmt: skip
_COUNTED = {"ticket": ("seq", "version", "updated_at", "waiting_why"), "agent": ("idle_since",)}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def everything(
    ctx: Context, without: set[str] = LEDGERS, counted: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, list[str]]:
    """Every row of every table as text, but for ledgers and what only counts changes."""
    uncounted = {**_COUNTED, **(counted or {})}
    names = [
        row["name"]
        for row in await rows(
            ctx,
            """SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1""",
        )
    ]
    found = {}
    for name in names:
        if name in without or name.startswith(("_pogo", "pogo")):
            continue
        cut = "".join(f" - '{column}'" for column in uncounted.get(name, ()))
        found[name] = [
            row["doc"]
            for row in await rows(ctx, f"SELECT (to_jsonb(t){cut})::text AS doc FROM {name} t ORDER BY 1")
        ]
    return found


async def _row(ctx: Context, number: int) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM ticket WHERE id = $1", number)
    return found


async def _two(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two tickets of one customer: the first with two letters, a note, a tag and somebody who takes part."""
    source = await ticket(ctx, await write(ctx, LI, "about A", message_id="a@example.cn"))
    await write(ctx, LI, "more about A", answers="a@example.cn", message_id="a2@example.cn")
    target = await ticket(ctx, await write(ctx, LI, "B", subject="Another matter", message_id="b@example.cn"))
    await add_note(ctx, ticket_code=source["code"], actor=SYSTEM, text="He rang, too.")
    await change_tags(ctx, ticket_code=source["code"], actor=SYSTEM, add=["urgent", "both"])
    await change_tags(ctx, ticket_code=target["code"], actor=SYSTEM, add=["both"])
    await add_participant(
        ctx, ticket_code=source["code"], mailbox=Mailbox(address=WANG, name="Wang"), actor=SYSTEM
    )
    return await _row(ctx, source["id"]), await _row(ctx, target["id"])


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_all_of_a_ticket_goes_along(ctx: Context) -> None:
    source, target = await _two(ctx)
    agent = await an_agent(ctx, "lin")
    await assign_ticket(ctx, ticket_code=source["code"], agent_id=agent, actor=SYSTEM)
    move_id, count = await merge_tickets(
        ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM
    )
    assert count == 3
    gone, now = await _row(ctx, source["id"]), await _row(ctx, target["id"])
    assert (gone["status"], gone["merged_into"]) == ("closed", target["id"])
    assert now["tags"] == ["both", "urgent"]
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE ticket_id = $1", target["id"]) == 4
    people = await rows(ctx, "SELECT value, state FROM participant WHERE ticket_id = $1", target["id"])
    assert [(row["value"], row["state"]) for row in people] == [(WANG, "member")]
    # Whoever answers a letter of the old one, or names its number, comes to the new one; so does who takes part.
    assert (await ticket(ctx, await write(ctx, LI, answers="a2@example.cn")))["id"] == target["id"]
    assert (await ticket(ctx, await write(ctx, WANG, answers="a@example.cn")))["id"] == target["id"]
    assert await ledger(ctx, source["id"]) and "entries_moved" in await ledger(ctx, target["id"])
    with pytest.raises(NotPossible) as refused:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert refused.value.code == "added_since"


async def test_tasks_are_seen_from_the_other_one(ctx: Context) -> None:
    source, target = await _two(ctx)
    await new_task(ctx, actor=SYSTEM, title="Ring him", ticket_code=source["code"], queue="complaints")
    await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    found = await ctx.database.read(lambda c: tasks.of_ticket(c, target["code"]))
    assert [one.title for one in found] == ["Ring him"]


async def test_undo_restores_every_table(ctx: Context) -> None:
    source, target = await _two(ctx)
    agent = await an_agent(ctx, "lin")
    await assign_ticket(ctx, ticket_code=source["code"], agent_id=agent, actor=SYSTEM)
    await ctx.database.run(
        lambda c: c.execute(
            "INSERT INTO ticket_follower (ticket_id, agent_id) VALUES ($1, $2)", source["id"], agent
        )
    )
    before = await everything(ctx)
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    assert await everything(ctx) != before
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    after = await everything(ctx)
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    with pytest.raises(NotPossible) as refused:
        await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert refused.value.code == "undone_already"


async def test_what_changed_since_stays(ctx: Context) -> None:
    source, target = await _two(ctx)
    move_id, _ = await merge_tickets(ctx, ticket_code=source["code"], into_code=target["code"], actor=SYSTEM)
    await change_tags(ctx, ticket_code=target["code"], actor=SYSTEM, add=["later"], remove=["both"])
    await add_participant(
        ctx, ticket_code=target["code"], mailbox=Mailbox(address="zhao@example.cn", name="Zhao"), actor=SYSTEM
    )
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert (await _row(ctx, target["id"]))["tags"] == ["later"]
    people = await rows(ctx, "SELECT value FROM participant WHERE ticket_id = $1", target["id"])
    assert [row["value"] for row in people] == ["zhao@example.cn"]


async def test_a_chain_of_merges_leads_to_its_end_and_back(ctx: Context) -> None:
    first, second = await _two(ctx)
    third = await ticket(ctx, await write(ctx, LI, "C", subject="A third"))
    one_, _ = await merge_tickets(ctx, ticket_code=first["code"], into_code=second["code"], actor=SYSTEM)
    two_, _ = await merge_tickets(ctx, ticket_code=second["code"], into_code=third["code"], actor=SYSTEM)
    assert (await _row(ctx, first["id"]))["merged_into"] == third["id"]
    with pytest.raises(NotPossible) as refused:
        await undo_move(ctx, move_id=one_, actor=SYSTEM)
    assert refused.value.code == "moved_on"
    await undo_move(ctx, move_id=two_, actor=SYSTEM)
    assert (await _row(ctx, first["id"]))["merged_into"] == second["id"]
    await undo_move(ctx, move_id=one_, actor=SYSTEM)
    assert (await _row(ctx, first["id"]))["merged_into"] is None


async def test_two_who_merge_at_once(ctx: Context) -> None:
    source, target = await _two(ctx)

    async def merge(code: int, into: int) -> str:
        try:
            await merge_tickets(ctx, ticket_code=code, into_code=into, actor=SYSTEM)
        except NotPossible as refused:
            return refused.code
        return "done"

    codes = [(source["code"], target["code"]), (target["code"], source["code"])]
    results = sorted(await asyncio.gather(*(merge(*one) for one in codes)))
    assert results[1] == "done" and results[0] in ("closed", "merged_already"), results


async def test_what_stands_against_it(ctx: Context) -> None:
    source, target = await _two(ctx)
    other = await ticket(ctx, await write(ctx, WANG, "mine", subject="Of somebody else"))

    async def refused(code: int, into: int, **more: bool) -> str:
        with pytest.raises(NotPossible) as why:
            await merge_tickets(ctx, ticket_code=code, into_code=into, actor=SYSTEM, **more)
        return why.value.code

    assert await refused(source["code"], source["code"]) == "same_ticket"
    assert await refused(source["code"], other["code"]) == "other_customer"
    with pytest.raises(NotFound):
        await merge_tickets(ctx, ticket_code=source["code"], into_code=99999998, actor=SYSTEM)
    await queue_reply(ctx, ticket_code=source["code"], actor=SYSTEM, text="On its way.")
    assert await refused(source["code"], target["code"]) == "still_leaving"
    await change_status(ctx, ticket_code=target["code"], status="closed", actor=SYSTEM)
    assert await refused(source["code"], target["code"]) == "closed"
    # When it is meant, the entries go onto the other one's timeline, and whoever wrote them may speak there.
    mine = await ticket(ctx, await write(ctx, LI, "D", subject="A fourth", message_id="d@example.cn"))
    move_id, _ = await merge_tickets(
        ctx, ticket_code=mine["code"], into_code=other["code"], actor=SYSTEM, other_customer=True
    )
    assert {
        row["customer_id"]
        for row in await rows(ctx, "SELECT customer_id FROM interaction WHERE ticket_id = $1", other["id"])
    } == {other["customer_id"]}
    people = await rows(ctx, "SELECT value, state FROM participant WHERE ticket_id = $1", other["id"])
    assert [(row["value"], row["state"]) for row in people] == [(LI, "member")]
    await undo_move(ctx, move_id=move_id, actor=SYSTEM)
    assert await rows(ctx, "SELECT value FROM participant WHERE ticket_id = $1", other["id"]) == []


async def _links(ctx: Context, number: int) -> list[threads.LinkRow]:
    return await ctx.database.read(lambda c: threads.ticket_links(c, number))


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_links_are_seen_from_both_ends_and_go(ctx: Context) -> None:
    source, target = await _two(ctx)
    pair = {"ticket_code": source["code"], "other_code": target["code"]}
    await link_tickets(ctx, **pair, kind=LinkKind.DUPLICATE, actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await link_tickets(
            ctx, ticket_code=target["code"], other_code=source["code"], kind=LinkKind.RELATED, actor=SYSTEM
        )
    assert refused.value.code == "linked_already"
    seen = [await _links(ctx, n) for n in (source["id"], target["id"])]
    assert [[(one.code, one.why, one.newer) for one in links] for links in seen] == [
        [(target["code"], "duplicate", False)],
        [(source["code"], "duplicate", True)],
    ]
    assert (
        await unlink_tickets(ctx, ticket_code=target["code"], other_code=source["code"], actor=SYSTEM)
        == LinkKind.DUPLICATE
    )
    with pytest.raises(NotPossible) as refused:
        await unlink_tickets(ctx, **pair, actor=SYSTEM)
    assert refused.value.code == "not_linked"
    assert (await ledger(ctx, source["id"]))[-2:] == ["linked", "unlinked"]


# ── taking back ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_status_goes_back_with_the_wait_that_it_had(ctx: Context) -> None:
    source, _ = await _two(ctx)
    code = source["code"]
    asked = await one(ctx, "SELECT min(created_at) FROM interaction WHERE ticket_id = $1", source["id"])
    for status in ("pending", "resolved", "closed"):
        seq = await change_status(ctx, ticket_code=code, status=status, actor=SYSTEM)
        assert await undo_status(ctx, ticket_code=code, seq=seq, actor=SYSTEM) == "open"
        now = await _row(ctx, source["id"])
        assert (now["status"], now["waiting_since"], now["resolved_at"]) == (
            "open", asked, None,
        )  # fmt: skip
    assert await change_status(ctx, ticket_code=code, status="open", actor=SYSTEM) == 0
    # What is resolved again closes by itself again.
    await change_status(ctx, ticket_code=code, status="resolved", actor=SYSTEM)
    seq = await change_status(ctx, ticket_code=code, status="closed", actor=SYSTEM)
    assert await undo_status(ctx, ticket_code=code, seq=seq, actor=SYSTEM) == "resolved"


async def test_a_status_stays_when_something_else_happened(ctx: Context) -> None:
    source, _ = await _two(ctx)
    seq = await change_status(ctx, ticket_code=source["code"], status="resolved", actor=SYSTEM)
    await add_note(ctx, ticket_code=source["code"], actor=SYSTEM, text="A note does not matter.")
    await write(ctx, LI, "It is back!", answers="a2@example.cn")
    with pytest.raises(NotPossible) as refused:
        await undo_status(ctx, ticket_code=source["code"], seq=seq, actor=SYSTEM)
    assert refused.value.code == "changed_since"
    with pytest.raises(NotFound):
        await undo_status(ctx, ticket_code=source["code"], seq=1, actor=SYSTEM)
    # Also where the customer's word left the status as it was.
    await change_status(ctx, ticket_code=source["code"], status="pending", actor=SYSTEM)
    seq = await change_status(ctx, ticket_code=source["code"], status="open", actor=SYSTEM)
    await write(ctx, LI, "And another thing.", answers="a2@example.cn")
    with pytest.raises(NotPossible) as refused:
        await undo_status(ctx, ticket_code=source["code"], seq=seq, actor=SYSTEM)
    assert refused.value.code == "changed_since"


async def test_who_had_it_has_it_again(ctx: Context) -> None:
    source, _ = await _two(ctx)
    code, lin, zhou = source["code"], await an_agent(ctx, "lin"), await an_agent(ctx, "zhou")
    seq = await assign_ticket(ctx, ticket_code=code, agent_id=lin, actor=SYSTEM)
    await undo_assignment(ctx, ticket_code=code, seq=seq, back_to=None, actor=SYSTEM)
    assert (await _row(ctx, source["id"]))["assignee_id"] is None
    await assign_ticket(ctx, ticket_code=code, agent_id=lin, actor=SYSTEM)
    seq = await assign_ticket(ctx, ticket_code=code, agent_id=zhou, actor=SYSTEM)
    await undo_assignment(ctx, ticket_code=code, seq=seq, back_to=lin, actor=SYSTEM)
    assert (await _row(ctx, source["id"]))["assignee_id"] == lin
    assert await assign_ticket(ctx, ticket_code=code, agent_id=lin, actor=SYSTEM) == 0
    seq = await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=SYSTEM)
    await assign_ticket(ctx, ticket_code=code, agent_id=zhou, actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await undo_assignment(ctx, ticket_code=code, seq=seq, back_to=lin, actor=SYSTEM)
    assert refused.value.code == "changed_since"
