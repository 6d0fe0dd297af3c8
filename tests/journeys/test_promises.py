"""What a customer was promised, from the letter to the answer: the clocks, what is said about them, and where it is seen."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.actions.answers.recall import cancel_reply
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.route import drain
from hub.actions.move import split_entries, undo_move
from hub.actions.people.keys import create_api_key
from hub.actions.read_clocks import clocks_of, ledger_of
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.people import Scope
from tests.fakes.clocks import SHIPPED, clock, rules, time_passes, told
from tests.fakes.desk import CHANNELS, customer_writes, serving_desk, words_of
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, ticket, write

LI = "li@example.cn"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=rules()) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def states(ctx: Context, ticket_id: int) -> dict[str, str]:
    """Of the last clock for each target."""
    found = await rows(
        ctx,
        "SELECT DISTINCT ON (target) target, state FROM sla_clock WHERE ticket_id = $1 ORDER BY target, cycle DESC",
        ticket_id,
    )
    return {row["target"]: row["state"] for row in found}


async def test_from_the_letter_to_the_solution(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    assert await states(ctx, opened["id"]) == {"first_response": "running", "resolution": "running"}
    assert (await clock(ctx, opened["id"], "first_response"))["left"] == 60
    await time_passes(ctx, 20)
    await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="On its way.")
    assert await states(ctx, opened["id"]) == {"first_response": "met", "resolution": "paused"}
    await time_passes(ctx, 200)
    await write(ctx, LI, "It is not.", answers="one@example.cn")
    assert await states(ctx, opened["id"]) == {
        "first_response": "met", "next_response": "running", "resolution": "running",
    }  # fmt: skip
    assert (await clock(ctx, opened["id"], "resolution"))["left"] == 460
    await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Now it is.")
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    assert await states(ctx, opened["id"]) == {
        "first_response": "met", "next_response": "met", "resolution": "met",
    }  # fmt: skip
    assert [kind for kind, _ in await told(ctx, opened["id"]) if kind.startswith("sla")] == []


async def test_a_burst_of_letters_opens_each_clock_once(ctx: Context) -> None:
    """Also when they are read together."""
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    await asyncio.gather(*(write(ctx, LI, f"And {n}?", answers="one@example.cn") for n in range(5)))
    assert await states(ctx, opened["id"]) == {"first_response": "running", "resolution": "running"}
    await asyncio.gather(*(write(ctx, f"customer{n}@example.cn") for n in range(10)))
    assert await one(ctx, "SELECT count(*) FROM sla_clock WHERE target = 'first_response'") == 11


async def test_an_answer_that_is_taken_back_stops_no_clock(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    ann = await an_agent(ctx, "ann")
    await time_passes(ctx, 20)
    reply = await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.")
    await cancel_reply(ctx, interaction_id=reply, actor=SYSTEM)
    assert await states(ctx, opened["id"]) == {"first_response": "running", "resolution": "running"}
    assert (await clock(ctx, opened["id"], "first_response"))["left"] == 40
    assert await drain(ctx) == 1
    assert await one(ctx, "SELECT assignee_id FROM ticket") == ann


async def test_a_missed_target_raises_the_ticket_once_however_many_hubs_there_are(
    ctx: Context, database_dsn: str
) -> None:
    await asyncio.gather(*(write(ctx, f"customer{n}@example.cn") for n in range(20)))
    await time_passes(ctx, 61)
    async with a_hub(database_dsn, rules=rules()) as other:
        said = await asyncio.gather(*(fire_due(hub) for hub in (ctx, other) * 3))
    assert sum(said) == 20
    raised = await rows(ctx, "SELECT priority, promised_priority FROM ticket")
    assert {(row["priority"], row["promised_priority"]) for row in raised} == {(3, 2)}
    events = await rows(
        ctx,
        "SELECT kind, count(*) AS many FROM event WHERE kind IN ('sla_breached', 'priority_changed') GROUP BY kind",
    )
    assert {row["kind"]: row["many"] for row in events} == {"sla_breached": 20, "priority_changed": 20}


async def test_entries_that_become_a_ticket_of_their_own_have_clocks_of_their_own(ctx: Context) -> None:
    kept = await write(ctx, LI, message_id="one@example.cn")
    opened = await ticket(ctx, kept)
    second = await write(ctx, LI, "Something else: the invoice.", answers="one@example.cn")
    code, move = await split_entries(
        ctx, ticket_code=opened["code"], interaction_ids=[second.interaction_id], actor=SYSTEM
    )
    split = await one(ctx, "SELECT id FROM ticket WHERE code = $1", code)
    assert await states(ctx, split) == {"first_response": "running", "resolution": "running"}
    await undo_move(ctx, move_id=move, actor=SYSTEM)
    # It is closed, but nobody solved it there.
    assert await states(ctx, split) == {"first_response": "dropped", "resolution": "dropped"}
    assert await states(ctx, opened["id"]) == {"first_response": "running", "resolution": "running"}


async def test_the_ledger_says_what_the_time_is_made_of(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    await time_passes(ctx, 30)
    await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Which size?")
    await time_passes(ctx, 90)
    await write(ctx, LI, "Medium.", answers="one@example.cn")
    await time_passes(ctx, 10)
    policies, now = ctx.rules.policies, datetime.now(UTC)
    ledger = await ctx.database.read(lambda c: ledger_of(c, policies, opened["id"], now))
    assert [str(clock.now.target) for clock in ledger] == ["first_response", "next_response", "resolution"]
    solution = ledger[-1]
    assert [
        (part.running, str(part.because), round(part.counted.total_seconds() / 60)) for part in solution.parts
    ] == [
        (True, "opened", 30),
        (False, "waits_for_customer", 0),
        (True, "customer_wrote", 10),
    ]
    assert solution.parts[-1].until is None
    assert round(solution.used.total_seconds() / 60) == 40
    assert sum((part.counted for part in solution.parts), start=solution.used * 0) == solution.used
    clocks = await ctx.database.read(lambda c: clocks_of(c, policies, [opened["id"], 0], now))
    assert clocks[0] == []
    assert [(str(one.target), one.breached) for one in clocks[opened["id"]]] == [
        ("first_response", False), ("next_response", False), ("resolution", False),
    ]  # fmt: skip


async def test_outside_working_hours_a_clock_says_when_it_goes_on(database_dsn: str) -> None:
    today = datetime.now(UTC).date()
    closed = {**SHIPPED["calendar"][1], "days_off": [f"{today}/{today + timedelta(days=60)}"], "zone": "UTC"}
    calendar = [table for table in SHIPPED["calendar"] if table["name"] != "always"] + [closed]
    async with a_hub(database_dsn, rules=rules(calendar=calendar)) as ctx:
        opened = await ticket(ctx, await write(ctx, LI))
        policies, now = ctx.rules.policies, datetime.now(UTC)
        first, _ = await ctx.database.read(lambda c: ledger_of(c, policies, opened["id"], now))
        assert first.now.rests == "outside_hours"
        assert first.opens_at is not None and first.opens_at > now
        assert first.used == first.used * 0


async def test_the_desk_shows_what_is_due_and_why(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHANNELS, rules=rules()) as ctx, serving_desk(ctx) as desk:
        code = await customer_writes(ctx, "Where is my parcel?")
        await desk.log_in()
        await time_passes(ctx, 25)
        page = await desk.get("/desk?scope=all")
        assert "due in 34 min" in words_of(page.text)
        await time_passes(ctx, 160)
        await fire_due(ctx)
        page = await desk.get(f"/desk/tickets/T-{code}?scope=all")
        said = words_of(page.text)
        assert "overdue 2 hr" in said
        assert "First answer" in said and "Solution" in said and "Next answer" not in said
        assert "3 hr 5 min used of 8 hr (Round the clock), promised by “usual”" in said
        assert "running: the ticket was opened" in said
        await desk.post("/desk/preferences", {"locale": "zh_CN"})
        said = words_of((await desk.get(f"/desk/tickets/T-{code}?scope=all")).text)
        assert "已超时 2 小时" in said and "计时：工单建立" in said
        await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="On its way.")
        await desk.post("/desk/preferences", {"locale": "en"})
        said = words_of((await desk.get(f"/desk/tickets/T-{code}?scope=all")).text)
        assert "too late" in said and "paused: the customer has to answer" in said


async def test_a_program_reads_how_each_target_stands(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHANNELS, rules=rules()) as ctx, serving_desk(ctx) as desk:
        code = await customer_writes(ctx, "Where is my parcel?")
        key = await create_api_key(ctx, name="reader", scopes=[Scope.READ])
        await time_passes(ctx, 70)
        await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="On its way.")
        for path in (f"/api/v1/tickets/T-{code}", "/api/v1/tickets"):
            document = json.loads((await desk.get(path, Authorization=f"Bearer {key}")).text)
            found = document["items"][0] if "items" in document else document
            first, solution = found["sla"]
            assert first["target"] == "first_response" and first["breached"] is True
            assert (first["state"], first["paused_because"]) == ("missed", None)
            assert datetime.fromisoformat(first["due_at"]) < datetime.now(UTC)
            assert solution == {
                "target": "resolution", "state": "paused", "due_at": None, "paused_because": "waits_for_customer",
                "breached": False,
            }  # fmt: skip
