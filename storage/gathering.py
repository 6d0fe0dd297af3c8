"""Parts of one message that arrive one by one. Thin typed functions over sql/gathering.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("gathering")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One part in the journal. `filed`: it has been put on the timeline before, or was given up."""

    raw_id: int
    filed: bool
    state: str
    external_key: str
    content: bytes
    meta: Any
    received_at: datetime


async def add_parts(connection: Connection, parts: Sequence[tuple[int, int, str, str]]) -> None:
    """(raw id, channel id, what it is part of, in which conversation) of items that were just journalled."""
    await connection.execute(SQL["add_parts"], *transposed(parts, 4))


async def waiting_in(connection: Connection, channel_id: int, conversations: Sequence[str]) -> list[str]:
    """What is still gathered in these conversations, the oldest first."""
    return [row["part_of"] for row in await connection.fetch(SQL["waiting_in"], channel_id, conversations)]


async def due(
    connection: Connection, channels: Sequence[int], quiet_seconds: float, most_seconds: float
) -> list[tuple[int, str]]:
    """(channel id, what they are part of) of messages of these channels to which nothing was added for `quiet_seconds`, or that
    have waited for `most_seconds`."""
    rows = await connection.fetch(SQL["due"], quiet_seconds, most_seconds, channels)
    return [(row["channel_id"], row["part_of"]) for row in rows]


async def next_due(
    connection: Connection, channels: Sequence[int], quiet_seconds: float, most_seconds: float
) -> float | None:
    """In how many seconds the next one of these channels is due; None: nothing waits."""
    seconds: float | None = await connection.fetchval(SQL["next_due"], quiet_seconds, most_seconds, channels)
    return seconds


async def take(connection: Connection, key: int) -> bool:
    """Hold a message, by a 64-bit key, until the transaction ends; False: another hub has it."""
    taken: bool = await connection.fetchval(SQL["take"], key)
    return taken


async def parts_of(connection: Connection, channel_id: int, part_of: str) -> list[PartRow]:
    """In the order of their arrival."""
    return [PartRow(**row) for row in await connection.fetch(SQL["parts_of"], channel_id, part_of)]


async def settle(connection: Connection, first: int, raw_ids: Sequence[int]) -> None:
    """What became of item `first` became of all of these."""
    await connection.execute(SQL["settle"], first, raw_ids)


async def tidy(connection: Connection) -> None:
    """Forget what nothing can be added to any more."""
    await connection.execute(SQL["tidy"])
