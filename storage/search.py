"""Finding tickets, entries, customers and organisations by their lexemes, newest first. Over sql/search.sql.

Ids come first, then what is shown of them: whoever asks looks through the texts in between. The index of words gives everything
that has them, in no order; the timeline gives an order, and nothing else. Which of the two is read is decided here, by what
it costs: see docs/decisions/0029.
"""

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model.permissions import Sight
from hub.model.search_words import TOO_LONG
from storage.database import Connection
from storage.queries import load_queries, numbered
from storage.search_ways import customers, few_tickets, way
from storage.sight import in_sight, organisation_in_sight
from storage.views import SQL as _VIEWS
from storage.views import TicketRow, TimePage

SQL = load_queries("search")

WALK = 2000
"""So many of the newest are looked at whatever they say: a few milliseconds, and enough for every word that one text in a
hundred has."""
FEW = 1000
"""Conditions that leave no more tickets, or customers, than this are read from there."""
LAST = 2**63 - 1
MOST_TEXT = 200_000
"""Characters of a text that are looked through (sql/search.sql)."""
DEEPEST = 1_200_000
"""Characters of one whose words are too many for the index."""
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which tickets. None: any. `assignee` 0: nobody. `since`, `until`: when it was said, for an entry; when it was opened, for
    a ticket. `sight` and `agent_id`: who looks."""

    status: tuple[str, ...] | None = None
    queue: int | None = None
    kind: tuple[str, ...] | None = None
    tag: str | None = None
    assignee: int | None = None
    channels: tuple[int, ...] | None = None
    customers: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    notes: bool = False
    sight: Sight = Sight.ALL
    agent_id: int | None = None

    def asked(self) -> list[tuple[str, Any]]:
        """Each condition of a ticket `t` with its value, which stands for `?`."""
        conditions: list[tuple[str, Any]] = []
        if self.status is not None:
            # Said by name, so that the index of unfinished tickets may be used.
            unfinished = "" if "closed" in self.status else " AND t.status <> 'closed'"
            conditions.append((f"t.status = ANY(?::text[]){unfinished}", list(self.status)))
        if self.queue is not None:
            conditions.append(("t.queue_id = ?::int", self.queue))
        if self.kind is not None:
            conditions.append(("t.kind = ANY(?::text[])", list(self.kind)))
        if self.tag is not None:
            conditions.append(("t.tags <> '{}' AND t.tags @> ARRAY[?::text]", self.tag))
        if self.assignee == 0:
            conditions.append(("t.assignee_id IS NULL AND ?::bigint = 0", 0))
        elif self.assignee is not None:
            conditions.append(("t.assignee_id = ?::bigint", self.assignee))
        if self.channels is not None:
            conditions.append(("t.channel_id = ANY(?::int[])", list(self.channels)))
        if self.customers is not None:
            conditions.append(("t.customer_id = ANY(?::bigint[])", list(self.customers)))
        if self.sight is not Sight.ALL:
            conditions.append((in_sight(self.sight, agent="?::bigint"), self.agent_id))
        return conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHit:
    """An entry of a timeline with what is shown of its ticket. `text`: at most MOST_TEXT characters; `beyond`: what stands
    below them is known by its lexemes alone; `deep`: not even by those (`deep_text`). `files`: names of its files."""

    id: int
    kind: str
    direction: str
    author_name: str
    subject: str
    text: str
    beyond: bool
    deep: bool
    fields: Any
    occurred_at: datetime
    ticket_code: int
    ticket_subject: str
    ticket_status: str
    customer_code: int
    customer_name: str
    channel_kind: str
    channel: str
    files: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHit:
    id: int
    code: int
    name: str
    language: str
    organisation: str
    key_account: bool
    last_seen_at: datetime
    identities: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationHit:
    """`customers`: how many of it there are; from 1000 on that is all that is said."""

    id: int
    code: int
    name: str
    key_account: bool
    customers: int


TICKETS_BY_IDS = _VIEWS["tickets"] + "\nWHERE t.id = ANY($1::bigint[]) ORDER BY t.id DESC"


@dataclass(frozen=True, slots=True)
class _Search:
    """A search under way: what it goes by, and how many ids it gives at once."""

    connection: Connection
    words: str
    conditions: Conditions
    lot: int

    async def all_of(
        self,
        name: str,
        low: int,
        high: int,
        *,
        theirs: str = "",
        ids: Sequence[int] = (),
        months: tuple[int, int] = (0, 0),
    ) -> AsyncIterator[list[int]]:
        """One way, lot after lot, downwards."""
        asked = self.conditions.asked()
        clauses = numbered([clause for clause, _ in asked], 6 if theirs else 5)
        notes = self.conditions.notes and name.startswith("entries")
        text = way(name, clauses, words=bool(self.words), notes=notes, theirs=theirs, months=months)
        arguments = [*([list(ids)] if theirs else []), *(value for _, value in asked)]
        third = WALK if name.endswith("walk") else low
        while True:
            rows = await self.connection.fetch(text, self.words, high, third, self.lot, *arguments)
            found = [row["id"] for row in rows if row["id"] >= low]
            yield found
            if len(found) < self.lot:
                return
            high = found[-1]

    async def few(self) -> tuple[str, Sequence[int]] | None:
        """The column and the numbers to go by, where the conditions leave few customers or tickets."""
        if self.conditions.customers is not None and len(self.conditions.customers) <= FEW:
            return "customer_id", self.conditions.customers
        asked = self.conditions.asked()
        if not asked:
            return None
        text = few_tickets(numbered([clause for clause, _ in asked], 2))
        rows = await self.connection.fetch(text, FEW + 1, *(value for _, value in asked))
        return ("ticket_id", [row["id"] for row in rows]) if len(rows) <= FEW else None


async def entry_ids(
    connection: Connection, words: str, conditions: Conditions, *, before: int = LAST, lot: int = 50
) -> AsyncIterator[list[int]]:
    """Ids of entries below `before`, newest first, in lots of at most `lot`, until there are no more. `words`: a tsquery, or
    "": all that the conditions leave. A lot may be empty."""
    search = _Search(connection, words, conditions, lot)
    lowest, before = bounds(conditions, before)
    few = await search.few()
    if few is not None:
        async for found in search.all_of("entries_of", lowest, before, theirs=few[0], ids=few[1]):
            yield found
        return
    if not words:
        async for found in search.all_of("entries_browse", lowest, before):
            yield found
        return
    # First the newest, which is the end of it for what is frequent.
    walked = await connection.fetchval(SQL["walked_to"], before, WALK)
    async for found in search.all_of("entries_walk", max(lowest, walked or 0), before):
        yield found
    if walked is None or walked <= lowest:
        return
    # Then by the index, month after month and soon many months at once: what is frequent is found before that gets long.
    first = await connection.fetchval(SQL["first_entry"])
    for low, high in slices(max(lowest, first), walked):
        async for found in search.all_of(
            "entries_gather", max(lowest, low), min(high, walked), months=(low, high)
        ):
            yield found


async def ticket_ids(
    connection: Connection, words: str, conditions: Conditions, *, before: int = LAST, lot: int = 50
) -> AsyncIterator[list[int]]:
    """Ids of tickets, opened last first; otherwise as `entry_ids`."""
    search = _Search(connection, words, conditions, lot)
    lowest = 0
    if conditions.since is not None:
        first = await connection.fetchval(SQL["opened_since"], conditions.since)
        lowest = LAST if first is None else first
    if conditions.until is not None:
        last = await connection.fetchval(SQL["opened_before"], conditions.until)
        before = min(before, (last or 0) + 1)
    few = await search.few()
    if few is not None:
        theirs = few[0] if few[0] == "customer_id" else "id"
        async for found in search.all_of("tickets_of", lowest, before, theirs=theirs, ids=few[1]):
            yield found
        return
    if not words:
        async for found in search.all_of("tickets_browse", lowest, before):
            yield found
        return
    walked = await connection.fetchval(SQL["tickets_walked_to"], before, WALK)
    async for found in search.all_of("tickets_walk", max(lowest, walked or 0), before):
        yield found
    if walked is not None and walked > lowest:
        async for found in search.all_of("tickets_gather", lowest, walked):
            yield found


def bounds(conditions: Conditions, before: int) -> tuple[int, int]:
    """From which id on, and below which, entries of that time are."""
    lowest = 0 if conditions.since is None else timeline_floor(conditions.since)
    return lowest, before if conditions.until is None else min(before, timeline_floor(conditions.until))


def slices(lowest: int, high: int) -> Iterator[tuple[int, int]]:
    """Whole months of ids that have those from `lowest` to below `high` in them, newest first: one month, one, two, four…"""
    month = moment_of(high - 1).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    top = timeline_floor((month + timedelta(days=31)).replace(day=1))
    for many in (2**step for step in itertools.count()):
        for _ in range(many // 2):
            month = (month - timedelta(days=1)).replace(day=1)
        low = timeline_floor(month)
        yield low, top
        if low <= lowest:
            return
        top = low


def timeline_floor(at: datetime) -> int:
    """The least id of the timeline at a moment, as the database's function of this name."""
    return max(0, round((at - _EPOCH).total_seconds() * 1000) << 20)


