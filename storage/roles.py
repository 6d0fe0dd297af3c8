"""What agents may do, as it is kept. Over sql/roles.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("roles")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """`title` "": one of those that are always there, whose permissions the program knows. `people`: active agents who have it."""

    name: str
    title: str
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
    connection: Connection, *, title: str, based_on: str, permissions: Sequence[str], sight: str
) -> str | None:
    """The new role's name; None where there is one of this title."""
    made: str | None = await connection.fetchval(SQL["add_role"], title, based_on, list(permissions), sight)
    return made


async def title_taken(connection: Connection, title: str, name: str) -> bool:
    """Whether another role than `name` is called so."""
    taken: bool = await connection.fetchval(SQL["title_taken"], title, name)
    return taken


async def change_role(
    connection: Connection, name: str, *, title: str, permissions: Sequence[str], sight: str
) -> None:
    await connection.execute(SQL["change_role"], name, title, list(permissions), sight)


async def remove_role(connection: Connection, name: str) -> bool:
    """False where somebody has it."""
    return await connection.fetchval(SQL["remove_role"], name) is not None


async def holders(connection: Connection, name: str) -> list[tuple[int, str]]:
    """(id, name) of active agents who have the role, 200 at the most."""
    return [(row["id"], row["name"]) for row in await connection.fetch(SQL["holders"], name)]


def _role(row: Any) -> RoleRow:
    return RoleRow(**{**row, "permissions": tuple(row["permissions"])})
