"""What stands on timelines, read row by row: a long run's would not fit into one answer."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.faults.world import KEY

AT_ONCE = 2_000


@dataclass(slots=True)
class Timelines:
    """`seen`: how often each key stands there as something that a customer said; `filed`: when, in seconds since 1970."""

    seen: Counter[str] = field(default_factory=Counter)
    filed: dict[str, float] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def unhurried(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection whose statements may take as long as they do: checks read everything."""
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        await connection.execute("SET timezone = 'UTC'")
        yield connection
    finally:
        await connection.close()


async def rows(
    connection: "asyncpg.Connection[Any]", query: str, *values: object
) -> AsyncIterator[asyncpg.Record]:
    async with connection.transaction():
        async for row in connection.cursor(query, *values, prefetch=AT_ONCE):
            yield row


async def newest(connection: "asyncpg.Connection[Any]") -> int:
    """Rows above this number may still be coming: they get theirs before they are committed."""
    return int(await connection.fetchval("SELECT timeline_floor(clock_timestamp() - interval '2 minutes')"))


async def read_timelines(connection: "asyncpg.Connection[Any]", after: int = 0) -> Timelines:
    """Everything that customers said, in rows above `after`."""
    found = Timelines()
    async for row in rows(
        connection,
        """SELECT id, text, extract(epoch FROM created_at)::float8 AS at FROM interaction
           WHERE direction = 'in' AND id > $1""",
        after,
    ):
        for key in set(KEY.findall(row["text"])):
            found.seen[key] += 1
            found.filed.setdefault(key, row["at"])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """An item that could not be put on a timeline, by what was said in it, and why."""

    raw_id: int
    key: str
    error: str


async def set_aside(connection: "asyncpg.Connection[Any]") -> list[Aside]:
    """All that is in quarantine, in the order of arrival."""
    query = "SELECT id, content, error FROM inbound_raw WHERE state = 'quarantined' ORDER BY id"
    return [
        Aside(
            raw_id=row["id"],
            key=next(iter(KEY.findall(row["content"].decode("utf-8", "replace"))), f"item {row['id']}"),
            error=row["error"],
        )
        async for row in rows(connection, query)
    ]
