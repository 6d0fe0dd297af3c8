"""Tickets that are put off. Thin typed functions over sql/snooze.sql; nothing is decided here."""

from dataclasses import dataclass
from datetime import UTC, datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("snooze")

UNTIL_WRITTEN = datetime(9000, 1, 1, tzinfo=UTC)
"""No moment at all: only the customer's next word, or a person, ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WokenRow:
    """`seq`: of its entry in the ledger. `snoozed_until`: the moment that had come."""

    id: int
    seq: int
    assignee_id: int | None
    snoozed_until: datetime


async def snooze(connection: Connection, ticket_id: int, until: datetime | None) -> None:
    """Put off until then, or (None) no longer. The ticket is locked; the rest of its row is the caller's."""
    await connection.execute(SQL["snooze"], ticket_id, until)


async def snoozed_until(connection: Connection, ticket_id: int) -> datetime | None:
    at: datetime | None = await connection.fetchval(SQL["snoozed_until"], ticket_id)
    return at


async def wake_due(connection: Connection, limit: int) -> list[WokenRow]:
    """Wake those whose time has come, each once."""
    return [WokenRow(**row) for row in await connection.fetch(SQL["wake_due"], limit)]
