"""API keys. Only their hashes come here. Over sql/keys.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """`alive`: neither revoked nor past its end."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None
    made_by: str
    version: int
    alive: bool


async def add(
    connection: Connection,
    *,
    name: str,
    key_hash: bytes,
    scopes: Sequence[str],
    expires_at: datetime | None,
    made_by: str,
) -> bool:
    """False where the name is taken."""
    made = await connection.fetchval(SQL["add"], name, key_hash, list(scopes), expires_at, made_by)
    return made is not None


async def use(connection: Connection, key_hash: bytes) -> tuple[str, list[str]] | None:
    """(name, scopes) of a key that opens something now."""
    row = await connection.fetchrow(SQL["use"], key_hash)
    return (row["name"], row["scopes"]) if row else None


async def revoke(connection: Connection, name: str) -> bool:
    """False where there is none of this name that could be."""
    return await connection.fetchval(SQL["revoke"], name) is not None


async def list_keys(connection: Connection) -> list[KeyRow]:
    return [KeyRow(**row) for row in await connection.fetch(SQL["list"])]


async def lock(connection: Connection, key_id: int) -> KeyRow | None:
    """The key, which nobody else changes until the transaction ends."""
    row = await connection.fetchrow(SQL["lock"], key_id)
    return KeyRow(**row) if row else None


async def name_taken(connection: Connection, name: str, key_id: int) -> bool:
    """Whether another key is called so, also one that was revoked: its calls stand in logs by that name."""
    taken: bool = await connection.fetchval(SQL["name_taken"], name, key_id)
    return taken


async def change(connection: Connection, key_id: int, name: str, expires_at: datetime | None) -> None:
    await connection.execute(SQL["change"], key_id, name, expires_at)
