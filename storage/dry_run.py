"""What happened lately, for rules that are tried on it. Thin typed functions over sql/dry_run.sql."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("dry_run")


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationRow:
    """What a ticket's queue was chosen by. `why`: the decision with which it was opened, or None."""

    id: int
    code: int
    subject: str
    created_at: datetime
    channel: str
    channel_kind: str
    key_account: bool
    segment: str
    automatic: bool
    why: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """An entry of a ledger; `direction` is None where nothing was said, `text` also where nobody asked for it."""

    ticket_id: int
    kind: str
    data: Any
    agent_id: int | None
    at: datetime
    direction: str | None
    automatic: str | None
    text: str | None
    attachment: bool


async def touched(connection: Connection, since: datetime, limit: int) -> list[int]:
    """Ids of tickets to which something happened, newest first."""
    return [row["id"] for row in await connection.fetch(SQL["touched"], since, limit)]


async def situations(
    connection: Connection, ticket_ids: Sequence[int], since: datetime
) -> list[SituationRow]:
    """Of those that were opened since then."""
    return [SituationRow(**row) for row in await connection.fetch(SQL["situations"], ticket_ids, since)]


async def ledgers(
    connection: Connection, ticket_ids: Sequence[int], *, words: bool
) -> dict[int, list[LedgerRow]]:
    """By ticket, in order."""
    found: defaultdict[int, list[LedgerRow]] = defaultdict(list)
    for row in await connection.fetch(SQL["ledgers"], ticket_ids, words):
        found[row["ticket_id"]].append(LedgerRow(**row))
    return dict(found)
