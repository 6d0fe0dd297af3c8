"""Four hubs over one database, agents who come, go and change, hubs that are killed: nothing is given twice, nobody gets more
than they have room for at any commit, nothing waits beside somebody free (I7), every timer fires once (I8)."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from hub.actions.context import Context
from hub.actions.failures import ActionFailure
from hub.actions.floor.presence import set_presence
from hub.actions.status import change_status
from storage import work
from tests.fakes.crowd import BESIDE_A_FREE_AGENT, Watch, given_twice, tickets_wait, watching
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.processes import HubProcess, serving, until
from tests.fakes.scene import SECRET, SYSTEM, a_hub, an_agent, one, rows

HUBS, WAVES = 4, 4


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """What people do; the hubs are processes of their own."""
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database, unguarded=True)
        yield hub


async def _count(ctx: Context, query: str) -> int:
    return int(await one(ctx, query))


async def _none(ctx: Context, query: str) -> bool:
    return await _count(ctx, query) == 0


class Hubs:
    """Hub processes that can be killed and begun again."""

    def __init__(self, stack: AsyncExitStack, folder: Path, dsn: str) -> None:
        self._stack, self._folder, self._dsn = stack, folder, dsn
        self.alive: list[HubProcess] = []
        self.begun = 0

    def refused(self) -> list[str]:
        """What hubs wanted to commit and the database did not let them."""
        logs = [log.read_text("utf-8").splitlines() for log in self._folder.glob("hub*/log")]
        return [line for lines in logs for line in lines if "at commit" in line or "violates" in line]

    async def begin(self) -> None:
        self.begun += 1
        folder = self._folder / f"hub{self.begun}"
        self.alive.append(
            await self._stack.enter_async_context(
                serving(folder, self._dsn, {"floor": {"kind": "webform"}}, secret=SECRET.decode())
            )
        )

    async def kill(self, dice: random.Random) -> None:
        await self.alive.pop(dice.randrange(len(self.alive))).kill()


async def test_four_hubs_at_the_same_door_give_a_thousand_to_twenty_and_each_to_one(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    """F64. One hub looks first and would have given everything before another looks: so the agents are locked until all four
    stand before them, and then let go, wave by wave."""
    for n in range(20):
        await an_agent(ctx, f"a{n}", capacity=50)
    async with AsyncExitStack() as stack:
        hubs = Hubs(stack, tmp_path, database_dsn)
        await asyncio.gather(*(hubs.begin() for _ in range(HUBS)))
        for _ in range(WAVES):
            door = await ctx.database.connect_alone()
            await door.execute("SET idle_in_transaction_session_timeout = 0")
            await door.execute("BEGIN; SELECT 1 FROM agent ORDER BY id FOR NO KEY UPDATE")
            await tickets_wait(ctx, 1_000 // WAVES)
            await until(lambda: _all_stand_there(ctx), seconds=60, what="all hubs want to give out")
            await door.execute("COMMIT")
            await door.close()
            await until(
                lambda: _none(ctx, "SELECT count(*) FROM ticket WHERE assignee_id IS NULL"),
                seconds=60,
                what="all have an agent",
            )
    assert hubs.refused() == []
    assert await _count(ctx, "SELECT count(*) FROM assignment") == 1_000
    assert await _count(ctx, "SELECT count(*) FROM routing_decision WHERE step = 'assigned'") == 1_000
    assert {row["load"] for row in await rows(ctx, "SELECT load FROM agent")} == {50}
    await assert_invariants(ctx.database)


async def _all_stand_there(ctx: Context) -> bool:
    """Each hub has one loop that asks for all agents at once."""
    asking = await one(
        ctx,
        """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
           AND starts_with($1, query)""",
        work.SQL["agents"],
    )
    return int(asking) == HUBS


@pytest.mark.parametrize("seed", [1])
async def test_agents_come_and_go_while_hubs_are_killed(
    ctx: Context, database_dsn: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    agents = [await an_agent(ctx, f"a{n}", capacity=dice.randint(2, 9)) for n in range(20)]
    async with AsyncExitStack() as stack:
        hubs = Hubs(stack, tmp_path, database_dsn)
        await asyncio.gather(*(hubs.begin() for _ in range(HUBS)))
        async with watching(ctx) as watch:
            for wave in range(10):
                looks = watch.looks
                await tickets_wait(ctx, dice.randint(20, 60), live=wave % 3 == 2)
                if wave in (3, 6):
                    await hubs.kill(dice)
                if wave == 7:
                    await hubs.begin()
                await asyncio.gather(*(_something_happens(ctx, agents, dice) for _ in range(25)))
                await until(partial(_looked, watch, looks), seconds=60, what="the floor was looked at")
            for agent in agents:
                await set_presence(ctx, agent_id=agent, presence="online", actor=SYSTEM)
            await until(
                lambda: _none(ctx, BESIDE_A_FREE_AGENT),
                seconds=20,
                what="nothing waits beside somebody who has room",
            )
        # One second is promised; a machine that runs four hubs, the tests and much else on two cores gets some more.
        assert watch.longest < 5.0, f"something waited {watch.longest:.1f} s beside somebody with room"
    assert hubs.refused() == []
    assert await given_twice(ctx) == []
    await assert_invariants(ctx.database)


async def _looked(watch: Watch, since: int) -> bool:
    """Twice: the first look may have begun before."""
    return watch.looks > since + 1


async def _something_happens(ctx: Context, agents: list[int], dice: random.Random) -> None:
    """Somebody comes, goes, or ends a ticket. What is refused because things changed meanwhile is refused."""
    agent = dice.choice(agents)
    what = dice.random()
    if what < 0.3:
        presence = dice.choice(["online", "online", "away", "busy"])
        await set_presence(ctx, agent_id=agent, presence=presence, actor=SYSTEM)
        return
    held = await rows(ctx, "SELECT code FROM ticket WHERE assignee_id = $1 AND status = 'open'", agent)
    if not held:
        return
    status = dice.choice(["resolved", "pending", "closed"])
    try:
        await change_status(ctx, ticket_code=dice.choice(held)["code"], status=status, actor=SYSTEM)
    except ActionFailure:
        return  # another step was quicker
