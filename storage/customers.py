"""Who looks after a customer, and what sort of customer they are. Over sql/customers.sql."""

from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("customers")


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRow:
    """The customer's own values: what their organisation says counts beside them."""

    key_account: bool
    segment: str
    owner_id: int | None
    owner_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedCare:
    id: int
    key_account: bool
    segment: str
    owner_id: int | None


async def lock_care(connection: Connection, code: int) -> LockedCare | None:
    """Locked until the transaction ends; None for an unknown code."""
    row = await connection.fetchrow(SQL["lock_care"], code)
    return LockedCare(**row) if row else None


async def set_care(
    connection: Connection, customer_id: int, *, key_account: bool, segment: str, owner_id: int | None
) -> None:
    await connection.execute(SQL["set_care"], customer_id, key_account, segment, owner_id)


async def care_of(connection: Connection, customer_id: int) -> CareRow:
    row: Any = await connection.fetchrow(SQL["care_of"], customer_id)
    return CareRow(**row)


async def lock_tickets_in_work(connection: Connection, customer_id: int) -> list[int]:
    """The customer's tickets that are open or pending; locked, in order."""
    return [row["id"] for row in await connection.fetch(SQL["lock_tickets_in_work"], customer_id)]


async def segments(connection: Connection) -> list[str]:
    """What customers are called already, the most frequent first."""
    return [row["segment"] for row in await connection.fetch(SQL["segments"])]
