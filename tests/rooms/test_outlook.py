"""What routing expects of the next hours, and how much of their time people have worked: read from what happened."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.floor.outlook import LEAST_MINUTES, OTHER_PEOPLE_SECONDS
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from routing.plan import EVERY
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, say, ticket

_A_WEEK_AGO = "UPDATE ticket SET created_at = created_at - interval '7 days' + interval '10 minutes'"

_ASKS_FOR_SKILL = "UPDATE ticket SET required_skills = '{billing}' WHERE id = $1 RETURNING 1"
_CAME = """INSERT INTO event (kind, agent_id, data, at)
           VALUES ('presence_changed', $1, '{"presence": "online"}', now() - make_interval(mins => $2)) RETURNING 1"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def _look(ctx: Context) -> bool:
    return await ctx.outlook.look_ahead(ctx.database, ctx.rules)


async def test_prices_come_from_the_same_hours_of_other_weeks_and_from_who_is_here(ctx: Context) -> None:
    await an_agent(ctx, "ann", skills={"billing": 4})
    await an_agent(ctx, "bo")
    for n in range(6):
        opened = await ticket(ctx, await say(ctx, text="A question", who=[("visitor", f"v{n}", True)]))
        if n % 2:
            await one(ctx, _ASKS_FOR_SKILL, opened["id"])
    await ctx.database.run(lambda c: c.execute(_A_WEEK_AGO))
    assert not ctx.outlook.prices.of_work
    assert await _look(ctx)
    prices = {needs.skills: price for needs, price in ctx.outlook.prices.of_work.items()}
    plain, billing = prices[frozenset()], next(price for skills, price in prices.items() if skills)
    assert billing > plain  # one of the two can do it, both can do the other
    assert not await _look(ctx)


async def test_prices_are_found_anew_when_they_are_old_or_others_are_here(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    assert await _look(ctx)
    ctx.outlook.found_at -= OTHER_PEOPLE_SECONDS
    assert not await _look(ctx)
    await an_agent(ctx, "bo")
    assert await _look(ctx)
    assert not await _look(ctx)
    await set_presence(ctx, agent_id=ann, presence="away", actor=SYSTEM)
    assert not await _look(ctx)
    ctx.outlook.found_at -= EVERY * 60.0
    assert await _look(ctx)


async def test_whose_turn_it_is_goes_by_the_share_of_their_time_that_was_work(ctx: Context) -> None:
    ann, bo, cy = [await an_agent(ctx, login) for login in ("ann", "bo", "cy")]
    for agent, minutes in ((ann, 100.0), (bo, 200.0), (cy, LEAST_MINUTES / 2)):
        await one(ctx, _CAME, agent, minutes)
    for n in range(6):
        await say(ctx, text="A question", who=[("visitor", f"v{n}", True)])
    assert await drain(ctx) == 6
    assert ctx.outlook.used == {}
    await _look(ctx)
    given = {
        agent: await one(ctx, "SELECT count(*) FROM assignment WHERE agent_id = $1", agent)
        for agent in (ann, bo)
    }
    assert set(ctx.outlook.used) == {ann, bo}
    assert ctx.outlook.used[ann] / given[ann] == pytest.approx(2 * ctx.outlook.used[bo] / given[bo], rel=0.01)
