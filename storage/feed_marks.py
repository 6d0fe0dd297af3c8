"""Reading the ledger once: what follows from an event, and how far was read, are one transaction. Over sql/feed_marks.sql."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries
from storage.settled import settled_behind

SQL = load_queries("feed_marks")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    id: int
    kind: str
    ticket_id: int | None
    agent_id: int | None
    data: Any


async def read_on(
    connection: Connection, name: str, kinds: Collection[str], limit: int
) -> list[LedgerRow] | None:
    """The events of these kinds that this reader has not seen, among the next `limit` of any kind, in order; they count as read
    once the transaction commits; once in a transaction. None where there is nothing new, or another hub reads now."""
    mark = await connection.fetchrow(SQL["lock"], name)
    if mark is None:
        return None
    place = mark["xid"], mark["event_id"], list(kinds), limit
    rows = await connection.fetch(SQL["after"], *place, None)
    if (
        not rows
        and (below := await settled_behind(connection, int(mark["xid"]), mark["event_id"])) is not None
    ):
        rows = await connection.fetch(SQL["after"], *place, below)
    if not rows:
        return None
    await connection.execute(SQL["move"], name, rows[-1]["xid"], rows[-1]["id"])
    return [
        LedgerRow(**{key: value for key, value in row.items() if key != "xid"})
        for row in rows
        if row["kind"] in kinds
    ]
