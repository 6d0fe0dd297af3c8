"""What was promised to customers: rows of clocks and their segments. Over sql/targets.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.columns import columns, transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("targets")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsRow:
    """What is true of several tickets. `rules_version`: the number under which the caller's rules are known, 0 where they are
    not. `now`: by the database."""

    ticket_ids: list[int]
    status: str
    kind: str
    priority: int
    queue: str
    channel: str
    channel_kind: str
    key_account: bool
    segment: str
    merged: bool
    rules_version: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """The order of the fields is that of the statement that writes them."""

    ticket_id: int
    target: str
    cycle: int
    state: str
    because: str
    started_at: datetime
    since: datetime
    ended_at: datetime | None
    minutes: int
    calendar: str
    warn_share: int
    escalates: bool
    named_by: str
    rules_version: int
    due_at: datetime | None
    warn_at: datetime | None
    next_at: datetime | None
    version: int
    warned_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """`place`: which of its clock's, from 1 on."""

    ticket_id: int
    target: str
    cycle: int
    place: int
    since: datetime
    until: datetime
    state: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """`priority`: the new one. `waits`: the ticket is open and nobody has it."""

    id: int
    priority: int
    waits: bool


async def agree_on_rules(connection: Connection, fingerprint: str) -> bool:
    """These are the rules to go by from now on; False where they were already."""
    await connection.execute(SQL["lock_rules"])
    return await connection.fetchval(SQL["agree_on_rules"], fingerprint) is not None


async def facts(connection: Connection, ticket_ids: Sequence[int], fingerprint: str) -> list[FactsRow]:
    rows = await connection.fetch(SQL["facts"], ticket_ids, fingerprint)
    return [FactsRow(**row) for row in rows]


async def clocks(connection: Connection, ticket_ids: Sequence[int]) -> list[ClockRow]:
    """The last cycle of each target of these tickets."""
    return [ClockRow(**row) for row in await connection.fetch(SQL["clocks"], ticket_ids)]


async def segments(connection: Connection, ticket_ids: Sequence[int]) -> list[SegmentRow]:
    """What is over of these clocks, in order."""
    return [SegmentRow(**row) for row in await connection.fetch(SQL["segments"], ticket_ids)]


async def write(
    connection: Connection, clock_rows: Sequence[ClockRow], segment_rows: Sequence[SegmentRow]
) -> None:
    """New and changed clocks, and segments that are over now."""
    await connection.execute(
        SQL["write"],
        *columns(clock_rows, *ClockRow.__slots__),
        *columns(segment_rows, *SegmentRow.__slots__),
    )


async def write_alike(
    connection: Connection, places: Sequence[tuple[int, int]], clock_rows: Sequence[ClockRow]
) -> None:
    """New clocks that several tickets have alike. `places`: (ticket, group); `ticket_id` of a row is the number of a group."""
    await connection.execute(
        SQL["write_alike"], *transposed(places, 2), *columns(clock_rows, *ClockRow.__slots__)
    )


async def lock_due(connection: Connection, limit: int) -> list[int]:
    """Tickets with a clock about which something is to be said; locked."""
    return [row["id"] for row in await connection.fetch(SQL["due"], limit)]


async def put_off(connection: Connection, ticket_id: int, seconds: float) -> None:
    """Nothing is said about the clocks of this ticket that are due until so much later."""
    await connection.execute(SQL["put_off"], ticket_id, seconds)


async def lock_promised_by_older_rules(connection: Connection, fingerprint: str, limit: int) -> list[int]:
    """Tickets with a living clock that goes by rules older than the caller's; locked. None for a caller whose rules are
    themselves unknown, or not the newest."""
    rows = await connection.fetch(SQL["promised_by_older_rules"], fingerprint, limit)
    return [row["id"] for row in rows]


async def raise_priority(connection: Connection, ticket_ids: Sequence[int]) -> list[Raised]:
    """By one, of those in work that are not urgent yet; what is promised still goes by the old one."""
    return [Raised(**row) for row in await connection.fetch(SQL["raise_priority"], ticket_ids)]


async def tell(connection: Connection, told: Sequence[tuple[int, str, str]]) -> None:
    """(ticket, kind, data as JSON text): entries of the tickets' ledgers, in order. The tickets are locked by the caller."""
    await connection.execute(SQL["tell"], *transposed(told, 3))