def moment_of(number: int) -> datetime:
    """When an id of the timeline was drawn."""
    return _EPOCH + timedelta(milliseconds=number >> 20)


async def entry_hits(connection: Connection, ids: Sequence[int]) -> list[EntryHit]:
    """What is shown of entries, newest first. Those that are gone are left out."""
    rows = await connection.fetch(SQL["entry_hits"], list(ids), f"'{TOO_LONG}'")
    return [EntryHit(**row) for row in rows]


async def deep_text(connection: Connection, entry_id: int) -> str:
    """The first DEEPEST characters of it; "" where it is gone."""
    return await connection.fetchval(SQL["deep_text"], entry_id) or ""


async def ticket_hits(connection: Connection, ids: Sequence[int]) -> list[TicketRow]:
    """The tickets as in a list, opened last first."""
    return [TicketRow(**row) for row in await connection.fetch(TICKETS_BY_IDS, list(ids))]


async def find_customers(
    connection: Connection, words: str, *, sight: Sight, agent_id: int | None, before: TimePage, limit: int
) -> list[CustomerHit]:
    """Customers, seen last first, those that come after the row `before`. Whoever wrote this very moment is among them too."""
    arguments: list[Any] = [words, *before, limit]
    if sight is not Sight.ALL:
        arguments.append(agent_id)
    found = {
        row["id"]: row["last_seen_at"]
        for row in await connection.fetch(customers(walk=WALK // 4, sight=sight), *arguments)
    }
    if len(found) < limit:
        for row in await connection.fetch(customers(walk=0, sight=sight), *arguments):
            found[row["id"]] = row["last_seen_at"]
    ids = sorted(found, key=lambda one: (found[one], one), reverse=True)[:limit]
    rows = await connection.fetch(SQL["customer_hits"], ids) if ids else []
    return [CustomerHit(**row) for row in rows]


ORGANISATIONS = {
    sight: f"{SQL['find_organisations']}\nAND {organisation_in_sight(sight, agent='$4::bigint', organisation='hit')}"
    "\nORDER BY hit.id DESC LIMIT $3"
    for sight in Sight
}


async def find_organisations(
    connection: Connection, words: str, *, sight: Sight, agent_id: int | None, before: int, limit: int
) -> list[OrganisationHit]:
    """Organisations with an id below `before`, the newest first."""
    who = [] if sight is Sight.ALL else [agent_id]
    found = await connection.fetch(ORGANISATIONS[sight], words, before, limit, *who)
    rows = await connection.fetch(SQL["organisation_hits"], [row["id"] for row in found]) if found else []
    return [OrganisationHit(**row) for row in rows]


async def queue_named(connection: Connection, name: str) -> int | None:
    """The queue of this name or title, in any language."""
    number: int | None = await connection.fetchval(SQL["queue_named"], name)
    return number


async def agent_named(connection: Connection, name: str) -> int | None:
    """Whose login this is; else the first whose name has it in it."""
    number: int | None = await connection.fetchval(SQL["agents_named"], name)
    return number


async def channels_named(connection: Connection, name: str) -> list[int]:
    """The channels of this name or kind."""
    return [row["id"] for row in await connection.fetch(SQL["channels_named"], name)]
