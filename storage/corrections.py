"""What people said tickets are, and the tickets about which nobody is sure. Over sql/corrections.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("corrections")


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedAs:
    """How a ticket is sorted. `why`: the decision with which it was opened, as routing.explain has it. `interaction_id`: what
    the customer said first; None where they said nothing."""

    kind: str
    kind_uncertain: bool
    priority: int
    promised_priority: int | None
    by_hand: list[str]
    language: str
    subject: str
    required_skills: list[str]
    preferred_skills: list[str]
    queue: str
    channel: str
    channel_kind: str
    key_account: bool
    segment: str
    interaction_id: int | None
    why: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """What a ticket was taken for at first, and what it is. The same kind twice: a person said that it was right."""

    id: int
    ticket_code: int
    subject: str
    from_kind: str
    to_kind: str
    uncertain: bool
    model: int
    author: str
    corrected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionRow:
    """How many tickets taken for one kind are of another, or of the same. `said`: a person said so."""

    from_kind: str
    to_kind: str
    said: bool
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainRow:
    ticket_code: int
    subject: str
    kind: str
    customer_name: str
    preview: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRow:
    """A message and what a person said it is. `hint`: what a form claimed, or None."""

    id: int
    kind: str
    subject: str
    text: str
    hint: str | None
    ticket_code: int
    from_kind: str
    model: int
    corrected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnquestionedRow:
    """A message whose ticket was settled without a word about its kind."""

    kind: str
    subject: str
    text: str
    hint: str | None


async def sorted_as(connection: Connection, ticket_id: int) -> SortedAs:
    """Of a ticket under lock."""
    row: Any = await connection.fetchrow(SQL["sorted_as"], ticket_id)
    return SortedAs(**row)


async def sort_otherwise(
    connection: Connection,
    ticket_id: int,
    *,
    kind: str,
    kind_uncertain: bool,
    priority: int,
    promised_priority: int | None,
    queue: str,
    by_hand: Sequence[str],
    required_skills: Sequence[str],
    preferred_skills: Sequence[str],
) -> None:
    """Write how a ticket under lock is sorted."""
    await connection.execute(
        SQL["sort_otherwise"], ticket_id, kind, kind_uncertain, priority, promised_priority, queue, list(by_hand),
        list(required_skills), list(preferred_skills),
    )  # fmt: skip


async def queue_id(connection: Connection, name: str) -> int | None:
    """None for a queue that does not exist, or no more."""
    found: int | None = await connection.fetchval(SQL["queue_id"], name)
    return found


async def add_correction(
    connection: Connection,
    *,
    ticket_id: int,
    interaction_id: int | None,
    from_kind: str,
    to_kind: str,
    uncertain: bool,
    model: int,
    by_agent: int | None,
    author: str,
) -> int:
    """Put on record what a person said; returns its number."""
    made: int = await connection.fetchval(
        SQL["add_correction"],
        ticket_id,
        interaction_id,
        from_kind,
        to_kind,
        uncertain,
        model,
        by_agent,
        author,
    )
    return made


async def list_corrections(connection: Connection, *, days: int, limit: int) -> list[CorrectionRow]:
    """Newest first, one of each ticket."""
    return [CorrectionRow(**row) for row in await connection.fetch(SQL["corrections"], days, limit)]


async def confusion(connection: Connection, days: int) -> list[ConfusionRow]:
    """Of the tickets that were opened in so many days."""
    return [ConfusionRow(**row) for row in await connection.fetch(SQL["confusion"], days)]


async def list_uncertain(connection: Connection, limit: int) -> list[UncertainRow]:
    """Newest first."""
    return [UncertainRow(**row) for row in await connection.fetch(SQL["uncertain"], limit)]


async def count_uncertain(connection: Connection) -> int:
    found: int = await connection.fetchval(SQL["uncertain_count"])
    return found


async def list_answers(connection: Connection, *, after: int, limit: int) -> list[AnsweredRow]:
    """What people said, newest first, of corrections after this number."""
    return [AnsweredRow(**row) for row in await connection.fetch(SQL["answers"], after, limit)]


async def list_unquestioned(connection: Connection, limit: int) -> list[UnquestionedRow]:
    """Newest first."""
    return [UnquestionedRow(**row) for row in await connection.fetch(SQL["unquestioned"], limit)]


async def newest_correction(connection: Connection) -> int:
    """Its number; 0 before there is any."""
    found: int = await connection.fetchval(SQL["newest_correction"])
    return found
