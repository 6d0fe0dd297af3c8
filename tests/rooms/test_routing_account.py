"""Whatever people, customers, hubs and time do in whatever order: at every commit each agent's loads are what their tickets
count, nobody holds more than there is room for unless a person gave it to them, and what could be given out is."""

import asyncio
import itertools
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from tests.conftest import at_database
from tests.fakes.floor import floor_rules, minutes_pass, opened
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, rows

CUSTOMERS = 6
AGENTS = ("ann", "ben", "cem")
_names = itertools.count()

_by_customers = st.tuples(st.sampled_from(["chat", "letter"]), st.integers(0, CUSTOMERS - 1))
_by_agents = st.tuples(
    st.sampled_from(["reply", "pending", "resolved", "closed", "open", "give back"]),
    st.integers(0, 2 * CUSTOMERS - 1),
)
_presences = st.tuples(st.sampled_from(["online", "away", "offline"]), st.integers(0, len(AGENTS) - 1))
_time = st.tuples(st.just("minutes"), st.sampled_from([1, 3, 6, 11]))
_drain = st.tuples(st.just("drain"), st.just(0))
_by_hand = st.tuples(st.sampled_from(["to ann", "to ben", "to cem"]), st.integers(0, 2 * CUSTOMERS - 1))
_steps = st.lists(st.one_of(_by_customers, _by_customers, _by_agents, _presences, _time, _drain), max_size=30)
_steps_by_hand = st.lists(
    st.one_of(_by_customers, _by_customers, _by_agents, _by_hand, _presences, _time, _drain), max_size=30
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps)
def test_nobody_ever_holds_more_than_there_is_room_for(postgres: str, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_run(postgres, steps, by_hand=False))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps_by_hand)
def test_every_load_is_what_its_tickets_count(postgres: str, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_run(postgres, steps, by_hand=True))


async def _run(postgres: str, steps: list[tuple[str, int]], *, by_hand: bool) -> None:
    name = f"account_{next(_names)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template_hub STRATEGY file_copy")
    rules = floor_rules("wrap_up_seconds = 120", work="weight = { loopback = 2 }")
    try:
        async with a_hub(at_database(postgres, name), rules=rules) as ctx:
            await check_every_commit(ctx.database, by_hand=by_hand)
            agents = [await an_agent(ctx, login, capacity=2, live_capacity=1) for login in AGENTS]
            for what, which in steps:
                await _step(ctx, what, which, agents)
            while await drain(ctx):
                pass
            await assert_invariants(ctx.database, by_hand=by_hand)
            await _nothing_waits_that_could_be_given(ctx)
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


async def _step(ctx: Context, what: str, which: int, agents: list[int]) -> None:
    match what:
        case "chat":
            await opened(ctx, which)
        case "letter":
            await opened(ctx, which, channel="loop", who=f"v{which}")
        case "minutes":
            await minutes_pass(ctx, which)
            while await fire_due(ctx):
                pass
        case "drain":
            await drain(ctx)
        case "online" | "away" | "offline":
            await set_presence(ctx, agent_id=agents[which], presence=what, actor=SYSTEM)
        case _:
            await _on_ticket(ctx, what, which, agents)


async def _on_ticket(ctx: Context, what: str, which: int, agents: list[int]) -> None:
    keys = [f"k{which}", f"who.v{which - CUSTOMERS}"]
    found = await rows(
        ctx, "SELECT code FROM ticket WHERE thread_key = ANY($1) ORDER BY id DESC LIMIT 1", keys
    )
    if not found:
        return
    code = found[0]["code"]
    try:
        if what == "reply":
            await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes?")
        elif what == "give back":
            await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=SYSTEM)
        elif what.startswith("to "):
            to = agents[AGENTS.index(what.removeprefix("to "))]
            await assign_ticket(ctx, ticket_code=code, agent_id=to, actor=SYSTEM)
        else:
            await change_status(ctx, ticket_code=code, status=what, actor=SYSTEM)
    except (NotPossible, Conflict):
        return  # what may not be done changes nothing


async def _nothing_waits_that_could_be_given(ctx: Context) -> None:
    left: list[dict[str, Any]] = await rows(
        ctx,
        """SELECT t.id, a.login FROM ticket t JOIN agent a ON a.presence = 'online'
           AND coalesce(a.wrap_until, '-infinity') < clock_timestamp() AND a.live_load < a.live_capacity
           AND (t.live OR a.load + t.weight <= a.capacity)
           WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'
             AND NOT (t.declined_by IS NOT DISTINCT FROM a.id AND coalesce(t.declined_until > clock_timestamp(), false))""",
    )
    assert left == []
