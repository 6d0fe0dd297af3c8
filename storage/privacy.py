"""Words and people are taken away; figures stay. Over sql/privacy.sql.

Callers hold the locks: tickets by id before anything else of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("privacy")

_OF_TICKETS = (
    "empty_tickets",
    "empty_fields",
    "empty_steps",
    "empty_tasks",
    "drop_drafts",
    "drop_drafts_beside",
    "empty_scheduled",
    "drop_macro_runs",
    "drop_merges",
    "drop_notices",
    "empty_calls",
    "empty_surveys",
    "drop_follow_links",
    "drop_portal_links",
    "drop_portal_sessions",
    "drop_chat_keys",
    "drop_chat_pages",
    "drop_chat_typing",
    "drop_chats",
)
_OF_ENTRIES = ("empty_entries", "empty_outbox")
_PEOPLE_OF_TICKETS = ("forget_people", "forget_participants", "forget_references")
_PEOPLE_OF_ENTRIES = ("forget_citations", "forget_entries", "forget_reports", "forget_sent")
_OF_CUSTOMERS = (
    "forget_undeliverable",
    "forget_talks",
    "forget_portal",
    "forget_survey_refusals",
    "forget_identities",
    "forget_customer_fields",
    "forget_pairs",
    "forget_merge_rows",
    "forget_merges",
    "forget_steps",
    "forget_tasks",
    "forget_customers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgettable:
    """A customer under lock. `written_to`: a reply to them has not left yet."""

    id: int
    code: int
    anonymised_at: datetime | None
    merged_into: int | None
    held: bool
    in_work: bool
    written_to: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """A customer of whom nothing is taken away."""

    customer_id: int
    code: int
    name: str
    reason: str
    by_name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A customer before they are forgotten. `codes`, `names`: theirs first, then of whoever was found to be the same and goes
    along; `held`, `in_work`, `written_to` are true where they are so of one of them. Then how many of what would go: `size`
    are the bytes of the files, `originals` items as they came in whose bytes are still there, `drafts` those and answers for
    later, `surveys` questions that they were asked. `elsewhere`: tickets of others in which they take part, which stay."""

    anonymised_at: datetime | None
    merged_away: bool
    held: bool
    in_work: bool
    written_to: bool
    codes: Sequence[int]
    names: Sequence[str]
    identities: int
    tickets: int
    entries: int
    files: int
    size: int
    originals: int
    drafts: int
    tasks: int
    surveys: int
    elsewhere: int


async def empty_tickets(connection: Connection, ticket_ids: Sequence[int], *, words: bool) -> int:
    """Take their files, and with `words` everything that was said on them too; returns how many entries there are.
    Locks them."""
    await connection.execute(SQL["lock_tickets"], ticket_ids)
    entries, raws = await _entries(connection, ticket_ids)
    gone = {row["sha256"] for row in await connection.fetch(SQL["drop_files"], entries)}
    if words:
        gone |= {row["sha256"] for row in await connection.fetch(SQL["drop_draft_files"], ticket_ids)}
        for name in _OF_ENTRIES:
            await connection.execute(SQL[name], entries)
        for name in _OF_TICKETS:
            await connection.execute(SQL[name], ticket_ids)
    # The letter that a file came in holds it too.
    await connection.execute(SQL["empty_raw"], raws)
    await drop_blobs(connection, list(gone))
    return len(entries)


async def drop_blobs(connection: Connection, digests: Sequence[bytes]) -> None:
    """Take away the bytes of these digests that nothing else holds."""
    if digests:
        await connection.execute(SQL["drop_blobs"], digests)


async def forget_tickets(connection: Connection, ticket_ids: Sequence[int]) -> None:
    """Take away what was said and who said it."""
    await empty_tickets(connection, ticket_ids, words=True)
    entries, _ = await _entries(connection, ticket_ids)
    for name in _PEOPLE_OF_TICKETS:
        await connection.execute(SQL[name], ticket_ids)
    for name in _PEOPLE_OF_ENTRIES:
        await connection.execute(SQL[name], entries)


async def same_people(connection: Connection, codes: Sequence[int]) -> list[int]:
    """The customers of these numbers and everybody who was found to be the same."""
    return [row["id"] for row in await connection.fetch(SQL["same_people"], list(codes))]


async def lock_customer(connection: Connection, code: int) -> list[Forgettable]:
    """The customer of this number and everybody who was found to be the same, read once they are locked: what the lock waited
    for is seen. Empty where there is none."""
    locked = set[int]()
    while True:
        people = [Forgettable(**row) for row in await connection.fetch(SQL["customer_and_merged"], code)]
        found = {one.id for one in people}
        if found <= locked:
            return people
        await connection.execute(SQL["lock_people"], list(found))
        locked |= found


async def forget_customers(connection: Connection, customer_ids: Sequence[int]) -> None:
    """Who they are; their tickets are to be emptied from now on (`to_forget`)."""
    for name in _OF_CUSTOMERS:
        await connection.execute(SQL[name], customer_ids)
    await connection.execute(SQL["begin_forgetting"], customer_ids)


async def to_forget(connection: Connection) -> tuple[int, int] | None:
    """(customer, last ticket that was emptied) of one who is left, under lock; None where nobody is, or others see to them."""
    row = await connection.fetchrow(SQL["to_forget"])
    return (row["customer_id"], row["after"]) if row else None


async def tickets_after(connection: Connection, customer_id: int, after: int, limit: int) -> list[int]:
    rows = await connection.fetch(SQL["tickets_after"], customer_id, after, limit)
    return [row["id"] for row in rows]


async def forgot_until(connection: Connection, customer_id: int, after: int) -> None:
    await connection.execute(SQL["forgot_until"], customer_id, after)


async def forgotten(connection: Connection, customer_id: int) -> None:
    """Nothing of theirs is left to be emptied."""
    await connection.execute(SQL["forgotten"], customer_id)


async def set_hold(
    connection: Connection, code: int, *, reason: str, by_agent: int | None, by_name: str
) -> bool:
    """False where there is no such customer."""
    return await connection.fetchval(SQL["set_hold"], code, reason, by_agent, by_name) is not None


async def lift_hold(connection: Connection, code: int) -> str | None:
    """Why there was one; None where there was none."""
    reason: str | None = await connection.fetchval(SQL["lift_hold"], code)
    return reason


async def holds(connection: Connection) -> list[HoldRow]:
    """Newest first, 500 at the most."""
    return [HoldRow(**row) for row in await connection.fetch(SQL["holds"])]


async def hold_of(connection: Connection, code: int) -> HoldRow | None:
    row = await connection.fetchrow(SQL["hold_of"], code)
    return HoldRow(**row) if row else None


async def standing_of(connection: Connection, code: int, most: int) -> Standing | None:
    """Counted over no more than `most` tickets and `most` entries. None where there is no such customer."""
    row = await connection.fetchrow(SQL["standing_of"], code, most)
    return Standing(**row) if row else None


async def _entries(connection: Connection, ticket_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    rows = await connection.fetch(SQL["entries_of"], ticket_ids)
    return [row["id"] for row in rows], [row["raw_id"] for row in rows if row["raw_id"] is not None]
