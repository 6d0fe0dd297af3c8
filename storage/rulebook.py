"""The rules that hubs go by: every version that ever was in use. Over sql/rulebook.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("rulebook")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """`origin`: file, desk, restored or command; `restores`: the version that was gone back to."""

    version: int
    fingerprint: str
    origin: str
    restores: int | None
    made_by: int | None
    author: str
    note: str
    made_at: datetime


async def lock(connection: Connection) -> None:
    """One at a time, until the transaction ends. Comes first in it."""
    await connection.execute(SQL["lock"])


async def newest(connection: Connection) -> tuple[int, dict[str, Any]] | None:
    """(version, document) of the rules in use; None before there are any."""
    row = await connection.fetchrow(SQL["newest"])
    return (row["version"], row["document"]) if row else None


async def newest_version(connection: Connection) -> int:
    """0 before there are any."""
    version: int = await connection.fetchval(SQL["newest_version"])
    return version


async def last_from_file(connection: Connection) -> str | None:
    """The fingerprint of the newest version that came from a file."""
    fingerprint: str | None = await connection.fetchval(SQL["last_from_file"])
    return fingerprint


async def add(
    connection: Connection,
    *,
    document: Mapping[str, Any],
    fingerprint: str,
    origin: str,
    restores: int | None = None,
    made_by: int | None = None,
    author: str = "",
    note: str = "",
) -> int:
    """A new version, which is in use from now on; returns its number. The caller holds the lock."""
    version: int = await connection.fetchval(
        SQL["add"], document, fingerprint, origin, restores, made_by, author, note
    )
    return version


async def is_from_file(connection: Connection) -> bool:
    """Whether the version in use is as a file had it; nobody has changed the rules since."""
    found: bool = await connection.fetchval(SQL["is_from_file"])
    return found


async def versions(connection: Connection, limit: int = 100) -> list[VersionRow]:
    """The newest first."""
    return [VersionRow(**row) for row in await connection.fetch(SQL["versions"], limit)]


async def version(connection: Connection, number: int) -> VersionRow | None:
    """None where there is none of this number."""
    row = await connection.fetchrow(SQL["version"], number)
    return VersionRow(**row) if row else None


async def document(connection: Connection, version: int) -> dict[str, Any] | None:
    """The tables of a version; None where there is none of this number."""
    found: dict[str, Any] | None = await connection.fetchval(SQL["document"], version)
    return found


async def occupied(connection: Connection, kept: Sequence[str]) -> list[tuple[str, int]]:
    """(queue, tickets in work) of queues that are not among those `kept`."""
    return [(row["name"], row["tickets"]) for row in await connection.fetch(SQL["occupied"], kept)]


async def on_other_shifts(connection: Connection, calendars: Sequence[str]) -> list[tuple[str, str]]:
    """(agent, calendar) of those whose shifts are none of these."""
    return [
        (row["agent"], row["calendar"]) for row in await connection.fetch(SQL["on_other_shifts"], calendars)
    ]
