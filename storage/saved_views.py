"""Filters of tickets that have a name. Thin typed functions over sql/saved_views.sql; nothing is decided here."""

from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("saved_views")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewRow:
    """`filter`: data of hub.model.filters. `shared`: nobody, queue (then `queue` names it) or everybody."""

    id: int
    name: str
    owner_id: int
    owner_name: str
    shared: str
    queue: str
    filter: Any
    arranged: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedView:
    id: int
    owner_id: int
    shared: str
    version: int


async def seen_by(connection: Connection, agent_id: int) -> list[SavedViewRow]:
    """What this agent sees: shared ones first, by name."""
    return [SavedViewRow(**row) for row in await connection.fetch(SQL["seen_by"], agent_id)]


async def lock_view(connection: Connection, view_id: int) -> LockedView | None:
    row = await connection.fetchrow(SQL["lock_view"], view_id)
    return LockedView(**row) if row else None


async def count_of_owner(connection: Connection, agent_id: int) -> int:
    found: int = await connection.fetchval(SQL["count_of_owner"], agent_id)
    return found


async def add_view(
    connection: Connection, *, name: str, owner_id: int, shared: str, queue: str, wanted: Any, arranged: str
) -> int:
    """Its id. `wanted`: the filter as data."""
    made: int = await connection.fetchval(SQL["add_view"], name, owner_id, shared, queue, wanted, arranged)
    return made


async def change_view(
    connection: Connection, view_id: int, *, name: str, shared: str, queue: str, wanted: Any, arranged: str
) -> None:
    await connection.execute(SQL["change_view"], view_id, name, shared, queue, wanted, arranged)


async def remove_view(connection: Connection, view_id: int) -> None:
    await connection.execute(SQL["remove_view"], view_id)
