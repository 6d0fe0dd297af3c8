"""What people decide about a ticket's kind, priority and queue: written down, kept to be learned from, and it stands."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.learning.correct import change_ticket
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.people import Actor
from storage import corrections, offers, work
from storage.database import Connection
from tests.fakes.clocks import time_passes
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import a_hub, an_agent, ledger, one, rows, say, ticket

ENQUIRY = "What are your opening hours on Sunday?"
COMPLAINT = "I want to lodge a complaint, this is unacceptable."
DOUBTFUL = "Could you please send me the invoice? The last one was damaged."
BOB = [("email", "bob@example.com", True)]
ANN = Actor(name="Ann")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, text: str = ENQUIRY, **said: Any) -> dict[str, Any]:
    return await ticket(ctx, await say(ctx, **{"text": text, "who": BOB, **said}))


async def _now(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    (found,) = await rows(
        ctx,
        "SELECT t.*, q.name AS queue FROM ticket t JOIN queue q ON q.id = t.queue_id WHERE t.id = $1",
        opened["id"],
    )
    return found


async def _due(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    (clock,) = await rows(
        ctx, "SELECT * FROM sla_clock WHERE ticket_id = $1 AND target = 'first_response'", opened["id"]
    )
    return clock


async def test_a_missed_complaint_goes_where_complaints_go_with_their_priority_and_promise(
    ctx: Context,
) -> None:
    opened = await _opened(ctx)
    assert (opened["kind"], opened["queue"]) == ("enquiry", "enquiries")
    before = await _due(ctx, opened)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    now = await _now(ctx, opened)
    assert (now["kind"], now["queue"], now["priority"]) == ("complaint", "complaints", 3)
    assert (now["kind_uncertain"], now["by_hand"], now["promised_priority"]) == (False, ["kind"], None)
    after = await _due(ctx, opened)
    assert (before["named_by"], after["named_by"]) == ("usual", "complaint")
    assert after["due_at"] < before["due_at"]
    told = await ledger(ctx, opened["id"])
    assert told[:4] == ["ticket_opened", "kind_changed", "priority_changed", "queue_changed"]
    decision = (await rows(ctx, "SELECT * FROM routing_decision ORDER BY id DESC LIMIT 1"))[0]
    assert (decision["step"], decision["why"]["by"]) == ("manual", "Ann")
    assert decision["why"]["changed"] == {
        "kind": {"from": "enquiry", "to": "complaint"},
        "priority": {"from": "normal", "to": "high"},
        "queue": {"from": "enquiries", "to": "complaints"},
    }


async def test_what_a_person_says_is_kept_with_what_was_read(ctx: Context) -> None:
    kept = await say(ctx, text=ENQUIRY, who=BOB)
    opened = await ticket(ctx, kept)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="request")
    written = await rows(ctx, "SELECT * FROM correction ORDER BY id")
    assert [(r["from_kind"], r["to_kind"], r["author"]) for r in written] == [
        ("enquiry", "complaint", "Ann"),
        ("complaint", "request", "Ann"),
    ]
    assert {r["interaction_id"] for r in written} == {kept.interaction_id}
    (answer,) = await ctx.database.read(lambda c: corrections.list_answers(c, after=0, limit=9))
    assert (answer.from_kind, answer.kind, answer.text) == ("enquiry", "request", ENQUIRY)
    (shown,) = await ctx.database.read(lambda c: corrections.list_corrections(c, days=30, limit=9))
    assert (shown.from_kind, shown.to_kind, shown.id) == ("enquiry", "request", written[1]["id"])


async def test_to_say_that_it_is_right_takes_the_doubt_away_and_is_kept_once(ctx: Context) -> None:
    opened = await _opened(ctx, DOUBTFUL)
    assert (opened["kind"], opened["kind_uncertain"]) == ("complaint", True)
    for _ in range(2):
        await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    now = await _now(ctx, opened)
    assert (now["kind"], now["kind_uncertain"], now["queue"]) == ("complaint", False, opened["queue"])
    (kept,) = await rows(ctx, "SELECT * FROM correction")
    assert (kept["from_kind"], kept["to_kind"], kept["uncertain"]) == ("complaint", "complaint", True)
    assert await ctx.database.read(corrections.count_uncertain) == 0


async def test_a_ticket_in_hand_stays_with_its_agent_and_in_its_queue_when_its_kind_changes(
    ctx: Context,
) -> None:
    ann = await an_agent(ctx, "ann")
    opened = await _opened(ctx)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann, actor=ANN)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    now = await _now(ctx, opened)
    assert (now["assignee_id"], now["queue"], now["priority"]) == (ann, "enquiries", 3)


@pytest.mark.parametrize("keep", [False, True])
async def test_another_queue_releases_the_agent_unless_they_keep_it(ctx: Context, keep: bool) -> None:
    ann = await an_agent(ctx, "ann")
    opened = await _opened(ctx)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann, actor=ANN)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, queue="service", keep_assignee=keep)
    now = await _now(ctx, opened)
    assert (now["queue"], now["assignee_id"]) == ("service", ann if keep else None)
    assert await one(ctx, "SELECT load FROM agent") == int(keep)
    told = await ledger(ctx, opened["id"])
    assert "queue_changed" in told and ("ticket_released" in told) is not keep
    # Nothing that a rule decides by the kind moves it afterwards, also where it lies where the rules had put it.
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, queue="enquiries")
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    now = await _now(ctx, opened)
    assert (now["queue"], now["by_hand"]) == ("enquiries", ["kind", "queue"])


@pytest.mark.parametrize("change", [{"kind": "complaint"}, {"queue": "service"}])
async def test_what_goes_to_another_queue_is_offered_to_nobody_any_more(
    ctx: Context, change: dict[str, str]
) -> None:
    ann = await an_agent(ctx, "ann")
    opened = await _opened(ctx)

    async def offer(c: Connection) -> int:
        await work.lock_active_agents(c)
        return await offers.offer(c, [(opened["id"], ann, '{"reasons": []}', 60, False)], ["hub_events"])

    assert await ctx.database.run(offer) == 1
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, **change)  # type: ignore[arg-type]
    assert await one(ctx, "SELECT state FROM offer") == "withdrawn"
    now = await _now(ctx, opened)
    assert (now["offered_to"], now["queue"]) == (None, change.get("queue", "complaints"))
    assert await one(ctx, "SELECT load FROM agent") == 0


async def test_a_priority_by_hand_is_promised_by_and_neither_rules_nor_missed_targets_change_it(
    ctx: Context,
) -> None:
    opened = await _opened(ctx)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, priority=4)
    assert (await _due(ctx, opened))["named_by"] == "urgent"
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, priority=1)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    await time_passes(ctx, 525_600)
    await fire_due(ctx)
    assert "sla_breached" in await ledger(ctx, opened["id"])
    now = await _now(ctx, opened)
    assert (now["priority"], now["by_hand"]) == (1, ["kind", "priority"])


async def test_a_priority_that_a_missed_target_raised_is_not_taken_back_by_another_kind(ctx: Context) -> None:
    opened = await _opened(ctx, COMPLAINT)
    await time_passes(ctx, 525_600)
    await fire_due(ctx)
    assert (await _now(ctx, opened))["priority"] == 4
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="feedback")
    now = await _now(ctx, opened)
    assert (now["priority"], now["promised_priority"], now["queue"]) == (4, 1, "feedback")


@pytest.mark.parametrize("queue", ["service", "enquiries"])
async def test_a_queue_that_a_hint_named_is_not_changed_by_the_kind(ctx: Context, queue: str) -> None:
    opened = await _opened(ctx, hints={"queue": queue})
    assert opened["queue"] == queue
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint")
    assert (await _now(ctx, opened))["queue"] == queue


async def test_what_is_already_so_is_no_change(ctx: Context) -> None:
    opened = await _opened(ctx)
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint", queue="service")
    seq = (await _now(ctx, opened))["seq"]
    await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind="complaint", queue="service")
    assert (await _now(ctx, opened))["seq"] == seq
    assert await one(ctx, "SELECT count(*) FROM correction") == 1


async def test_two_supervisors_at_once_with_the_same_before_them_and_one_is_told(
    ctx: Context, database_dsn: str
) -> None:
    async with a_hub(database_dsn) as other:
        for round_ in range(8):
            opened = await _opened(ctx, who=[("visitor", f"v{round_}", True)])
            seen = opened["kind"]
            answers = await asyncio.gather(
                *(
                    change_ticket(
                        hub,
                        ticket_code=opened["code"],
                        actor=Actor(name=name),
                        kind=kind,
                        seen_kind=seen,
                    )
                    for hub, name, kind in ((ctx, "Ann", "complaint"), (other, "Bea", "request"))
                ),
                return_exceptions=True,
            )
            lost = [one for one in answers if one is not None]
            assert len(lost) == 1 and isinstance(lost[0], Conflict), answers
            now = await _now(ctx, opened)
            (kept,) = await rows(ctx, "SELECT * FROM correction WHERE ticket_id = $1", opened["id"])
            assert (kept["from_kind"], kept["to_kind"]) == (seen, now["kind"])


async def test_two_supervisors_who_did_not_look_leave_a_chain_without_a_gap(
    ctx: Context, database_dsn: str
) -> None:
    opened = await _opened(ctx)
    kinds = ["complaint", "request", "feedback", "enquiry"] * 3
    async with a_hub(database_dsn) as other:
        await asyncio.gather(
            *(
                change_ticket(hub, ticket_code=opened["code"], actor=ANN, kind=kind, priority=1 + place % 4)
                for place, kind in enumerate(kinds)
                for hub in (ctx, other)
            )
        )
    chain = await rows(ctx, "SELECT from_kind, to_kind FROM correction ORDER BY id")
    assert chain[0]["from_kind"] == "enquiry"
    assert all(a["to_kind"] == b["from_kind"] for a, b in itertools.pairwise(chain))
    assert chain[-1]["to_kind"] == (await _now(ctx, opened))["kind"]


async def test_moving_and_giving_at_once_leave_load_and_assignment_right(
    ctx: Context, database_dsn: str
) -> None:
    ann = await an_agent(ctx, "ann", capacity=50)
    opened = [await _opened(ctx, who=[("visitor", f"w{n}", True)]) for n in range(6)]
    async with a_hub(database_dsn) as other:
        await asyncio.gather(
            *(assign_ticket(other, ticket_code=one["code"], agent_id=ann, actor=ANN) for one in opened),
            *(change_ticket(ctx, ticket_code=one["code"], actor=ANN, queue="service") for one in opened),
        )
    assert {(await _now(ctx, one))["queue"] for one in opened} == {"service"}


async def test_what_cannot_be_is_refused_and_nothing_is_changed(ctx: Context) -> None:
    opened = await _opened(ctx)
    code = opened["code"]
    for wrong, asked in (
        ("unknown_kind", {"kind": "praise"}),
        ("unknown_priority", {"priority": 5}),
        ("unknown_queue", {"queue": "nowhere", "kind": "complaint"}),
    ):
        with pytest.raises(NotPossible) as refused:
            await change_ticket(ctx, ticket_code=code, actor=ANN, **asked)  # type: ignore[arg-type]
        assert refused.value.code == wrong
    with pytest.raises(NotFound):
        await change_ticket(ctx, ticket_code=10_019_999, actor=ANN, kind="complaint")
    assert (await _now(ctx, opened))["seq"] == opened["seq"]
    await change_status(ctx, ticket_code=code, status="closed", actor=ANN)
    with pytest.raises(NotPossible):
        await change_ticket(ctx, ticket_code=code, actor=ANN, queue="service")
    # What it was can still be said: there is something to learn from it.
    await change_ticket(ctx, ticket_code=code, actor=ANN, kind="complaint")
    assert (await _now(ctx, opened))["kind"] == "complaint"
