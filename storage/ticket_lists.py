"""Tickets that a filter finds, in an order, counted up to a bound: what the desk's lists read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.model.filters import Filter
from storage import views
from storage.database import Connection
from storage.filters import Reader, compile_where, unread_by
from storage.queries import load_queries
from storage.views import TicketRow

SQL = load_queries("ticket_lists")

# What a row of the list says beside the ticket itself; the second parameter is who looks.
MARKS = f"SELECT t.id, t.snoozed_until, {unread_by('$2::bigint')} AS unread FROM ticket t WHERE t.id = ANY($1::bigint[])"  # noqa: S608
ROWS_BY_ID = views.SQL["tickets"] + "\nWHERE t.id = ANY($1::bigint[])"

_NEXT_DUE = (
    "(SELECT min(ok.due_at) FROM sla_clock ok WHERE ok.ticket_id = t.id AND ok.state = 'running'"
    " AND ok.target <> 'resolution')"
)

ORDERS: Mapping[str, str] = {
    "updated": "t.updated_at DESC, t.id DESC",
    "newest": "t.created_at DESC, t.id DESC",
    # Whoever waits for us, the longest first; then what waits for nobody.
    "waiting": "CASE WHEN t.status = 'open' THEN t.waiting_since END NULLS LAST, t.updated_at DESC, t.id DESC",
    "due": f"{_NEXT_DUE} NULLS LAST, t.updated_at DESC, t.id DESC",
}
"""How a list may be arranged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What one agent sees on a row beside the ticket."""

    unread: bool
    snoozed_until: datetime | None


async def find_ids(
    connection: Connection, wanted: Filter, reader: Reader, *, order: str, limit: int
) -> list[int]:
    """The first tickets of this order that the filter finds, by id."""
    where = compile_where(wanted, reader)
    query = f"SELECT t.id FROM ticket t WHERE {where} ORDER BY {ORDERS[order]} LIMIT {reader.add(limit)}::int"  # noqa: S608
    return [row["id"] for row in await connection.fetch(query, *reader.values)]


async def read_rows(connection: Connection, ids: Sequence[int]) -> list[TicketRow]:
    """These tickets as lines of a list, in this order."""
    rows = {row["id"]: TicketRow(**row) for row in await connection.fetch(ROWS_BY_ID, list(ids))}
    return [rows[one] for one in ids if one in rows]


async def count(connection: Connection, wanted: Filter, reader: Reader, *, most: int) -> int:
    """How many there are, counted no further than to `most`."""
    where = compile_where(wanted, reader)
    query = f"SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE {where} LIMIT {reader.add(most)}::int) found"  # noqa: S608
    found: int = await connection.fetchval(query, *reader.values)
    return found


async def marks_of(connection: Connection, ids: Sequence[int], agent_id: int) -> dict[int, Marks]:
    """By ticket."""
    rows = await connection.fetch(MARKS, list(ids), agent_id)
    return {row["id"]: Marks(unread=row["unread"], snoozed_until=row["snoozed_until"]) for row in rows}


async def see(connection: Connection, *, agent_id: int, ticket_id: int, seq: int) -> None:
    """The agent has looked at the ticket's ledger up to `seq`."""
    await connection.execute(SQL["see"], agent_id, ticket_id, seq)


async def ids_of(connection: Connection, codes: Sequence[int]) -> dict[int, int]:
    """Ids by spoken numbers; unknown ones are left out."""
    return {row["code"]: row["id"] for row in await connection.fetch(SQL["codes_of"], list(codes))}
