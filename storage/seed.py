"""Rows in bulk, for a made-up past. Over sql/seed.sql."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from storage.database import Connection, Database
from storage.queries import load_queries

SQL = load_queries("seed")

_HEARD = ("interaction", "ticket", "customer", "identity", "organisation")
_FOUND = ("search_entry", "search_ticket", "search_customer", "search_organisation")


@asynccontextmanager
async def in_bulk(database: Database) -> AsyncIterator[Connection]:
    """One transaction over a connection of its own, without limits of time. Search is written by the caller: its triggers are
    off and its indexes are made at the end, at once."""
    connection = await database.connect_alone()
    try:
        await connection.execute(SQL["no_limits"])
        async with connection.transaction():
            for table in _HEARD:
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER search_new")
            for table in _FOUND:
                await connection.execute(f"DROP INDEX {table}_words", timeout=None)
            yield connection
            for table in _FOUND:
                await connection.execute(
                    f"CREATE INDEX {table}_words ON {table} USING gin (words) WITH (gin_pending_list_limit = 1024)",
                    timeout=3600,
                )
            for table in _HEARD:
                await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER search_new")
        for table in (*_HEARD, *_FOUND, "event", "sla_clock", "outbox", "assignment", "agent"):
            await connection.execute(f"ANALYZE {table}", timeout=3600)
    finally:
        await connection.close()


async def is_empty(connection: Connection) -> bool:
    """Whether no customer and no ticket was ever here."""
    return bool(await connection.fetchval(SQL["is_empty"]))


async def make_months(connection: Connection, first: Any, last: Any) -> None:
    """Room in the timeline for the months from one moment to another."""
    await connection.execute(SQL["make_months"], first, last)


async def first_numbers(
    connection: Connection, organisations: int, customers: int, tickets: int
) -> dict[str, int]:
    """Takes so many ids and code serials of each; returns the first id and serial of each by name."""
    row = await connection.fetchrow(SQL["first_numbers"], organisations, customers, tickets)
    return dict(row) if row else {}


async def copy(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY into a table."""
    await connection.copy_records_to_table(table, records=rows, columns=columns, timeout=600)


async def copy_words(connection: Connection, table: str, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
    """COPY into one of search's tables: (id, lexemes), each lexeme of word characters alone."""
    lines = [f"{number}\t{' '.join(map(_quoted, words))}\n" for number, words in rows]

    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(lines), 1000):
            yield "".join(lines[at : at + 1000]).encode()

    await connection.copy_to_table(
        table, source=source(), columns=("id", "words"), format="text", timeout=600
    )


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


async def queues(connection: Connection) -> list[tuple[int, str]]:
    """Those in use: number and name."""
    return [(row["id"], row["name"]) for row in await connection.fetch(SQL["queues"])]


async def channels(connection: Connection) -> list[tuple[int, str]]:
    """All that there ever were: number and kind."""
    return [(row["id"], row["kind"]) for row in await connection.fetch(SQL["channels"])]


async def agents(connection: Connection) -> list[tuple[int, str]]:
    """Who may log in: id and name."""
    return [(row["id"], row["name"]) for row in await connection.fetch(SQL["agents"])]


async def known_logins(connection: Connection, logins: Sequence[str]) -> set[str]:
    """Those of these that there are."""
    return {row["login"] for row in await connection.fetch(SQL["known_logins"], list(logins))}


async def settle(connection: Connection) -> None:
    """What follows from the rows: load of agents, the tags, and that nobody need read this ledger."""
    for name in ("count_load", "know_tags", "skip_ledger"):
        await connection.execute(SQL[name], timeout=600)
