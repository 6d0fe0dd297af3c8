"""Brings the schema up to date: numbered SQL files, forward only, applied once, under one lock."""

import asyncio
import logging
import random
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from pogo_core.error import BadMigrationError
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

from storage.database import LOCKED, Connection, Database

# It warns of every migration that it applies; callers learn of them by what `migrate` returns.
logging.getLogger("pogo_core").setLevel(logging.ERROR)

log = structlog.get_logger(__name__)

LOCK_WITHIN_MS = 600
ATTEMPTS = 100
"""About two minutes, of which at the most half is spent in somebody's way."""
_LOCK = 0x436F6E48  # "ConH"; any constant that no one else uses


async def migrate(database: Database) -> list[str]:
    """Apply what is missing; returns the names applied. Several hubs may call this at once: one works, the
    others wait and find nothing left to do."""
    connection = await database.connect_alone(unhurried=True)
    try:
        # A session lock on a connection of its own: it must span the several transactions of the migrations.
        await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", timeout=600)
        await pogo_sql.ensure_pogo_sync(connection)
        missing = await _missing(connection)
        if missing:
            with as_file(files("storage") / "migrations") as folder:
                await _apply(database, connection, folder)
        return missing
    finally:
        await connection.close(timeout=5)


async def _apply(database: Database, connection: "asyncpg.Connection[Any]", folder: Path) -> None:
    """Hubs of the version before may be at work. Whoever waits for a table holds up all who come after, so nobody waits for it
    for long; and where two wait for each other it may be the migration that is ended. Then it is begun again, as a whole."""
    await connection.execute(f"SET lock_timeout = '{LOCK_WITHIN_MS}ms'")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await pogo.apply(connection, folder, schema_name="public")
        except BadMigrationError as error:
            in_the_way = isinstance(error.__cause__, LOCKED)
            if not in_the_way or attempt == ATTEMPTS:
                raise
            log.warning("migrate.retry", attempt=attempt, error=type(error.__cause__).__name__)
            await database.end_forgotten()
            await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - jitter, not a secret
        else:
            return


async def missing_migrations(database: Database) -> Sequence[str]:
    """The migrations that this program knows and this database lacks; all of them on an empty database."""
    return await database.read(_missing_if_any)


async def look_at(database: Database) -> tuple[bool, Sequence[str]]:
    """Whether it takes writes (after a fail-over it may not), and the migrations that it lacks: asked together, so that a line
    on which every word is late costs little. Raises DatabaseUnavailable."""
    return await database.read(_look_at)


async def _look_at(connection: Connection) -> tuple[bool, list[str]]:
    try:
        row = await connection.fetchrow(
            """SELECT current_setting('transaction_read_only') = 'off' AS writable,
                      ARRAY(SELECT migration_id FROM public._pogo_migration WHERE schema_name = 'public') AS applied"""
        )
    except asyncpg.UndefinedTableError:
        return True, known_migrations()
    assert row is not None
    return row["writable"], [name for name in known_migrations() if name not in row["applied"]]


async def _missing_if_any(connection: Connection) -> list[str]:
    if await connection.fetchval("SELECT to_regclass('public._pogo_migration')") is None:
        return known_migrations()
    return await _missing(connection)


async def _missing(connection: Connection) -> list[str]:
    applied = set(await applied_migrations(connection))
    return [name for name in known_migrations() if name not in applied]


async def applied_migrations(connection: Connection) -> list[str]:
    """What a database that is ours has, in order."""
    rows = await connection.fetch(
        "SELECT migration_id FROM public._pogo_migration WHERE schema_name = 'public' ORDER BY migration_id"
    )
    return [row["migration_id"] for row in rows]


def known_migrations() -> list[str]:
    """The migrations that this program brings along, in order."""
    with as_file(files("storage") / "migrations") as folder:
        return sorted(path.stem for path in folder.glob("*.sql"))
