"""Replies that leave at a time of their own. Thin typed functions over sql/scheduled.sql."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.drafts import DraftFileRow
from storage.queries import load_queries

SQL = load_queries("scheduled")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRow:
    """`state`: waiting, queued (it has become the reply `interaction_id`) or cancelled; `why`: the code of the reason."""

    id: int
    ticket_id: int
    ticket_code: int
    agent_id: int | None
    author_name: str
    text: str
    cc: str
    bcc: str
    inbox: str
    way: str
    send_at: datetime
    made_at: datetime
    state: str
    why: str
    interaction_id: int | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledNow:
    """How it stands while its ticket is held; `state`, `why` and `interaction_id` as in ScheduledRow. `heard`: the customer
    wrote since it was made. `merged_into`: where its ticket has gone."""

    state: str
    why: str
    interaction_id: int | None
    due: bool
    heard: bool
    merged_into: int | None
    closed: bool


async def clock(connection: Connection) -> datetime:
    """What time it is, for everybody."""
    now: datetime = await connection.fetchval(SQL["clock"])
    return now


async def add(
    connection: Connection,
    *,
    ticket_id: int,
    agent_id: int | None,
    author_name: str,
    text: str,
    cc: str,
    bcc: str,
    inbox: str,
    way: str,
    send_at: datetime,
) -> int:
    """Its id."""
    made: int = await connection.fetchval(
        SQL["add"], ticket_id, agent_id, author_name, text, cc, bcc, inbox, way, send_at
    )
    return made


async def look(connection: Connection, scheduled_id: int) -> ScheduledRow | None:
    row = await connection.fetchrow(SQL["look"], scheduled_id)
    return ScheduledRow(**row) if row else None


async def lock(connection: Connection, scheduled_id: int) -> ScheduledNow:
    """How it stands, locked; its ticket is held."""
    row: Any = await connection.fetchrow(SQL["lock"], scheduled_id)
    return ScheduledNow(**row)


async def settle(
    connection: Connection, scheduled_id: int, state: str, *, why: str = "", interaction_id: int | None = None
) -> None:
    """What became of it; once."""
    await connection.execute(SQL["settle"], scheduled_id, state, why, interaction_id)


async def ripe(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """(id, ticket code) of those that have to be settled now, the earliest first."""
    return [(row["id"], row["ticket_code"]) for row in await connection.fetch(SQL["ripe"], limit)]


async def of_ticket(connection: Connection, ticket_id: int) -> list[ScheduledRow]:
    """What waits, and what was cancelled a short while ago."""
    return [ScheduledRow(**row) for row in await connection.fetch(SQL["of_ticket"], ticket_id)]


async def files_of(
    connection: Connection, scheduled_ids: Sequence[int]
) -> Mapping[int, Sequence[DraftFileRow]]:
    """What goes along with each."""
    found: defaultdict[int, list[DraftFileRow]] = defaultdict(list)
    for row in await connection.fetch(SQL["files_of"], scheduled_ids):
        said = dict(row)
        found[said.pop("scheduled_id")].append(DraftFileRow(**said))
    return found


async def waiting_of(connection: Connection, ticket_id: int) -> int:
    """How many wait on this ticket."""
    number: int = await connection.fetchval(SQL["waiting_of"], ticket_id)
    return number


async def calendar_of(connection: Connection, agent_id: int) -> str:
    """The name of the calendar of an agent's shifts; "" for none."""
    name: str | None = await connection.fetchval(SQL["calendar_of"], agent_id)
    return name or ""
