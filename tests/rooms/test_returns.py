"""Tickets that nobody works on find somebody who does; those that wait in vain go on; what nobody can take is seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.errands.task_returns import hand_over_tasks
from hub.actions.errands.task_work import get_task
from hub.actions.errands.tasks import add_task
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor import returns
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.look_after import look_after, next_moment
from hub.actions.floor.presence import set_presence
from hub.actions.floor.returns import give_back_left, give_back_unanswered, hand_over
from hub.actions.floor.unplaceable import say_unplaceable
from hub.actions.status import change_status
from hub.model.people import Actor
from routing.promises import WEEKDAYS
from routing.retell import retell
from storage import floor, offers, tasks, work
from storage.database import Connection
from tests.fakes.clocks import clock
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, say, ticket

TARGETS = """
[[calendar]]
name = "always"
title_en = "Always"
title_zh = "全天"
zone = "UTC"
hours = "always"

[[target]]
name = "second line"
when = { queue = ["second"] }
first_response = 300

[[target]]
name = "usual"
calendar = "always"
first_response = 600
"""

QUEUES = """
[[queue]]
name = "service"
title_en = "Service"
title_zh = "客服"
leave_minutes = 30
silent_minutes = 20
overflow = [{ queue = "second", after = 15 }, { queue = "third", after = 40 }]
relax = [{ after = 60, drop = "levels" }]

[[queue]]
name = "second"
title_en = "Second"
title_zh = "二线"
leave_minutes = 0
overflow = [{ queue = "service", after = 5 }]

[[queue]]
name = "third"
title_en = "Third"
title_zh = "三线"

[[queue]]
name = "nights"
title_en = "Nights"
title_zh = "夜班"
calendar = "another-day"
overflow = [{ queue = "third", closed = true }]

[[queue]]
name = "strict"
title_en = "Strict"
title_zh = "专席"
"""


HEAD = """
default_queue = "service"
skills = ["billing"]
honour = ["queue", "priority", "skill", "language"]

[languages]
offered = ["en", "zh"]

[[calendar]]
name = "another-day"
title_en = "Another day"
title_zh = "改天"
zone = "UTC"
hours = { DAY = ["09:00-10:00"] }
"""


def _rules() -> bytes:
    day = WEEKDAYS[(datetime.now(UTC).weekday() + 3) % 7]
    return (HEAD.replace("DAY", day) + QUEUES).encode()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """No agent's load is ever wrong at any commit."""
    async with a_hub(database_dsn, rules=_rules()) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, queue: str = "service", **said: Any) -> dict[str, Any]:
    n = await one(ctx, "SELECT count(*) FROM ticket")
    hints = {"queue": queue, **said.pop("hints", {})}
    return await ticket(ctx, await say(ctx, who=[("visitor", f"v{n}", True)], hints=hints, **said))


async def _given(ctx: Context, agent_id: int, queue: str = "service", **said: Any) -> dict[str, Any]:
    opened = await _opened(ctx, queue, **said)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=agent_id, actor=SYSTEM)
    return opened


async def _now(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    (row,) = await rows(
        ctx,
        "SELECT t.*, q.name AS queue FROM ticket t JOIN queue q ON q.id = t.queue_id WHERE t.id = $1",
        opened["id"],
    )
    return row


async def _gone_for(ctx: Context, agent_id: int, minutes: float) -> None:
    await set_presence(ctx, agent_id=agent_id, presence="offline", actor=SYSTEM)
    await one(
        ctx, "UPDATE agent SET presence_since = now() - make_interval(secs => $2) WHERE id = $1 RETURNING 1",
        agent_id, minutes * 60,
    )  # fmt: skip


async def _waits_for(ctx: Context, opened: dict[str, Any], minutes: float) -> None:
    await one(
        ctx,
        """WITH moved AS (UPDATE assignment SET started_at = now() - make_interval(secs => $2) WHERE ticket_id = $1)
           UPDATE ticket SET waiting_since = now() - make_interval(secs => $2), created_at = now() - make_interval(secs => $2),
                             in_queue_since = NULL WHERE id = $1 RETURNING 1""",
        opened["id"], minutes * 60.0,
    )  # fmt: skip


async def _why(ctx: Context, opened: dict[str, Any], locale: str = "en") -> str:
    """What the last decision about it says."""
    data = await one(
        ctx, "SELECT why FROM routing_decision WHERE ticket_id = $1 ORDER BY id DESC LIMIT 1", opened["id"]
    )
    (told,) = retell(data, locale)
    return "; ".join(told.reasons)


# ── who leaves ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_tickets_of_somebody_who_is_off_line_for_long_go_back_to_their_place(ctx: Context) -> None:
    """Never released (Chatwoot 4158, 7204): they would stay with somebody who is gone."""
    ann = await an_agent(ctx, "Ann")
    opened = await _given(ctx, ann)
    since = (await _now(ctx, opened))["waiting_since"]
    await _gone_for(ctx, ann, 29.9)
    assert await give_back_left(ctx) == 0
    left = await ctx.database.read(lambda c: floor.next_leaving(c, {"service": 30}))
    assert left is not None and 0 < left <= 6.1
    await _gone_for(ctx, ann, 30)
    assert await give_back_left(ctx) == 1
    assert await give_back_left(ctx) == 0
    back = await _now(ctx, opened)
    assert (back["assignee_id"], back["waiting_since"], back["last_agent_id"]) == (None, since, ann)
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "ticket_assigned", "ticket_released"]
    assert await one(ctx, "SELECT end_reason FROM assignment") == "agent_gone"
    assert await one(ctx, "SELECT load FROM agent") == 0
    assert await _why(ctx, opened) == "Ann has been off line for 30 min"
    assert await _why(ctx, opened, "zh") == "Ann 已离线 30 分钟"


