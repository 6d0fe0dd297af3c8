"""How long what is kept: policies, runs, batches. Over sql/retention.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import privacy
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("retention")

_COUNTS = {
    "messages": "count_messages",
    "customers": "count_customers",
    "raw": "count_raw",
    "events": "count_events",
    "webhook_calls": "count_webhook_calls",
    "notices": "count_notices",
    "audit": "count_audit",
    "votes": "count_votes",
    "pictures": "count_pictures",
}
_EXAMPLES = {"messages": "example_messages", "customers": "example_customers"}
_DROPS = {
    "webhook_calls": "drop_calls",
    "notices": "drop_notices",
    "audit": "drop_audit",
    "votes": "drop_votes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """`reached_at`, `reached_id`: up to there everything was looked at, in the order of what the policy is about."""

    what: str
    enabled: bool
    days: int
    depth: str
    reached_at: datetime
    reached_id: int
    last_run_at: datetime | None
    version: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """`ended_at` None: under way, or its hub went away under it."""

    id: int
    what: str
    days: int
    depth: str
    rows: int
    started_at: datetime
    ended_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTicket:
    id: int
    at: datetime
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCustomer:
    """`stays`: somebody said so, there is work for them, or nothing is left of them already."""

    id: int
    code: int
    at: datetime
    stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One of what would be taken away."""

    code: int
    text: str
    at: datetime


async def list_policies(connection: Connection) -> list[PolicyRow]:
    return [PolicyRow(**row) for row in await connection.fetch(SQL["list"])]


async def lock_policy(connection: Connection, what: str) -> PolicyRow | None:
    row = await connection.fetchrow(SQL["lock"], what)
    return PolicyRow(**row) if row else None


async def take_policy(connection: Connection, what: str) -> PolicyRow | None:
    """None while another hub works on it."""
    row = await connection.fetchrow(SQL["take"], what)
    return PolicyRow(**row) if row else None


async def change_policy(
    connection: Connection, what: str, *, enabled: bool, days: int, depth: str, by: str
) -> None:
    await connection.execute(SQL["change"], what, enabled, days, depth, by)


async def begin_again(connection: Connection) -> None:
    """What was passed over for a hold is looked at again."""
    await connection.execute(SQL["begin_again"])


async def start(connection: Connection, hours: int) -> tuple[str, int, str] | None:
    """(what, days, depth) of a policy that was not run for so many hours; it counts as run from now on."""
    row = await connection.fetchrow(SQL["start"], hours)
    return (row["what"], row["days"], row["depth"]) if row else None


async def begin_run(connection: Connection, what: str, days: int, depth: str) -> int:
    made: int = await connection.fetchval(SQL["begin_run"], what, days, depth)
    return made


async def count_run(connection: Connection, run_id: int, rows: int) -> None:
    await connection.execute(SQL["count_run"], run_id, rows)


async def end_run(connection: Connection, run_id: int, error: str = "") -> None:
    await connection.execute(SQL["end_run"], run_id, error)


async def runs(connection: Connection, limit: int) -> list[RunRow]:
    """Newest first."""
    return [RunRow(**row) for row in await connection.fetch(SQL["runs"], limit)]


async def tidy_runs(connection: Connection) -> None:
    await connection.execute(SQL["tidy_runs"])


async def move_on(connection: Connection, what: str, at: datetime, row_id: int) -> None:
    await connection.execute(SQL["move_on"], what, at, row_id)


async def old_tickets(
    connection: Connection, after: datetime, after_id: int, days: int, limit: int
) -> list[OldTicket]:
    rows = await connection.fetch(SQL["old_tickets"], after, after_id, days, limit)
    return [OldTicket(**row) for row in rows]


async def still_old(connection: Connection, ticket_ids: Sequence[int], days: int) -> list[int]:
    """Those of them of which it is still so, locked."""
    return [row["id"] for row in await connection.fetch(SQL["still_old"], list(ticket_ids), days)]


async def old_customers(
    connection: Connection, after: datetime, after_id: int, days: int, limit: int
) -> list[OldCustomer]:
    rows = await connection.fetch(SQL["old_customers"], after, after_id, days, limit)
    return [OldCustomer(**row) for row in rows]


async def empty_raw(connection: Connection, after: int, days: int, limit: int) -> tuple[int, int, int | None]:
    """(looked at, emptied, the last one)."""
    row = await connection.fetchrow(SQL["empty_raw"], after, days, limit)
    assert row is not None
    return row["looked"], row["done"], row["reached"]


async def drop_events(
    connection: Connection, after: int, days: int, limit: int
) -> tuple[int, int, int | None]:
    """(looked at, dropped, the last one)."""
    row = await connection.fetchrow(SQL["drop_events"], after, days, limit)
    assert row is not None
    return row["looked"], row["done"], row["reached"]


async def empty_raw_later(connection: Connection, limit: int) -> int:
    """How many of those that were passed over are emptied now."""
    return int(await connection.fetchval(SQL["empty_raw_later"], limit))


async def drop_events_later(connection: Connection, days: int, limit: int) -> tuple[int, int]:
    """(tickets that were passed over and looked at now, dropped)."""
    row = await connection.fetchrow(SQL["drop_events_later"], days, limit)
    assert row is not None
    return row["looked"], row["done"]


async def drop_old(connection: Connection, what: str, days: int, limit: int) -> int:
    """How many rows of "webhook_calls", "notices", "audit" or "votes" went."""
    if what == "audit":
        await connection.execute(SQL["end_audit"])
    gone: int = await connection.fetchval(SQL[_DROPS[what]], days, limit)
    return gone


async def drop_pictures(connection: Connection, days: int, limit: int) -> int:
    """How many pictures of articles went, with the bytes that nothing else holds."""
    row = await connection.fetchrow(SQL["drop_pictures"], days, limit)
    assert row is not None
    if row["digests"]:
        await privacy.drop_blobs(connection, row["digests"])
    gone: int = row["pictures"]
    return gone


async def count(connection: Connection, what: str, days: int, most: int) -> int:
    """How much a policy would find, counted no further than to `most`."""
    found: int = await connection.fetchval(SQL[_COUNTS[what]], days, most)
    return found


async def examples(connection: Connection, what: str, days: int) -> Sequence[Example]:
    """The oldest of what "messages" or "customers" would find; of the others there is nothing to show."""
    if what not in _EXAMPLES:
        return []
    return [Example(**row) for row in await connection.fetch(SQL[_EXAMPLES[what]], days)]
