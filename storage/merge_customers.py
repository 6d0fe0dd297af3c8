"""Two customers that are one person. Thin typed functions over sql/merge_customers.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("merge_customers")
_AT_ONCE = 500
"""Tickets whose entries are re-written in one statement: each stays within its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    id: int
    customer_id: int
    kind: str
    value: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedCustomer:
    """`said`: what the row, its fields and its hold say, as one document."""

    id: int
    code: int
    merged_into: int | None
    anonymised: bool
    said: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMerge:
    id: int
    kept_id: int
    gone_id: int
    kept_code: int
    gone_code: int
    kept_was: Any
    kept_became: Any
    merged_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeShown:
    """One that is part of what a customer is."""

    id: int
    gone_code: int
    gone_name: str
    by_name: str
    merged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    tickets: int
    in_work: int
    tasks: int


async def ids_of(connection: Connection, codes: Sequence[int]) -> dict[int, int]:
    """Code to id, of those that there are."""
    return {row["code"]: row["id"] for row in await connection.fetch(SQL["look"], list(codes))}


async def identities(connection: Connection, customer_ids: Sequence[int]) -> list[KnownIdentity]:
    return [KnownIdentity(**row) for row in await connection.fetch(SQL["identities"], list(customer_ids))]


async def lock_tickets(connection: Connection, customer_id: int) -> dict[int, bool]:
    """Every ticket of the customer, locked in order: whether it is open or pending."""
    return {row["id"]: row["in_work"] for row in await connection.fetch(SQL["lock_tickets"], customer_id)}


async def lock(connection: Connection, customer_ids: Sequence[int]) -> dict[int, LockedCustomer]:
    rows = await connection.fetch(SQL["lock"], list(customer_ids))
    return {row["id"]: LockedCustomer(**row) for row in rows}


async def add(
    connection: Connection,
    *,
    kept_id: int,
    gone_id: int,
    kept_was: Any,
    kept_became: Any,
    agent_id: int | None,
    by_name: str,
) -> int:
    """The record; returns its id."""
    made: int = await connection.fetchval(
        SQL["add"], kept_id, gone_id, kept_was, kept_became, agent_id, by_name
    )
    return made


async def take(
    connection: Connection, merge_id: int, *, gone_id: int, kept_id: int, tickets: Sequence[int]
) -> None:
    """Everything of `gone_id` is `kept_id`'s, and on record. `tickets`: all that it has."""
    await give_tickets(connection, tickets, kept_id)
    await connection.execute(SQL["record_tickets"], merge_id, list(tickets))
    for name in ("take_identities", "take_tasks", "take_deliveries"):
        await connection.execute(SQL[name], merge_id, gone_id, kept_id)
    await connection.execute(SQL["take_hold"], gone_id, kept_id)
    await connection.execute(SQL["lead"], gone_id, kept_id)


async def give_tickets(connection: Connection, tickets: Sequence[int], customer_id: int) -> None:
    """These tickets, with all that was said in them, are that customer's."""
    for at in range(0, len(tickets), _AT_ONCE):
        await connection.execute(SQL["take_tickets"], list(tickets[at : at + _AT_ONCE]), customer_id)


async def say(connection: Connection, customer_id: int, said: Any) -> None:
    """As `LockedCustomer.said`."""
    await connection.execute(SQL["say"], customer_id, said)


async def merge_of(connection: Connection, merge_id: int) -> CustomerMerge | None:
    row = await connection.fetchrow(SQL["merge_of"], merge_id)
    return CustomerMerge(**row) if row else None


async def merges_of(connection: Connection, customer_id: int) -> list[MergeShown]:
    """What made the customer what they are, newest first."""
    return [MergeShown(**row) for row in await connection.fetch(SQL["merges_of"], customer_id)]


async def end(connection: Connection, merge_id: int, by_name: str) -> bool:
    """False where it was undone already."""
    return await connection.fetchval(SQL["end"], merge_id, by_name) is not None


async def tickets_back(connection: Connection, merge: CustomerMerge) -> dict[int, bool]:
    """Those that go back, locked in order: whether each is open or pending."""
    rows = await connection.fetch(SQL["tickets_back"], merge.id, merge.kept_id, merge.merged_at)
    return {row["id"]: row["in_work"] for row in rows}


async def give_back(connection: Connection, merge: CustomerMerge, tickets: Sequence[int]) -> None:
    """What came goes; `tickets` as `tickets_back` has them."""
    await give_tickets(connection, tickets, merge.gone_id)
    await connection.execute(SQL["rows_back"], merge.id, merge.kept_id, merge.gone_id)
    await connection.execute(SQL["tasks_of_tickets_back"], list(tickets), merge.kept_id, merge.gone_id)
    if merge.kept_was["hold"] is None:
        await connection.execute(SQL["drop_hold"], merge.kept_id, merge.gone_id)
    await connection.execute(SQL["lead"], merge.gone_id, None)


async def counts(connection: Connection, customer_id: int) -> Counts:
    row = await connection.fetchrow(SQL["counts"], customer_id)
    assert row is not None, "a query without FROM has a row"
    return Counts(**row)


async def settle_pair(
    connection: Connection, one_id: int, other_id: int, verdict: str, *, agent_id: int | None, author: str
) -> None:
    """What was said of the two, if they were found to look like one."""
    await connection.execute(SQL["settle_pair"], one_id, other_id, verdict, agent_id, author)
