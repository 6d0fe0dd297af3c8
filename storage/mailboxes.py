"""Mailboxes: secrets of channels, what was heard when, and comparisons of folders with the journal. Over sql/mailboxes.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("mailboxes")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCountRow:
    counted_at: datetime | None
    wanted_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    folder: str
    at: datetime
    on_server: int
    known: int
    missing: int
    fetched: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRow:
    """`error`: why the folder could not be opened last; `count_error`: why it could not be compared, or not wholly. The
    figures of the last comparison are None where there was none yet."""

    channel: str
    state: str
    state_detail: str
    count_wanted: bool
    folder: str
    heard_at: datetime
    heard_seconds_ago: float
    letters: int
    error: str
    junk: bool
    counted_at: datetime | None
    on_server: int | None
    known: int | None
    missing: int | None
    fetched: int | None
    count_error: str


async def sealed(connection: Connection, channel: str, key: str) -> bytes | None:
    """The encrypted secret of the channel of this name."""
    found: bytes | None = await connection.fetchval(SQL["sealed"], channel, key)
    return found


async def seal(connection: Connection, channel: str, key: str, value: bytes) -> None:
    await connection.execute(SQL["seal"], channel, key, value)


async def known_keys(connection: Connection, channel_id: int, keys: Sequence[str]) -> set[str]:
    """Those of the external keys that are in the journal."""
    return {row["key"] for row in await connection.fetch(SQL["known_keys"], channel_id, list(keys))}


async def add_counts(
    connection: Connection, channel_id: int, counts: Sequence[tuple[str, int, int, int, int, str]]
) -> None:
    """(folder, on_server, known, missing, fetched, error) of each folder."""
    await connection.execute(SQL["add_counts"], channel_id, *transposed(counts, 6))


async def count_done(connection: Connection, channel_id: int, begun: datetime) -> None:
    """Nobody waits for it any more who asked before `begun`."""
    await connection.execute(SQL["count_done"], channel_id, begun)


async def want_count(connection: Connection, channel_id: int) -> None:
    await connection.execute(SQL["want_count"], channel_id)


async def last_count(connection: Connection, channel_id: int) -> LastCountRow:
    """Raises LookupError for a channel that there is not."""
    row = await connection.fetchrow(SQL["last_count"], channel_id)
    if row is None:
        raise LookupError(f"no channel has the id {channel_id}")
    return LastCountRow(**row)


async def tidy_counts(connection: Connection) -> None:
    await connection.execute(SQL["tidy_counts"])


async def mailboxes(connection: Connection) -> list[MailboxRow]:
    """Every folder of every mailbox, by channel."""
    return [MailboxRow(**row) for row in await connection.fetch(SQL["mailboxes"])]


async def counts(connection: Connection, channel_id: int, limit: int) -> list[CountRow]:
    """The latest first."""
    return [CountRow(**row) for row in await connection.fetch(SQL["counts"], channel_id, limit)]
