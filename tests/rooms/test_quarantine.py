"""What could not be read is kept, seen, read again or put away."""

import asyncio

import asyncpg
import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.quarantine import discard, replay
from hub.actions.receive import MOST_ATTEMPTS, MOST_BEGUN, STEADY_SECONDS, accept_items, read_waiting
from hub.model.people import Actor
from storage import inbound, views
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import a_hub, letter, one, rows, say, waiting_for_a_lock

ANN = Actor(name="Ann")
_STATES = "SELECT state FROM inbound_raw ORDER BY id"


async def _quarantined(ctx: Context) -> int:
    return (await say(ctx, unreadable=True)).raw_id


async def test_it_is_listed_with_its_reason_and_its_bytes(database_dsn: str) -> None:
    async with a_hub(database_dsn) as ctx:
        raw_id = await _quarantined(ctx)
        (row,) = await ctx.database.read(views.list_quarantine)
        assert (row.id, row.channel, row.error) == (raw_id, "plain", "It is not to be read.")
        assert await ctx.database.read(lambda c: views.raw_content(c, raw_id)) == b'{"unreadable":true}'
        assert (await ctx.database.read(views.backlog)).quarantined == 1


async def test_replay_reads_it_again_by_the_programs_of_today(database_dsn: str) -> None:
    channels = {"loop": {"kind": "loopback"}}
    async with a_hub(database_dsn, channels) as ctx:
        kept = await say(ctx, "loop", text="  ", who="w")
        assert kept.quarantined
        await ctx.database.run(
            lambda c: c.execute("UPDATE inbound_raw SET content = $1", b'{"text": "Hello", "who": "w"}')
        )
        await replay(ctx, raw_id=kept.raw_id, actor=ANN)
        with pytest.raises(NotFound):
            await replay(ctx, raw_id=kept.raw_id, actor=ANN)
        assert await read_waiting(ctx) == 1
        (row,) = await rows(ctx, "SELECT * FROM inbound_raw")
        assert (row["state"], row["error"], row["attempts"]) == ("read", "", 1)
        assert await one(ctx, "SELECT text FROM interaction") == "Hello"
        told = await rows(ctx, "SELECT data FROM event WHERE kind = 'quarantined' ORDER BY id")
        assert [row["data"] for row in told] == [{"raw": kept.raw_id}, {"raw": kept.raw_id, "by": "Ann"}]
        await assert_invariants(ctx.database)


async def test_what_still_cannot_be_read_is_back_in_quarantine(database_dsn: str) -> None:
    channels = {"loop": {"kind": "loopback"}}
    async with a_hub(database_dsn, channels) as ctx:
        kept = await say(ctx, "loop", text="", who="w")
        await replay(ctx, raw_id=kept.raw_id, actor=ANN)
        await read_waiting(ctx)
        (row,) = await rows(ctx, "SELECT * FROM inbound_raw")
        assert row["state"] == "quarantined" and "must not be empty" in row["error"]
        await assert_invariants(ctx.database)


async def test_discarding_puts_it_away_and_keeps_its_bytes(database_dsn: str) -> None:
    async with a_hub(database_dsn) as ctx:
        raw_id = await _quarantined(ctx)
        await discard(ctx, raw_id=raw_id, actor=ANN)
        assert await ctx.database.read(views.list_quarantine) == []
        assert await ctx.database.read(lambda c: views.raw_content(c, raw_id))
        for deed in (discard, replay):
            with pytest.raises(NotFound):
                await deed(ctx, raw_id=raw_id, actor=ANN)
        await assert_invariants(ctx.database)


async def test_only_what_is_in_quarantine_can_be_replayed(database_dsn: str) -> None:
    async with a_hub(database_dsn) as ctx:
        kept = await say(ctx, who=[("visitor", "v", True)])
        for deed in (discard, replay):
            for raw_id in (kept.raw_id, 1):
                with pytest.raises(NotFound):
                    await deed(ctx, raw_id=raw_id, actor=ANN)


async def _dies_reading(ctx: Context, dsn: str) -> int:
    """A hub that is gone before it has written down what it took up; returns how much that was."""
    holder = await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE interaction IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(read_waiting(ctx))

            async def writes_or_ended() -> bool:
                return reading.done() or bool(await waiting_for_a_lock(ctx))

            await until(writes_or_ended, seconds=30, what="it writes down what it read, or there is nothing")
            taken = await one(ctx, "SELECT count(*) FROM inbound_raw WHERE lease_until > clock_timestamp()")
            reading.cancel()
            await asyncio.wait([reading])
    finally:
        await holder.close()
    await ctx.database.run(lambda c: c.execute("UPDATE inbound_raw SET lease_until = NULL"))
    return int(taken)


async def test_hubs_that_die_again_and_again_put_no_letter_aside(database_dsn: str) -> None:
    """They are killed, and not by what they read: it is read by the first that lives, and others do not wait for it."""
    async with a_hub(database_dsn, heavy=True) as ctx:
        await accept_items(ctx, "support", [letter("li@example.cn")])
        taken = [await _dies_reading(ctx, database_dsn) for _ in range(MOST_BEGUN + 2)]
        assert taken == [1] * MOST_ATTEMPTS + [0] * (MOST_BEGUN + 2 - MOST_ATTEMPTS)
        await accept_items(ctx, "support", [letter("wang@example.cn")])
        assert await read_waiting(ctx) == 1
        assert [row["state"] for row in await rows(ctx, _STATES)] == ["received", "read"]
        ctx.reader.began -= STEADY_SECONDS
        assert await read_waiting(ctx) == 1
        assert [row["state"] for row in await rows(ctx, _STATES)] == ["read", "read"]
        await assert_invariants(ctx.database)


async def test_an_item_that_ends_its_reader_takes_nobody_along(database_dsn: str) -> None:
    """Each look stands for a hub that died before it had settled anything of what it took up."""
    async with a_hub(database_dsn, heavy=True) as ctx:
        for n in range(3):
            await accept_items(ctx, "support", [letter("li@example.cn", f"letter {n}")])

        async def die() -> list[int]:
            taken = await ctx.database.run(lambda c: inbound.claim_raw(c, 50, 60.0, most_bytes=1000))
            await ctx.database.run(lambda c: c.execute("UPDATE inbound_raw SET lease_until = NULL"))
            return [row.id for row in taken]

        first = await die()
        assert len(first) == 3
        assert [await die() for _ in range(MOST_BEGUN - 1)] == [first[:1]] * (MOST_BEGUN - 1)
        ctx.reader.began -= STEADY_SECONDS
        for _ in range(3):
            await read_waiting(ctx)
        states = {row["id"]: row for row in await rows(ctx, "SELECT id, state, error FROM inbound_raw")}
        assert [states[one_]["state"] for one_ in first] == ["quarantined", "read", "read"]
        assert "never ended" in states[first[0]]["error"]
        await assert_invariants(ctx.database)
