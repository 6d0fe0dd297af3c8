"""The write side of what arrives: journal, people, tickets, timeline. Thin typed functions over sql/inbound.sql.

All take many rows at once. Nothing is decided here; the order in which they are called is that of the locks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import columns, transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("inbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenKey:
    """`raw_id` was drawn for the item; it stands in the journal only if `is_new`."""

    raw_id: int
    is_new: bool
    content_is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRow:
    """What became of an item that was kept before."""

    channel_id: int
    key: str
    raw_id: int
    state: str
    error: str
    interaction_id: int | None
    duplicate_of: int | None
    ticket_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One line of the journal. `meta` is JSON text."""

    id: int
    channel_id: int
    external_key: str
    content: bytes
    meta: str
    received_at: datetime
    state: str
    error: str = ""
    interaction_id: int | None = None
    ticket_id: int | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRow:
    """An item that this process reads now. `content` is None where it is large: fetch it when it is its turn."""

    id: int
    channel_id: int
    external_key: str
    content: bytes | None
    meta: Any
    received_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Whose an identity is."""

    kind: str
    value: str
    verified: bool
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """`last_agent_at`: when whoever had their last ticket had to do with them."""

    id: int
    key_account: bool
    segment: str
    last_agent_id: int | None
    last_agent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedAgent:
    id: int
    presence: str
    load: int
    capacity: int
    live_load: int
    live_capacity: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    assignee_id: int | None
    status: str
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedTicket:
    """`lately`: what came in within the last hour, counted up to fifty."""

    id: int
    code: int
    customer_id: int
    channel_id: int
    reply_address: str
    status: str
    seq: int
    assignee_id: int | None
    offered_to: int | None
    queue_id: int
    live: bool
    weight: int
    lately: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """`identities`: (kind, value, verified)."""

    name: str
    language: str
    identities: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """`owner` is the place (from 1) of a customer who is made with it; 0: `customer_id` is there already. `required_skills` and
    `preferred_skills` are joined by U+001F, `why` is JSON text of the decision that chose the queue. `live`: somebody sits at
    the other end, until nobody wrote for `silence_seconds`."""

    owner: int
    customer_id: int
    channel_id: int
    subject: str
    kind: str
    kind_uncertain: bool
    status: str
    priority: int
    language: str
    queue: str
    required_language: str
    required_skills: str
    last_agent_id: int | None
    reply_address: str
    thread_key: str
    seq: int
    last_preview: str
    why: str
    heard_at: datetime | None
    preferred_skills: str
    last_agent_at: datetime | None
    live: bool
    weight: int
    silence_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedTicket:
    id: int
    code: int
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A timeline entry from outside. `fields` and `details` are JSON text. `seq` 1 opens the ticket."""

    ticket_id: int
    seq: int
    customer_id: int
    channel_id: int
    kind: str
    direction: str
    author_name: str
    subject: str
    text: str
    full_text: str
    html: str
    fields: str
    external_id: str
    automatic: str
    warning: str
    thread_rule: str
    raw_id: int
    revises: int | None
    occurred_at: datetime | None
    thread_key: str
    details: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTouch:
    """What a message does to a ticket that exists. `live`: its customer sits at the other end, as they did not before."""

    id: int
    seq: int
    preview: str
    from_person: bool
    reopen: bool
    release: bool
    reply_address: str
    heard_at: datetime | None
    live: bool
    silence_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttachment:
    interaction_id: int
    ticket_id: int
    filename: str
    content_type: str
    size: int
    content_id: str
    inline: bool
    sha256: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """`why` is JSON text."""

    ticket_id: int
    step: str
    queue_id: int | None
    agent_id: int | None
    priority: int | None
    why: str


async def take_keys(
    connection: Connection, items: Sequence[tuple[int, str, int, str]], hold: Sequence[int]
) -> list[TakenKey]:
    """Claim (channel id, key, scope of the content key, content key) for each item, in order, and hold these 64-bit keys."""
    channels, keys, scopes, content_keys = transposed(items, 4)
    rows = await connection.fetch(SQL["take_keys"], channels, keys, scopes, hold, content_keys)
    return [TakenKey(**row) for row in rows]


async def find_kept(
    connection: Connection, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], KeptRow]:
    """What became of the items with these (channel id, key)."""
    rows = await connection.fetch(SQL["find_kept"], *transposed(keys, 2))
    return {(row["channel_id"], row["key"]): KeptRow(**row) for row in rows}


