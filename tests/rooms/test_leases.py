"""Leases: one holder at a time, known without asking, given back, taken over, fenced."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.actions import leases
from hub.actions.context import Context
from hub.actions.leases import hold_lease
from storage.database import DatabaseUnavailable
from tests.fakes.scene import a_hub, one, rows

LASTS = 3.0
"""Seconds. Short enough to be waited for, long enough that a machine which is busy for two of them renews in time."""


@pytest.fixture
async def ctx(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Context]:
    monkeypatch.setattr(leases, "TTL_SECONDS", LASTS)
    monkeypatch.setattr(leases, "_MARGIN_SECONDS", 0.3)
    monkeypatch.setattr(leases, "_ASK_AGAIN_SECONDS", 0.05)
    async with a_hub(database_dsn, {}) as hub:
        yield hub


async def test_it_is_held_renewed_and_given_back(ctx: Context) -> None:
    async with hold_lease(ctx, "x") as lease:
        assert lease.alive()
        first = await one(ctx, "SELECT until FROM lease WHERE name = 'x'")
        async with asyncio.timeout(10):
            while await one(ctx, "SELECT until FROM lease WHERE name = 'x'") == first:
                await asyncio.sleep(0.05)
        await asyncio.sleep(LASTS + 0.1)  # without being renewed it would be over
        assert lease.alive()
    assert not lease.alive()
    assert await rows(ctx, "SELECT 1 FROM lease") == []
    async with asyncio.timeout(10):
        await lease.lost()


async def test_two_never_hold_it_at_once(ctx: Context, database_dsn: str) -> None:
    inside = most = turns = 0

    async def work(hub: Context) -> None:
        nonlocal inside, most, turns
        for _ in range(4):
            async with hold_lease(hub, "x") as lease:
                inside += 1
                most = max(most, inside)
                turns += lease.alive()
                await asyncio.sleep(0.01)
                inside -= 1

    async with a_hub(database_dsn, {}) as other:
        await asyncio.gather(work(ctx), work(other), work(ctx))
    assert (most, turns) == (1, 12)


async def test_one_that_ran_out_is_taken_over_and_its_old_holder_notices(ctx: Context) -> None:
    async with hold_lease(ctx, "x") as lease:
        # As if the process had stood still: the database's clock has gone on.
        await ctx.database.run(
            lambda c: c.execute("UPDATE lease SET until = clock_timestamp() - interval '1 second'")
        )
        async with asyncio.timeout(20), hold_lease(ctx, "x") as second:
            await lease.lost()
            assert (lease.alive(), second.alive()) == (False, True)
            held = await one(ctx, "SELECT token FROM lease WHERE name = 'x'")
            assert held == second.token != lease.token
    assert await rows(ctx, "SELECT 1 FROM lease") == []


async def test_who_lost_it_does_not_give_back_what_is_anothers(ctx: Context) -> None:
    async with hold_lease(ctx, "x") as lease:
        await ctx.database.run(
            lambda c: c.execute(
                "UPDATE lease SET token = gen_random_uuid(), until = clock_timestamp() + interval '1 hour'"
            )
        )
        async with asyncio.timeout(20):
            await lease.lost()
    assert len(await rows(ctx, "SELECT 1 FROM lease")) == 1


async def test_one_that_cannot_be_renewed_is_over_before_it_ends_in_the_database(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hold_lease(ctx, "x") as lease:
        await ctx.database.run(lambda c: c.execute("ALTER TABLE lease RENAME TO away"))
        async with asyncio.timeout(20):
            await lease.lost()
        assert not lease.alive()
        assert await one(ctx, "SELECT until > clock_timestamp() FROM away")
        await ctx.database.run(lambda c: c.execute("ALTER TABLE away RENAME TO lease"))


async def test_a_line_that_drops_does_not_cost_the_lease(ctx: Context) -> None:
    """Postgres restarts, or an administrator ends the session: there is time to come back and renew."""
    async with hold_lease(ctx, "x") as lease:
        token = await one(ctx, "SELECT token FROM lease")
        for _ in range(3):
            await one(
                ctx,
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()""",
            )
            await asyncio.sleep(LASTS * 0.4)
            assert lease.alive()
        assert await one(ctx, "SELECT token FROM lease") == token


async def test_a_body_that_fails_gives_it_back(ctx: Context) -> None:
    with pytest.raises(LookupError):
        async with hold_lease(ctx, "x"):
            raise LookupError
    assert await rows(ctx, "SELECT 1 FROM lease") == []


async def test_a_waiter_that_is_cancelled_leaves_nothing_behind(ctx: Context) -> None:
    async def wait() -> None:
        async with hold_lease(ctx, "x"):
            raise AssertionError("it is held")

    async with hold_lease(ctx, "x") as lease:
        waiting = asyncio.create_task(wait())
        async with asyncio.timeout(20):
            while (
                await one(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") < 3
            ):
                await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert lease.alive()
    assert await rows(ctx, "SELECT 1 FROM lease") == []


async def test_whoever_is_cancelled_while_connecting_leaves_no_line_behind(ctx: Context) -> None:
    """At whatever point: the connection is there before everything about it is known."""
    for number in range(40):
        connecting = asyncio.create_task(ctx.database.connect_alone())
        await asyncio.sleep(number / 5000)
        connecting.cancel()
        (made,) = await asyncio.gather(connecting, return_exceptions=True)
        if not isinstance(made, BaseException):
            made.terminate()
        del connecting, made
    open_lines = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    async with asyncio.timeout(20):
        while await one(ctx, open_lines) > 1:
            await asyncio.sleep(0.05)


async def test_a_line_that_is_cut_while_it_is_made_is_no_surprise(ctx: Context) -> None:
    async def cut() -> None:
        while True:
            await one(
                ctx,
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()""",
            )

    cutting = asyncio.create_task(cut())
    refused = 0
    try:
        while refused < 200:
            try:
                (await ctx.database.connect_alone()).terminate()
            except DatabaseUnavailable:
                refused += 1
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)
