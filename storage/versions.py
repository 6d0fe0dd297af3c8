"""Entries that were changed: the newest version is shown, the earlier ones are kept beside it. Over sql/versions.sql."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("versions")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """What an entry said at one time; `id` is that of the row that said it. `cut`: `text` is only its beginning."""

    id: int
    revises: int
    text: str
    cut: bool
    fields: Any
    occurred_at: datetime


async def versions_of(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[VersionRow]]:
    """Later versions of these entries, in the order in which they arrived; nothing for most."""
    found: defaultdict[int, list[VersionRow]] = defaultdict(list)
    for row in await connection.fetch(SQL["of"], ids):
        found[row["revises"]].append(VersionRow(**row))
    return found


def newest_last(first: VersionRow, later: Sequence[VersionRow]) -> list[VersionRow]:
    """All versions as they were said: a change may arrive before what it changed."""
    return sorted((first, *later), key=lambda one: (one.occurred_at, one.id))
