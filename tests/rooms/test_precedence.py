"""Who goes first: a word is kept before letters are read, and letters are read all the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest
from pydantic import SecretStr

import storage.precedence
from hub.actions import receive
from hub.actions.context import Context
from hub.actions.receive import accept_items, read_waiting
from hub.settings import Settings, Web
from hub.wiring import run_hub
from storage.database import Connection, Database
from storage.precedence import MOST_SECONDS, Precedence
from tests.fakes.scene import CHANNELS, PLAIN, SECRET, a_hub, item, letter, one

FOR_EVER = 60.0
# A word of a chat that is being kept, for as long as the test holds the lock.
HOLD = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT kind FROM channel WHERE id = NEW.channel_id) = 'webchat' THEN PERFORM pg_advisory_xact_lock_shared(42); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE INSERT ON interaction FOR EACH ROW EXECUTE FUNCTION hold();
"""
SLOW_SECONDS = 0.3
SLOW = f"""
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep({SLOW_SECONDS}); RETURN NULL; END $$;
CREATE TRIGGER slow AFTER INSERT ON interaction FOR EACH STATEMENT EXECUTE FUNCTION slow();
"""
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted"
LYING = "SELECT count(*) FROM inbound_raw WHERE state = 'received' AND attempts = 0"
READ = "SELECT count(*) FROM interaction i JOIN channel c ON c.id = i.channel_id WHERE c.kind = 'email'"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, heavy=True) as hub:
        yield hub


async def _say(ctx: Context, text: str = "Hello?") -> None:
    """A visitor of the chat says something."""
    said = item(who=[("visitor", "v1", True)], key="talk", text=text)
    await accept_items(ctx, "chat", [said], translate=PLAIN.translate)


@asynccontextmanager
async def _being_kept(ctx: Context, dsn: str) -> AsyncIterator[None]:
    """Inside, the word of a visitor is on its way to the timeline."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(HOLD)
        await connection.execute("SELECT pg_advisory_lock(42)")
        word = asyncio.create_task(_say(ctx))
        while not await connection.fetchval(HELD):
            assert not word.done(), word
        yield
        await connection.execute("SELECT pg_advisory_unlock(42)")
        await word
    finally:
        await connection.close()


async def _much_else(database: Database, times: int = 200) -> None:
    """More than whatever stands beside it would need."""
    for _ in range(times):
        await database.read(lambda c: c.fetchval("SELECT 1"))


def _behind(ctx: Context) -> "asyncio.Task[int]":
    with ctx.database.precedence.behind():
        return asyncio.create_task(read_waiting(ctx))


async def test_letters_stand_still_while_a_word_is_kept(ctx: Context, database_dsn: str) -> None:
    ctx.database.precedence.most_seconds = FOR_EVER
    await accept_items(ctx, "support", [letter("li@example.cn")])
    await read_waiting(ctx)  # the reading process has started
    await accept_items(ctx, "support", [letter("li@example.cn")])
    async with _being_kept(ctx, database_dsn):
        reading = _behind(ctx)
        await _much_else(ctx.database)
        assert not reading.done() and await one(ctx, READ) == 1
    assert await reading == 1
    assert await one(ctx, READ) == 2


async def test_the_loops_of_a_hub_stand_still(ctx: Context, database_dsn: str, tmp_path: Path) -> None:
    """A letter that another hub has fetched waits until the word is kept here."""
    channels = {name: CHANNELS[name] for name in ("support", "chat")}
    settings = Settings(
        data_dir=tmp_path, secret_key=SecretStr(SECRET.decode()), web=Web(port=0), channels=channels
    )
    async with run_hub(settings, database_dsn) as hub:
        hub.ctx.database.precedence.most_seconds = FOR_EVER
        await accept_items(ctx, "support", [letter("li@example.cn")])
        while await one(ctx, READ) < 1:
            await asyncio.sleep(0.02)
        async with _being_kept(hub.ctx, database_dsn):
            await accept_items(ctx, "support", [letter("li@example.cn")])
            await _much_else(ctx.database)
            assert await one(ctx, LYING) == 1 == await one(ctx, READ)
        while await one(ctx, READ) < 2:
            await asyncio.sleep(0.02)


async def test_what_is_only_journalled_stands_still_too(ctx: Context, database_dsn: str) -> None:
    """Whoever fetches a mailbox is none of the hub's loops."""
    ctx.database.precedence.most_seconds = FOR_EVER
    async with _being_kept(ctx, database_dsn):
        fetched = asyncio.create_task(accept_items(ctx, "support", [letter("li@example.cn")]))
        await _much_else(ctx.database)
        assert not fetched.done() and not await one(
            ctx, "SELECT count(*) FROM inbound_raw WHERE state = 'received'"
        )
    await fetched


