"""Live conversations: places of their own, kept while somebody sits at the other end, and what is left when nobody does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.live import end_silent
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain, why_waiting
from hub.actions.move import move_entries, split_entries
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.tickets import TicketStatus, held
from tests.fakes.floor import floor_rules, holder, loads, minutes_pass, now, opened
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, mend_ledger, one, rows, spoil_ledger


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """No load is ever wrong, or above capacity, at any commit."""
    async with a_hub(database_dsn, rules=floor_rules()) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


async def test_a_conversation_takes_a_place_of_its_own(ctx: Context) -> None:
    await an_agent(ctx, "ann", capacity=1, live_capacity=2)
    talks = [await opened(ctx, n) for n in range(3)]
    assert [one_["live"] for one_ in talks] == [True] * 3
    assert await drain(ctx) == 2
    assert await loads(ctx) == {"ann": (0, 2)}
    why = await why_waiting(ctx, talks[2]["code"])
    assert why is not None
    assert [reason["code"] for reason in why["reasons"]] == ["all_at_capacity"]


async def test_an_answer_keeps_the_place_and_so_does_the_next_word(ctx: Context) -> None:
    await an_agent(ctx, "ann", live_capacity=1)
    first = await opened(ctx, 1)
    await opened(ctx, 2)
    assert await drain(ctx) == 1
    await queue_reply(ctx, ticket_code=first["code"], actor=SYSTEM, text="Yes?")
    assert ((await now(ctx, first))["status"], await loads(ctx)) == ("pending", {"ann": (0, 1)})
    assert await drain(ctx) == 0
    await opened(ctx, 1, text="And another thing")
    assert ((await now(ctx, first))["status"], await loads(ctx)) == ("open", {"ann": (0, 1)})
    await change_status(ctx, ticket_code=first["code"], status="resolved", actor=SYSTEM)
    assert (await now(ctx, first))["live"] is False
    assert await drain(ctx) == 1
    assert await loads(ctx) == {"ann": (0, 1)}


@pytest.mark.parametrize("answered", [True, False])
async def test_where_nobody_writes_any_more_the_place_is_free(ctx: Context, answered: bool) -> None:
    await an_agent(ctx, "ann", live_capacity=1)
    first, second = await opened(ctx, 1), await opened(ctx, 2)
    await drain(ctx)
    if answered:
        await queue_reply(ctx, ticket_code=first["code"], actor=SYSTEM, text="Yes?")
    await minutes_pass(ctx, 4.9)
    assert await fire_due(ctx) == 0
    await minutes_pass(ctx, 0.2)
    assert await fire_due(ctx) == 2  # the second customer has gone as well
    assert await fire_due(ctx) == 0
    assert await loads(ctx) == {"ann": (0 if answered else 1, 0)}
    assert ((await now(ctx, first))["live"], (await now(ctx, second))["live"]) == (False, False)
    assert (await ledger(ctx, first["id"]))[-1] == "live_ended"
    assert await one(ctx, "SELECT count(*) FROM timer WHERE fired_at IS NOT NULL") == 2


async def test_one_that_cannot_be_ended_is_put_off_and_the_others_are_ended(ctx: Context) -> None:
    await an_agent(ctx, "ann", live_capacity=3, capacity=2)
    calls = [await opened(ctx, number) for number in (1, 2, 3)]
    await drain(ctx)
    bad = calls[1]["id"]
    await spoil_ledger(ctx, bad)
    await minutes_pass(ctx, 6)
    with capture_logs() as logged:
        assert await end_silent(ctx) == 3
        assert await end_silent(ctx) == 0
    assert [(line["event"], line["ticket"]) for line in logged] == [("silence.put_off", bad)]
    assert [(await now(ctx, one_))["live"] for one_ in calls] == [False, True, False]
    assert await loads(ctx) == {"ann": (2, 1)}
    await mend_ledger(ctx, bad)
    await minutes_pass(ctx, 61)
    assert await end_silent(ctx) == 1
    assert (await now(ctx, calls[1]))["live"] is False


async def test_whoever_wrote_meanwhile_is_not_silent(ctx: Context) -> None:
    await an_agent(ctx, "ann")
    _, second = await opened(ctx, 1), await opened(ctx, 2)
    await drain(ctx)
    await minutes_pass(ctx, 3)
    await opened(ctx, 1, text="Hello?")
    await queue_reply(ctx, ticket_code=second["code"], actor=SYSTEM, text="One moment")
    await minutes_pass(ctx, 3)
    assert await end_silent(ctx) == 2
    assert await loads(ctx) == {"ann": (0, 2)}
    assert await end_silent(ctx) == 0
    await minutes_pass(ctx, 2.1)
    assert await end_silent(ctx) == 2
    assert await loads(ctx) == {"ann": (1, 0)}


async def test_a_word_makes_it_live_again_with_its_agent_where_there_is_a_place(ctx: Context) -> None:
    await an_agent(ctx, "ann", live_capacity=1)
    first = await opened(ctx, 1)
    await drain(ctx)
    await queue_reply(ctx, ticket_code=first["code"], actor=SYSTEM, text="Yes?")
    await minutes_pass(ctx, 6)
    await fire_due(ctx)
    assert await loads(ctx) == {"ann": (0, 0)}
    await opened(ctx, 1, text="Back again")
    assert (await loads(ctx), await holder(ctx, first)) == ({"ann": (0, 1)}, "ann")
    assert (await now(ctx, first))["live"] is True
    assert (await ledger(ctx, first["id"]))[-2:] == ["status_changed", "live_again"]
    # Silent again, and this time the company owes an answer: ordinary work, until the customer is back.
    await minutes_pass(ctx, 6)
    await fire_due(ctx)
    assert await loads(ctx) == {"ann": (1, 0)}
    await opened(ctx, 1, text="Hello?")
    assert await loads(ctx) == {"ann": (0, 1)}


async def test_one_that_comes_alive_goes_to_somebody_else_where_its_agent_has_no_place(ctx: Context) -> None:
    await an_agent(ctx, "ann", live_capacity=1)
    first = await opened(ctx, 1)
    await drain(ctx)
    await minutes_pass(ctx, 6)
    await fire_due(ctx)
    await opened(ctx, 2)
    assert await drain(ctx) == 1
    assert await loads(ctx) == {"ann": (1, 1)}
    await opened(ctx, 1, text="Hello?")
    assert (await loads(ctx), await holder(ctx, first)) == ({"ann": (0, 1)}, None)
    (why,) = await rows(ctx, "SELECT why FROM routing_decision WHERE step = 'released'")
    assert why["why"]["reasons"][0]["code"] == "at_live_capacity"
    await an_agent(ctx, "ben")
    assert (await drain(ctx), await holder(ctx, first)) == (1, "ben")


async def test_what_is_left_of_a_conversation_goes_back_where_there_is_no_room_for_it(ctx: Context) -> None:
    await an_agent(ctx, "ann", capacity=0)
    first = await opened(ctx, 1)
    assert await drain(ctx) == 1
    await minutes_pass(ctx, 6)
    await fire_due(ctx)
    assert (await loads(ctx), await holder(ctx, first)) == ({"ann": (0, 0)}, None)
    assert (await ledger(ctx, first["id"]))[-2:] == ["live_ended", "ticket_released"]
    assert (await rows(ctx, "SELECT end_reason FROM assignment"))[0]["end_reason"] == "released"


async def test_one_that_waits_and_whose_customer_has_gone_is_ordinary_work(ctx: Context) -> None:
    first = await opened(ctx, 1)
    await minutes_pass(ctx, 6)
    await fire_due(ctx)
    await an_agent(ctx, "ann", live_capacity=0)
    assert (await drain(ctx), await holder(ctx, first)) == (1, "ann")
    assert await loads(ctx) == {"ann": (1, 0)}


async def test_work_weighs_what_its_kind_of_channel_weighs(database_dsn: str) -> None:
    rules = floor_rules(live=False, work="weight = { plain = 3 }")
    async with a_hub(database_dsn, rules=rules) as ctx:
        await check_every_commit(ctx.database)
        await an_agent(ctx, "ann", capacity=5)
        heavy = [await opened(ctx, n) for n in range(2)]
        assert await drain(ctx) == 1
        assert await loads(ctx) == {"ann": (3, 0)}
        why = await why_waiting(ctx, heavy[1]["code"])
        assert why is not None
        assert why["reasons"][0]["code"] == "all_at_capacity"
        await change_status(ctx, ticket_code=heavy[0]["code"], status="pending", actor=SYSTEM)
        assert await loads(ctx) == {"ann": (0, 0)}
        assert await drain(ctx) == 1
        # There is no room for three more of it now: somebody else has to have it.
        await opened(ctx, 0, text="And another thing")
        assert (await loads(ctx), await holder(ctx, heavy[0])) == ({"ann": (3, 0)}, None)
        await assert_invariants(ctx.database)


@pytest.mark.parametrize(("capacity", "left"), [(1, (1, 0)), (0, (0, 0))])
async def test_what_is_offered_falls_silent_too(
    database_dsn: str, capacity: int, left: tuple[int, int]
) -> None:
    """The place is then of the other kind; where there is none the offer is taken back. Nobody has to wrap anything up."""
    rules = floor_rules("offer_seconds = 3600", "wrap_up_seconds = 60")
    async with a_hub(database_dsn, rules=rules) as ctx:
        await check_every_commit(ctx.database)
        await an_agent(ctx, "ann", capacity=capacity)
        first = await opened(ctx, 1)
        assert await drain(ctx) == 1
        assert await loads(ctx) == {"ann": (0, 1)}
        await opened(ctx, 1, text="Hello?")
        await minutes_pass(ctx, 6)
        assert await end_silent(ctx) == 1
        assert await loads(ctx) == {"ann": left}
        after = await now(ctx, first)
        assert (after["live"], after["offered_to"] is None) == (False, capacity == 0)
        assert await one(ctx, "SELECT wrap_until FROM agent") is None
        # A word while it is being offered leaves it of the kind that is held for.
        await opened(ctx, 1, text="Hello??")
        assert (await now(ctx, first))["live"] is (capacity == 0)
        await assert_invariants(ctx.database)


async def test_people_may_give_and_take_conversations(ctx: Context) -> None:
    ann, ben = await an_agent(ctx, "ann"), await an_agent(ctx, "ben", presence="away")
    first = await opened(ctx, 1)
    await drain(ctx)
    assert await holder(ctx, first) == "ann"
    await assign_ticket(ctx, ticket_code=first["code"], agent_id=ben, actor=SYSTEM)
    assert await loads(ctx) == {"ann": (0, 0), "ben": (0, 1)}
    await assign_ticket(ctx, ticket_code=first["code"], agent_id=None, actor=SYSTEM)
    assert await loads(ctx) == {"ann": (0, 0), "ben": (0, 0)}
    await assign_ticket(ctx, ticket_code=first["code"], agent_id=ann, actor=SYSTEM)
    assert await loads(ctx) == {"ann": (0, 1), "ben": (0, 0)}
    await set_presence(ctx, agent_id=ann, presence="offline", actor=SYSTEM)
    await change_status(ctx, ticket_code=first["code"], status="pending", actor=SYSTEM)
    await opened(ctx, 1, text="Hello?")
    assert (await loads(ctx), await holder(ctx, first)) == ({"ann": (0, 0), "ben": (0, 0)}, None)


@pytest.mark.parametrize("live", [True, False])
async def test_what_is_split_off_is_live_while_the_conversation_is(ctx: Context, live: bool) -> None:
    await an_agent(ctx, "ann")
    first = await opened(ctx, 1)
    await drain(ctx)
    await opened(ctx, 1, text="And something else altogether")
    if not live:
        await minutes_pass(ctx, 6)
        await fire_due(ctx)
    entry = await one(ctx, "SELECT max(id) FROM interaction")
    await split_entries(ctx, ticket_code=first["code"], interaction_ids=[entry], actor=SYSTEM)
    (other,) = await rows(ctx, "SELECT * FROM ticket WHERE id <> $1", first["id"])
    assert (other["live"], (await now(ctx, first))["live"]) == (live, live)
    assert await drain(ctx) == 1
    assert await loads(ctx) == {"ann": (0, 2) if live else (2, 0)}
    left = await _said(ctx, first)
    await move_entries(
        ctx, ticket_code=first["code"], interaction_ids=left, to_code=other["code"], actor=SYSTEM
    )
    assert await loads(ctx) == {"ann": (0, 1) if live else (1, 0)}


async def _said(ctx: Context, ticket: dict[str, Any]) -> list[int]:
    return [
        row["id"] for row in await rows(ctx, "SELECT id FROM interaction WHERE ticket_id = $1", ticket["id"])
    ]


async def test_two_hubs_end_a_silent_conversation_once(ctx: Context, database_dsn: str) -> None:
    await an_agent(ctx, "ann", live_capacity=9)
    for n in range(9):
        await opened(ctx, n)
    await drain(ctx)
    await minutes_pass(ctx, 6)
    async with a_hub(database_dsn, rules=floor_rules()) as other:
        await asyncio.gather(*(fire_due(hub) for hub in (ctx, other) * 3))
        while await fire_due(ctx):
            pass
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'live_ended'") == 9
    assert await loads(ctx) == {"ann": (8, 0)}


async def test_the_database_and_the_model_count_alike(database_dsn: str) -> None:
    async with a_hub(database_dsn, rules=floor_rules()) as ctx:
        ann = await an_agent(ctx, "ann")
        first = await opened(ctx, 1)
        sql = "UPDATE ticket SET status = $2, live = $3, weight = 3, {} = $4 WHERE id = $1 RETURNING held"
        for status in TicketStatus:
            for live in (True, False):
                for column in ("assignee_id", "offered_to"):
                    told = (first["id"], status.value, live)
                    counted = [await one(ctx, sql.format(column), *told, agent) for agent in (ann, None)]
                    assert counted == [held(status, live=live, weight=3), 0], (status, live, column)
