"""Surveys. Thin typed functions over sql/surveys.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("surveys")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """One question about one resolution. `open`: it can still be answered; `changeable`: the answer can still be another."""

    id: int
    ticket_id: int
    resolution: int
    kind: str
    channel_id: int
    address: str
    score: int | None
    comment: str
    entry_id: int | None
    open: bool
    changeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    code: int
    kind: str
    score: int
    comment: str
    answered_at: datetime


async def resolution(connection: Connection, ticket_id: int) -> int:
    """0 where the ticket never was resolved."""
    return await connection.fetchval(SQL["resolution"], ticket_id) or 0


async def invite(
    connection: Connection,
    *,
    ticket_id: int,
    resolution: int,
    kind: str,
    channel_id: int,
    address: str,
    token_hash: bytes,
    seconds: float,
) -> int | None:
    """None: the customer was asked before."""
    found: int | None = await connection.fetchval(
        SQL["invite"], ticket_id, resolution, kind, channel_id, address, token_hash, seconds
    )
    return found


async def asked(connection: Connection, token_hash: bytes, change_seconds: float) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked"], token_hash, change_seconds)
    return AskedRow(**row) if row else None


async def asked_by_id(connection: Connection, invitation_id: int, change_seconds: float) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked_by_id"], invitation_id, change_seconds)
    return AskedRow(**row) if row else None


async def answer(connection: Connection, invitation_id: int, score: int, comment: str, entry_id: int) -> None:
    """`entry_id`: where it stands on the timeline; of several the first."""
    await connection.execute(SQL["answer"], invitation_id, score, comment, entry_id)


async def add_entry(
    connection: Connection,
    *,
    ticket_id: int,
    seq: int,
    customer_id: int,
    channel_id: int,
    direction: str,
    author_name: str,
    text: str,
    fields: dict[str, Any],
    thread_key: str,
    revises: int | None = None,
) -> int:
    made: int = await connection.fetchval(
        SQL["add_entry"], ticket_id, seq, customer_id, channel_id, direction, author_name, text, fields, thread_key,
        revises,
    )  # fmt: skip
    return made


async def scores_of(connection: Connection, customer_id: int, limit: int) -> Sequence[ScoreRow]:
    return [ScoreRow(**row) for row in await connection.fetch(SQL["scores_of"], customer_id, limit)]
