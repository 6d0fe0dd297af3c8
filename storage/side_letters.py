"""Letters that belong to no ticket. Thin typed functions over sql/side_letters.sql."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("side_letters")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    id: int
    message: Any
    queued_at: datetime


async def add(connection: Connection, channel_id: int, message: dict[str, Any], seconds: float) -> None:
    """Good for `seconds`; then nobody wants it any more."""
    await connection.execute(SQL["add"], channel_id, message, seconds)


async def any_due(connection: Connection, channel_id: int) -> bool:
    """Whether there is something to take."""
    found: bool = await connection.fetchval(SQL["any_due"], channel_id)
    return found


async def take(connection: Connection, channel_id: int, limit: int) -> list[LetterRow]:
    """What is due; from now on each is this caller's, for good."""
    return [LetterRow(**row) for row in await connection.fetch(SQL["take"], channel_id, limit)]


async def settle(
    connection: Connection, letter_id: int, state: str, error: str, *, again_in: float = 0.0
) -> None:
    await connection.execute(SQL["settle"], letter_id, state, error, again_in)


async def tidy(connection: Connection) -> None:
    await connection.execute(SQL["tidy"])