async def test_letters_are_read_however_much_is_said(ctx: Context) -> None:
    """Words that never end hold up for a moment only."""
    await accept_items(ctx, "support", [letter("li@example.cn")])
    with ctx.database.precedence.first():
        assert await _behind(ctx) == 1


async def test_who_stands_still_has_no_connection_in_its_hands(ctx: Context) -> None:
    """More of them than there are: the word needs one, too."""
    precedence = ctx.database.precedence
    precedence.most_seconds = FOR_EVER
    with precedence.behind():
        waiting = [asyncio.create_task(_much_else(ctx.database, times=1)) for _ in range(20)]
    with precedence.first():
        await _much_else(ctx.database)
        assert not any(one_.done() for one_ in waiting)
    await asyncio.gather(*waiting)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one number is the time that precedence goes by."""
    now = [1000.0]
    monkeypatch.setattr(storage.precedence, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


async def _stands(precedence: Precedence) -> bool:
    waiting = asyncio.create_task(precedence.give_way())
    await asyncio.sleep(0)
    stands = not waiting.done()
    waiting.cancel()
    return stands


async def test_a_word_that_never_ends_holds_up_for_a_third_of_the_time(clock: list[float]) -> None:
    precedence, most = Precedence(), MOST_SECONDS
    assert not await _stands(precedence)
    with precedence.first():
        for _ in range(3):
            assert await _stands(precedence)
            clock[0] += 1.01 * most
            assert not await _stands(precedence)
            clock[0] += 1.98 * most
            assert not await _stands(precedence)
            clock[0] += 0.02 * most


async def test_short_words_hold_up_for_no_longer_than_a_long_one(clock: list[float]) -> None:
    precedence, most = Precedence(), MOST_SECONDS
    for _ in range(3):
        with precedence.first():
            assert await _stands(precedence)
            clock[0] += 0.3 * most
    with precedence.first():
        assert await _stands(precedence)
        clock[0] += 0.11 * most
        assert not await _stands(precedence)
    assert not await _stands(precedence)
    clock[0] += 2 * most
    with precedence.first():
        assert await _stands(precedence)
        clock[0] += 0.98 * most
        assert await _stands(precedence)


async def test_who_is_in_the_middle_of_a_transaction_stands_still_there(ctx: Context) -> None:
    precedence = ctx.database.precedence
    precedence.most_seconds = FOR_EVER
    begun, go_on = asyncio.Event(), asyncio.Event()
    done: list[int] = []

    async def work(connection: Connection) -> None:
        done.append(await connection.fetchval("SELECT 1"))
        begun.set()
        await go_on.wait()
        done.append(await connection.fetchval("SELECT 2"))

    with precedence.behind():
        working = asyncio.create_task(ctx.database.run(work))
    await begun.wait()
    with precedence.first():
        go_on.set()
        await _much_else(ctx.database)
        assert done == [1]
    await working
    assert done == [1, 2]


async def test_who_has_done_everything_commits_at_once(ctx: Context) -> None:
    """Its locks are what others wait for."""
    precedence = ctx.database.precedence
    precedence.most_seconds = FOR_EVER
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(connection: Connection) -> None:
        await connection.execute("SELECT 1")
        begun.set()
        await go_on.wait()

    with precedence.behind():
        working = asyncio.create_task(ctx.database.run(work))
    await begun.wait()
    with precedence.first():
        go_on.set()
        await working


async def test_a_word_does_not_wait_for_itself(ctx: Context) -> None:
    """Where a loop that stands behind was the one to open the lane in which words are kept."""
    precedence = ctx.database.precedence
    precedence.most_seconds = FOR_EVER
    with precedence.behind():
        await asyncio.wait_for(_say(ctx), FOR_EVER / 2)


async def test_batches_are_small_while_somebody_talks(ctx: Context) -> None:
    await accept_items(ctx, "support", [letter(f"c{n}@example.com") for n in range(40)])
    assert await read_waiting(ctx, limit=15) == 15
    await _say(ctx)
    assert await read_waiting(ctx) == receive.WHILE_TALKING < 25


async def test_after_a_batch_there_is_a_rest_while_somebody_talks(ctx: Context) -> None:
    """Twice as long as it took to write."""
    await ctx.database.run(lambda c: c.execute(SLOW))
    await _say(ctx)
    for _ in range(2):  # for the first the reading process has to start
        await accept_items(ctx, "support", [letter("li@example.cn")])
        began = time.monotonic()
        await read_waiting(ctx)
        took = time.monotonic() - began
    assert took >= (1 + receive.REST) * SLOW_SECONDS
