"""Offers as routing makes them: to the best, then to the next best, at its moment and not at a tick; the reasons say so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.offers import accept_offer, decline_offer, expire_offers
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain, why_waiting
from hub.model.people import Actor
from hub.workers import keep_floor as floor_loop
from hub.workers import routing as routing_loop
from hub.workers.keep_floor import keep_floor
from hub.workers.routing import give_out
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.processes import until
from tests.fakes.scene import RULES, SYSTEM, a_hub, an_agent, one, rows, say, ticket


def _rules(more: str = "offer_seconds = 60") -> bytes:
    return RULES.read_text().replace("[[queue]]\n", f"[[queue]]\n{more}\n").encode()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=_rules()) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, **said: Any) -> dict[str, Any]:
    n = await one(ctx, "SELECT count(*) FROM ticket")
    return await ticket(ctx, await say(ctx, who=[("visitor", f"v{n}", True)], **said))


async def _offered(ctx: Context) -> tuple[int, int] | None:
    """(offer, agent) of the one that is open."""
    found = await rows(ctx, "SELECT id, agent_id FROM offer WHERE state = 'offered'")
    return (found[0]["id"], found[0]["agent_id"]) if found else None


async def _decline(ctx: Context, offer: tuple[int, int]) -> None:
    await decline_offer(ctx, offer_id=offer[0], agent_id=offer[1], actor=Actor(name="Me", agent_id=offer[1]))


async def test_a_queue_whose_agents_may_think_offers(ctx: Context) -> None:
    ann, bob = await an_agent(ctx, "ann"), await an_agent(ctx, "bob")
    opened = await _opened(ctx)
    assert await drain(ctx) == 1
    first = await _offered(ctx)
    assert first is not None and first[1] in (ann, bob)
    assert await drain(ctx) == 0, "it waits for nobody else meanwhile"
    await _decline(ctx, first)
    assert await drain(ctx) == 1
    second = await _offered(ctx)
    assert second is not None and second[1] == ({ann, bob} - {first[1]}).pop()
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", opened["id"]) is None
    me = Actor(name="Me", agent_id=second[1])
    await accept_offer(ctx, offer_id=second[0], agent_id=second[1], actor=me)
    why = await one(ctx, "SELECT why FROM routing_decision WHERE step = 'accepted'")
    assert (why["outcome"], why["agent_name"]) == ("accepted", "Me")
    assert why["reasons"][0]["code"] == "only_free", "why it was they who were asked"


async def test_what_nobody_answered_is_asked_of_the_next_before_what_came_later(ctx: Context) -> None:
    """F66: it is at its old place. What came while it was offered to somebody who had gone stands behind it."""
    ann = await an_agent(ctx, "ann", capacity=1)
    opened = await _opened(ctx)
    assert await drain(ctx) == 1
    later = [await _opened(ctx) for _ in range(3)]
    assert await drain(ctx) == 0
    # Each came ten minutes before the next.
    for n, waiting in enumerate((opened, *later)):
        query = "UPDATE ticket SET waiting_since = waiting_since - $2 * interval '10 min' WHERE id = $1 RETURNING 1"
        await one(ctx, query, waiting["id"], 3 - n)
    await one(ctx, "UPDATE offer SET expires_at = clock_timestamp() RETURNING 1")
    assert await expire_offers(ctx) == 1
    await set_presence(ctx, agent_id=ann, presence="offline", actor=SYSTEM)
    for login, wanted in (("bob", opened), ("cem", later[0]), ("dan", later[1])):
        asked = await an_agent(ctx, login, capacity=1)
        assert await drain(ctx) == 1
        assert await one(ctx, "SELECT ticket_id FROM offer WHERE agent_id = $1", asked) == wanted["id"]


async def test_what_the_only_agent_declined_is_offered_to_them_again(ctx: Context) -> None:
    """Salesforce 000382420: declined by the only agent, it was never offered again. Here after ten minutes, and it says so."""
    ann = await an_agent(ctx, "ann")
    opened = await _opened(ctx)
    await drain(ctx)
    offer = await _offered(ctx)
    assert offer is not None
    await _decline(ctx, offer)
    assert await drain(ctx) == 0
    why = await why_waiting(ctx, opened["code"])
    assert why is not None and [reason["code"] for reason in why["reasons"]] == ["not_so_soon"]
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE offer SET settled_at = settled_at - interval '10 minutes' WHERE settled_at IS NOT NULL"
        )
    )
    await ctx.database.run(
        lambda c: c.execute("UPDATE ticket SET declined_until = declined_until - interval '10 minutes'")
    )
    assert await drain(ctx) == 1
    again = await _offered(ctx)
    assert again is not None and again[1] == ann


async def test_nothing_is_offered_to_who_is_not_there(ctx: Context) -> None:
    """Offline assignment: libredesk 561, Chatwoot 4158."""
    for presence in ("offline", "away", "busy"):
        await an_agent(ctx, presence, presence=presence)
    await _opened(ctx)
    assert await drain(ctx) == 0
    assert await _offered(ctx) is None


@asynccontextmanager
async def _running(ctx: Context) -> AsyncIterator[None]:
    """The listener and both loops of a hub."""
    halt = asyncio.Event()
    ear = asyncio.create_task(ctx.listener.run())
    loops = [asyncio.create_task(loop(ctx, halt, lambda: None)) for loop in (give_out, keep_floor)]
    try:
        yield
    finally:
        halt.set()
        ctx.listener.wake_all()
        await asyncio.gather(*loops)
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)


async def test_an_offer_that_nobody_answers_goes_to_the_next_at_its_moment_on_whatever_hub(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hub looks by itself within an hour: all of this happens because somebody was woken, or foresaw it."""
    monkeypatch.setattr(floor_loop, "POLL_SECONDS", 3600.0)
    monkeypatch.setattr(routing_loop, "POLL_SECONDS", 3600.0)
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(a_hub(database_dsn, rules=_rules("offer_seconds = 1")))
            for _ in range(2)
        ]
        ctx = hubs[0]
        await check_every_commit(ctx.database)
        agents = [await an_agent(ctx, name) for name in ("ann", "bob")]
        for hub in hubs:
            await stack.enter_async_context(_running(hub))
        opened = await _opened(ctx)

        async def everybody_was_asked() -> bool:
            asked = await rows(ctx, "SELECT agent_id FROM offer WHERE state = 'expired' ORDER BY id")
            return [*sorted(row["agent_id"] for row in asked)] == agents

        await until(
            everybody_was_asked, seconds=30, what="the first did not answer, then neither did the second"
        )
        spent = await rows(
            ctx, "SELECT extract(epoch FROM settled_at - expires_at)::float8 AS late FROM offer"
        )
        assert all(row["late"] >= 0 for row in spent)
        carl = await an_agent(ctx, "carl", presence="away")
        await set_presence(ctx, agent_id=carl, presence="online", actor=SYSTEM)

        async def carl_is_asked() -> bool:
            return bool(await one(ctx, "SELECT count(*) FROM offer WHERE agent_id = $1", carl))

        await until(carl_is_asked, seconds=30, what="whoever comes on line is asked at once")
        since = await one(ctx, "SELECT waiting_since FROM ticket WHERE id = $1", opened["id"])
        assert since == opened["waiting_since"], "its place in time is the old one"
        await assert_invariants(ctx.database)
