"""Reads that go together: one trip for all that can be asked at once, the same answers, and no connection left in use."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from hub.actions.context import Context
from storage.database import ARRAYS, Connection, Database
from storage.side_by_side import side_by_side

SEVERAL = """SELECT g AS n, 'of ' || g AS said, '{"k": [1]}'::jsonb AS data
FROM generate_series(1, $1::int) AS g ORDER BY g DESC"""
ONE = "SELECT $1::text AS a, $2::timestamptz AS b, NULL::bigint AS c -- not $3\n"
NONE = "SELECT 1 WHERE false"


def _all_of(row: Any) -> dict[str, Any]:
    return dict(row)


async def counted(
    database: Database, read: Callable[[Connection], Awaitable[object]]
) -> tuple[object, list[str]]:
    """What it returns the second time, when nothing is new to the driver, and the statements of that time."""

    async def work(connection: Connection) -> tuple[object, list[str]]:
        await read(connection)
        said: list[str] = []
        with connection.query_logger(lambda record: said.append(record.query)):
            return await read(connection), said

    return await database.read(work)


async def test_what_is_asked_at_once_is_one_statement_with_the_answers_of_each(ctx: Context) -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)

    async def read(connection: Connection) -> object:
        async with side_by_side(connection) as also:
            c = also.connection
            several, one = also.ask(c.fetch(SEVERAL, 2)), also.ask(c.fetchrow(ONE, "x", at))
            value, nothing = also.ask(c.fetchval("SELECT $1::int + 1", 4)), also.ask(c.fetchrow(NONE))
        return (
            [dict(row) for row in several.result()],
            _all_of(one.result()),
            value.result(),
            nothing.result(),
        )

    found, statements = await counted(ctx.database, read)
    rows = [{"n": n, "said": f"of {n}", "data": {"k": [1]}} for n in (2, 1)]
    assert found == (rows, {"a": "x", "b": at, "c": None}, 5, None)
    assert len(statements) == 1


async def test_whoever_reads_on_goes_with_the_next_trip_and_a_block_in_a_block_with_the_others(
    ctx: Context,
) -> None:
    async def twice(connection: Connection) -> int:
        first: int = await connection.fetchval("SELECT $1::int", 1)
        second: int = await connection.fetchval("SELECT $1::int + 1", first)
        return second

    async def both(connection: Connection) -> int:
        async with side_by_side(connection) as also:
            one, other = also.ask(twice(also.connection)), also.ask(twice(also.connection))
        return one.result() + other.result()

    async def read(connection: Connection) -> object:
        async with side_by_side(connection) as also:
            reads = [also.ask(twice(also.connection)), also.ask(both(also.connection))]
        return [one.result() for one in reads]

    found, statements = await counted(ctx.database, read)
    assert found == [2, 4]
    assert len(statements) == 2


async def test_an_answer_can_be_waited_for_and_more_be_asked_after_it(ctx: Context) -> None:
    async def read(connection: Connection) -> object:
        async with side_by_side(connection) as also:
            first = await also.ask(also.connection.fetchval("SELECT 1"))
            second = also.ask(also.connection.fetchval("SELECT $1::int + 1", first))
        return second.result()

    assert await ctx.database.read(read) == 2


async def test_the_first_failure_is_raised_as_it_is_and_the_connection_goes_on(ctx: Context) -> None:
    async def read(connection: Connection) -> object:
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with side_by_side(connection) as also:
                also.ask(also.connection.fetchval("SELECT 1 / $1::int", 0))
                also.ask(also.connection.fetchval("SELECT 2"))
        with pytest.raises(LookupError):
            async with side_by_side(connection) as also:
                slow = also.ask(also.connection.fetchval("SELECT pg_sleep(60)"))
                await asyncio.sleep(0.05)
                raise LookupError
        assert slow.cancelled()
        return await connection.fetchval("SELECT 3")

    assert await ctx.database.read(read) == 3


async def test_rows_in_rows_hold_arrays_also_on_a_new_connection(ctx: Context) -> None:
    arrays = ", ".join(f"'{{}}'::{name}[] AS {name}s" for name in ARRAYS)

    async def read(connection: Connection) -> object:
        async with side_by_side(connection) as also:
            one, other = (also.ask(also.connection.fetchrow(f"SELECT {arrays}, {n} AS n")) for n in (1, 2))
        return _all_of(one.result()), _all_of(other.result())["n"]

    expected: dict[str, Any] = {f"{name}s": [] for name in ARRAYS} | {"n": 1}
    assert await ctx.database.read(read) == (expected, 2)
    fresh = await ctx.database.connect_alone()
    try:
        assert await read(fresh) == (expected, 2)
    finally:
        await fresh.close()
