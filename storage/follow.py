"""Links by which customers follow a case. Thin typed functions over sql/follow.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("follow")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """What a link leads to. `address` "": it was shown on a page, and whoever holds it has proved nothing."""

    ticket_id: int
    ticket_code: int
    status: str
    created_at: datetime
    merged_into: int | None
    channel_id: int
    channel: str
    channel_kind: str
    thread_key: str
    address: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One entry. `address`: to whom it was sent."""

    id: int
    direction: str
    author_name: str
    text: str
    fields: Any
    occurred_at: datetime
    shown_at: datetime
    address: str
    files: Sequence[str]


async def add(
    connection: Connection,
    token_hash: bytes,
    ticket_id: int,
    channel_id: int,
    thread_key: str,
    *,
    address: str,
    language: str,
    seconds: float,
) -> None:
    await connection.execute(
        SQL["add"], token_hash, ticket_id, channel_id, thread_key, address, language, seconds
    )


async def find(connection: Connection, token_hash: bytes) -> LinkRow | None:
    """None for what is no link, or not one any more."""
    row = await connection.fetchrow(SQL["find"], token_hash)
    return LinkRow(**row) if row else None


async def lines(connection: Connection, ticket_id: int, channel_id: int, thread_key: str) -> list[LineRow]:
    """What was said in this conversation, and what was sent in this ticket, oldest first."""
    return [LineRow(**row) for row in await connection.fetch(SQL["lines"], ticket_id, channel_id, thread_key)]


async def tidy(connection: Connection) -> None:
    """Those that are over."""
    await connection.execute(SQL["tidy"])
