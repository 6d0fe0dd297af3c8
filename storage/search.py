"""Finding tickets, entries, customers and organisations by their lexemes, newest first. Over sql/search.sql.

Ids come first, then what is shown of them: whoever asks looks through the texts in between. The index of words gives everything
that has them, in no order; the timeline gives an order, and nothing else. Which of the two is read is decided here, by what
it costs: see docs/decisions/0029.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from hub.model.permissions import Sight
from storage.database import Connection
from storage.queries import load_queries
from storage.sight import in_sight
from storage.views import START, TicketRow, TimePage
from storage.views import SQL as _VIEWS

SQL = load_queries("search")

WALK = 2000
"""So many of the newest are looked at whatever they say: a few milliseconds, and enough for every word that one text in a hundred
has."""
FEW = 1000
"""Conditions that leave no more tickets, or customers, than this are read from there."""
LAST = 2**63 - 1
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)

Things = Literal["entries", "tickets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which tickets. None: any. `assignee` 0: nobody. `since`, `until`: when it was said, for an entry; when it was opened, for a
    ticket. `sight` and `agent_id`: who looks."""

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

    @property
    def any(self) -> bool:
        """Whether tickets have to be looked at at all."""
        asked = (self.status, self.queue, self.kind, self.tag, self.assignee, self.channels, self.customers)
        return any(one is not None for one in asked) or self.sight is not Sight.ALL

    def arguments(self) -> list[Any]:
        """$5 to $12."""
        return [
            _list(self.status), self.queue, _list(self.kind), self.tag, self.assignee, _list(self.channels),
            _list(self.customers), self.agent_id,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHit:
    """An entry of a timeline with what is shown of its ticket. `files`: names of its files."""

    id: int
    kind: str
    direction: str
    author_name: str
    subject: str
    text: str
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


@cache
def query(way: str, *, words: bool, conditions: bool, notes: bool = False, sight: Sight = Sight.ALL) -> str:
    """The text of one way to find ids: entries_walk, entries_gather, entries_of_tickets, entries_of_customers, tickets_walk,
    tickets_gather, tickets_browse. One text for each, so that each has a plan of its own."""
    parts, where = [SQL[way]], ["$1::text IS NOT NULL"]
    if way in ("entries_walk", "entries_gather") and (conditions or notes):
        parts.append(SQL["entry_tickets"])
    if conditions:
        where += [SQL["conditions"], in_sight(sight, agent="$12::bigint")]
    if notes:
        where.append("i.direction = 'internal'")
    if words and not way.endswith("gather"):
        where.append("s.words @@ $1::text::tsquery")
    if way == "tickets_browse":
        where.append("s.id < $2::bigint AND s.id >= $3::bigint")
    return "\n".join((*parts, "WHERE", "\nAND ".join(where), "ORDER BY s.id DESC LIMIT $4::bigint"))


FEW_TICKETS = {
    sight: "\n".join(
        (SQL["some_tickets"], "WHERE", SQL["conditions"], "AND", in_sight(sight, agent="$12::bigint"), "LIMIT $4::bigint")
    )
    for sight in Sight
}
FIND_CUSTOMERS = {
    sight: "\n".join(
        (
            SQL["find_customers"],
            "" if sight is Sight.ALL else
            f"AND EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = cu.id AND {in_sight(sight, agent='$5::bigint')})",
            "ORDER BY cu.last_seen_at DESC, cu.id DESC LIMIT $4",
        )
    )
    for sight in Sight
}  # fmt: skip
TICKETS_BY_IDS = _VIEWS["tickets"] + "\nWHERE t.id = ANY($1::bigint[]) ORDER BY t.id DESC"


async def entry_ids(
    connection: Connection, words: str, conditions: Conditions, *, before: int = LAST, lot: int = 50
) -> AsyncIterator[list[int]]:
    """Ids of entries below `before`, newest first, in lots of at most `lot`, until there are no more. `words`: a tsquery, or
    "": all that the conditions leave. A lot may be empty."""
    lowest, before = bounds(conditions, before)
    few = await _few(connection, conditions)
    if few is not None:
        way, given = few
        async for found in _all_of(connection, way, words, conditions, (lowest, before), lot, *given):
            yield found
        return
    # First the newest, which is the end of it for what is frequent.
    walked = await connection.fetchval(SQL["walked_to"], before, WALK)
    async for found in _all_of(connection, "entries_walk", words, conditions, (lowest, before), lot):
        yield found
    if walked is None or walked <= lowest:
        return
    # Then by the index, month after month and soon many months at once: what is frequent is found before that gets long.
    first = await connection.fetchval(SQL["first_entry"])
    way = "entries_gather" if words else "entries_walk"
    for low, high in slices(max(lowest, first), walked):
        async for found in _all_of(connection, way, words, conditions, (low, high), lot):
            yield found


async def _all_of(
    connection: Connection,
    way: str,
    words: str,
    conditions: Conditions,
    between: tuple[int, int],
    lot: int,
    *more: Any,
) -> AsyncIterator[list[int]]:
    """Lot after lot of one way, downwards."""
    low, high = between
    asked = conditions.any
    text = query(way, words=bool(words), conditions=asked, notes=conditions.notes, sight=conditions.sight)
    third = WALK if way.endswith("walk") else low
    arguments = [*conditions.arguments(), *more] if asked else []
    while True:
        rows = await connection.fetch(text, words, high, third, lot, *arguments)
        found = [row["id"] for row in rows if row["id"] >= low]
        yield found
        if len(found) < lot:
            return
        high = found[-1]
