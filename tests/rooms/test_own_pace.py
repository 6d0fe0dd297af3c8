"""How quickly this company's people work, read from the answers that they gave, and what the engine then goes by."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.floor.outlook import MEASURE_SECONDS
from hub.actions.floor.own_pace import own_weights
from hub.actions.floor.route import drain
from hub.actions.simulation.history import read_past
from routing.worth import Weights
from storage.work import answers_given
from tests.fakes.crowd import tickets_wait
from tests.fakes.scene import a_hub, an_agent, one, rows

_NEEDS_BILLING = "UPDATE ticket SET required_skills = '{billing}' RETURNING 1"
# One after the other, each the minutes of its agent.
_ANSWERED = """
WITH n AS (SELECT id, assignee_id, row_number() OVER (PARTITION BY assignee_id ORDER BY id) AS place
           FROM ticket WHERE assignee_id IS NOT NULL),
     begun AS (UPDATE assignment SET started_at = now() - interval '10 days'),
     said AS (UPDATE ticket t SET last_in_at = now() - interval '11 days', waiting_since = NULL,
                     last_out_at = now() - interval '10 days'
                         + n.place * make_interval(mins => CASE n.assignee_id WHEN $1 THEN 4 ELSE 12 END)
              FROM n WHERE t.id = n.id)
SELECT count(*) FROM n"""
_KNEW = """
WITH d AS (INSERT INTO routing_decision (ticket_id, step, why)
           SELECT ticket_id, 'assigned', '{"outcome": "assigned", "reasons": [{"code": "last_agent", "params": {}}]}'
           FROM assignment WHERE agent_id = $1 RETURNING id, ticket_id)
UPDATE assignment a SET decision_id = d.id FROM d WHERE d.ticket_id = a.ticket_id RETURNING 1"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def _each_answers_a_hundred(ctx: Context) -> tuple[int, int]:
    quick = await an_agent(ctx, "ann", skills={"billing": 2}, capacity=100)
    slow = await an_agent(ctx, "bo", skills={"billing": 4}, capacity=100)
    await tickets_wait(ctx, 200)
    await rows(ctx, _NEEDS_BILLING)
    while await drain(ctx):
        pass
    assert await one(ctx, _ANSWERED, quick) == 200
    return quick, slow


async def test_a_company_where_the_experienced_take_longer_is_not_taken_for_another(ctx: Context) -> None:
    assert await ctx.database.read(own_weights) == Weights()
    quick, _ = await _each_answers_a_hundred(ctx)
    found = await ctx.database.read(lambda c: answers_given(c, 28, 500))
    assert {(row.levels["billing"], round(row.minutes, 3), row.known) for row in found} == {
        (2, 4.0, False),
        (4, 12.0, False),
    }
    weights = await ctx.database.read(own_weights)
    assert weights.paces[1] > 1.15 * weights.paces[3]
    assert weights.paces[0] == pytest.approx(Weights().paces[0]) and weights.owner_gain == pytest.approx(1.25)
    await rows(ctx, _KNEW, quick)
    known = await ctx.database.read(own_weights)
    assert known.owner_gain > 1.3 and known.paces[1] < weights.paces[1]


async def test_the_engine_and_the_simulator_go_by_it_and_it_is_not_measured_at_every_look(
    ctx: Context,
) -> None:
    await ctx.outlook.look_ahead(ctx.database, ctx.rules)
    assert ctx.outlook.weights == Weights()
    await _each_answers_a_hundred(ctx)
    await ctx.outlook.look_ahead(ctx.database, ctx.rules)
    assert ctx.outlook.weights == Weights()
    ctx.outlook.measured_at -= MEASURE_SECONDS
    await ctx.outlook.look_ahead(ctx.database, ctx.rules)
    assert ctx.outlook.weights == await ctx.database.read(own_weights) != Weights()
    assert (await read_past(ctx, 28)).weights == ctx.outlook.weights
