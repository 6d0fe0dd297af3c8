"""One thing done to many tickets: each for itself, what was left out is told, and what was done can be taken back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.lists.bulk import MOST, Order, change_many, undo_many
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.web.desk.lists.bulk_words import say_done
from hub.web.desk.say.language import Voice
from tests.fakes.floor import floor_rules, opened
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=floor_rules(live=False)) as hub:
        yield hub


async def three(ctx: Context) -> list[int]:
    return [(await opened(ctx, number))["code"] for number in range(3)]


async def lead(ctx: Context, login: str = "lin") -> Actor:
    return Actor(name=login, agent_id=await an_agent(ctx, login, presence="offline"), role="supervisor")


async def state(ctx: Context) -> list[dict[str, Any]]:
    return await rows(
        ctx,
        """SELECT t.code, t.status, t.priority, t.tags, t.assignee_id, q.name AS queue, t.snoozed_until IS NOT NULL AS snoozed
           FROM ticket t JOIN queue q ON q.id = t.queue_id ORDER BY t.id""",
    )


_ORDERS = [
    Order(what="assign", value={"agent": 1}),
    Order(what="status", value={"status": "resolved"}),
    Order(what="tags", value={"add": ["蓝", "rot"]}),
    Order(what="queue", value={"queue": "complaints"}),
    Order(what="priority", value={"priority": 4}),
    Order(what="snooze", value={"until": None}),
    Order(what="snooze", value={"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}),
]


@pytest.mark.parametrize("order", _ORDERS, ids=lambda one: str(one.what))
async def test_each_is_changed_and_taken_back(ctx: Context, order: Order) -> None:
    actor = await lead(ctx)
    order = Order(
        what=order.what,
        value={**order.value, **({"agent": actor.agent_id} if "agent" in order.value else {})},
    )
    codes = await three(ctx)
    before = await state(ctx)
    done = await change_many(ctx, ticket_codes=codes, order=order, actor=actor)
    assert (done.changed, done.same, done.skipped) == (3, 0, {})
    after = await state(ctx)
    assert all(was != now for was, now in zip(before, after, strict=True))
    assert done.bulk_id is not None
    back = await undo_many(ctx, bulk_id=done.bulk_id, actor=actor)
    assert (back.changed, back.skipped) == (3, {})
    assert await state(ctx) == before
    with pytest.raises(NotFound):
        await undo_many(ctx, bulk_id=done.bulk_id, actor=actor)


async def test_what_cannot_be_done_to_one_does_not_stop_the_others(ctx: Context) -> None:
    actor = await lead(ctx)
    codes = await three(ctx)
    await change_status(ctx, ticket_code=codes[1], status="closed", actor=SYSTEM)
    done = await change_many(
        ctx,
        ticket_codes=[*codes, 1, codes[0]],
        order=Order(what="priority", value={"priority": 4}),
        actor=actor,
    )
    assert (done.changed, done.skipped) == (2, {"closed": 1, "not_found": 1})
    assert say_done(EN, done) == "2 changed, 2 skipped: closed tickets (1), no permission (1)"
    assert say_done(ZH, done) == "已更改 2 张，跳过 2 张：工单已关闭（1）、没有权限（1）"
    same = await change_many(
        ctx, ticket_codes=codes, order=Order(what="priority", value={"priority": 4}), actor=actor
    )
    assert (same.changed, same.same) == (0, 2)
    assert same.bulk_id is None


async def test_only_what_nothing_else_came_of_is_taken_back(ctx: Context) -> None:
    actor = await lead(ctx)
    codes = await three(ctx)
    done = await change_many(
        ctx, ticket_codes=codes, order=Order(what="status", value={"status": "resolved"}), actor=actor
    )
    await change_status(ctx, ticket_code=codes[0], status="closed", actor=SYSTEM)
    # What colleagues say to each other changes nothing.
    await add_note(ctx, ticket_code=codes[1], actor=SYSTEM, text="Wait.")
    assert done.bulk_id is not None
    back = await undo_many(ctx, bulk_id=done.bulk_id, actor=actor)
    assert (back.changed, back.skipped) == (2, {"changed_since": 1})
    assert say_done(EN, back, back=True) == "2 taken back, 1 skipped: changed since"
    assert [row["status"] for row in await state(ctx)] == ["closed", "open", "open"]


async def test_nobody_does_to_many_what_they_may_not_do_to_one(ctx: Context) -> None:
    kim = await an_agent(ctx, "kim", presence="offline")
    agent = Actor(
        name="lin", agent_id=await an_agent(ctx, "lin", presence="offline"), permissions=frozenset()
    )
    codes = await three(ctx)
    for order in (
        Order(what="assign", value={"agent": kim}),
        Order(what="status", value={"status": "closed"}),
    ):
        with pytest.raises(NotPossible) as refused:
            await change_many(ctx, ticket_codes=codes, order=order, actor=agent)
        assert refused.value.code == "not_allowed"
    # What is not in their sight is not found, and the others are done.
    own = Actor(name="kim", agent_id=kim, role="supervisor", sight=Sight.OWN)
    await one(ctx, "UPDATE ticket SET assignee_id = $2 WHERE code = $1 RETURNING 1", codes[0], kim)
    done = await change_many(
        ctx, ticket_codes=codes, order=Order(what="tags", value={"add": ["mine"]}), actor=own
    )
    assert (done.changed, done.skipped) == (1, {"not_found": 2})


async def test_another_may_not_take_it_back(ctx: Context) -> None:
    lin, kim = await lead(ctx), await lead(ctx, "kim")
    done = await change_many(
        ctx, ticket_codes=await three(ctx), order=Order(what="priority", value={"priority": 1}), actor=lin
    )
    assert done.bulk_id is not None
    with pytest.raises(NotFound):
        await undo_many(ctx, bulk_id=done.bulk_id, actor=kim)


async def test_merging_leaves_other_customers_alone(ctx: Context) -> None:
    actor = await lead(ctx)
    first = (await opened(ctx, 0))["code"]
    second = (await opened(ctx, 0, channel="other", key="second"))["code"]
    stranger = (await opened(ctx, 5))["code"]
    assert len({first, second, stranger}) == 3
    done = await change_many(
        ctx,
        ticket_codes=[first, second, stranger],
        order=Order(what="merge", value={"into": first}),
        actor=actor,
    )
    assert (done.changed, done.same, done.skipped) == (1, 1, {"other_customer": 1})
    assert done.bulk_id is not None
    assert (await undo_many(ctx, bulk_id=done.bulk_id, actor=actor)).changed == 1


async def test_what_is_no_order_is_refused(ctx: Context) -> None:
    actor = await lead(ctx)
    for codes, order, code in (
        ([], Order(what="status", value={"status": "open"}), "nothing_chosen"),
        (list(range(MOST + 1)), Order(what="status", value={"status": "open"}), "too_many_chosen"),
        ([1], Order(what="erase", value={}), "bad_order"),
    ):
        with pytest.raises(NotPossible) as refused:
            await change_many(ctx, ticket_codes=codes, order=order, actor=actor)
        assert refused.value.code == code
