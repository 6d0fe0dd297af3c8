"""Waiting tickets and agents: who gets what, why not, and that two hubs never give one ticket twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain, why_waiting
from hub.actions.status import change_status
from storage.database import Connection
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, say, ticket


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """No agent's load is ever wrong, or above capacity, at any commit."""
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


@pytest.fixture
async def other(ctx: Context, database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def _waiting(ctx: Context, text: str = "Hello, a question", **said: Any) -> dict[str, Any]:
    n = await one(ctx, "SELECT count(*) FROM ticket")
    return await ticket(ctx, await say(ctx, **{"text": text, "who": [("visitor", f"v{n}", True)], **said}))


async def _holder(ctx: Context, opened: dict[str, Any]) -> int | None:
    found: int | None = await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", opened["id"])
    return found


async def _why(ctx: Context, opened: dict[str, Any]) -> list[str]:
    why = await one(ctx, "SELECT waiting_why FROM ticket WHERE id = $1", opened["id"])
    now = await why_waiting(ctx, opened["code"])
    assert now is not None
    assert now.pop("expected")
    assert why == now
    return [reason["code"] for reason in why["reasons"]]


async def test_a_waiting_ticket_goes_to_the_agent_who_fits_and_everything_says_so(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    opened = await _waiting(ctx)
    assert await drain(ctx) == 1
    assert await drain(ctx) == 0
    assert await _holder(ctx, opened) == ann
    assert await one(ctx, "SELECT load FROM agent") == 1
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "ticket_assigned"]
    (assignment,) = await rows(ctx, "SELECT * FROM assignment")
    (decision,) = await rows(ctx, "SELECT * FROM routing_decision WHERE step = 'assigned'")
    assert (assignment["agent_id"], assignment["decision_id"]) == (ann, decision["id"])
    assert decision["why"]["reasons"][0]["code"] == "only_free"
    assert await why_waiting(ctx, opened["code"]) is None


@pytest.mark.parametrize(
    ("agent", "said", "reason"),
    [
        ({"languages": ["en"]}, {"text": "请问我的包裹在哪里？什么时候可以送到？"}, "nobody_speaks"),
        ({"queues": ["feedback"]}, {"hints": {"queue": "complaints"}}, "no_members"),
        ({}, {"hints": {"skill": "billing"}}, "nobody_has_skill"),
        ({"skills": {"billing": 0}}, {"hints": {"skill": "billing"}}, "nobody_has_skill"),
        ({"presence": "busy"}, {}, "nobody_on_line"),
        ({"presence": "away"}, {}, "nobody_on_line"),
        ({"presence": "offline"}, {}, "nobody_on_line"),
        ({"capacity": 0}, {}, "all_at_capacity"),
    ],
)
async def test_nobody_gets_what_they_cannot_have_and_the_reason_is_kept(
    ctx: Context, agent: dict[str, Any], said: dict[str, Any], reason: str
) -> None:
    await an_agent(ctx, "ann", **agent)
    opened = await _waiting(ctx, **said)
    assert await drain(ctx) == 0
    assert await _holder(ctx, opened) is None
    assert reason in await _why(ctx, opened)


async def test_without_anybody_at_all_the_reason_is_kept(ctx: Context) -> None:
    opened = await _waiting(ctx)
    assert await drain(ctx) == 0
    assert await _why(ctx, opened) == ["no_members"]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ({"languages": ["zh"]}, {"text": "请问我的包裹在哪里？什么时候可以送到？"}),
        ({"queues": ["complaints"]}, {"hints": {"queue": "complaints"}}),
        ({"skills": {"billing": 1}}, {"hints": {"skill": "billing"}}),
    ],
)
async def test_the_one_who_fits_gets_it_though_another_has_been_idle_longer(
    ctx: Context, agent: dict[str, Any], said: dict[str, Any]
) -> None:
    await an_agent(ctx, "idle", languages=["en"], queues=["feedback"])
    fit = await an_agent(ctx, "fit", **agent)
    opened = await _waiting(ctx, **said)
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened) == fit


async def test_nobody_is_given_more_than_there_is_room_for_and_room_is_used(ctx: Context) -> None:
    ann, ben = await an_agent(ctx, "ann", capacity=2), await an_agent(ctx, "ben", capacity=3)
    opened = [await _waiting(ctx) for _ in range(8)]
    assert await drain(ctx) == 5
    assert Counter([await _holder(ctx, one_) for one_ in opened]) == {ann: 2, ben: 3, None: 3}
    # First come, first served.
    assert [await _holder(ctx, one_) is None for one_ in opened] == [False] * 5 + [True] * 3
    assert await _why(ctx, opened[-1]) == ["all_at_capacity"]
    mine = [one_ for one_ in opened if await _holder(ctx, one_) == ann][0]  # noqa: RUF015 - it awaits
    await change_status(ctx, ticket_code=mine["code"], status="resolved", actor=SYSTEM)
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened[5]) == ann


