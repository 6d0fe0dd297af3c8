"""F71 over a real database: rules that go round in circles are stopped, visibly, until somebody lets them go on."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.automation.stop import resume_rule
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.tags import change_tags
from hub.model.people import Actor
from routing.automation.bounds import MOST_DEPTH, MOST_VISITS
from tests.fakes.automation import automated, runs, settle, time_passes
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, say, ticket

CIRCLE = """
[[automation]]
name = "A"
on = ["tag_removed"]
unless = { status = ["closed"] }
then = [ { add_tags = ["hot"] } ]

[[automation]]
name = "B"
on = ["tag_added"]
then = [ { remove_tags = ["hot"] } ]
"""
BOSS = Actor(name="Boss")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=automated(CIRCLE)) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def test_a_sets_a_tag_and_b_removes_it_until_one_is_stopped(ctx: Context) -> None:
    boss = await an_agent(ctx, "boss")
    await one(ctx, "UPDATE agent SET role = 'supervisor' RETURNING 1")
    kept = await say(ctx, text="Hello", key="a")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await change_tags(ctx, ticket_code=code, add=["hot"], actor=SYSTEM)
    await settle(ctx)
    done = [rule for rule, _, outcome in await runs(ctx, number) if outcome == "done"]
    assert done == ["B", "A", "B", "A", "B"]
    assert len(done) == MOST_DEPTH
    assert (await runs(ctx, number))[-1] == ("A", "tag_removed", "stopped")
    (stop,) = await rows(ctx, "SELECT rule, reason, ticket_id FROM automation_stop")
    assert stop == {"rule": "A", "reason": "chain", "ticket_id": number}
    assert (await ledger(ctx, number))[-1] == "rule_stopped"
    (notice,) = await rows(ctx, "SELECT agent_id, kind, params FROM notice")
    assert (notice["agent_id"], notice["kind"], notice["params"]["rule"]) == (boss, "rule_stopped", "A")
    # It stays so, for other tickets too.
    other = await say(ctx, text="Hello", key="b")
    await change_tags(ctx, ticket_code=(await ticket(ctx, other))["code"], add=["hot"], actor=SYSTEM)
    await settle(ctx)
    assert await runs(ctx, (await ticket(ctx, other))["id"]) == [("B", "tag_added", "done")]
    await resume_rule(ctx, name="A", actor=BOSS)
    with pytest.raises(NotFound):
        await resume_rule(ctx, name="A", actor=BOSS)
    await change_tags(ctx, ticket_code=(await ticket(ctx, other))["code"], add=["x"], actor=SYSTEM)
    await change_tags(ctx, ticket_code=(await ticket(ctx, other))["code"], remove=["x"], actor=SYSTEM)
    await settle(ctx)
    assert ("A", "tag_removed", "done") in await runs(ctx, (await ticket(ctx, other))["id"])


async def test_a_circle_that_goes_through_routing_is_stopped_by_its_visits(database_dsn: str) -> None:
    toml = '[[automation]]\nname = "take away"\non = ["assigned"]\nthen = [ { assign = "nobody" } ]\n'
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        await an_agent(ctx, "li")
        kept = await say(ctx, text="Hello", key="a")
        number = (await ticket(ctx, kept))["id"]
        for _ in range(2 * MOST_VISITS):
            # Not straight back to the same agent, for a while.
            await one(ctx, "UPDATE ticket SET declined_until = NULL, declined_by = NULL RETURNING 1")
            await drain(ctx)
            await settle(ctx)
        outcomes = [outcome for _, _, outcome in await runs(ctx, number)]
        assert outcomes == ["done"] * MOST_VISITS + ["stopped"]
        assert (await rows(ctx, "SELECT reason FROM automation_stop")) == [{"reason": "too_often"}]
        assert (await ticket(ctx, kept))["assignee_id"] is not None
        await assert_invariants(ctx.database)


async def test_what_people_do_stops_no_rule(database_dsn: str) -> None:
    toml = '[[automation]]\nname = "count"\non = ["customer_wrote", "assigned"]\nthen = [ { note = "n" } ]\n'
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        li = await an_agent(ctx, "li")
        person = Actor(name="Li", agent_id=li)
        kept = await say(ctx, text="Hello", key="a")
        number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
        for n in range(MOST_VISITS + 5):
            await say(ctx, text=f"Hello {n}", key="a")
            await assign_ticket(ctx, ticket_code=code, agent_id=None if n % 2 else li, actor=person)
        await settle(ctx)
        outcomes = {outcome for _, _, outcome in await runs(ctx, number)}
        assert outcomes == {"done"}
        assert len(await runs(ctx, number)) > MOST_VISITS
        assert await rows(ctx, "SELECT 1 FROM automation_stop") == []


async def test_visits_are_counted_for_an_hour(database_dsn: str) -> None:
    toml = '[[automation]]\nname = "slow"\non = ["tag_added"]\nthen = [ { note = "n" } ]\n'
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        kept = await say(ctx, text="Hello", key="a")
        number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
        for n in range(MOST_VISITS + 4):
            await change_tags(ctx, ticket_code=code, add=[f"t{n}"], actor=SYSTEM)
            await settle(ctx)
            await time_passes(ctx, 10)
        assert {outcome for _, _, outcome in await runs(ctx, number)} == {"done"}
