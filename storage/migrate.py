"""Brings the schema up to date: numbered SQL files, forward only, applied once, under one lock."""

import logging
from collections.abc import Sequence
from importlib.resources import as_file, files

from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

from storage.database import Connection, Database

# It warns of every migration that it applies; callers learn of them by what `migrate` returns.
logging.getLogger("pogo_core").setLevel(logging.ERROR)

_LOCK = 0x436F6E48  # "ConH"; any constant that no one else uses


async def migrate(database: Database) -> list[str]:
    """Apply what is missing; returns the names applied. Several hubs may call this at once: one works, the
    others wait and find nothing left to do."""
    connection = await database.connect_alone()
    try:
        # A session lock on a connection of its own: it must span the several transactions of the migrations.
        await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", timeout=600)
        await pogo_sql.ensure_pogo_sync(connection)
        missing = await _missing(connection)
        if missing:
            with as_file(files("storage") / "migrations") as folder:
                await pogo.apply(connection, folder, schema_name="public")
        return missing
    finally:
        await connection.close()


async def missing_migrations(database: Database) -> Sequence[str]:
    """The migrations that this program knows and this database lacks; all of them on an empty database."""
    return await database.read(_missing_if_any)


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
