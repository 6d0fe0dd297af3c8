"""What agents may do, as it is kept. Over sql/roles.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("roles")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """Of those that are always there the program knows the permissions. `people`: active agents who have it."""

    name: str
    based_on: str
    permissions: tuple[str, ...]
    sight: str
    version: int
    people: int


async def list_roles(connection: Connection) -> list[RoleRow]:
    return [_role(row) for row in await connection.fetch(SQL["list_roles"])]


async def role(connection: Connection, name: str) -> RoleRow | None:
    row = await connection.fetchrow(SQL["role"], name)
    return _role(row) if row else None


async def lock_role(connection: Connection, name: str) -> RoleRow | None:
    """The role, which nobody else changes until the transaction ends."""
    await connection.execute(SQL["lock_role"], name)
    return await role(connection, name)


async def add_role(
    connection: Connection, name: str, *, based_on: str, permissions: Sequence[str], sight: str
) -> bool:
    """False where there is one of this name, whatever its capitals."""
    made = await connection.fetchval(SQL["add_role"], name, based_on, list(permissions), sight)
    return made is not None


async def name_taken(connection: Connection, wanted: str, name: str) -> bool:
    """Whether another role than `name` is called so."""
    taken: bool = await connection.fetchval(SQL["name_taken"], wanted, name)
    return taken


async def change_role(
    connection: Connection, name: str, *, new_name: str, permissions: Sequence[str], sight: str
) -> None:
    await connection.execute(SQL["change_role"], name, new_name, list(permissions), sight)


async def remove_role(connection: Connection, name: str) -> bool:
    """False where somebody has it."""
    return await connection.fetchval(SQL["remove_role"], name) is not None


async def holders(connection: Connection, name: str) -> list[tuple[int, str]]:
    """(id, name) of active agents who have the role, 200 at the most."""
    return [(row["id"], row["name"]) for row in await connection.fetch(SQL["holders"], name)]


def _role(row: Any) -> RoleRow:
    return RoleRow(**{**row, "permissions": tuple(row["permissions"])})
