"""Putting tickets off: out of the lists and back once, whoever looks; early when the customer writes; never nobody's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.actions.context import Context
from hub.actions.errands.notices import list_notices
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.returns import give_back_left
from hub.actions.floor.route import drain
from hub.actions.lists.moments import moments, read_own
from hub.actions.lists.snooze import snooze_ticket, wake_due, wake_ticket
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.people import Actor
from routing.calendars import Calendar
from storage.tasks import NEVER
from tests.fakes.floor import floor_rules, loads, minutes_pass, opened
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=floor_rules("leave_minutes = 5", live=False)) as hub:
        yield hub
        await assert_invariants(hub.database)


def in_minutes(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


async def until(ctx: Context, code: int) -> datetime | None:
    found: datetime | None = await one(ctx, "SELECT snoozed_until FROM ticket WHERE code = $1", code)
    return found


async def its_time_comes(ctx: Context, code: int) -> None:
    await one(
        ctx,
        "UPDATE ticket SET snoozed_until = now() - interval '1 second' WHERE code = $1 RETURNING 1",
        code,
    )


async def events(ctx: Context, ticket: dict[str, Any]) -> list[str]:
    return [
        row["kind"]
        for row in await rows(ctx, "SELECT kind FROM event WHERE ticket_id = $1 ORDER BY seq", ticket["id"])
    ]


async def test_it_wakes_once_at_its_time_and_its_agent_is_told(ctx: Context, database_dsn: str) -> None:
    lin = await an_agent(ctx, "lin")
    ticket = await opened(ctx)
    await drain(ctx)
    await snooze_ticket(
        ctx, ticket_code=ticket["code"], until=in_minutes(60), actor=Actor(name="lin", agent_id=lin)
    )
    assert await wake_due(ctx) == 0
    await its_time_comes(ctx, ticket["code"])
    async with a_hub(database_dsn, rules=floor_rules("leave_minutes = 5", live=False)) as other:
        woken = await asyncio.gather(*(wake_due(hub) for hub in (ctx, other) * 4))
    assert sorted(woken) == [0] * 7 + [1]
    assert await until(ctx, ticket["code"]) is None
    assert (await events(ctx, ticket))[-2:] == ["ticket_snoozed", "ticket_woke"]
    told = await list_notices(ctx, agent_id=lin, before=(NEVER, 0), limit=10)
    assert [row.kind for row in told].count("snooze_over") == 1
    assert await fire_due(ctx) == 0


async def test_it_wakes_when_the_customer_writes(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    ticket = await opened(ctx)
    await drain(ctx)
    await snooze_ticket(ctx, ticket_code=ticket["code"], until=None, actor=Actor(name="lin", agent_id=lin))
    # A colleague's note is no customer's word.
    await add_note(ctx, ticket_code=ticket["code"], actor=SYSTEM, text="Still nothing.")
    assert await until(ctx, ticket["code"]) is not None
    await say(ctx, "plain", text="One more thing", who=[("visitor", "v0", True)], key="k0", reply_address="x")
    assert await until(ctx, ticket["code"]) is None


async def test_what_nobody_has_is_taken_by_whoever_puts_it_off(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin", presence="offline")
    kim = await an_agent(ctx, "kim", presence="offline")
    ticket = await opened(ctx)
    with pytest.raises(NotPossible) as refused:
        await snooze_ticket(ctx, ticket_code=ticket["code"], until=in_minutes(60), actor=SYSTEM)
    assert refused.value.code == "nobodys"
    await snooze_ticket(
        ctx, ticket_code=ticket["code"], until=in_minutes(60), actor=Actor(name="lin", agent_id=lin)
    )
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE code = $1", ticket["code"]) == lin
    assert await loads(ctx) == {"lin": (1, 0), "kim": (0, 0)}
    # Given on, it stays put off; given back, it is for whoever comes.
    await assign_ticket(ctx, ticket_code=ticket["code"], agent_id=kim, actor=SYSTEM)
    assert await until(ctx, ticket["code"]) is not None
    await assign_ticket(ctx, ticket_code=ticket["code"], agent_id=None, actor=SYSTEM)
    assert await until(ctx, ticket["code"]) is None


async def test_an_agent_who_goes_home_keeps_what_they_put_off(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    put_off, left = await opened(ctx, 0), await opened(ctx, 1)
    await drain(ctx)
    await snooze_ticket(
        ctx, ticket_code=put_off["code"], until=in_minutes(900), actor=Actor(name="lin", agent_id=lin)
    )
    await one(
        ctx,
        "UPDATE agent SET presence = 'offline', presence_since = now() - interval '1 hour' WHERE id = $1 RETURNING 1",
        lin,
    )
    await minutes_pass(ctx, 60)
    assert await give_back_left(ctx) == 1
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE code = $1", put_off["code"]) == lin
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE code = $1", left["code"]) is None


async def test_what_is_done_is_not_put_off(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    ticket = await opened(ctx)
    await drain(ctx)
    code = ticket["code"]
    await snooze_ticket(ctx, ticket_code=code, until=in_minutes(60), actor=lin)
    await change_status(ctx, ticket_code=code, status="pending", actor=lin)
    assert await until(ctx, code) is not None
    await change_status(ctx, ticket_code=code, status="resolved", actor=lin)
    assert await until(ctx, code) is None
    with pytest.raises(NotPossible):
        await snooze_ticket(ctx, ticket_code=code, until=in_minutes(60), actor=lin)
    for moment in (in_minutes(-1), in_minutes(60 * 24 * 400)):
        with pytest.raises(NotPossible) as refused:
            await snooze_ticket(ctx, ticket_code=code, until=moment, actor=lin)
        assert refused.value.code == "bad_moment"
    with pytest.raises(NotFound):
        await snooze_ticket(ctx, ticket_code=1, until=in_minutes(5), actor=lin)


async def test_a_person_wakes_it_before_its_time(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    ticket = await opened(ctx)
    await drain(ctx)
    await snooze_ticket(ctx, ticket_code=ticket["code"], until=in_minutes(60), actor=lin)
    await wake_ticket(ctx, ticket_code=ticket["code"], actor=lin)
    await wake_ticket(ctx, ticket_code=ticket["code"], actor=lin)
    assert await until(ctx, ticket["code"]) is None
    assert (await events(ctx, ticket)).count("ticket_woke") == 1


async def test_the_promise_goes_on(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    ticket = await opened(ctx)
    await drain(ctx)
    clocks = "SELECT target, state, due_at FROM sla_clock WHERE ticket_id = $1 ORDER BY target"
    before = await rows(ctx, clocks, ticket["id"])
    await snooze_ticket(ctx, ticket_code=ticket["code"], until=in_minutes(60), actor=lin)
    assert await rows(ctx, clocks, ticket["id"]) == before


# ── moments ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def told(now: datetime, calendar: Calendar | None = None) -> list[str]:
    return [f"{one.code} {one.at.astimezone(SHANGHAI):%a %H:%M}" for one in moments(now, SHANGHAI, calendar)]


def test_moments_are_those_of_the_agents_own_day() -> None:
    friday = datetime(2026, 3, 6, 16, 30, tzinfo=SHANGHAI)
    assert told(friday) == ["hour Fri 17:30", "tomorrow Sat 09:00", "monday Mon 09:00"]
    # Half past midnight in Shanghai is still yesterday in London.
    assert told(datetime(2026, 3, 6, 0, 30, tzinfo=SHANGHAI).astimezone(UTC))[1:3] == [
        "afternoon Fri 15:00",
        "tomorrow Sat 09:00",
    ]


def test_nobody_finds_a_ticket_woken_while_they_are_at_home() -> None:
    office = Calendar(
        name="office", zone=SHANGHAI, week=[((10 * 60, 18 * 60),)] * 5 + [(), ()], special={}
    )  # fmt: skip
    friday = datetime(2026, 3, 6, 11, tzinfo=SHANGHAI)
    # Tomorrow is Saturday: the next morning of work is Monday's, and is offered once.
    assert told(friday, office) == ["hour Fri 12:00", "afternoon Fri 15:00", "tomorrow Mon 10:00"]
    early = Calendar(name="early", zone=SHANGHAI, week=[((6 * 60, 14 * 60),)] * 7)
    assert told(friday, early) == ["hour Fri 12:00", "afternoon Sat 06:00", "monday Mon 06:00"]
    night = Calendar(name="night", zone=SHANGHAI, week=[((22 * 60, 30 * 60),)] * 7)
    assert told(friday, night)[1:] == ["afternoon Fri 22:00", "tomorrow Sat 22:00", "monday Mon 22:00"]


@pytest.mark.parametrize("text", ["", "soon", "2026-03-06T10:00+08:00"])
def test_what_is_no_wall_time_is_none(text: str) -> None:
    assert read_own(text, SHANGHAI) is None


def test_a_wall_time_is_the_agents() -> None:
    assert read_own("2026-03-06T10:00", SHANGHAI) == datetime(2026, 3, 6, 2, tzinfo=UTC)
