"""What time alone changes: hours of queues and of agents, wrapping up, asking for less. And that the hub wakes for it by
itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.route import drain, next_look, why_waiting
from hub.actions.floor.wrap_up import end_wrap_up
from hub.actions.status import change_status
from hub.workers.routing import give_out
from tests.fakes.floor import floor_rules, holder, minutes_pass, opened
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows

ASKS = '[[rule]]\nname = "asks"\nwhen = { subject = ["asks"] }\nthen = { skills = { billing = 3 } }\n'


def _hours(name: str, begins_in: timedelta, *, long: timedelta = timedelta(hours=3)) -> str:
    """A calendar that opens once, so long from now, for a while. (A week must have hours: one minute on a day far off.)"""
    begin = datetime.now(UTC) + begins_in
    far = (begin + timedelta(days=3)).strftime("%A").lower()
    day, end = begin.date(), begin + long
    last = "24:00" if end.date() > day else end.strftime("%H:%M")
    return (
        f'[[calendar]]\nname = "{name}"\ntitle_en = "{name}"\ntitle_zh = "{name}"\nzone = "UTC"\n'
        f'hours = {{ {far} = ["03:00-03:01"] }}\n'
        f'[calendar.other_days]\n{day} = ["{begin.strftime("%H:%M")}-{last}"]\n'
    )


@asynccontextmanager
async def _hub(dsn: str, *queue: str, more: str = "") -> AsyncIterator[Context]:
    async with a_hub(dsn, rules=floor_rules(*queue, more=more, live=False)) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _codes(ctx: Context, ticket: dict[str, Any]) -> list[str]:
    why = await why_waiting(ctx, ticket["code"])
    assert why is not None
    return [reason["code"] for reason in why["reasons"]]


# ── hours ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_nothing_is_given_out_of_a_queue_that_is_shut(database_dsn: str) -> None:
    shut = _hours("shut", timedelta(hours=26))
    async with _hub(database_dsn, 'calendar = "shut"', more=shut) as ctx:
        await an_agent(ctx, "ann")
        ticket, other = await opened(ctx), await opened(ctx, 1, hints={"queue": "service"})
        assert await drain(ctx) == 1
        assert (await holder(ctx, ticket), await holder(ctx, other)) == (None, "ann")
        why = await one(ctx, "SELECT waiting_why FROM ticket WHERE id = $1", ticket["id"])
        assert why["reasons"][0]["code"] == "queue_closed"
        assert why["reasons"][0]["params"]["opens"].startswith(
            str((datetime.now(UTC) + timedelta(hours=26)).date())
        )
        # What is shut takes no place from what is open: thousands of it are not even looked at.
        assert await drain(ctx) == 0


async def test_who_is_beyond_their_hours_gets_nothing_though_on_line(database_dsn: str) -> None:
    late = _hours("late", timedelta(hours=26))
    async with _hub(database_dsn, more=late) as ctx:
        await an_agent(ctx, "ann", calendar="late")
        ticket = await opened(ctx)
        assert (await drain(ctx), await _codes(ctx, ticket)) == (0, ["nobody_on_shift", "fit_but_off_shift"])
        await an_agent(ctx, "ben", calendar="no longer in the rules")
        assert (await drain(ctx), await holder(ctx, ticket)) == (1, "ben")


# ── wrapping up ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def talking(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=floor_rules("wrap_up_seconds = 60")) as hub:
        yield hub
        await assert_invariants(hub.database)


async def test_after_a_conversation_there_is_time_to_wrap_it_up(talking: Context) -> None:
    ann = await an_agent(talking, "ann", live_capacity=1)
    first, second = await opened(talking, 1), await opened(talking, 2)
    assert await drain(talking) == 1
    await change_status(talking, ticket_code=first["code"], status="resolved", actor=SYSTEM)
    assert (await drain(talking), await _codes(talking, second)) == (0, ["fit_but_wrapping_up"])
    seconds = await one(
        talking, "SELECT extract(epoch FROM wrap_until - clock_timestamp())::float8 FROM agent"
    )
    assert 50 < seconds <= 60
    told = await rows(talking, "SELECT data FROM event WHERE kind = 'presence_changed'")
    assert [row["data"]["because"] for row in told] == ["wrap_up"]
    await minutes_pass(talking, 1.01)
    assert (await drain(talking), await holder(talking, second)) == (1, "ann")
    del ann


async def test_who_is_done_sooner_says_so(talking: Context) -> None:
    ann = await an_agent(talking, "ann", live_capacity=1)
    first, second = await opened(talking, 1), await opened(talking, 2)
    await drain(talking)
    await change_status(talking, ticket_code=first["code"], status="closed", actor=SYSTEM)
    assert await drain(talking) == 0
    await end_wrap_up(talking, agent_id=ann, actor=SYSTEM)
    assert (await drain(talking), await holder(talking, second)) == (1, "ann")
    await end_wrap_up(talking, agent_id=ann, actor=SYSTEM)
    assert await one(talking, "SELECT count(*) FROM event WHERE kind = 'presence_changed'") == 2


async def test_a_letter_needs_no_wrapping_up(database_dsn: str) -> None:
    async with _hub(database_dsn, "wrap_up_seconds = 60") as ctx:
        await an_agent(ctx, "ann", capacity=1)
        first, _ = await opened(ctx, 1), await opened(ctx, 2)
        assert await drain(ctx) == 1
        await change_status(ctx, ticket_code=first["code"], status="resolved", actor=SYSTEM)
        assert await drain(ctx) == 1


# ── asking for less ─────────────────────────────────────────────────────────────────────────────────────────────────────────
RELAX = 'relax = [ { after = 10, drop = "levels" }, { after = 20, drop = "skills" }, { after = 60, drop = "language" } ]'


async def test_the_longer_it_waits_the_less_is_asked_for(database_dsn: str) -> None:
    async with _hub(database_dsn, RELAX, more=ASKS) as ctx:
        await an_agent(ctx, "zoe", languages=["zh"], skills={"billing": 5}, queues=["complaints"])
        ticket = await opened(ctx, subject="asks")
        assert ticket["required_skills"] == ["billing:3"]
        await an_agent(ctx, "low", skills={"billing": 1}, presence="offline")
        await an_agent(ctx, "none", presence="offline")
        await an_agent(ctx, "fr", languages=["fr"], presence="offline")
        for minutes, login in ((10.01, "low"), (10, "none"), (40, "fr")):
            await ctx.database.run(
                lambda c, login=login: c.execute(
                    "UPDATE agent SET presence = 'online' WHERE login = $1", login
                )  # type: ignore[misc]
            )
            assert await drain(ctx) == 0, login
            await minutes_pass(ctx, minutes)
            assert await drain(ctx) == 1, login
            assert await holder(ctx, ticket) == login
            (why,) = await rows(
                ctx, "SELECT why FROM routing_decision WHERE step = 'assigned' ORDER BY id DESC LIMIT 1"
            )
            assert why["why"]["reasons"][-1]["code"] in {
                "any_level_will_do",
                "no_skill_needed",
                "any_language_will_do",
            }
            await ctx.database.run(
                lambda c: c.execute(
                    """WITH gone AS (UPDATE agent SET load = 0, presence = 'offline'),
                            ended AS (UPDATE assignment SET ended_at = clock_timestamp()),
                            told AS (INSERT INTO event (ticket_id, seq, kind) SELECT id, seq + 1, 'ticket_released' FROM ticket)
                       UPDATE ticket SET assignee_id = NULL, seq = seq + 1"""
                )
            )


# ── waking for it ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _giving_out(ctx: Context) -> AsyncIterator[None]:
    halt = asyncio.Event()
    task = asyncio.create_task(give_out(ctx, halt, lambda: None))
    try:
        yield
    finally:
        halt.set()
        ctx.listener.wake("hub_route")
        await task


async def _until_held(ctx: Context, ticket: dict[str, Any], moment: float) -> float:
    """Seconds after `moment` (of time.monotonic) until somebody has it. It never was before."""
    while await holder(ctx, ticket) is None:
        assert time.monotonic() < moment + 20, "nobody has it"
        await asyncio.sleep(0.01)
    return time.monotonic() - moment


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look that is taken in any case comes too late to be what helps."""
    monkeypatch.setattr("hub.workers.routing.POLL_SECONDS", 3600.0)


