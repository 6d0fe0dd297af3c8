"""The trail of administrative acts. Over sql/audit.sql; rows are added and read, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import asking, load_queries

SQL = load_queries("audit")

LAST = 2**63 - 1
"""The cursor before the newest row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """`subject`: what it was done to, in the terms of its kind. `details`: ids, settings, before and after; no content."""

    id: int
    at: datetime
    kind: str
    agent_id: int | None
    who: str
    subject: str
    details: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """`broken`: rows that are not as they were written, or before which one is missing."""

    looked: int
    reached: int
    broken: tuple[int, ...]


async def add(
    connection: Connection, *, kind: str, agent_id: int | None, who: str, subject: str, details: Any
) -> None:
    """Comes last in its transaction: until that ends nobody else writes here."""
    await connection.execute(SQL["add"], kind, agent_id, who, subject, details)


async def list_rows(
    connection: Connection,
    *,
    before: int = LAST,
    agent_id: int | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
) -> list[AuditRow]:
    """Newest first; those with an id below `before`."""
    query, asked = asking(
        SQL["list"], {"agent_id = ?": agent_id, "kind = ?": kind, "at >= ?": since, "at < ?": until}, first=3
    )
    rows = await connection.fetch(f"{query} ORDER BY id DESC LIMIT $2", before, limit, *asked)
    return [AuditRow(**row) for row in rows]


async def check_seals(connection: Connection, after: int, limit: int) -> Seals:
    """Look at the next `limit` rows after this id."""
    row: Any = await connection.fetchrow(SQL["check_seals"], after, limit)
    return Seals(looked=row["looked"], reached=row["reached"], broken=tuple(row["broken"]))
