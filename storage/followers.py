"""Who follows tickets. Thin typed functions over sql/followers.sql."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("followers")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerRow:
    id: int
    name: str
    presence: str


async def of_tickets(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, list[int]]:
    """Active agents by ticket, where there are any."""
    found: dict[int, list[int]] = {}
    for row in await connection.fetch(SQL["of_tickets"], list(ticket_ids)):
        found.setdefault(row["ticket_id"], []).append(row["agent_id"])
    return found


async def named(connection: Connection, ticket_id: int) -> list[FollowerRow]:
    """Of one ticket, who followed first at the top."""
    return [FollowerRow(**row) for row in await connection.fetch(SQL["named"], ticket_id)]


async def add(connection: Connection, pairs: Sequence[tuple[int, int]]) -> int:
    """(ticket, agent); returns how many did not follow before."""
    if not pairs:
        return 0
    added: int = await connection.fetchval(SQL["add"], *transposed(pairs, 2))
    return added


async def remove(connection: Connection, ticket_id: int, agent_id: int) -> int:
    """How many followed: one or none."""
    removed: int = await connection.fetchval(SQL["remove"], ticket_id, agent_id)
    return removed