async def test_an_answer_makes_room(ctx: Context) -> None:
    await an_agent(ctx, "ann", capacity=1)
    first, second = await _waiting(ctx, reply_address="a"), await _waiting(ctx)
    assert await drain(ctx) == 1
    await queue_reply(ctx, ticket_code=first["code"], actor=SYSTEM, text="Done.")
    assert await drain(ctx) == 1
    assert None not in (await _holder(ctx, first), await _holder(ctx, second))


async def test_urgent_work_comes_before_older_work(ctx: Context) -> None:
    await an_agent(ctx, "ann", capacity=1)
    older = await _waiting(ctx)
    urgent = await _waiting(ctx, subject="URGENT")
    await drain(ctx)
    assert (await _holder(ctx, older), bool(await _holder(ctx, urgent))) == (None, True)


async def test_coming_on_line_is_enough(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann", presence="offline")
    opened = await _waiting(ctx)
    assert await drain(ctx) == 0
    await set_presence(ctx, agent_id=ann, presence="online", actor=SYSTEM)
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened) == ann


async def test_one_that_nobody_can_take_holds_up_no_other(ctx: Context) -> None:
    await an_agent(ctx, "ann", capacity=1, languages=["en"])
    stuck = [await _waiting(ctx, hints={"skill": "billing"}) for _ in range(5)]
    opened = await _waiting(ctx)
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened) is not None
    assert {await _holder(ctx, one_) for one_ in stuck} == {None}


async def test_what_was_given_back_by_hand_does_not_go_straight_back(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    opened = await _waiting(ctx)
    await drain(ctx)
    waiting_since = await one(ctx, "SELECT waiting_since FROM ticket")
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=None, actor=SYSTEM)
    assert await drain(ctx) == 0
    after = (await rows(ctx, "SELECT * FROM ticket"))[0]
    assert (after["assignee_id"], after["waiting_since"]) == (None, waiting_since)
    assert await _why(ctx, opened)
    ben = await an_agent(ctx, "ben")
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened) == ben
    # From whom it was taken is forgotten then: ben gives it back, and ann may have it again.
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=None, actor=SYSTEM)
    assert await drain(ctx) == 1
    assert await _holder(ctx, opened) == ann


async def test_what_was_given_back_holds_up_no_other(ctx: Context) -> None:
    """The one free place is the agent's who gave a ticket back: the next ticket of the sort goes there."""
    ann = await an_agent(ctx, "ann", capacity=1)
    first = await _waiting(ctx)
    await drain(ctx)
    second = await _waiting(ctx)
    assert await drain(ctx) == 0
    assert await _why(ctx, second) == ["all_at_capacity"]
    await assign_ticket(ctx, ticket_code=first["code"], agent_id=None, actor=SYSTEM)
    for _ in range(3):
        await drain(ctx)
    assert (await _holder(ctx, first), await _holder(ctx, second)) == (None, ann)


async def test_people_decide_against_the_hub(ctx: Context) -> None:
    ann, ben = await an_agent(ctx, "ann"), await an_agent(ctx, "ben", presence="offline")
    opened = await _waiting(ctx)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ben, actor=SYSTEM)
    assert await drain(ctx) == 0
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann, actor=SYSTEM)
    assert await rows(ctx, "SELECT login, load FROM agent ORDER BY login") == [
        {"login": "ann", "load": 1}, {"login": "ben", "load": 0},
    ]  # fmt: skip
    reasons = await rows(ctx, "SELECT agent_id, end_reason FROM assignment ORDER BY id")
    assert reasons == [{"agent_id": ben, "end_reason": "given away"}, {"agent_id": ann, "end_reason": ""}]
    with pytest.raises(NotFound):
        await assign_ticket(ctx, ticket_code=opened["code"], agent_id=4711, actor=SYSTEM)
    with pytest.raises(NotFound):
        await assign_ticket(ctx, ticket_code=1, agent_id=ann, actor=SYSTEM)
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
    with pytest.raises(NotPossible):
        await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ben, actor=SYSTEM)


@pytest.mark.parametrize("status", ["pending", "resolved", "closed"])
async def test_what_is_not_open_is_no_load_and_not_given_out(ctx: Context, status: str) -> None:
    ann = await an_agent(ctx, "ann", capacity=1)
    opened = await _waiting(ctx)
    await drain(ctx)
    await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    assert await one(ctx, "SELECT load FROM agent") == 0
    second = await _waiting(ctx)
    await change_status(ctx, ticket_code=second["code"], status=status, actor=SYSTEM)
    assert await drain(ctx) == 0
    await change_status(ctx, ticket_code=opened["code"], status="open", actor=SYSTEM)
    assert (await one(ctx, "SELECT load FROM agent"), await _holder(ctx, opened)) == (1, ann)