async def keep_raw(connection: Connection, rows: Sequence[RawRow], tell: Sequence[str]) -> None:
    """Write lines of the journal whose keys were claimed, and notify these topics."""
    await connection.execute(
        SQL["keep_raw"],
        *columns(rows, "id", "channel_id", "external_key", "content", "meta", "received_at", "state", "error",
                 "interaction_id", "ticket_id", "duplicate_of"),
        tell,
    )  # fmt: skip


async def claim_raw(
    connection: Connection,
    limit: int,
    lease_seconds: float,
    *,
    most_bytes: int,
    begun_below: int | None = None,
) -> list[ClaimedRow]:
    """The oldest waiting items, oldest first, each taken for `lease_seconds`; with content up to `most_bytes`. One that was
    taken up before and not settled comes first, and alone; those that were begun `begun_below` times or more are left to
    somebody else."""
    suspect = await connection.fetchrow(SQL["claim_suspect"], lease_seconds, begun_below)
    if suspect is not None:
        return [ClaimedRow(**suspect)]
    rows = await connection.fetch(SQL["claim_raw"], limit, lease_seconds, most_bytes)
    return sorted((ClaimedRow(**row) for row in rows), key=lambda row: row.id)


async def excuse_raw(connection: Connection, attempts: Mapping[int, int]) -> None:
    """The attempt with this number at each of these items does not count against it. Once, however often it is said."""
    await connection.execute(SQL["excuse_raw"], list(attempts), list(attempts.values()))


