"""Channels, queues, leases, bookmarks, timers, limits: the small rows that several hubs share. Over sql/house.sql."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.columns import columns, transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("house")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow:
    """A line, with its files' names, sizes in bytes and types as their senders named them, in one order. `asked`: for whom."""

    asked: int
    id: int
    direction: str
    author_name: str
    text: str
    created_at: datetime
    external_id: str
    file_names: list[str]
    file_sizes: list[int]
    file_types: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRow:
    id: int
    kind: str
    ticket_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    body_hash: bytes
    status: int
    response: Any


async def channel_by_name(connection: Connection, name: str, kind: str) -> int:
    """The channel's id; its row is made where there is none."""
    number: int = await connection.fetchval(SQL["channel_by_name"], name, kind)
    return number


async def channel_by_id(connection: Connection, channel_id: int) -> str:
    """The channel's name. Raises LookupError."""
    name: str | None = await connection.fetchval(SQL["channel_by_id"], channel_id)
    if name is None:
        raise LookupError(f"no channel has the id {channel_id}")
    return name


async def retire_channels(connection: Connection, configured: Sequence[str]) -> None:
    """Channels that are not configured any more are retired, the others are not."""
    await connection.execute(SQL["retire_channels"], configured)
    await connection.execute(SQL["revive_channels"], configured)


async def set_channel_state(connection: Connection, name: str, state: str, detail: str) -> bool:
    """Whether anything changed."""
    return await connection.fetchval(SQL["set_channel_state"], name, state, detail) is not None


async def sync_queues(connection: Connection, queues: Sequence[tuple[str, str, str]]) -> None:
    """(name, English title, Chinese title): these are in use, all others are retired."""
    await connection.execute(SQL["sync_queues"], *transposed(queues, 3))
    await connection.execute(SQL["retire_queues"], [name for name, _, _ in queues])


async def agree_on(connection: Connection, key: str, value: str) -> str:
    """What this installation has written down for `key`; `value` where it is the first to say."""
    said: str = await connection.fetchval(SQL["agree_on"], key, value)
    return said


async def write_fact(connection: Connection, key: str, value: str) -> None:
    """Another value for what this installation agrees on."""
    await connection.execute(SQL["write_fact"], key, value)


async def fact(connection: Connection, key: str) -> str:
    """ "" where nothing is written down."""
    return await connection.fetchval(SQL["fact"], key) or ""


async def make_partitions(connection: Connection, months_ahead: int) -> int:
    """How many partitions were made."""
    made: int = await connection.fetchval(SQL["make_partitions"], months_ahead)
    return made


async def bookmark(connection: Connection, channel_id: int, key: str) -> Any:
    """The value, None where nothing was written."""
    return await connection.fetchval(SQL["bookmark"], channel_id, key)


async def write_bookmark(connection: Connection, channel_id: int, key: str, value: Any) -> None:
    await connection.execute(SQL["write_bookmark"], channel_id, key, value)


@dataclass(frozen=True, slots=True)
class LinesAsked:
    """What somebody wants of a conversation: its lines after this one, without those that they `have`."""

    thread_key: str
    after: int
    have: Collection[int] = ()


async def transcripts(
    connection: Connection, channel_id: int, asked: Sequence[LinesAsked]
) -> list[list[TranscriptRow]]:
    """For each, in order, the lines of their conversation of this channel, oldest first, 200 at most."""
    had = [(place, line) for place, one in enumerate(asked, 1) for line in one.have]
    found: list[list[TranscriptRow]] = [[] for _ in asked]
    for row in await connection.fetch(
        SQL["transcripts"], channel_id, *columns(asked, "thread_key", "after"), *transposed(had, 2)
    ):
        found[row["asked"] - 1].append(TranscriptRow(**row))
    return found


async def take_lease(connection: Connection, name: str, holder: str, token: UUID, seconds: float) -> bool:
    """Whether it is ours now: it was free, or its holder let it run out."""
    granted = await connection.fetchval(SQL["take_lease"], name, holder, token, seconds)
    return granted is not None


async def renew_lease(connection: Connection, name: str, token: UUID, seconds: float) -> bool:
    """Whether it is still ours."""
    return await connection.fetchval(SQL["renew_lease"], name, token, seconds) is not None


async def release_lease(connection: Connection, name: str, token: UUID) -> None:
    """Let the next one have it at once."""
    await connection.execute(SQL["release_lease"], name, token)


async def recall(connection: Connection, principal: str, key: str) -> Recalled | None:
    """What was answered to this caller's key."""
    row = await connection.fetchrow(SQL["recall"], principal, key)
    return Recalled(**row) if row else None


async def take_turn(connection: Connection, key: int) -> None:
    """One transaction at a time holds this 64-bit key."""
    await connection.execute(SQL["take_turn"], key)


async def remember(
    connection: Connection, principal: str, key: str, body_hash: bytes, status: int, response: Any
) -> None:
    await connection.execute(SQL["remember"], principal, key, body_hash, status, response)


async def hit(connection: Connection, key: str, window_seconds: float) -> tuple[int, float]:
    """Count one more try; returns (tries in this window, seconds until it ends)."""
    row = await connection.fetchrow(SQL["hit"], key, window_seconds)
    assert row is not None
    return row["hits"], row["ends_in"]


async def forgive(connection: Connection, key: str) -> None:
    """Forget the tries."""
    await connection.execute(SQL["forgive"], key)


async def give_back(connection: Connection, key: str) -> None:
    """Count one try less."""
    await connection.execute(SQL["give_back"], key)


async def database_bytes(connection: Connection) -> int:
    """How much room the database takes on the disk."""
    size: int = await connection.fetchval(SQL["database_bytes"])
    return size


async def tidy(connection: Connection) -> None:
    """Throw away what nobody can ask for any more."""
    for name in ("tidy_idempotency", "tidy_rate_limits", "tidy_leases"):
        await connection.execute(SQL[name])


async def due_timers(connection: Connection, limit: int) -> list[TimerRow]:
    """Mark due timers as fired, and return them; their effects belong to this transaction."""
    return [TimerRow(**row) for row in await connection.fetch(SQL["due_timers"], limit)]


async def put_off(connection: Connection, timer_id: int, seconds: float) -> None:
    """It has not fired, and is due again so much later."""
    await connection.execute(SQL["put_off"], timer_id, seconds)


async def set_timer(connection: Connection, kind: str, ticket_id: int, seconds: float, version: int) -> None:
    await connection.execute(SQL["set_timer"], kind, ticket_id, seconds, version)


async def cancel_timers(connection: Connection, ticket_id: int, *, silence_too: bool) -> None:
    """What would have happened to the ticket by itself does not; `silence_too`: nor does anybody notice that it fell silent."""
    await connection.execute(SQL["cancel_timers"], ticket_id, silence_too)


async def database_clock(connection: Connection) -> datetime:
    now: datetime = await connection.fetchval(SQL["database_clock"])
    return now


async def rights(connection: Connection) -> tuple[bool, bool]:
    """(whether this role may do more than a hub needs, whether what is said goes in the clear over a network)."""
    row = await connection.fetchrow(SQL["rights"])
    assert row is not None
    return row["more"], not (row["tls"] or row["here"])


async def server_version(connection: Connection) -> int:
    """150004 for 15.4."""
    version: int = await connection.fetchval(SQL["server_version"])
    return version