@pytest.mark.usefixtures("seldom")
async def test_it_wakes_when_somebody_has_wrapped_up(talking: Context) -> None:
    await an_agent(talking, "ann")
    ticket = await opened(talking)
    await talking.database.run(
        lambda c: c.execute("UPDATE agent SET wrap_until = clock_timestamp() + interval '1.5 s'")
    )
    moment = time.monotonic() + 1.5
    async with _giving_out(talking):
        late = await _until_held(talking, ticket, moment)
    assert late > -0.5


@pytest.mark.usefixtures("seldom")
async def test_it_wakes_when_less_is_asked_for(database_dsn: str) -> None:
    async with _hub(database_dsn, RELAX, more=ASKS) as ctx:
        await an_agent(ctx, "low", skills={"billing": 1})
        ticket = await opened(ctx, subject="asks")
        await minutes_pass(ctx, 10 - 1.5 / 60)
        moment = time.monotonic() + 1.5
        async with _giving_out(ctx):
            late = await _until_held(ctx, ticket, moment)
        assert late > -0.5


@pytest.mark.usefixtures("seldom")
async def test_it_wakes_when_what_was_given_back_may_come_back(database_dsn: str) -> None:
    async with _hub(database_dsn) as ctx:
        ann = await an_agent(ctx, "ann")
        ticket = await opened(ctx)
        await ctx.database.run(
            lambda c: c.execute(
                "UPDATE ticket SET declined_by = $1, declined_until = clock_timestamp() + interval '1.5 s'",
                ann,
            )
        )
        moment = time.monotonic() + 1.5
        async with _giving_out(ctx):
            late = await _until_held(ctx, ticket, moment)
        assert late > -0.5


