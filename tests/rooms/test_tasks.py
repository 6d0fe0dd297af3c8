"""Tasks of departments: made once, taken by version, told where they belong, due once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.errands.task_work import (
    change_task,
    comment_task,
    count_tasks,
    end_task,
    get_task,
    give_task,
    list_tasks,
    reopen_task,
    take_task,
    tasks_of_ticket,
)
from hub.actions.errands.tasks import add_task, new_task, say_tasks_due
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.move import move_entries
from hub.actions.timers import fire_due
from hub.model.people import Actor
from storage.tasks import NEVER, CountsRow
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, say, ticket

BOB = [("email", "bob@example.com", True)]
FIRST = (datetime(1970, 1, 1, tzinfo=UTC), 0)


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
async def lin(ctx: Context) -> Actor:
    return Actor(name="lin", agent_id=await an_agent(ctx, "lin", presence="offline", queues=["enquiries"]))


@pytest.fixture
async def kim(ctx: Context) -> Actor:
    return Actor(name="kim", agent_id=await an_agent(ctx, "kim", presence="offline", queues=["complaints"]))


async def a_ticket(ctx: Context, key: str = "k") -> dict[str, Any]:
    return await ticket(ctx, await say(ctx, who=BOB, key=key))


async def entries(ctx: Context, ticket_id: int) -> list[tuple[str, str]]:
    """(what, text) of what the timeline says of tasks."""
    found = await rows(
        ctx,
        """SELECT fields->>'task_step' AS step, text FROM interaction
           WHERE ticket_id = $1 AND kind = 'event' AND direction = 'internal' ORDER BY id""",
        ticket_id,
    )
    return [(row["step"], row["text"]) for row in found]


async def notices(ctx: Context) -> list[tuple[str, str]]:
    found = await rows(
        ctx, "SELECT a.login, n.kind FROM notice n JOIN agent a ON a.id = n.agent_id ORDER BY n.id"
    )
    return [(row["login"], row["kind"]) for row in found]


async def test_a_task_is_asked_of_a_department_taken_and_done(ctx: Context, lin: Actor, kim: Actor) -> None:
    opened = await a_ticket(ctx)
    code = await new_task(
        ctx, title=" Look  at the invoice ", text="Number 7.", queue="complaints", ticket_code=opened["code"], actor=lin
    )  # fmt: skip
    assert await notices(ctx) == [("kim", "task_given")]
    version = await take_task(ctx, code=code, version=1, actor=kim)
    version = await end_task(ctx, code=code, version=version, actor=kim, outcome="It was wrong: 20 too much.")
    task, steps = await get_task(ctx, code, SYSTEM)
    assert (task.title, task.state, task.outcome, task.assignee_name, task.version) == (
        "Look at the invoice", "done", "It was wrong: 20 too much.", "kim", version,
    )  # fmt: skip
    assert (task.ticket_code, task.customer_code) == (
        opened["code"], await one(ctx, "SELECT code FROM customer"),
    )  # fmt: skip
    assert [(step.what, step.author) for step in steps] == [
        ("made", "lin"),
        ("taken", "kim"),
        ("done", "kim"),
    ]
    assert await entries(ctx, opened["id"]) == [("made", "Number 7."), ("done", "It was wrong: 20 too much.")]
    assert (await ledger(ctx, opened["id"]))[-5:] == [
        "interaction_added", "task_added", "task_changed", "interaction_added", "task_changed",
    ]  # fmt: skip
    assert await notices(ctx) == [("kim", "task_given"), ("lin", "task_done")]


async def test_nobody_undoes_what_another_did(ctx: Context, lin: Actor, kim: Actor) -> None:
    code = await new_task(ctx, title="Call the carrier", actor=lin)
    outcomes = await asyncio.gather(
        *(take_task(ctx, code=code, version=1, actor=who) for who in (lin, kim)), return_exceptions=True
    )
    (lost,) = [one_ for one_ in outcomes if isinstance(one_, NotPossible)]
    assert lost.code == "task_changed" and 2 in outcomes
    for stale in (
        end_task(ctx, code=code, version=1, actor=lin),
        give_task(ctx, code=code, version=1, actor=lin, assignee_id=None),
        change_task(ctx, code=code, version=1, actor=lin, title="Other"),
        reopen_task(ctx, code=code, version=1, actor=lin),
    ):
        with pytest.raises(NotPossible) as caught:
            await stale
        assert caught.value.code == "task_changed"
    # A word about it goes by no version.
    await comment_task(ctx, code=code, actor=lin, text="They are closed today.")
    assert [step.what for step in (await get_task(ctx, code, SYSTEM))[1]] == ["made", "taken", "commented"]


async def test_what_is_over_is_opened_again_before_it_is_worked_on(
    ctx: Context, lin: Actor, kim: Actor
) -> None:
    opened = await a_ticket(ctx)
    code = await new_task(ctx, title="Send a new one", ticket_code=opened["code"], actor=lin)
    version = await end_task(ctx, code=code, version=1, actor=kim, outcome="Not in stock.", dropped=True)
    for late in (
        take_task(ctx, code=code, version=version, actor=lin),
        end_task(ctx, code=code, version=version, actor=lin),
        give_task(ctx, code=code, version=version, actor=lin, assignee_id=kim.agent_id),
        change_task(ctx, code=code, version=version, actor=lin, text="x"),
    ):
        with pytest.raises(NotPossible) as caught:
            await late
        assert caught.value.code == "task_over"
    version = await reopen_task(ctx, code=code, version=version, actor=lin)
    assert await reopen_task(ctx, code=code, version=version, actor=lin) == version  # it is open already
    task, _ = await get_task(ctx, code, SYSTEM)
    assert (task.state, task.outcome, task.ended_at) == ("open", "", None)
    assert [what for what, _ in await entries(ctx, opened["id"])] == ["made", "dropped", "reopened"]


async def test_given_to_a_person_to_a_department_and_back(ctx: Context, lin: Actor, kim: Actor) -> None:
    code = await new_task(ctx, title="Call back", actor=lin)
    version = await give_task(ctx, code=code, version=1, actor=lin, assignee_id=kim.agent_id)
    version = await give_task(ctx, code=code, version=version, actor=kim, assignee_id=None)
    version = await give_task(ctx, code=code, version=version, actor=kim, assignee_id=None, queue="enquiries")
    assert await give_task(ctx, code=code, version=version, actor=kim, assignee_id=None) == version
    task, steps = await get_task(ctx, code, SYSTEM)
    assert (task.queue, task.assignee_id) == ("enquiries", None)
    assert [(step.what, step.to_name) for step in steps] == [
        ("made", ""), ("given", "kim"), ("put_back", ""), ("given", ""),
    ]  # fmt: skip
    assert await notices(ctx) == [("kim", "task_given"), ("lin", "task_given")]


async def test_what_is_wrong_is_said_and_nothing_is_made(ctx: Context, lin: Actor) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"title": "  "}, "empty"), ({"title": "x", "queue": "nowhere"}, "no_such_queue"),
        ({"title": "x", "assignee_id": 9999}, "no_such_agent"), ({"title": "x", "ticket_code": 12}, "not_found"),
        ({"title": "x", "customer_code": 12}, "not_found"),
    ]  # fmt: skip
    for given, why in wrong:
        with pytest.raises(ActionFailure) as caught:
            await new_task(ctx, actor=lin, **given)
        assert caught.value.code == why
    assert await one(ctx, "SELECT count(*) FROM task") == 0
    with pytest.raises(NotFound):
        await take_task(ctx, code=10, version=1, actor=lin)
    code = await new_task(ctx, title="x", actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await take_task(ctx, code=code, version=1, actor=SYSTEM)
    assert refused.value.code == "not_a_person"


async def test_a_rule_makes_its_task_once(ctx: Context, lin: Actor) -> None:
    opened = await a_ticket(ctx)

    async def make() -> int:
        return await ctx.database.run(
            lambda c: add_task(
                c, title="Check", actor=SYSTEM, ticket_id=opened["id"], rule="VIP", cause="rule:1:event:2", due_seconds=60
            )
        )  # fmt: skip

    assert len(set(await asyncio.gather(make(), make(), make()))) == 1
    (task,) = await tasks_of_ticket(ctx, opened["code"])
    assert task.rule == "VIP" and task.due_at is not None
    assert timedelta(0) < task.due_at - datetime.now(UTC) < timedelta(seconds=61)
    assert await entries(ctx, opened["id"]) == [("made", "")]


async def test_that_its_time_has_come_is_said_once_and_again_for_another_time(
    ctx: Context, lin: Actor, kim: Actor
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    code = await new_task(ctx, title="x", due_at=past, assignee_id=kim.agent_id, actor=SYSTEM)
    hubs = await asyncio.gather(*(say_tasks_due(ctx) for _ in range(4)))
    assert sum(hubs) == 1
    assert await fire_due(ctx) == 0
    assert [kind for who, kind in await notices(ctx) if kind == "task_due"] == ["task_due"]
    await change_task(ctx, code=code, version=1, actor=lin, due_at=past - timedelta(hours=1))
    assert await fire_due(ctx) == 1
    assert [who for who, kind in await notices(ctx) if kind == "task_due"] == ["kim", "kim"]
    # What is done, and what has no time, is never due.
    done = await new_task(ctx, title="y", due_at=past, actor=lin)
    await end_task(ctx, code=done, version=1, actor=lin)
    await new_task(ctx, title="z", actor=lin)
    assert await fire_due(ctx) == 0


async def test_the_time_of_a_task_of_somebody_who_has_left_is_told_to_who_leads(
    ctx: Context, lin: Actor, kim: Actor
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    await new_task(ctx, title="x", due_at=past, assignee_id=kim.agent_id, actor=SYSTEM)
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET active = login <> 'kim', role = 'admin'"))
    assert await fire_due(ctx) == 1
    assert [who for who, kind in await notices(ctx) if kind == "task_due"] == ["lin"]


async def test_many_that_are_due_at_once_are_one_notice(ctx: Context, lin: Actor) -> None:
    boss = await an_agent(ctx, "boss", presence="offline")
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET role = 'supervisor' WHERE id = $1", boss))
    past = datetime.now(UTC) - timedelta(minutes=1)
    for number in range(30):
        await new_task(ctx, title=f"Task {number}", queue="enquiries", due_at=past, actor=lin)
    assert await say_tasks_due(ctx) == 30
    found = await rows(ctx, "SELECT agent_id, many FROM notice WHERE kind = 'task_due'")
    assert [(row["agent_id"], row["many"]) for row in found] == [(boss, 30)]


async def test_lists_begin_with_what_is_due_first_and_know_whose_it_is(
    ctx: Context, lin: Actor, kim: Actor
) -> None:
    now = datetime.now(UTC)
    later, overdue, own = (
        await new_task(ctx, title="later", queue="enquiries", due_at=now + timedelta(days=1), actor=SYSTEM),
        await new_task(
            ctx, title="overdue", queue="complaints", due_at=now - timedelta(days=1), actor=SYSTEM
        ),
        await new_task(ctx, title="own", assignee_id=lin.agent_id, actor=SYSTEM),
    )

    async def codes(scope: Any, who: Actor, *, ended: bool = False) -> list[int]:
        page = (NEVER, 2**62) if ended else FIRST
        listed = await list_tasks(
            ctx, agent_id=who.agent_id, scope=scope, ended=ended, page=page, limit=50, actor=who
        )
        return [task.code for task in listed]

    assert await codes("all", lin) == [overdue, later, own]
    assert await codes("mine", lin) == [own] and await codes("departments", lin) == [later]
    assert await codes("departments", kim) == [overdue]
    general = Actor(name="g", agent_id=await an_agent(ctx, "general", presence="offline"))
    assert await codes("departments", general) == [overdue, later]
    assert await count_tasks(ctx, lin) == CountsRow(mine=1, mine_overdue=0, departments=1, all=3, overdue=1)
    await end_task(ctx, code=own, version=1, actor=lin)
    assert await codes("mine", lin) == [] and await codes("mine", lin, ended=True) == [own]


async def test_pages_go_on_where_the_last_one_ended(ctx: Context, lin: Actor) -> None:
    due = datetime.now(UTC)
    made = [await new_task(ctx, title=str(n), due_at=due if n % 2 else None, actor=lin) for n in range(9)]
    page, seen = FIRST, []
    while rows_ := await list_tasks(
        ctx, agent_id=None, scope="all", ended=False, page=page, limit=2, actor=SYSTEM
    ):
        seen += [task.code for task in rows_]
        page = (rows_[-1].due_at or NEVER, rows_[-1].id)
    assert seen == [*made[1::2], *made[::2]]


async def test_tasks_go_along_when_their_ticket_is_merged(ctx: Context, lin: Actor) -> None:
    source, target = await a_ticket(ctx, "a"), await a_ticket(ctx, "b")
    code = await new_task(ctx, title="x", ticket_code=source["code"], actor=lin)
    moved = await rows(ctx, "SELECT id FROM interaction WHERE ticket_id = $1", source["id"])
    await move_entries(
        ctx,
        ticket_code=source["code"],
        interaction_ids=[row["id"] for row in moved],
        to_code=target["code"],
        actor=lin,
    )
    assert [task.code for task in await tasks_of_ticket(ctx, target["code"])] == [code]
    await comment_task(ctx, code=code, actor=lin, text="Still to be done.")
