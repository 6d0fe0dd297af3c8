"""Telling whoever opened a ticket its number. Thin typed functions over sql/acknowledge.sql."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.columns import columns, transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("acknowledge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """One that is wished for. `message` is JSON text, as the outbox keeps it. `limits`: (key, seconds, how many)."""

    ticket_id: int
    channel_id: int
    customer_id: int
    message: str
    message_id: str
    subject: str
    text: str
    limits: Sequence[tuple[str, float, int]]


async def acknowledge(connection: Connection, wishes: Sequence[Acknowledgement], topic: str) -> int:
    """Put those that the limits allow into the outbox and on the timelines; returns how many. `topic` is notified of them."""
    limits = [(place, *limit) for place, wish in enumerate(wishes, 1) for limit in wish.limits]
    granted: int = await connection.fetchval(
        SQL["acknowledge"],
        *columns(
            wishes, "ticket_id", "channel_id", "customer_id", "message", "message_id", "subject", "text"
        ),
        *transposed(limits, 4),
        topic,
    )
    return granted