@pytest.mark.usefixtures("seldom")
async def test_it_goes_on_while_there_is_more_than_one_round_takes(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.actions.floor.route.MOST", 3)
    async with _hub(database_dsn) as ctx:
        await an_agent(ctx, "ann", capacity=20)
        last = [await opened(ctx, number) for number in range(10)][-1]
        async with _giving_out(ctx):
            await _until_held(ctx, last, time.monotonic())
        assert await one(ctx, "SELECT load FROM agent") == 10


@pytest.mark.parametrize("whose", ["queue", "agent"])
async def test_the_opening_of_a_queue_and_the_begin_of_a_shift_are_foreseen(
    database_dsn: str, whose: str
) -> None:
    """To the minute, which is as finely as calendars are drawn; that it wakes then is tried above."""
    begins, begun = timedelta(minutes=90), time.monotonic()
    queue = ('calendar = "soon"',) if whose == "queue" else ()
    async with _hub(database_dsn, *queue, more=_hours("soon", begins)) as ctx:
        await an_agent(ctx, "ann", calendar="soon" if whose == "agent" else "")
        await opened(ctx)
        assert await next_look(ctx) is None
        assert await drain(ctx) == 0
        seconds = await next_look(ctx)
        assert seconds is not None
        gone = time.monotonic() - begun
        assert begins.total_seconds() - 61 - gone < seconds <= begins.total_seconds()
        # The moment passes between the look and the next one: there is something to look at at once.
        assert ctx.outlook.looked_at is not None
        ctx.outlook.looked_at += begins - timedelta(minutes=3)
        assert 60 < (await next_look(ctx) or 0) <= begins.total_seconds()


async def test_nothing_is_foreseen_where_nothing_comes(database_dsn: str) -> None:
    async with _hub(database_dsn) as ctx:
        await an_agent(ctx, "ann")
        await opened(ctx)
        await drain(ctx)
        assert await next_look(ctx) is None
