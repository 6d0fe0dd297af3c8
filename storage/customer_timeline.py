"""Everything that was said with one customer, through filters. By the customer's index, in pages by id."""

from dataclasses import dataclass
from datetime import datetime

from storage import views
from storage.database import Connection
from storage.queries import load_queries
from storage.views import TimelineRow

SQL = load_queries("customer_timeline")
FILTERED = "\n".join(
    (
        views.SQL["timeline"],
        "WHERE i.customer_id = $1 AND i.id < $2 AND i.id >= $3 AND i.revises IS NULL",
        "AND ($4::text = '' OR ch.name = $4)",
        "AND ($5::text[] = '{}' OR i.kind = ANY($5))",
        "AND ($6::text = '' OR i.direction = $6)",
        "AND ($7::text = '' OR position(lower($7) IN lower(i.text)) > 0",
        "OR position(lower($7) IN lower(i.subject)) > 0)",
        "ORDER BY i.id DESC LIMIT $8",
    )
)
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFilter:
    """What is shown; empty shows all. `kinds` of interactions; `since` and `until` by when the hub got to know."""

    channel: str = ""
    kinds: tuple[str, ...] = ()
    direction: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.channel or self.kinds or self.direction or self.text or self.since or self.until)


async def filtered(
    connection: Connection,
    customer_id: int,
    wanted: TimelineFilter,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[TimelineRow]:
    """A page, newest first, of ids below `before`; with attachments."""
    last = await _floor(connection, wanted.until) if wanted.until is not None else _LAST_ID
    first = await _floor(connection, wanted.since) if wanted.since is not None else 0
    rows = await connection.fetch(
        FILTERED,
        customer_id,
        min(last, _LAST_ID if before is None else before),
        first,
        wanted.channel,
        list(wanted.kinds),
        wanted.direction,
        wanted.text,
        max(1, min(limit, views.MOST_ROWS)),
    )
    return await views.folded(connection, rows)


async def channels_of(connection: Connection, customer_id: int) -> list[tuple[str, str]]:
    """(name, kind)"""
    return [(row["name"], row["kind"]) for row in await connection.fetch(SQL["channels_of"], customer_id)]


async def _floor(connection: Connection, at: datetime) -> int:
    found: int = await connection.fetchval(SQL["floor"], at)
    return found