async def test_however_many_they_have_all_go_back_a_few_at_a_time(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents are locked meanwhile. Whoever has thousands would hold up everybody, or be asked in vain for ever."""
    ann = await an_agent(ctx, "Ann", capacity=9)
    for _ in range(5):
        await _given(ctx, ann)
    await _gone_for(ctx, ann, 30)
    monkeypatch.setattr(returns, "AT_ONCE", 2)
    assert await give_back_left(ctx) == 5
    commits = await rows(ctx, "SELECT DISTINCT xmin::text FROM ticket")
    assert len(commits) == 3


async def test_a_live_conversation_goes_back_after_a_minute_and_never_where_the_queue_says_never(
    ctx: Context,
) -> None:
    ann = await an_agent(ctx, "Ann")
    live, written, never = [await _given(ctx, ann, queue) for queue in ("service", "service", "second")]
    await ctx.database.run(lambda c: _make_live(c, [live["id"], never["id"]], ann))
    await _gone_for(ctx, ann, 0.9)
    assert await give_back_left(ctx) == 0
    await _gone_for(ctx, ann, 1)
    assert await give_back_left(ctx) == 1
    holders = [(await _now(ctx, one_))["assignee_id"] for one_ in (live, written, never)]
    assert holders == [None, ann, ann]
    await _gone_for(ctx, ann, 600)
    assert await give_back_left(ctx) == 1
    assert (await _now(ctx, never))["assignee_id"] == ann


async def _make_live(connection: Connection, ticket_ids: list[int], agent_id: int) -> None:
    await connection.execute("UPDATE ticket SET live = true WHERE id = ANY($1::bigint[])", ticket_ids)
    await connection.execute(
        """INSERT INTO timer (kind, ticket_id, due_at, version)
           SELECT 'live_silence', id, now() + interval '1 hour', 1 FROM ticket WHERE live"""
    )
    await connection.execute(
        "UPDATE agent SET load = load - $2, live_load = live_load + $2 WHERE id = $1",
        agent_id,
        len(ticket_ids),
    )


async def test_whoever_is_here_or_back_in_time_keeps_their_tickets(ctx: Context) -> None:
    ann = await an_agent(ctx, "Ann")
    opened = await _given(ctx, ann)
    await _gone_for(ctx, ann, 60)
    await set_presence(ctx, agent_id=ann, presence="busy", actor=SYSTEM)
    await one(ctx, "UPDATE agent SET presence_since = now() - interval '2 hours' RETURNING 1")
    assert await give_back_left(ctx) == 0
    assert (await _now(ctx, opened))["assignee_id"] == ann


async def test_a_deactivated_agent_gives_everything_open_back_at_once(ctx: Context) -> None:
    ann = await an_agent(ctx, "Ann")
    opened = [await _given(ctx, ann, queue) for queue in ("service", "second")]
    await one(ctx, "UPDATE agent SET active = false, presence = 'offline' RETURNING 1")
    assert await give_back_left(ctx) == 2
    assert [(await _now(ctx, one_))["assignee_id"] for one_ in opened] == [None, None]
    assert await _why(ctx, opened[1]) == "Ann works here no more"


async def test_what_comes_back_goes_back_once_however_many_hubs_look(ctx: Context, database_dsn: str) -> None:
    agents = [await an_agent(ctx, f"a{n}", capacity=50) for n in range(3)]
    for n in range(24):
        await _given(ctx, agents[n % 3])
    for agent in agents:
        await _gone_for(ctx, agent, 31)
    async with a_hub(database_dsn, rules=_rules()) as other:
        counts = await asyncio.gather(*(give_back_left(hub) for hub in (ctx, other, ctx, other)))
    assert sum(counts) == 24
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'ticket_released'") == 24


# ── who lets a customer wait ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_customer_who_waits_in_vain_gets_somebody_else(ctx: Context) -> None:
    """Chatwoot 14508, Salesforce 004576806: a ticket stays with a busy agent indefinitely."""
    ann = await an_agent(ctx, "Ann", presence="busy")
    opened = await _given(ctx, ann)
    await _waits_for(ctx, opened, 20)
    assert await give_back_unanswered(ctx) == 0, "there is nobody else: better Ann than nobody"
    bob = await an_agent(ctx, "bob")
    await _waits_for(ctx, opened, 19.9)
    assert await give_back_unanswered(ctx) == 0
    await _waits_for(ctx, opened, 20)
    assert await give_back_unanswered(ctx) == 1
    assert await give_back_unanswered(ctx) == 0
    back = await _now(ctx, opened)
    assert (back["assignee_id"], back["declined_by"]) == (None, ann)
    assert await _why(ctx, opened) == "the customer has waited 20 min for Ann"
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=bob, actor=SYSTEM)
    assert await give_back_unanswered(ctx) == 0, "the wait for Bob begins with Bob"


@pytest.mark.parametrize(
    "other", [{"presence": "away"}, {"capacity": 0}, {"queues": ["second"]}, {"languages": ["de"]}]
)
async def test_somebody_else_must_be_there_fit_and_free(ctx: Context, other: dict[str, Any]) -> None:
    ann = await an_agent(ctx, "Ann")
    opened = await _given(ctx, ann, text="Where is my parcel? I would like to know when it will be here.")
    await an_agent(ctx, "bob", **other)
    await _waits_for(ctx, opened, 60)
    assert await give_back_unanswered(ctx) == 0
    assert (await _now(ctx, opened))["assignee_id"] == ann


async def test_those_that_nobody_else_can_have_stand_before_nobody(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are, and however few go back at a time."""
    ann = await an_agent(ctx, "Ann", capacity=9)
    await an_agent(ctx, "bob")
    opened = [await _given(ctx, ann) for _ in range(6)]
    for one_ in opened:
        await _waits_for(ctx, one_, 20)
    hers = [one_["id"] for one_ in opened[:3]]
    await ctx.database.run(
        lambda c: c.execute("UPDATE ticket SET required_language = 'de' WHERE id = ANY($1::bigint[])", hers)
    )
    monkeypatch.setattr(returns, "AT_ONCE", 2)
    assert [await give_back_unanswered(ctx) for _ in range(3)] == [2, 1, 0]
    holders = [(await _now(ctx, one_))["assignee_id"] for one_ in opened]
    assert holders == [ann, ann, ann, None, None, None]


# ── by hand ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_everything_unfinished_is_handed_over_by_hand(ctx: Context) -> None:
    ann, bob = await an_agent(ctx, "Ann"), await an_agent(ctx, "bob", capacity=1)
    opened = [await _given(ctx, ann) for _ in range(3)]
    await change_status(ctx, ticket_code=opened[1]["code"], status="pending", actor=SYSTEM)
    await change_status(ctx, ticket_code=opened[2]["code"], status="resolved", actor=SYSTEM)
    boss = Actor(name="Boss", agent_id=None)
    assert await hand_over(ctx, from_agent=ann, to_agent=bob, actor=boss) == 2
    assert [(await _now(ctx, one_))["assignee_id"] for one_ in opened] == [bob, bob, ann]
    assert await rows(ctx, "SELECT login, load FROM agent ORDER BY id") == [
        {"login": "Ann", "load": 0}, {"login": "bob", "load": 1},
    ]  # fmt: skip
    assert await hand_over(ctx, from_agent=bob, to_agent=None, actor=boss) == 2
    back = [await _now(ctx, one_) for one_ in opened[:2]]
    assert [row["assignee_id"] for row in back] == [None, None]
    assert [row["declined_by"] for row in back] == [bob, bob], "by hand wins: not straight back"
    assert back[0]["waiting_since"] == opened[0]["waiting_since"]
    for wrong, error in (((ann, ann), NotPossible), ((4711, ann), NotFound), ((ann, 4711), NotFound)):
        with pytest.raises(error):
            await hand_over(ctx, from_agent=wrong[0], to_agent=wrong[1], actor=boss)
    await one(ctx, "UPDATE agent SET active = false WHERE id = $1 RETURNING 1", bob)
    with pytest.raises(NotFound):
        await hand_over(ctx, from_agent=ann, to_agent=bob, actor=boss)


async def test_offers_of_whoever_hands_over_are_taken_back(ctx: Context) -> None:
    ann, opened = await an_agent(ctx, "Ann"), await _opened(ctx)

    async def make(c: Connection) -> int:
        await work.lock_active_agents(c)
        return await offers.offer(c, [(opened["id"], ann, '{"reasons": []}', 60, False)], [])

    await ctx.database.run(make)
    assert await hand_over(ctx, from_agent=ann, to_agent=None, actor=SYSTEM) == 0
    assert ((await _now(ctx, opened))["offered_to"], await one(ctx, "SELECT load FROM agent")) == (None, 0)


# ── who waits in one queue for long ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_ticket_that_waits_long_goes_on_and_comes_to_no_queue_twice(ctx: Context) -> None:
    opened = await _opened(ctx)
    await _waits_for(ctx, opened, 14.9)
    await look_after(ctx)
    seconds = await next_moment(ctx)
    assert (await _now(ctx, opened))["queue"] == "service" and seconds is not None and 0 < seconds <= 6.1
    await _waits_for(ctx, opened, 15)
    await look_after(ctx)
    moved = await _now(ctx, opened)
    assert moved["queue"] == "second"
    assert datetime.now(UTC) - moved["waiting_since"] > datetime.now(UTC) - moved["in_queue_since"]
    assert await _why(ctx, opened) == "waited 15 min in queue service"
    assert await _why(ctx, opened, "zh") == "在“service”队列中已等待 15 分钟"
    assert (await ledger(ctx, opened["id"]))[-1] == "queue_changed"
    assert await one(ctx, "SELECT data FROM event WHERE kind = 'queue_changed'") == {
        "from": "service",
        "to": "second",
    }
    await _waits_for(ctx, opened, 600)
    await look_after(ctx)
    assert (await _now(ctx, opened))["queue"] == "second", (
        "it was in service before, and second leads there alone"
    )
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'queue_changed'") == 1


async def test_what_is_promised_goes_by_the_queue_that_a_ticket_comes_to(database_dsn: str) -> None:
    async with a_hub(database_dsn, rules=_rules() + TARGETS.encode()) as ctx:
        opened = await _opened(ctx)
        assert (await clock(ctx, opened["id"], "first_response"))["minutes"] == 600
        await _waits_for(ctx, opened, 15)
        await look_after(ctx)
        assert (await _now(ctx, opened))["queue"] == "second"
        assert (await clock(ctx, opened["id"], "first_response"))["minutes"] == 300
        await assert_invariants(ctx.database)


async def test_minutes_in_a_queue_count_from_when_the_ticket_came_there(ctx: Context) -> None:
    opened = await _opened(ctx)
    await _waits_for(ctx, opened, 60)
    await one(ctx, "UPDATE ticket SET in_queue_since = now() - interval '14 minutes' RETURNING 1")
    await look_after(ctx)
    assert (await _now(ctx, opened))["queue"] == "service"


async def test_of_several_steps_the_first_that_is_due_and_new_is_taken(ctx: Context) -> None:
    opened = await _opened(ctx)
    second = await one(ctx, "SELECT id FROM queue WHERE name = 'second'")
    await one(
        ctx, """INSERT INTO routing_decision (ticket_id, step, queue_id, why) VALUES ($1, 'manual', $2, '{}') RETURNING 1""",
        opened["id"], second,
    )  # fmt: skip
    await _waits_for(ctx, opened, 30)
    await look_after(ctx)
    assert (await _now(ctx, opened))["queue"] == "service"
    await _waits_for(ctx, opened, 40)
    await look_after(ctx)
    assert (await _now(ctx, opened))["queue"] == "third"


async def test_what_comes_while_a_queue_is_shut_goes_on_at_once(ctx: Context) -> None:
    opened = await _opened(ctx, "nights")
    await look_after(ctx)
    assert (await _now(ctx, opened))["queue"] == "third"
    assert await _why(ctx, opened) == "queue nights was shut"


async def test_what_somebody_has_or_is_offered_does_not_go_on(ctx: Context) -> None:
    ann = await an_agent(ctx, "Ann")
    given = await _given(ctx, ann)
    await _waits_for(ctx, given, 16)
    await look_after(ctx)
    assert (await _now(ctx, given))["queue"] == "service"


async def test_a_move_happens_once_however_many_hubs_look(ctx: Context, database_dsn: str) -> None:
    for _ in range(20):
        await _waits_for(ctx, await _opened(ctx), 20)
    async with a_hub(database_dsn, rules=_rules()) as other:
        await asyncio.gather(*(look_after(hub) for hub in (ctx, other, ctx, other)))
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'queue_changed'") == 20


# ── what nobody can take ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_nobody_at_all_can_take_is_said_once(ctx: Context) -> None:
    await an_agent(ctx, "Ann", presence="offline", skills={"billing": 1}, queues=["service"])
    fine = await _opened(ctx, hints={"skill": "billing"})
    no_member, no_skill = await _opened(ctx, "strict"), await _opened(ctx, hints={"skill": "billing"})
    await one(
        ctx,
        "UPDATE ticket SET required_skills = '{billing:4}', required_language = 'ja' WHERE id = $1 RETURNING 1",
        no_skill["id"],
    )
    assert await say_unplaceable(ctx) == 2
    assert await say_unplaceable(ctx) == 0
    found = await ctx.database.read(floor.unplaceable)
    assert [(row.id, row.queue) for row in found] == [
        (no_member["id"], "strict"),
        (no_skill["id"], "service"),
    ]
    assert await ledger(ctx, no_member["id"]) == ["ticket_opened", "ticket_unplaceable"]
    assert await ledger(ctx, fine["id"]) == ["ticket_opened"]
    await an_agent(
        ctx, "bob", presence="offline", languages=["ja"], skills={"billing": 2}, queues=["service"]
    )
    assert await say_unplaceable(ctx) == 0
    found = await ctx.database.read(floor.unplaceable)
    assert [row.id for row in found] == [no_member["id"]], "the queue asks for no level after an hour"


async def test_what_changed_hands_meanwhile_is_not_taken_from_the_new_one(ctx: Context) -> None:
    """Whoever decided on older facts changes nothing: neither from somebody else, nor twice."""
    ann, bob = await an_agent(ctx, "Ann"), await an_agent(ctx, "bob")
    kept, done = await _given(ctx, bob), await _given(ctx, ann)
    await change_status(ctx, ticket_code=done["code"], status="resolved", actor=SYSTEM)
    given = [(one_["id"], ann, '{"reasons": []}') for one_ in (kept, done)]
    assert await ctx.database.run(lambda c: floor.release(c, given, "agent_gone", not_again=False)) == 0
    assert [(await _now(ctx, one_))["assignee_id"] for one_ in (kept, done)] == [bob, ann]


async def test_what_was_moved_or_taken_meanwhile_does_not_go_on(ctx: Context) -> None:
    moved, taken = await _opened(ctx), await _given(ctx, await an_agent(ctx, "Ann"))
    due = [(one_["id"], "service", "second", '{"reasons": []}') for one_ in (moved, taken)]
    assert len(await ctx.database.run(lambda c: floor.overflow(c, due))) == 1
    assert await ctx.database.run(lambda c: floor.overflow(c, due)) == []
    assert [(await _now(ctx, one_))["queue"] for one_ in (moved, taken)] == ["second", "service"]


async def test_what_somebody_had_to_do_goes_on_without_them(ctx: Context) -> None:
    """To a colleague when it is handed over; back to the department when they may not log in any more."""
    ann, bo = await an_agent(ctx, "ann"), await an_agent(ctx, "bo")

    async def made(connection: Connection) -> list[int]:
        given = [{"assignee_id": ann, "queue": "second"}, {"assignee_id": ann}, {"assignee_id": bo}]
        ids = [await add_task(connection, title="Look", actor=SYSTEM, **what) for what in given]  # type: ignore[arg-type]
        return [await tasks.code_of(connection, number) for number in ids]

    codes = await ctx.database.run(made)
    assert await hand_over_tasks(ctx, from_agent=ann, to_agent=bo, actor=SYSTEM) == 2
    assert await hand_over_tasks(ctx, from_agent=ann, to_agent=bo, actor=SYSTEM) == 0
    assert {(await get_task(ctx, code, SYSTEM))[0].assignee_id for code in codes} == {bo}
    assert await look_after(ctx) == 0
    await one(ctx, "UPDATE agent SET active = false WHERE id = $1 RETURNING 1", bo)
    assert await look_after(ctx) == 3
    assert {(await get_task(ctx, code, SYSTEM))[0].assignee_id for code in codes} == {None}
    assert (await get_task(ctx, codes[0], SYSTEM))[1][-1].what == "put_back"