async def test_an_unknown_status_or_a_forbidden_move_changes_nothing(ctx: Context) -> None:
    opened = await _waiting(ctx)
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
    for status in ("pending", "resolved", "spam", ""):
        with pytest.raises(NotPossible):
            await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    with pytest.raises(NotPossible):
        await set_presence(ctx, agent_id=await an_agent(ctx, "ann"), presence="asleep", actor=SYSTEM)
    with pytest.raises(NotFound):
        await set_presence(ctx, agent_id=4711, presence="online", actor=SYSTEM)


async def test_two_hubs_give_nothing_twice_and_overfill_nobody(ctx: Context, other: Context) -> None:
    agents = [await an_agent(ctx, f"a{n}", capacity=3) for n in range(8)]
    await asyncio.gather(*(say(hub, who=[("visitor", f"v{n}", True)], key=f"k{n}", reply_address="x")
                           for n, hub in enumerate([ctx, other] * 20)))  # fmt: skip
    codes = [row["code"] for row in await rows(ctx, "SELECT code FROM ticket ORDER BY id")]

    async def work(hub: Context, mine: list[int]) -> None:
        for n, code in enumerate(mine):
            await drain(hub)
            await change_status(hub, ticket_code=code, status=("pending", "resolved")[n % 2], actor=SYSTEM)

    async def customers(hub: Context) -> None:
        for n in range(0, 40, 3):
            await say(hub, who=[("visitor", f"v{n}", True)], key=f"k{n}", reply_address="x")

    async def presences(hub: Context) -> None:
        for n in range(12):
            await set_presence(hub, agent_id=agents[n % 8], presence=("away", "online")[n % 2], actor=SYSTEM)

    await asyncio.gather(
        work(ctx, codes[:15]), work(other, codes[15:30]), customers(ctx), customers(other), presences(other),
        *(drain(hub) for hub in (ctx, other) * 10),
    )  # fmt: skip
    while await drain(ctx):
        pass
    free = await one(ctx, "SELECT sum(capacity - load) FROM agent WHERE presence = 'online'")
    waiting = await one(ctx, "SELECT count(*) FROM ticket WHERE status = 'open' AND assignee_id IS NULL")
    assert not (free and waiting)
    given = await rows(ctx, "SELECT ticket_id FROM assignment WHERE ended_at IS NULL")
    assert len(given) == len({row["ticket_id"] for row in given})


# Fired after what watches (in the order of names): whoever was looked at is not committed yet when the other is looked at.
_SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
"""


async def test_what_watches_each_commit_sees_two_that_come_at_the_same_moment(database_dsn: str) -> None:
    """Each gives the ticket to an agent, and neither sees the other: without the index that forbids it, one must not commit."""
    async with a_hub(database_dsn) as ctx:
        await check_every_commit(ctx.database, by_hand=True, unguarded=True)
        await ctx.database.run(lambda c: c.execute(_SLOW_COMMIT))
        opened, met = await _waiting(ctx), asyncio.Barrier(2)

        async def give(agent_id: int) -> None:
            async def work(c: Connection) -> None:
                await c.execute(
                    "INSERT INTO assignment (ticket_id, agent_id) VALUES ($1, $2)", opened["id"], agent_id
                )
                await met.wait()

            await ctx.database.run(work)

        agents = [await an_agent(ctx, name) for name in ("ann", "ben")]
        outcomes = await asyncio.gather(*map(give, agents), return_exceptions=True)
        (refused,) = [one_ for one_ in outcomes if one_ is not None]
        assert "is given to" in str(refused)


async def test_two_hubs_and_one_place(ctx: Context, other: Context) -> None:
    await an_agent(ctx, "ann", capacity=1)
    for _ in range(10):
        await _waiting(ctx)
    assert sum(await asyncio.gather(*(drain(hub) for hub in (ctx, other) * 6))) == 1


async def test_a_ticket_taken_by_hand_while_it_is_given_out_has_one_holder(
    ctx: Context, other: Context
) -> None:
    agents = [await an_agent(ctx, f"a{n}") for n in range(3)]
    for n in range(12):
        opened = await _waiting(ctx)
        await asyncio.gather(
            drain(ctx),
            assign_ticket(other, ticket_code=opened["code"], agent_id=agents[n % 3], actor=SYSTEM),
            drain(other),
            assign_ticket(ctx, ticket_code=opened["code"], agent_id=agents[(n + 1) % 3], actor=SYSTEM),
        )
        await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    assert await one(ctx, "SELECT sum(load) FROM agent") == 0


async def test_what_was_given_back_may_come_back_after_a_while(ctx: Context) -> None:
    """The only one who fits gave it back: not at once, and not never."""
    ann = await an_agent(ctx, "ann")
    opened = await _waiting(ctx)
    assert await drain(ctx) == 1
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=None, actor=SYSTEM)
    assert (await drain(ctx), await _holder(ctx, opened)) == (0, None)
    await ctx.database.run(
        lambda c: c.execute("UPDATE ticket SET declined_until = declined_until - interval '11 minutes'")
    )
    assert (await drain(ctx), await _holder(ctx, opened)) == (1, ann)
