"""Supervisors who listen to a colleague's conversation. Thin typed functions over sql/listening.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries
from storage.work import WorkedTicket

SQL = load_queries("listening")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRow:
    agent_id: int
    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InHandRow:
    """An open ticket that an agent has."""

    agent_id: int
    code: int
    live: bool
    subject: str
    channel_kind: str


async def begin(connection: Connection, ticket_id: int, agent_id: int) -> bool:
    """False where they listen already."""
    return await connection.fetchval(SQL["begin"], ticket_id, agent_id) is not None


async def end(connection: Connection, ticket_id: int, agent_id: int, how: str) -> bool:
    """False where they did not listen. `how`: left, took_over."""
    return await connection.fetchval(SQL["end"], ticket_id, agent_id, how) is not None


async def listeners(connection: Connection, ticket_id: int) -> list[ListenerRow]:
    """Who listens now."""
    return [ListenerRow(**row) for row in await connection.fetch(SQL["listeners"], ticket_id)]


async def whisper(
    connection: Connection, ticket: WorkedTicket, seq: int, *, agent_id: int | None, author: str, text: str
) -> int:
    """A note that says of itself that it was whispered; returns its id."""
    made: int = await connection.fetchval(
        SQL["whisper"], ticket.id, seq, ticket.customer_id, agent_id, author, text
    )
    return made


async def tidy(connection: Connection) -> None:
    """Nobody listens to what is over."""
    await connection.execute(SQL["tidy"])


async def in_hand(connection: Connection, agent_ids: Sequence[int], most: int) -> list[InHandRow]:
    """So many open tickets of each, live ones first."""
    return [InHandRow(**row) for row in await connection.fetch(SQL["in_hand"], list(agent_ids), most)]
