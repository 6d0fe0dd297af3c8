"""Several hubs offer, agents answer, log out and change what they can hold, all at once: no ticket is held twice, no load is
wrong at any commit, and routing never fills an agent beyond their capacity (F64, F67)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import ActionFailure
from hub.actions.floor.look_after import look_after
from hub.actions.floor.offers import accept_offer, decline_offer
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.receive import accept_items
from hub.model.people import Actor
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import RULES, SYSTEM, a_hub, an_agent, item, one, rows

TICKETS, AGENTS, HUBS = 120, 8, 4

# Nobody works by hand here, so whatever makes a load larger is routing.
_NEVER_TOO_MUCH = """
CREATE FUNCTION never_too_much() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'agent % was given % of %', NEW.login, NEW.load, NEW.capacity;
END
$$;
CREATE TRIGGER never_too_much AFTER UPDATE OF load ON agent
    FOR EACH ROW WHEN (NEW.load > OLD.load AND NEW.load > NEW.capacity) EXECUTE FUNCTION never_too_much();
"""


def _rules(seconds: int) -> bytes:
    """The shipped rules; whoever is chosen may think about it."""
    return RULES.read_text().replace("[[queue]]\n", f"[[queue]]\noffer_seconds = {seconds}\n").encode()


@pytest.fixture
async def hubs(database_dsn: str) -> AsyncIterator[list[Context]]:
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(a_hub(database_dsn, rules=_rules(60))) for _ in range(HUBS)]
        await check_every_commit(made[0].database, by_hand=True)
        await made[0].database.run(lambda c: c.execute(_NEVER_TOO_MUCH))
        yield made
        await assert_invariants(made[0].database, by_hand=True)


async def _customers_write(ctx: Context) -> None:
    for wave in range(TICKETS // 20):
        said = [item(who=[("visitor", f"v{wave}-{n}", True)], reply_address="a") for n in range(20)]
        await accept_items(ctx, "plain", said)


async def _route(hub: Context, until: asyncio.Event) -> None:
    while not until.is_set():
        await drain(hub)
        await look_after(hub)
        await asyncio.sleep(0)


async def _answer(hub: Context, agent_id: int, chance: random.Random, until: asyncio.Event) -> None:
    """What one agent does at this hub: yes, no, nothing, a break, fewer or more tickets at once."""
    me = Actor(name="Somebody", agent_id=agent_id)
    while not until.is_set():
        offered = await rows(hub, "SELECT id FROM offer WHERE agent_id = $1 AND state = 'offered'", agent_id)
        steps: list[Awaitable[object]] = []
        for row in offered:
            what = chance.random()
            if what < 0.5:
                steps.append(accept_offer(hub, offer_id=row["id"], agent_id=agent_id, actor=me))
            if what > 0.4:
                steps.append(decline_offer(hub, offer_id=row["id"], agent_id=agent_id, actor=me))
        if chance.random() < 0.15:
            presence = chance.choice(["offline", "away", "busy", "online", "online"])
            steps.append(set_presence(hub, agent_id=agent_id, presence=presence, actor=me))
        if chance.random() < 0.1:
            await _do(hub, "UPDATE agent SET capacity = $2 WHERE id = $1", agent_id, chance.randrange(1, 40))
        if chance.random() < 0.1:
            await _do(
                hub,
                "UPDATE offer SET expires_at = clock_timestamp() WHERE agent_id = $1 AND state = 'offered'",
                agent_id,
            )
        for outcome in await asyncio.gather(*steps, return_exceptions=True):
            assert outcome is None or isinstance(outcome, int | ActionFailure), outcome
        await asyncio.sleep(0)


async def _do(hub: Context, query: str, *args: Any) -> None:
    await hub.database.run(lambda c: c.execute(query, *args))


async def test_hubs_race_and_agents_come_and_go(hubs: list[Context]) -> None:
    """F64: routers race. F67: an agent logs out, or can hold less, during an accept."""
    agents = [await an_agent(hubs[0], f"a{n}", capacity=20) for n in range(AGENTS)]
    await _customers_write(hubs[0])
    until = asyncio.Event()
    working = [
        *(_route(hub, until) for hub in hubs),
        *(_answer(hubs[n % HUBS], agent, random.Random(n), until) for n, agent in enumerate(agents)),
    ]
    running = asyncio.gather(*working)
    async with asyncio.timeout(120):
        while (
            not running.done()
            and await one(hubs[0], "SELECT count(*) FROM offer WHERE state <> 'offered'") < 150
        ):
            await asyncio.sleep(0.2)
    until.set()
    await running
    # The storm is over: everybody is here, has room, and what is left is given out and accepted.
    await _do(hubs[0], "UPDATE agent SET capacity = $1", TICKETS)
    for agent in agents:
        await set_presence(hubs[0], agent_id=agent, presence="online", actor=SYSTEM)
    await _do(hubs[0], "UPDATE ticket SET declined_until = NULL, declined_by = NULL")
    # Also where the storm left nothing to be given out, what it offered is still to be accepted.
    open_offers = "SELECT id, agent_id FROM offer WHERE state = 'offered'"
    while await drain(hubs[0]) or await rows(hubs[1], open_offers):
        for row in await rows(hubs[1], open_offers):
            me = Actor(name="Somebody", agent_id=row["agent_id"])
            await accept_offer(hubs[1], offer_id=row["id"], agent_id=row["agent_id"], actor=me)
    assert (
        await one(hubs[0], "SELECT count(*) FROM ticket WHERE assignee_id IS NULL AND status = 'open'") == 0
    )
    states = {row["state"] for row in await rows(hubs[0], "SELECT DISTINCT state FROM offer")}
    assert states == {"accepted", "declined", "expired", "withdrawn"}, "every end was tried"
