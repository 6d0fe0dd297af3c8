"""What was done to many tickets at once. Thin typed functions over sql/bulk.sql."""

from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("bulk")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """`before`: of each ticket that was changed, its number and how it was."""

    what: str
    value: Any
    before: Any


async def keep(connection: Connection, *, agent_id: int, what: str, value: Any, before: Any) -> int:
    """Its id."""
    made: int = await connection.fetchval(SQL["keep"], agent_id, what, value, before)
    return made


async def take(connection: Connection, bulk_id: int, agent_id: int, seconds: float) -> BulkRow | None:
    """To take it back, once; None where that was done, is another's, or was longer ago than so many seconds."""
    row = await connection.fetchrow(SQL["take"], bulk_id, agent_id, seconds)
    return BulkRow(**row) if row else None


async def tidy(connection: Connection) -> None:
    await connection.execute(SQL["tidy"])
