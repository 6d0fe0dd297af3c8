"""What people look at: read models of tickets, timelines, customers, agents and queues, for desk and API.

Reads only. Every list is a keyset page: pass the cursor of the last row back, never an offset.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar

from hub.model.pinyin import sort_key
from hub.model.tickets import TicketStatus
from storage.database import Connection
from storage.queries import load_queries
from storage.side_by_side import side_by_side
from storage.versions import VersionRow, newest_last, versions_of

SQL = load_queries("views")

Row = TypeVar("Row")

TicketScope = Literal["mine", "unassigned", "all"]

TimePage = tuple[datetime, int]
"""The last row of the page before: (its time, its id)."""

MOST_ROWS = 200
"""No page is longer, whatever is asked."""

AT_ONCE = 20_000
"""Characters of each text of an entry that are read with its page (sql/views.sql)."""
MOST_TEXT = 220_000
"""Characters of what is longer, for the last LONG of such entries on a page: a letter may have many megabytes, and a page a
hundred of them. The whole is had one at a time: `whole_text`."""
LONG = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """One line of a ticket list. `waiting_why` is the data of routing.explain while nobody has it; `offered_to`: who may have
    it now, by name. `trouble`: a reply failed, or nobody knows whether it arrived."""

    id: int
    code: int
    subject: str
    kind: str
    kind_uncertain: bool
    status: str
    priority: int
    language: str
    queue: str
    queue_title_en: str
    queue_title_zh: str
    channel: str
    channel_kind: str
    customer_id: int
    customer_code: int
    customer_name: str
    assignee_id: int | None
    assignee_name: str
    offered_to: str
    seq: int
    preview: str
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None
    waiting_why: Any
    reply_address: str
    tags: list[str]
    trouble: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """`scan`: what a virus scanner said (storage.scans), `found` what it calls it; "" where nobody asked."""

    token: str
    interaction_id: int
    filename: str
    content_type: str
    size: int
    inline: bool
    content_id: str
    scan: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierVersion:
    """What an entry said before it was changed."""

    id: int
    text: str
    fields: Any
    occurred_at: datetime
    attachments: tuple[AttachmentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One entry of a timeline. `delivery` is the outbox state of an outbound message ("" for the others), `delivery_detail`
    its error; while `undo_until` lies ahead it has not begun to leave. `external_id` is what the channel calls it. `details`
    are those of a letter (hub.model.details); `sent_to`, `sent_cc` and `sent_bcc` say whom one of ours went to. `revises`: the
    entry of which it is a later version; where those are folded, `text`, `fields` and `attachments` are the newest one's, and
    `earlier` are the others, oldest first. `cut`: of `text` or `full_text` only the beginning is here."""

    id: int
    ticket_id: int
    ticket_code: int
    seq: int
    channel: str
    channel_kind: str
    kind: str
    direction: str
    author_name: str
    agent_id: int | None
    subject: str
    text: str
    full_text: str
    cut: bool
    has_html: bool
    fields: Any
    details: Any
    automatic: str
    warning: str
    thread_rule: str
    external_id: str
    occurred_at: datetime
    created_at: datetime
    revises: int | None
    delivery: str
    delivery_detail: str
    undo_until: datetime | None
    sent_to: str
    sent_cc: Any
    sent_bcc: Any
    attachments: tuple[AttachmentRow, ...] = ()
    earlier: tuple[EarlierVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One routing decision. `step`: classified, assigned, manual or released; `why`: as routing.explain."""

    id: int
    step: str
    queue: str
    agent_name: str
    priority: int | None
    why: Any
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One entry of a ticket's ledger."""

    id: int
    seq: int | None
    kind: str
    agent_name: str
    data: Any
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRow:
    kind: str
    value: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    id: int
    code: int
    name: str
    language: str
    organisation: str
    key_account: bool
    segment: str
    created_at: datetime
    last_seen_at: datetime
    identities: tuple[IdentityRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    id: int
    login: str
    name: str
    role: str
    locale: str
    theme: str
    presence: str
    capacity: int
    load: int
    languages: tuple[str, ...]
    skills: dict[str, int]
    active: bool
    wrapping_seconds: float
    keys: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueName:
    id: int
    name: str
    title_en: str
    title_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow(QueueName):
    waiting: int
    oldest_waiting_since: datetime | None
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """An item that could not be read. Its bytes are kept; `raw_content` fetches them."""

    id: int
    channel: str
    channel_kind: str
    external_key: str
    received_at: datetime
    error: str
    attempts: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledRow:
    """A reply in state failed or uncertain. `at` is when that was settled."""

    id: int
    interaction_id: int
    state: str
    error: str
    attempts: int
    at: datetime
    channel: str
    channel_kind: str
    ticket_code: int
    subject: str
    customer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    id: int
    name: str
    kind: str
    state: str
    state_detail: str
    state_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogRow:
    """What waits now, and for how many seconds the oldest has waited (0 where nothing does)."""

    raw_waiting: int
    raw_oldest_seconds: float
    quarantined: int
    outbox_oldest_seconds: float
    tickets_waiting: int
    ticket_oldest_seconds: float


# The first page starts after a row that can never be, so it needs no query of its own.
START: TimePage = (datetime(9999, 1, 1, tzinfo=UTC), 2**63 - 1)
_LAST_ID = 2**63 - 1

_WHOSE: dict[TicketScope, str] = {
    "mine": "t.assignee_id = $5::bigint",
    "unassigned": "t.assignee_id IS NULL AND $5::bigint IS NULL",
    "all": "$5::bigint IS NULL",
}
_IN_WORK = ("open", "pending")


@cache
def listing(scope: TicketScope, status: tuple[str, ...] = _IN_WORK, *, tagged: bool = False) -> str:
    """One text for each list, so that each has a plan of its own and the index that fits: a plan is made without knowing what
    will be asked. Raises ValueError for a status that there is not."""
    named = ", ".join(f"'{TicketStatus(one).value}'" for one in status)
    return "\n".join(
        (
            SQL["tickets"],
            "WHERE (t.updated_at, t.id) < ($1::timestamptz, $2::bigint)",
            f"AND t.status IN ({named})",
            "AND ($3::text IS NULL OR t.queue_id = (SELECT w.id FROM queue w WHERE w.name = $3))",
            f"AND {_WHOSE[scope]}",
            # By the index of tagged tickets, which are few.
            *(("AND t.tags <> '{}' AND t.tags @> ARRAY[$6::text]",) if tagged else ()),
            "ORDER BY t.updated_at DESC, t.id DESC LIMIT $4",
        )
    )


_TICKET_BY_CODE = SQL["tickets"] + "\nWHERE t.code = $1"
_TICKET_BY_ID = SQL["tickets"] + "\nWHERE t.id = $1"
_TICKETS_OF_CUSTOMER = SQL["tickets"] + "\nWHERE t.customer_id = $1 ORDER BY t.id DESC LIMIT $2"

TICKET_TIMELINE = SQL["timeline"] + "\nWHERE i.ticket_id = $1 AND i.id > $2 ORDER BY i.id LIMIT $3"
LATEST_OF_TICKET = (
    SQL["timeline"]
    + "\nWHERE i.ticket_id = $1 AND i.id < $2 AND i.revises IS NULL ORDER BY i.id DESC LIMIT $3"
)
CUSTOMER_TIMELINE = (
    SQL["timeline"]
    + "\nWHERE i.customer_id = $1 AND i.id < $2 AND i.revises IS NULL ORDER BY i.id DESC LIMIT $3"
)

TICKET_QUERIES = (
    *(listing(scope, tagged=tagged) for scope in _WHOSE for tagged in (False, True)),
    _TICKET_BY_CODE,
    _TICKET_BY_ID,
    _TICKETS_OF_CUSTOMER,
)
TIMELINE_QUERIES = (TICKET_TIMELINE, LATEST_OF_TICKET, CUSTOMER_TIMELINE)
"""Every query that is put together here, for the test that compares columns with fields."""


async def list_tickets(
    connection: Connection,
    *,
    scope: TicketScope,
    agent_id: int | None,
    status: Collection[str] = _IN_WORK,
    queue: str | None = None,
    tag: str = "",
    before: TimePage | None = None,
    limit: int = 50,
) -> list[TicketRow]:
    """A page of tickets, last touched first. `tag`: only those that have it; "" all. "mine" without `agent_id` is
    nobody's list, and empty."""
    if not status or (scope == "mine" and agent_id is None):
        return []
    at, last_id = before or START
    owner = agent_id if scope == "mine" else None
    query = listing(scope, tuple(sorted(set(status))), tagged=bool(tag))
    rows = await connection.fetch(query, at, last_id, queue, _bounded(limit), owner, *([tag] if tag else []))
    return [TicketRow(**row) for row in rows]


async def get_ticket(connection: Connection, code: int) -> TicketRow | None:
    """The ticket with this spoken number (hub.model.codes reads it)."""
    row = await connection.fetchrow(_TICKET_BY_CODE, code)
    return TicketRow(**row) if row else None


async def get_ticket_by_id(connection: Connection, ticket_id: int) -> TicketRow | None:
    """The ticket with this internal id."""
    row = await connection.fetchrow(_TICKET_BY_ID, ticket_id)
    return TicketRow(**row) if row else None


async def ticket_timeline(
    connection: Connection, ticket_id: int, *, after: int = 0, limit: int = 200
) -> list[TimelineRow]:
    """Entries of a ticket with an id greater than `after`, oldest first, with their attachments."""
    rows = await connection.fetch(TICKET_TIMELINE, ticket_id, after, _bounded(limit))
    return await with_attachments(connection, rows)


async def latest_of_ticket(
    connection: Connection, ticket_id: int, *, before: int | None = None, limit: int = 100
) -> list[TimelineRow]:
    """The last entries of a ticket, or the last ones with an id below `before`; oldest first, versions folded."""
    last_id = _LAST_ID if before is None else before
    rows = await connection.fetch(LATEST_OF_TICKET, ticket_id, last_id, _bounded(limit))
    return await folded(connection, rows[::-1])


async def customer_timeline(
    connection: Connection, customer_id: int, *, before: int | None = None, limit: int = 50
) -> list[TimelineRow]:
    """Everything one customer said and was told, over all tickets, newest first, with attachments, versions folded."""
    last_id = _LAST_ID if before is None else before
    rows = await connection.fetch(CUSTOMER_TIMELINE, customer_id, last_id, _bounded(limit))
    return await folded(connection, rows)


async def folded(connection: Connection, rows: Sequence[Any]) -> list[TimelineRow]:
    """Rows of the query "timeline" that are no later versions, with files; each as its newest version says."""
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    async with side_by_side(connection) as also:
        asked = also.ask(versions_of(also.connection, ids))
        files = await _files_of(also.connection, ids)
    later = asked.result()
    if later:
        files |= await _files_of(connection, [one.id for found in later.values() for one in found])
    entries = await _with_more(connection, rows)
    return [_as_now(entry, later.get(entry.id, ()), files) for entry in entries]


def _as_now(
    entry: TimelineRow, later: Sequence[VersionRow], files: Mapping[int, Sequence[AttachmentRow]]
) -> TimelineRow:
    if not later:
        return replace(entry, attachments=tuple(files.get(entry.id, ())))
    first = VersionRow(
        id=entry.id,
        revises=entry.id,
        text=entry.text,
        cut=entry.cut,
        fields=entry.fields,
        occurred_at=entry.occurred_at,
    )
    *earlier, newest = newest_last(first, later)
    return replace(
        entry,
        text=newest.text,
        cut=newest.cut,
        fields=newest.fields,
        attachments=tuple(files.get(newest.id, ())),
        occurred_at=min(one.occurred_at for one in (*earlier, newest)),
        earlier=tuple(
            EarlierVersion(
                id=one.id,
                text=one.text,
                fields=one.fields,
                occurred_at=one.occurred_at,
                attachments=tuple(files.get(one.id, ())),
            )
            for one in earlier
        ),
    )


async def with_attachments(connection: Connection, rows: Sequence[Any]) -> list[TimelineRow]:
    """Rows of the query "timeline" with the files that belong to them."""
    files = await _files_of(connection, [row["id"] for row in rows]) if rows else {}
    entries = await _with_more(connection, rows)
    return [replace(entry, attachments=tuple(files.get(entry.id, ()))) for entry in entries]


async def _with_more(connection: Connection, rows: Sequence[Any]) -> list[TimelineRow]:
    """The rows in their order, with more of the long ones."""
    long = sorted((row["id"] for row in rows if row["cut"]), reverse=True)[:LONG]
    found = await connection.fetch(SQL["more_of"], long) if long else []
    more = {row["id"]: row for row in found}
    return [TimelineRow(**{**row, **more.get(row["id"], {})}) for row in rows]


async def _files_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[AttachmentRow]]:
    files: dict[int, list[AttachmentRow]] = {}
    for row in await connection.fetch(SQL["attachments_of"], ids):
        files.setdefault(row["interaction_id"], []).append(AttachmentRow(**row))
    return files


async def entry_html(connection: Connection, ticket_id: int, interaction_id: int) -> str:
    """The HTML of an entry of this ticket, raw: it must be cleaned before it is shown. "" where there is none."""
    return await connection.fetchval(SQL["entry_html"], interaction_id, ticket_id) or ""


async def whole_text(connection: Connection, ticket_id: int, interaction_id: int) -> bytes | None:
    """All that an entry of this ticket says, UTF-8; None where there is no such entry."""
    found: bytes | None = await connection.fetchval(SQL["whole_text"], interaction_id, ticket_id)
    return found


async def ticket_decisions(connection: Connection, ticket_id: int, *, limit: int = 50) -> list[DecisionRow]:
    """How the ticket came to where it is, newest first."""
    rows = await connection.fetch(SQL["ticket_decisions"], ticket_id, _bounded(limit))
    return [DecisionRow(**row) for row in rows]


async def ticket_events(connection: Connection, ticket_id: int, *, limit: int = 200) -> list[EventRow]:
    """The ticket's ledger, newest first."""
    rows = await connection.fetch(SQL["ticket_events"], ticket_id, _bounded(limit))
    return [EventRow(**row) for row in rows]


async def list_customers(
    connection: Connection,
    *,
    before: TimePage | None = None,
    limit: int = 50,
) -> list[CustomerRow]:
    """A page of customers, last seen first."""
    at, last_id = before or START
    rows = await connection.fetch(SQL["list_customers"], at, last_id, _bounded(limit))
    return await _with_identities(connection, [CustomerRow(**row) for row in rows])


async def these_customers(connection: Connection, ids: Sequence[int]) -> list[CustomerRow]:
    """Those of them that were not merged into others, last seen first."""
    rows = await connection.fetch(SQL["these_customers"], list(ids)) if ids else []
    return await _with_identities(connection, [CustomerRow(**row) for row in rows])


async def get_customer(connection: Connection, customer_id: int) -> CustomerRow | None:
    """One customer with every identity."""
    async with side_by_side(connection) as also:
        asked = also.ask(also.connection.fetchrow(SQL["get_customer"], customer_id))
        known = also.ask(_identities(also.connection, [customer_id]))
    row = asked.result()
    return CustomerRow(**row, identities=tuple(known.result().get(customer_id, ()))) if row else None


async def get_customer_by_code(connection: Connection, code: int) -> CustomerRow | None:
    """The customer with this spoken number."""
    customer_id = await connection.fetchval(SQL["customer_id_of_code"], code)
    return None if customer_id is None else await get_customer(connection, customer_id)


async def _with_identities(connection: Connection, customers: list[CustomerRow]) -> list[CustomerRow]:
    known = await _identities(connection, [customer.id for customer in customers]) if customers else {}
    return [replace(customer, identities=tuple(known.get(customer.id, ()))) for customer in customers]


async def _identities(connection: Connection, customer_ids: Sequence[int]) -> dict[int, list[IdentityRow]]:
    known: defaultdict[int, list[IdentityRow]] = defaultdict(list)
    for row in await connection.fetch(SQL["identities_of"], list(customer_ids)):
        known[row["customer_id"]].append(
            IdentityRow(kind=row["kind"], value=row["value"], verified=row["verified"])
        )
    return known


async def customer_tickets(connection: Connection, customer_id: int, limit: int = 20) -> list[TicketRow]:
    """The customer's tickets in every state, newest first."""
    rows = await connection.fetch(_TICKETS_OF_CUSTOMER, customer_id, _bounded(limit))
    return [TicketRow(**row) for row in rows]


async def list_agents(connection: Connection) -> list[AgentRow]:
    """All agents by name, Chinese ones by their pinyin, those who left (`active` False) too: history names them."""
    agents = [_agent(row) for row in await connection.fetch(SQL["list_agents"])]
    return sorted(agents, key=lambda one: sort_key(one.name))


def _agent(row: Any) -> AgentRow:
    return AgentRow(**{**row, "languages": tuple(row["languages"])})


async def name_queues(connection: Connection) -> list[QueueName]:
    """The queues in use, by what they are called alone: nothing is counted."""
    return _all(QueueName, await connection.fetch(SQL["name_queues"]))


async def list_queues(connection: Connection) -> list[QueueRow]:
    """The queues in use, with what waits in each."""
    return _all(QueueRow, await connection.fetch(SQL["list_queues"]))


async def list_channels(connection: Connection) -> list[ChannelRow]:
    """Every channel that ever was, with its state now ("retired" when it is no longer configured)."""
    return _all(ChannelRow, await connection.fetch(SQL["list_channels"]))


async def list_quarantine(
    connection: Connection, *, before: int | None = None, limit: int = 50
) -> list[QuarantineRow]:
    """Items that could not be read, newest first."""
    last_id = _LAST_ID if before is None else before
    return _all(QuarantineRow, await connection.fetch(SQL["list_quarantine"], last_id, _bounded(limit)))


async def list_troubled(
    connection: Connection, *, before: int | None = None, limit: int = 50
) -> list[TroubledRow]:
    """Replies that failed or may not have arrived, newest first."""
    last_id = _LAST_ID if before is None else before
    return _all(TroubledRow, await connection.fetch(SQL["troubled_deliveries"], last_id, _bounded(limit)))


async def raw_content(connection: Connection, raw_id: int) -> bytes | None:
    """The bytes of one journalled item, exactly as they came."""
    content: bytes | None = await connection.fetchval(SQL["raw_content"], raw_id)
    return content


async def attachment(connection: Connection, token: str) -> tuple[AttachmentRow, int, bytes] | None:
    """The file of this name: what it is, its ticket (the caller asks whether that may be seen), its bytes."""
    if not token.isalnum():
        return None
    row = await connection.fetchrow(SQL["attachment"], token)
    if row is None:
        return None
    described = dict(row)
    ticket_id, data = described.pop("ticket_id"), described.pop("data")
    return AttachmentRow(**described), ticket_id, data


async def backlog(connection: Connection) -> BacklogRow:
    """What waits in the whole hub, for metrics."""
    return _all(BacklogRow, await connection.fetch(SQL["backlog"]))[0]


async def quarantined(connection: Connection) -> int:
    """How many items could not be read."""
    return int(await connection.fetchval(SQL["quarantined"]))


async def outbox_states(connection: Connection) -> dict[str, int]:
    """How many replies are in each state that asks for attention: queued, sending, failed, uncertain."""
    return {row["state"]: row["rows"] for row in await connection.fetch(SQL["outbox_states"])}


def _all(row_type: type[Row], rows: Iterable[Any]) -> list[Row]:
    return [row_type(**row) for row in rows]


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))
