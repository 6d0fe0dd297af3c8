"""The event table as a feed, and NOTIFY as its hint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from storage.columns import columns
from storage.database import Connection
from storage.queries import load_queries
from storage.settled import settled_behind, settled_below

_SQL = load_queries("events")

Position = tuple[int, int]
"""(transaction id, event id): the order in which the feed is read."""

LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What a dropped connection raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    position: Position
    kind: str
    ticket_id: int | None
    ticket_code: int | None
    channel_id: int | None
    thread_key: str
    assignee_id: int | None
    agent_id: int | None
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One entry of a ticket's ledger. `data` is JSON text and holds ids only."""

    ticket_id: int
    seq: int
    kind: str
    agent_id: int | None
    data: str


async def feed_end(connection: Connection) -> Position:
    """Where the feed ends now."""
    row = await connection.fetchrow(_SQL["feed_end"], await settled_below(connection))
    return (int(row["xid"]), row["id"]) if row else (0, 0)


async def feed_after(connection: Connection, position: Position, limit: int) -> list[FeedRow]:
    """Events after `position`, in feed order, only those that are settled."""
    rows = await _after(connection, position, limit, None)
    if not rows and (below := await settled_behind(connection, *position)) is not None:
        rows = await _after(connection, position, limit, below)
    return rows


async def _after(connection: Connection, position: Position, limit: int, below: str | None) -> list[FeedRow]:
    rows = await connection.fetch(_SQL["feed_after"], str(position[0]), position[1], limit, below)
    return [
        FeedRow(
            position=(int(row["xid"]), row["id"]),
            kind=row["kind"],
            ticket_id=row["ticket_id"],
            ticket_code=row["ticket_code"],
            channel_id=row["channel_id"],
            thread_key=row["thread_key"],
            assignee_id=row["assignee_id"],
            agent_id=row["agent_id"],
            data=row["data"],
        )
        for row in rows
    ]


async def is_ahead(connection: Connection, position: Position) -> bool:
    """Whether nobody can have read so far here: the database was put back from a copy since."""
    return bool(await connection.fetchval(_SQL["is_ahead"], str(position[0])))


async def add_event(
    connection: Connection,
    kind: str,
    *,
    ticket_id: int | None = None,
    agent_id: int | None = None,
    data: Any = None,
) -> None:
    """Write one event; for a ticket it takes the ticket's next seq (the ticket row is locked by that)."""
    await connection.execute(
        _SQL["add_event" if ticket_id is None else "add_ticket_event"], ticket_id, kind, agent_id, data or {}
    )


async def add_ticket_events(connection: Connection, events: Sequence[NewEvent]) -> None:
    """Write entries of ledgers; the tickets are locked and their seq was counted by the caller."""
    await connection.execute(
        _SQL["add_ticket_events"], *columns(events, "ticket_id", "seq", "kind", "agent_id", "data")
    )


async def notify(connection: Connection, topics: Sequence[str]) -> None:
    """NOTIFY each topic at commit."""
    await connection.execute(_SQL["notify"], list(topics))


async def listen(
    connection: "asyncpg.Connection[Any]", topics: Sequence[str], heard: Callable[[str], None]
) -> None:
    """Call `heard(topic)` for every notification from now on."""

    def on_notify(_connection: object, _pid: int, topic: str, _payload: object) -> None:
        heard(topic)

    for topic in topics:
        await connection.add_listener(topic, on_notify)


async def try_lock(connection: Connection, number: int) -> bool:
    """Whether the connection holds this lock from now on, until it ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", number))


async def is_alive(connection: Connection) -> None:
    """Raise one of LOST where the connection is dead."""
    await connection.execute("SELECT 1")
