"""What delivery reports say of our letters. Thin typed functions over sql/reports.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRow:
    """A letter of ours. `address` is to whom it went, `copies` who else got it; in lower case. `by_hand`: a person or a program
    wrote it, and not the hub by itself."""

    id: int
    ticket_id: int
    interaction_id: int
    message_id: str
    relay_id: str
    state: str
    by_hand: bool
    address: str
    copies: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliverableRow:
    """An address at which a letter failed for good. `status` is an RFC 3463 code or ""."""

    address: str
    status: str
    reason: str
    since: datetime


async def posted(
    connection: Connection, message_ids: Sequence[str], ticket_ids: Sequence[int]
) -> list[PostedRow]:
    """Letters of ours with these Message-IDs, and the last ones of these tickets; newest first. The tickets are locked."""
    return [PostedRow(**row) for row in await connection.fetch(SQL["posted"], message_ids, ticket_ids)]


async def write_reports(
    connection: Connection,
    *,
    told: Sequence[tuple[int, str, str, str, str, int]],
    settled: Sequence[tuple[int, str, str]],
    failing: Sequence[tuple[str, str, str]],
    good: Sequence[str],
) -> None:
    """(interaction, address, outcome, status, reason, the report's entry); (outbox id, state, error); addresses that are no use
    (address, status, reason); addresses at which something arrived."""
    await connection.execute(
        SQL["write_reports"], *transposed(told, 6), *transposed(settled, 3), *transposed(failing, 3), good
    )


async def undeliverable(connection: Connection, addresses: Sequence[str]) -> list[UndeliverableRow]:
    """Those of these addresses at which letters fail."""
    rows = await connection.fetch(SQL["undeliverable"], [one.lower() for one in addresses])
    return [UndeliverableRow(**row) for row in rows]
