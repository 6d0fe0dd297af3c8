"""Work of somebody who sees a part of the tickets, by which one goes out of their sight: it is done to its end, and is theirs
to take back. What was out of sight before is not touched."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.floor.assign import assign_ticket
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.macros.run import run_macro, undo_run
from hub.actions.move import split_entries, undo_move
from hub.model.people import Actor
from hub.model.permissions import BUILT_IN, Sight
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, say, ticket, write

LI = "li@example.cn"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, undo_seconds=600) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _agent(ctx: Context, sight: Sight, queues: tuple[str, ...] = ()) -> Actor:
    number = await an_agent(ctx, "ann", queues=queues)
    return Actor(name="Ann", agent_id=number, role="x", permissions=BUILT_IN["agent"], sight=sight)


async def _macro(ctx: Context, **acts: Any) -> int:
    return await add_macro(ctx, draft=MacroDraft(name="M", acts=acts), actor=SYSTEM)


async def _ticket(ctx: Context, code: int) -> dict[str, Any]:
    (row,) = await rows(
        ctx, "SELECT t.id, q.name AS queue, t.priority, t.tags, t.status, t.assignee_id"
        " FROM ticket t JOIN queue q ON q.id = t.queue_id WHERE code = $1", code
    )  # fmt: skip
    return row


async def test_a_macro_that_gives_the_ticket_to_another_queue_is_done_to_its_end(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    code, queue = opened["code"], (await _ticket(ctx, opened["code"]))["queue"]
    other = "complaints" if queue != "complaints" else "service"
    ann = await _agent(ctx, Sight.QUEUES, (queue,))
    made = await _macro(
        ctx, reply="It goes to a colleague.", note="For you.", add_tags=["handed on"], queue=other, status="resolved"
    )  # fmt: skip
    ran = await run_macro(ctx, macro_id=made, ticket_code=code, actor=ann)
    assert (list(ran.did), ran.failed) == (["reply", "note", "tags", "queue", "status"], {})
    after = await _ticket(ctx, code)
    assert (after["queue"], after["tags"], after["status"]) == (other, ["handed on"], "resolved")
    assert "macro_run" in await ledger(ctx, opened["id"])
    # They do not see it any more; what they did they take back.
    with pytest.raises(NotFound):
        await run_macro(ctx, macro_id=made, ticket_code=code, actor=ann)
    undone = await undo_run(ctx, run_id=ran.run_id, actor=ann)
    assert (list(undone.did), undone.failed) == (["status", "queue", "tags", "reply"], {"note": "note_stays"})
    assert await _ticket(ctx, code) == {**after, "queue": queue, "tags": [], "status": "open"}


async def test_a_macro_that_gives_away_what_is_ones_own_is_done_to_its_end(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    ann = await _agent(ctx, Sight.OWN)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann.agent_id, actor=SYSTEM)
    made = await _macro(
        ctx, reply="Somebody else will answer.", assign="nobody", status="resolved", snooze=""
    )
    ran = await run_macro(ctx, macro_id=made, ticket_code=opened["code"], actor=ann)
    assert (set(ran.did), ran.failed) == ({"reply", "assign", "status"}, {})
    undone = await undo_run(ctx, run_id=ran.run_id, actor=ann)
    assert undone.failed == {}
    assert (await _ticket(ctx, opened["code"]))["assignee_id"] == ann.agent_id


async def test_a_macro_does_nothing_to_what_is_out_of_sight_when_it_begins(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    ann = await _agent(ctx, Sight.OWN)
    before = await ledger(ctx, opened["id"])
    tried: list[dict[str, Any]] = [{"reply": "Yes."}, {"note": "Seen."}, {"priority": 3}]
    for number, acts in enumerate(tried):
        draft = MacroDraft(name=f"M{number}", acts=acts)
        made = await add_macro(ctx, draft=draft, actor=SYSTEM)
        with pytest.raises(NotFound):
            await run_macro(ctx, macro_id=made, ticket_code=opened["code"], actor=ann)
    assert await ledger(ctx, opened["id"]) == before


async def _two_entries(ctx: Context) -> tuple[dict[str, Any], int]:
    who = [("email", LI, True)]
    opened = await ticket(ctx, await say(ctx, "plain", who=who, key="1", text="Where is my parcel?"))
    kept = await say(ctx, "plain", who=who, key="1", text="And this is a complaint: it came broken!")
    return opened, kept.interaction_id


@pytest.mark.parametrize("sight", [Sight.OWN, Sight.QUEUES])
async def test_what_is_split_off_need_not_be_in_sight(ctx: Context, sight: Sight) -> None:
    """Nobody has it yet, and the rules say whose queue it is in."""
    opened, entry = await _two_entries(ctx)
    ann = await _agent(ctx, sight, ("feedback",))
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann.agent_id, actor=SYSTEM)
    code, _ = await split_entries(ctx, ticket_code=opened["code"], interaction_ids=[entry], actor=ann)
    made = await _ticket(ctx, code)
    assert made["queue"] != "feedback" and made["assignee_id"] is None
    assert await one(ctx, "SELECT ticket_id FROM interaction WHERE id = $1", entry) == made["id"]


@pytest.mark.parametrize("sight", [Sight.OWN, Sight.QUEUES])
async def test_what_it_is_split_off_from_has_to_be(ctx: Context, sight: Sight) -> None:
    opened, entry = await _two_entries(ctx)
    ann = await _agent(ctx, sight, ("feedback",))
    with pytest.raises(NotFound):
        await split_entries(ctx, ticket_code=opened["code"], interaction_ids=[entry], actor=ann)
    assert await one(ctx, "SELECT ticket_id FROM interaction WHERE id = $1", entry) == opened["id"]


@pytest.mark.parametrize("sight", [Sight.OWN, Sight.QUEUES])
@pytest.mark.parametrize("hers", ["source", "target", "both"])
async def test_what_was_split_off_goes_back_by_who_sees_both(ctx: Context, sight: Sight, hers: str) -> None:
    opened, entry = await _two_entries(ctx)
    ann = await _agent(ctx, sight, ("feedback",))
    code, move_id = await split_entries(
        ctx, ticket_code=opened["code"], interaction_ids=[entry], actor=SYSTEM
    )
    for name, number in (("source", opened["code"]), ("target", code)):
        if hers in (name, "both"):
            await assign_ticket(ctx, ticket_code=number, agent_id=ann.agent_id, actor=SYSTEM)
    if hers == "both":
        assert await undo_move(ctx, move_id=move_id, actor=ann) == opened["code"]
        return
    with pytest.raises(NotFound):
        await undo_move(ctx, move_id=move_id, actor=ann)
    assert await one(ctx, "SELECT ticket_id FROM interaction WHERE id = $1", entry) != opened["id"]
