"""Who is on a ticket. Thin typed functions over sql/participants.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("participants")

MOST = 40
"""On one ticket, from letters. Agents may add more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRow:
    """`state`: member (may speak) or copied. `added_by`: the agent who let them in, None where a letter did."""

    kind: str
    value: str
    name: str
    state: str
    added_by: int | None
    added_by_name: str
    added_at: datetime
    undeliverable: bool


async def add_participants(connection: Connection, people: Sequence[tuple[int, str, str, str]]) -> None:
    """(ticket id, address, name, state) as letters name them."""
    await connection.execute(SQL["add_participants"], *transposed(people, 4), MOST)


async def let_in(
    connection: Connection, ticket_id: int, people: Sequence[tuple[str, str]], agent_id: int | None
) -> None:
    """(address, name) may speak in the ticket."""
    await connection.execute(SQL["let_in"], ticket_id, *transposed(people, 2), agent_id)


async def remove_participant(connection: Connection, ticket_id: int, address: str) -> bool:
    """Whether there was one."""
    return await connection.fetchval(SQL["remove_participant"], ticket_id, address) is not None


async def participants_of(connection: Connection, ticket_id: int) -> list[ParticipantRow]:
    """Members first."""
    return [ParticipantRow(**row) for row in await connection.fetch(SQL["participants_of"], ticket_id)]


async def details_in(connection: Connection, interaction_id: int, ticket_id: int) -> Any:
    """The details of a letter that came on this ticket; None where there is no such."""
    return await connection.fetchval(SQL["forwarded_in"], interaction_id, ticket_id)


async def claimed_customer(connection: Connection, name: str, language: str, address: str) -> int:
    """A new customer who is only said to have this address; returns the id."""
    made: int = await connection.fetchval(SQL["claimed_customer"], name, language, address)
    return made


async def give_to_customer(
    connection: Connection, ticket_id: int, customer_id: int, reply_address: str
) -> None:
    """The ticket and its entries are that customer's; it is locked."""
    await connection.execute(SQL["give_to_customer"], ticket_id, customer_id, reply_address)
