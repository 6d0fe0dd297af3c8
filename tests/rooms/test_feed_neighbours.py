"""What others do on the same Postgres server: nothing of it holds up who reads the ledger, and still nothing is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.actions.context import Context
from storage import automation, events, feed_marks
from storage.database import Connection, Database
from storage.migrate import migrate
from tests.conftest import at_database
from tests.fakes.announcing import announcing
from tests.fakes.scene import BOB, a_hub, rows, say
from tests.faults.cluster import copied_cluster


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


@asynccontextmanager
async def at_work(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody whose transaction writes and does not end."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("BEGIN")
        await connection.execute("SELECT pg_current_xact_id()")
        yield connection
    finally:
        await connection.close()


async def told(ctx: Context, cursor: str) -> list[str]:
    return [event.kind for event in await ctx.feed.replay(cursor)]


async def read(ctx: Context) -> tuple[list[int], int]:
    """What the two readers of the ledger find: the events of one, and how many there are for the other."""

    async def work(connection: Connection) -> list[int]:
        found = await feed_marks.read_on(connection, "notices", ["ticket_opened", "own"], 100)
        return [row.id for row in found or ()]

    heard = await ctx.database.run(work)
    return heard, await ctx.database.run_one(lambda c: automation.take_in(c, ["ticket_opened"], 100))


async def test_a_transaction_of_another_database_holds_nothing_up(ctx: Context, postgres: str) -> None:
    """An evaluation that writes for ten minutes, in a company that shares one server."""
    await ctx.feed.start()
    await read(ctx)
    start = ctx.feed.cursor
    async with at_work(postgres):
        async with announcing(ctx):
            with ctx.feed.subscribe() as heard:
                await say(ctx, who=BOB)
                async with asyncio.timeout(10):
                    assert (await anext(heard)).kind == "ticket_opened"
        assert await told(ctx, start) == ["ticket_opened"]
        first, looked_through = await read(ctx)
        assert (len(first), looked_through) == (1, 1)
        # What comes next does too, though all of it lies above that transaction.
        await say(ctx, who=BOB)
        second, looked_through = await read(ctx)
        assert (len(second), looked_through) == (1, 1) and second > first
        # A hub that starts now begins at the end.
        before = ctx.feed.cursor
        await ctx.feed.start()
        assert ctx.feed.cursor != before and await told(ctx, ctx.feed.cursor) == []


async def test_a_transaction_of_our_own_is_waited_for_among_those_of_others(
    ctx: Context, database_dsn: str, postgres: str
) -> None:
    await ctx.feed.start()
    await read(ctx)
    start = ctx.feed.cursor
    async with at_work(postgres):
        await say(ctx, who=BOB)
        async with at_work(database_dsn) as late, at_work(postgres):
            await late.execute("INSERT INTO event (kind) VALUES ('own')")
            await say(ctx, who=BOB)
            assert await told(ctx, start) == ["ticket_opened"]
            first, looked_through = await read(ctx)
            assert (len(first), looked_through) == (1, 1)
            await late.execute("COMMIT")
            assert await told(ctx, start) == ["ticket_opened", "own", "ticket_opened"]
            rest, looked_through = await read(ctx)
            assert (len(rest), looked_through) == (2, 2)


async def test_a_reader_that_writes_in_its_own_transaction_does_not_read_past_it(
    ctx: Context, database_dsn: str, postgres: str
) -> None:
    """Its number is given out, and what it writes will stand before what others have written since."""
    await read(ctx)

    async def work(connection: Connection) -> list[feed_marks.LedgerRow] | None:
        await connection.execute("SELECT pg_current_xact_id()")
        other = await asyncpg.connect(database_dsn)
        await other.execute("INSERT INTO event (kind) VALUES ('ticket_opened')")
        await other.close()
        found = await feed_marks.read_on(connection, "notices", ["ticket_opened", "own"], 100)
        await events.add_event(connection, "own")
        return found

    async with at_work(postgres):
        assert await ctx.database.run(work) is None
        found, _ = await read(ctx)
    kinds = {
        row["id"]: row["kind"]
        for row in await rows(ctx, "SELECT id, kind FROM event WHERE id = ANY($1)", found)
    }
    assert [kinds[one] for one in found] == ["own", "ticket_opened"]


async def test_who_may_do_nothing_else_sees_whose_a_transaction_is(plain_dsn: str, postgres: str) -> None:
    database = await Database.open(plain_dsn, max_size=2)
    await migrate(database)
    await database.close()
    async with a_hub(plain_dsn) as ctx, at_work(postgres):
        await ctx.feed.start()
        start = ctx.feed.cursor
        await say(ctx, who=BOB)
        assert await told(ctx, start) == ["ticket_opened"]


async def test_a_prepared_transaction_is_waited_for_where_it_is_our_own(
    postgres: str, tmp_path: Path
) -> None:
    """It belongs to no session any more."""
    assert postgres  # the cluster that is copied is made by now
    with copied_cluster(tmp_path, "max_prepared_transactions = 4") as cluster:
        await cluster.say("CREATE DATABASE hub TEMPLATE template_hub")
        own, server = at_database(cluster.dsn, "hub"), cluster.dsn
        async with a_hub(own) as ctx:
            await ctx.feed.start()
            start = ctx.feed.cursor
            async with at_work(server) as theirs, at_work(own) as ours:
                await theirs.execute("PREPARE TRANSACTION 'theirs'")
                await say(ctx, who=BOB)
                assert await told(ctx, start) == []
                await ours.execute("INSERT INTO event (kind) VALUES ('own')")
                await ours.execute("PREPARE TRANSACTION 'ours'")
                assert await told(ctx, start) == []
                await ours.execute("COMMIT PREPARED 'ours'")
                assert await told(ctx, start) == ["own", "ticket_opened"]
                await theirs.execute("ROLLBACK PREPARED 'theirs'")


@dataclass(frozen=True, repr=False)
class Sessions:
    """Of a hub, and beside it. What fails is shown with its arguments, and a hub is a long one."""

    ctx: Context
    lines: list[asyncpg.Connection]


class Server:
    """Some sessions of our database and of another one, each with a transaction or none; and a reader, who reads on."""

    def __init__(self, ctx: Context, sessions: list[asyncpg.Connection], ours: int) -> None:
        self._ctx, self._sessions, self._ours = ctx, sessions, ours
        self._open: dict[int, list[int]] = {}
        self.position: events.Position = (0, 0)
        self.kept: list[int] = []
        self.read: list[int] = []

    async def begin(self, number: int) -> None:
        if number not in self._open:
            await self._sessions[number].execute("BEGIN")
            self._open[number] = []

    async def write(self, number: int) -> None:
        session = self._sessions[number]
        if number >= self._ours:
            await session.execute("SELECT pg_current_xact_id()")
            return
        event = await session.fetchval("INSERT INTO event (kind) VALUES ('own') RETURNING id")
        self._open.get(number, self.kept).append(event)

    async def commit(self, number: int) -> None:
        if number in self._open:
            await self._sessions[number].execute("COMMIT")
            self.kept += self._open.pop(number)

    async def undo(self, number: int) -> None:
        if self._open.pop(number, None) is not None:
            await self._sessions[number].execute("ROLLBACK")

    async def look(self, _number: int = 0) -> None:
        position = self.position
        for row in await self._ctx.database.read(lambda c: events.feed_after(c, position, 3)):
            assert row.position > self.position
            self.position = row.position
            self.read.append(int(row.position[1]))

    @property
    def all_is_settled(self) -> bool:
        """No transaction of ours is open."""
        return all(number >= self._ours for number in self._open)

    async def end(self) -> None:
        for number in list(self._open):
            await self.undo(number)


OURS, ALL = 3, 5
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "write", "write", "commit", "undo", "look"]), st.integers(0, ALL - 1)
    ),
    max_size=40,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
@example([("begin", 3), ("write", 0), ("write", 3), ("write", 0)])
@example(
    [
        ("begin", 3),
        ("write", 3),
        ("begin", 0),
        ("write", 0),
        ("write", 1),
        ("look", 0),
        ("commit", 0),
        ("look", 0),
    ]
)
async def test_whatever_commits_when_each_event_is_read_once_and_only_our_own_are_waited_for(
    sessions: Sessions, steps: list[tuple[str, int]]
) -> None:
    ctx = sessions.ctx
    server = Server(ctx, sessions.lines, OURS)
    server.position = await ctx.database.read(events.feed_end)
    try:
        for what, number in steps:
            await getattr(server, what)(number)
        for number in range(OURS):
            await server.commit(number)
        assert server.all_is_settled
        # However long the others go on; one look finds what is below all of them, the next what is behind them.
        for _ in range(len(server.kept) + 1):
            await server.look()
        assert sorted(server.read) == sorted(server.kept)
    finally:
        await server.end()


@pytest.fixture
async def sessions(ctx: Context, database_dsn: str, postgres: str) -> AsyncIterator[Sessions]:
    lines = [await asyncpg.connect(database_dsn if number < OURS else postgres) for number in range(ALL)]
    try:
        yield Sessions(ctx, lines)
    finally:
        for line in lines:
            await line.close()
