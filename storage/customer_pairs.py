"""Pairs of customers that look like one person. Thin typed functions over sql/customer_pairs.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("customer_pairs")

PairPage = tuple[datetime, int, int]
"""(found, lower id, higher id) of the last one of a page."""
_START: PairPage = (datetime(9999, 1, 1, tzinfo=UTC), 2**63 - 1, 2**63 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """`reason`: claim_meets_proof, same_claim or two_owners; `kind` and `value`: the identity by which they met, ""
    for the last."""

    low_id: int
    high_id: int
    reason: str
    kind: str
    value: str
    found_at: datetime
    low_code: int
    low_name: str
    high_code: int
    high_name: str
    low_tickets: int
    high_tickets: int


async def look(connection: Connection, at_once: int, settled_seconds: float) -> int:
    """Go on from where it was left, and write down what is found; returns how many identities were looked at."""
    mark = await connection.fetchval(SQL["mark"])
    row = await connection.fetchrow(SQL["look"], mark, at_once, settled_seconds)
    if row is None or not row["looked_at"]:
        return 0
    await connection.execute(SQL["set_mark"], row["reached"])
    looked_at: int = row["looked_at"]
    return looked_at


async def add(connection: Connection, pairs: Sequence[tuple[int, int]]) -> None:
    """Messages that prove both. What was decided stays."""
    await connection.execute(SQL["add"], *transposed(pairs, 2))


async def open_pairs(connection: Connection, before: PairPage | None, limit: int) -> list[PairRow]:
    """Those that nobody decided, newest first."""
    rows = await connection.fetch(SQL["open_pairs"], *(before or _START), limit)
    return [PairRow(**row) for row in rows]


async def pair_count(connection: Connection) -> int:
    """How many there are, up to a hundred."""
    found: int = await connection.fetchval(SQL["pair_count"])
    return found


async def decide(
    connection: Connection, one_id: int, other_id: int, verdict: str, *, agent_id: int | None, author: str
) -> None:
    await connection.execute(SQL["decide"], one_id, other_id, verdict, agent_id, author)
