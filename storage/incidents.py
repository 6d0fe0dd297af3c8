"""Incidents. Thin typed functions over sql/incidents.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import columns
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("incidents")

LIST = (
    SQL["row"]
    + "\nWHERE (n.state = 'resolved') = $1 ORDER BY (n.state = 'resolved'), n.changed_at DESC, n.id DESC LIMIT $2"
)
_CHOSEN = "ORDER BY t.customer_id, t.status = 'closed', t.status = 'resolved', t.id DESC"
CONCERNED = SQL["concerned"] + f"\nWHERE i.incident_id = $1 {_CHOSEN}"
CONCERNED_ONE = SQL["concerned"] + f"\nWHERE i.incident_id = $1 AND t.customer_id = $2 {_CHOSEN}"
BY_CODE = SQL["row"] + "\nWHERE n.code = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    id: int
    code: int
    title: str
    state: str
    version: int
    author: str
    made_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    tickets: int
    customers: int
    updates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedIncident:
    id: int
    title: str
    state: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTicket:
    code: int
    subject: str
    status: str
    updated_at: datetime
    channel_kind: str
    customer_name: str
    customer_code: int
    assignee_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentShort:
    code: int
    title: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernedRow:
    """A customer, and the ticket on which they would be told."""

    customer_id: int
    customer_code: int
    customer_name: str
    ticket_id: int
    ticket_code: int
    status: str
    language: str
    channel: str
    reply_address: str
    heard_channel: str
    heard_thread: str
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRow:
    """What was said, and of how many customers what became: `waiting` for their reply to be made, `leaving`, `sent`, `failed`
    (or unclear, or cancelled), `skipped`; `faulty` of these: something was broken."""

    id: int
    state: str
    text_en: str
    text_zh: str
    author: str
    made_at: datetime
    waiting: int
    leaving: int
    sent: int
    failed: int
    skipped: int
    faulty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyRow:
    """An incident, and how many customers were not told of it because something was broken; `at`: lately."""

    code: int
    title: str
    customers: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTold:
    customer_code: int
    customer_name: str
    ticket_code: int
    why: str
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDelivery:
    id: int
    customer_id: int
    ticket_id: int
    ticket_code: int
    language: str
    text_en: str
    text_zh: str
    with_claimed: bool
    agent_id: int | None
    author: str
    incident_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """`why`: the code of what stands against telling them, "" for nothing."""

    customer_id: int
    ticket_id: int
    language: str
    why: str


async def add(connection: Connection, title: str, agent_id: int | None, author: str) -> tuple[int, int]:
    """(id, code)"""
    row: Any = await connection.fetchrow(SQL["add"], title, agent_id, author)
    return row["id"], row["code"]


async def lock(connection: Connection, code: int) -> LockedIncident | None:
    row = await connection.fetchrow(SQL["lock"], code)
    return LockedIncident(**row) if row else None


async def set_(connection: Connection, incident_id: int, title: str, state: str) -> None:
    await connection.execute(SQL["set"], incident_id, title, state)


async def touch(connection: Connection, incident_id: int) -> None:
    """Something happened to it."""
    await connection.execute(SQL["touch"], incident_id)


async def list_(connection: Connection, *, resolved: bool, limit: int) -> list[IncidentRow]:
    """Last changed first."""
    return [IncidentRow(**row) for row in await connection.fetch(LIST, resolved, limit)]


async def by_code(connection: Connection, code: int) -> IncidentRow | None:
    row = await connection.fetchrow(BY_CODE, code)
    return IncidentRow(**row) if row else None


async def tickets(connection: Connection, incident_id: int, limit: int) -> list[IncidentTicket]:
    """Those that were added last first."""
    return [IncidentTicket(**row) for row in await connection.fetch(SQL["tickets"], incident_id, limit)]


async def open_tickets(connection: Connection, incident_id: int) -> list[int]:
    """Codes of those that are open or pending."""
    return [row["code"] for row in await connection.fetch(SQL["open_tickets"], incident_id)]


async def attach(
    connection: Connection, incident_id: int, ticket_ids: Sequence[int], agent_id: int | None, author: str
) -> list[int]:
    """Ids of those that were not on it before."""
    rows = await connection.fetch(SQL["attach"], incident_id, list(ticket_ids), agent_id, author)
    return [row["ticket_id"] for row in rows]


async def detach(connection: Connection, incident_id: int, ticket_ids: Sequence[int]) -> list[int]:
    """Ids of those that were on it."""
    rows = await connection.fetch(SQL["detach"], incident_id, list(ticket_ids))
    return [row["ticket_id"] for row in rows]


async def tickets_with_tag(connection: Connection, incident_id: int, tag: str, limit: int) -> list[int]:
    """Ids of tickets in work that have the tag and are not on the incident."""
    rows = await connection.fetch(SQL["tickets_with_tag"], incident_id, tag, limit)
    return [row["id"] for row in rows]


async def of_ticket(connection: Connection, ticket_id: int) -> list[IncidentShort]:
    return [IncidentShort(**row) for row in await connection.fetch(SQL["of_ticket"], ticket_id)]


async def concerned(connection: Connection, incident_id: int) -> list[ConcernedRow]:
    """Each customer once."""
    return [ConcernedRow(**row) for row in await connection.fetch(CONCERNED, incident_id)]


async def concerned_one(connection: Connection, incident_id: int, customer_id: int) -> ConcernedRow | None:
    """One of them; None who is not concerned any more."""
    row = await connection.fetchrow(CONCERNED_ONE, incident_id, customer_id)
    return ConcernedRow(**row) if row else None


async def add_update(
    connection: Connection,
    incident_id: int,
    *,
    key: str,
    state: str,
    text_en: str,
    text_zh: str,
    with_claimed: bool,
    agent_id: int | None,
    author: str,
) -> int | None:
    """Its id; None where this key was used already."""
    made: int | None = await connection.fetchval(
        SQL["add_update"], incident_id, key, state, text_en, text_zh, with_claimed, agent_id, author
    )
    return made


async def update_by_key(connection: Connection, incident_id: int, key: str) -> int:
    found: int = await connection.fetchval(SQL["update_by_key"], incident_id, key)
    return found


async def add_deliveries(connection: Connection, update_id: int, rows: Sequence[NewDelivery]) -> None:
    """Each customer once."""
    await connection.execute(
        SQL["add_deliveries"], update_id, *columns(rows, "customer_id", "ticket_id", "language", "why")
    )


async def updates(connection: Connection, incident_id: int, limit: int) -> list[UpdateRow]:
    """Newest first."""
    return [UpdateRow(**row) for row in await connection.fetch(SQL["updates"], incident_id, limit)]


async def not_told(connection: Connection, update_id: int, limit: int) -> list[NotTold]:
    return [NotTold(**row) for row in await connection.fetch(SQL["not_told"], update_id, limit)]


async def faulty(connection: Connection, limit: int) -> list[FaultyRow]:
    """Where somebody was not told because something was broken, lately first."""
    return [FaultyRow(**row) for row in await connection.fetch(SQL["faulty"], limit)]


async def claim(connection: Connection) -> WaitingDelivery | None:
    """The next that waits; nobody else has it until the transaction ends."""
    row = await connection.fetchrow(SQL["claim"])
    return WaitingDelivery(**row) if row else None


async def settle(
    connection: Connection, delivery_id: int, state: str, why: str = "", interaction_id: int | None = None
) -> None:
    await connection.execute(SQL["settle"], delivery_id, state, why, interaction_id)


async def stop(connection: Connection, incident_id: int, update_id: int) -> int:
    """How many are not told any more."""
    return len(await connection.fetch(SQL["stop"], incident_id, update_id))


async def try_again(connection: Connection, incident_id: int, update_id: int, why: str) -> int:
    """Whoever was left out for this reason waits again; returns how many."""
    return len(await connection.fetch(SQL["try_again"], incident_id, update_id, why))
