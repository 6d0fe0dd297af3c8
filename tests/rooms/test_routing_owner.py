"""Whose customer it is: the agent who had them lately, else whoever looks after them or their organisation; and not for
ever."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.status import change_status
from tests.fakes.floor import floor_rules, holder, minutes_pass, opened
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows

HOUR = 60.0


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=floor_rules("stick_hours = 48", live=False)) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _had(ctx: Context, login: str) -> None:
    """Customer 1 had a ticket, which this agent closed; others come on line."""
    agent = await an_agent(ctx, login)
    before = await opened(ctx, 1)
    assert await drain(ctx) == 1
    await change_status(ctx, ticket_code=before["code"], status="closed", actor=SYSTEM)
    assert await holder(ctx, before) == login
    await ctx.database.run(
        lambda c: c.execute("UPDATE agent SET idle_since = clock_timestamp() WHERE id = $1", agent)
    )


async def _first_reason(ctx: Context, ticket: dict[str, Any]) -> str:
    (row,) = await rows(
        ctx, "SELECT why FROM routing_decision WHERE ticket_id = $1 AND step = 'assigned'", ticket["id"]
    )
    return str(row["why"]["reasons"][0]["code"])


async def _idle(ctx: Context, login: str) -> int:
    """An agent who would get it, being idle for long, if it were nobody's."""
    agent = await an_agent(ctx, login)
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE agent SET idle_since = idle_since - interval '9 hours' WHERE id = $1", agent
        )
    )
    return agent


async def test_whoever_had_the_customer_lately_gets_them_again(ctx: Context) -> None:
    await _had(ctx, "ann")
    await _idle(ctx, "ben")
    ticket = await opened(ctx, 1, text="Another question")
    assert await drain(ctx) == 1
    assert (await holder(ctx, ticket), await _first_reason(ctx, ticket)) == ("ann", "last_agent")


async def test_after_a_while_they_are_a_customer_like_any_other(ctx: Context) -> None:
    await _had(ctx, "ann")
    await _idle(ctx, "ben")
    await minutes_pass(ctx, 48 * HOUR + 1)
    ticket = await opened(ctx, 1, text="Another question")
    assert await drain(ctx) == 1
    assert (await holder(ctx, ticket), await _first_reason(ctx, ticket)) == ("ben", "longest_idle")


async def test_it_ends_while_the_ticket_waits_too(ctx: Context) -> None:
    await _had(ctx, "ann")
    await _idle(ctx, "ben")
    await minutes_pass(ctx, 47 * HOUR)
    ticket = await opened(ctx, 1, text="Another question")
    await minutes_pass(ctx, 2 * HOUR)
    assert await drain(ctx) == 1
    assert await holder(ctx, ticket) == "ben"


@pytest.mark.parametrize("of", ["customer", "organisation"])
async def test_else_whoever_looks_after_them_or_their_organisation(ctx: Context, of: str) -> None:
    ann = await an_agent(ctx, "ann")
    await _idle(ctx, "ben")
    ticket = await opened(ctx, 1)
    if of == "customer":
        await one(ctx, "UPDATE customer SET owner_id = $1 RETURNING 1", ann)
    else:
        await one(
            ctx,
            """WITH o AS (INSERT INTO organisation (name, owner_id) VALUES ('Tea House', $1) RETURNING id)
               UPDATE customer SET organisation_id = o.id FROM o RETURNING 1""",
            ann,
        )
    assert await drain(ctx) == 1
    assert (await holder(ctx, ticket), await _first_reason(ctx, ticket)) == ("ann", "looks_after")


async def test_the_customers_own_comes_before_their_organisations(ctx: Context) -> None:
    ann, ben = await an_agent(ctx, "ann"), await _idle(ctx, "ben")
    ticket = await opened(ctx, 1)
    await one(
        ctx,
        """WITH o AS (INSERT INTO organisation (name, owner_id) VALUES ('Tea House', $2) RETURNING id)
           UPDATE customer SET organisation_id = o.id, owner_id = $1 FROM o RETURNING 1""",
        ann, ben,
    )  # fmt: skip
    assert await drain(ctx) == 1
    assert await holder(ctx, ticket) == "ann"


async def test_who_is_away_is_not_waited_for(ctx: Context) -> None:
    """The one who had them last is away: then it is whoever looks after them; is that one away too, anybody."""
    await _had(ctx, "ann")
    ben, cem = await an_agent(ctx, "ben"), await _idle(ctx, "cem")
    await one(ctx, "UPDATE customer SET owner_id = $1 RETURNING 1", ben)
    ann = await one(ctx, "SELECT id FROM agent WHERE login = 'ann'")
    await set_presence(ctx, agent_id=ann, presence="away", actor=SYSTEM)
    ticket = await opened(ctx, 1, text="Another question")
    assert await drain(ctx) == 1
    assert (await holder(ctx, ticket), await _first_reason(ctx, ticket)) == ("ben", "looks_after")
    await set_presence(ctx, agent_id=ben, presence="offline", actor=SYSTEM)
    await change_status(ctx, ticket_code=ticket["code"], status="closed", actor=SYSTEM)
    ticket = await opened(ctx, 1, text="And another one")
    assert await drain(ctx) == 1
    assert await holder(ctx, ticket) == "cem"
    del cem


async def test_a_queue_may_stick_to_nobody(database_dsn: str) -> None:
    async with a_hub(database_dsn, rules=floor_rules("stick_hours = 0", live=False)) as ctx:
        await _had(ctx, "ann")
        await _idle(ctx, "ben")
        ticket = await opened(ctx, 1, text="Another question")
        assert (await drain(ctx), await holder(ctx, ticket)) == (1, "ben")


async def test_deep_in_a_long_queue_the_own_customer_is_seen(ctx: Context) -> None:
    """One free place, and many who came before."""
    await _had(ctx, "ann")
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET presence = 'away', capacity = 1"))
    for number in range(2, 32):
        await opened(ctx, number)
    ticket = await opened(ctx, 1, text="Another question")
    await drain(ctx)
    ann = await one(ctx, "SELECT id FROM agent")
    await set_presence(ctx, agent_id=ann, presence="online", actor=SYSTEM)
    assert (await drain(ctx), await holder(ctx, ticket)) == (1, "ann")


# ── by offer ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_where_agents_may_think_about_it_it_is_offered(database_dsn: str) -> None:
    async with a_hub(database_dsn, rules=floor_rules("offer_seconds = 30", live=False)) as ctx:
        ann = await an_agent(ctx, "ann", capacity=1)
        ticket, other = await opened(ctx), await opened(ctx, 1, hints={"queue": "service"})
        assert await drain(ctx) == 1
        assert await drain(ctx) == 0
        held = await rows(ctx, "SELECT id, assignee_id, offered_to, held FROM ticket ORDER BY id")
        assert sorted((row["assignee_id"], row["offered_to"], row["held"]) for row in held if row["held"]) in (
            [(None, ann, 1)], [(ann, None, 1)],
        )  # fmt: skip
        await ctx.database.run(lambda c: c.execute("UPDATE agent SET capacity = 2"))
        assert await drain(ctx) == 1
        after = {row["id"]: row for row in await rows(ctx, "SELECT id, assignee_id, offered_to FROM ticket")}
        assert (after[ticket["id"]]["assignee_id"], after[ticket["id"]]["offered_to"]) == (None, ann)
        assert (after[other["id"]]["assignee_id"], after[other["id"]]["offered_to"]) == (ann, None)
        assert await one(ctx, "SELECT load FROM agent") == 2
        await assert_invariants(ctx.database)