async def lock_raw(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these items that still wait; locked."""
    return {row["id"] for row in await connection.fetch(SQL["lock_raw"], ids)}


async def settle_raw(connection: Connection, rows: Sequence[RawRow]) -> None:
    """Write what became of items that were journalled earlier."""
    await connection.execute(
        SQL["settle_raw"],
        *columns(rows, "id", "state", "error", "interaction_id", "ticket_id", "duplicate_of"),
    )


async def release_raw(
    connection: Connection, raw_id: int, *, again_in: float, error: str, most_attempts: int
) -> str:
    """Let an item be read again in `again_in` seconds, or quarantine it after `most_attempts`; returns its state, "" where it
    was settled meanwhile."""
    return await connection.fetchval(SQL["release_raw"], raw_id, again_in, error, most_attempts) or ""


async def reopen_raw(connection: Connection, raw_id: int) -> bool:
    """A quarantined item waits to be read again. False where there is none."""
    return await connection.fetchval(SQL["reopen_raw"], raw_id) is not None


async def discard_raw(connection: Connection, raw_id: int) -> bool:
    """A quarantined item is put away; its bytes stay. False where there is none."""
    return await connection.fetchval(SQL["discard_raw"], raw_id) is not None


async def lock_conversations(connection: Connection, keys: Sequence[int]) -> None:
    """Hold these 64-bit keys until the transaction ends."""
    await connection.execute(SQL["lock_conversations"], keys)


async def find_people(connection: Connection, identities: Sequence[tuple[str, str, bool]]) -> list[PersonRow]:
    """Whose these (kind, value, verified) are, the oldest customer first. Of claims those whose customer also proves one."""
    rows = await connection.fetch(SQL["find_people"], *transposed(identities, 3))
    return [PersonRow(**row) for row in rows]


async def describe_people(connection: Connection, customer_ids: Sequence[int]) -> dict[int, CustomerFacts]:
    """What routing and matching have to know of these customers."""
    rows = await connection.fetch(SQL["describe_people"], customer_ids)
    return {row["id"]: CustomerFacts(**row) for row in rows}


async def lock_agents(connection: Connection, ids: Sequence[int]) -> dict[int, LockedAgent]:
    """Lock agents, always before tickets."""
    return {row["id"]: LockedAgent(**row) for row in await connection.fetch(SQL["lock_agents"], ids)}


async def lock_tickets(connection: Connection, ids: Sequence[int]) -> dict[int, LockedTicket]:
    """Lock tickets and read them as they stand now."""
    return {row["id"]: LockedTicket(**row) for row in await connection.fetch(SQL["lock_tickets"], ids)}


async def add_identities(connection: Connection, identities: Sequence[tuple[int, str, str, bool]]) -> None:
    """Add (customer id, kind, value, verified) that nobody owns yet."""
    await connection.execute(SQL["add_identities"], *transposed(identities, 4))


async def touch_customers(connection: Connection, seen: Sequence[tuple[int, str, str]]) -> None:
    """These (customer id, language, name) were heard from now."""
    await connection.execute(SQL["touch_customers"], *transposed(seen, 3))


async def open_tickets(
    connection: Connection, customers: Sequence[NewCustomer], tickets: Sequence[NewTicket]
) -> list[OpenedTicket]:
    """Make customers and open tickets, theirs and others'; returns the tickets in order."""
    owned = [(owner, *one) for owner, customer in enumerate(customers, 1) for one in customer.identities]
    rows = await connection.fetch(
        SQL["open_tickets"],
        *columns(customers, "name", "language"),
        *transposed(owned, 4),
        *columns(tickets, "owner", "customer_id", "channel_id", "subject", "kind", "kind_uncertain", "status", "priority",
                 "language", "queue", "required_language", "required_skills", "last_agent_id", "reply_address",
                 "thread_key", "seq", "last_preview", "why", "heard_at", "preferred_skills", "last_agent_at", "live", "weight",
                 "silence_seconds"),
    )  # fmt: skip
    if len(rows) != len(tickets):
        raise LookupError(
            "a queue of the routing rules is not in the database: start the hub once to make it"
        )
    return [OpenedTicket(**row) for row in rows]


async def append(
    connection: Connection, entries: Sequence[NewEntry], heard_from: Sequence[str] = ()
) -> list[int]:
    """Add entries to the timeline and the ledger; returns their ids in order. `heard_from`: addresses that are reachable."""
    rows = await connection.fetch(
        SQL["append"],
        *columns(entries, "ticket_id", "seq", "customer_id", "channel_id", "kind", "direction", "author_name", "subject",
                 "text", "full_text", "html", "fields", "external_id", "automatic", "warning", "thread_rule", "raw_id",
                 "revises", "occurred_at", "thread_key", "details"),
        heard_from,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def add_refs(connection: Connection, refs: Sequence[tuple[str, str, int]]) -> None:
    """(scope, ref, ticket id): the ticket that an outside reference belongs to."""
    await connection.execute(SQL["add_refs"], *transposed(refs, 3))


async def find_cited(
    connection: Connection, cited: Sequence[tuple[int, str, str]]
) -> dict[tuple[int, str], int]:
    """Tickets by (channel id, external id) of messages that are answered: (channel id, thread key, external id)."""
    rows = await connection.fetch(SQL["find_cited"], *transposed(cited, 3))
    return {(row["channel_id"], row["ref"]): row["ticket_id"] for row in rows}


async def find_said(
    connection: Connection, names: Sequence[tuple[int, str, str]]
) -> dict[tuple[int, str, str], tuple[int, int]]:
    """The entries that these (channel id, thread key, external id) are called: (its id, its ticket's)."""
    rows = await connection.fetch(SQL["find_said"], *transposed(names, 3))
    return {
        (row["channel_id"], row["thread_key"], row["external_id"]): (row["id"], row["ticket_id"])
        for row in rows
    }


async def touch_tickets(connection: Connection, touches: Sequence[TicketTouch]) -> None:
    """Write what messages did to tickets that exist, and agents' loads with them; all are locked before."""
    await connection.execute(
        SQL["touch_tickets"],
        *columns(touches, "id", "seq", "preview", "from_person", "reopen", "release", "reply_address", "heard_at", "live",
                 "silence_seconds"),
    )  # fmt: skip


async def add_decisions(connection: Connection, decisions: Sequence[NewDecision]) -> None:
    """Keep why something was decided."""
    await connection.execute(
        SQL["add_decisions"],
        *columns(decisions, "ticket_id", "step", "queue_id", "agent_id", "priority", "why"),
    )


async def add_blobs(connection: Connection, blobs: Sequence[tuple[bytes, bytes]]) -> None:
    """(SHA-256, bytes), each kept once."""
    await connection.execute(SQL["add_blobs"], *transposed(blobs, 2))


async def add_attachments(connection: Connection, files: Sequence[NewAttachment]) -> None:
    """Keep files; the same bytes once."""
    await add_blobs(connection, [(file.sha256, file.data) for file in files])
    await connection.execute(
        SQL["add_attachments"],
        *columns(files, "interaction_id", "ticket_id", "filename", "content_type", "size", "content_id", "inline",
                 "sha256"),
    )  # fmt: skip


async def holders(connection: Connection, ticket_ids: Sequence[int]) -> list[HolderRow]:
    """Who has these tickets, and how they stand."""
    return [HolderRow(**row) for row in await connection.fetch(SQL["holders"], ticket_ids)]
