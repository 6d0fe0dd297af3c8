"""What agents are told. Thin typed functions over sql/notices.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.permissions import Sight
from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("notices")

NewRow = tuple[int, str, str, int | None, str, int]
"""(agent, kind, cause, ticket, params as JSON text, how many it stands for)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """Somebody who can be told something. `queues` empty: works on every queue. `sight`: what tickets there are for them."""

    id: int
    login: str
    name: str
    role: str
    queues: list[int]
    sight: str = Sight.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNamed:
    """A queue that is in use."""

    id: int
    name: str
    title_en: str
    title_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTicket:
    id: int
    assignee_id: int | None
    queue_id: int
    offered_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    id: int
    ticket_id: int
    agent_id: int | None
    author_name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """`agent_id`: who wrote it; None for a program."""

    id: int
    agent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """`ticket_code` and `subject` of the ticket that it is about; `numbers`: ticket codes, where it stands for `many`."""

    id: int
    kind: str
    params: Any
    many: int
    at: datetime
    read_at: datetime | None
    ticket_code: int | None
    subject: str
    numbers: list[int]


async def add(connection: Connection, rows: Sequence[NewRow]) -> int:
    """How many were new."""
    added: int = await connection.fetchval(SQL["add"], *transposed(rows, 6))
    return added


async def fold(
    connection: Connection, counted: Sequence[tuple[int, str, int]], fresh_seconds: float
) -> set[tuple[int, str]]:
    """(agent, kind, how many more): added to a fresh, unread notice that stands for many, where there is one; returns those
    (agent, kind) for whom there was."""
    rows = await connection.fetch(SQL["fold"], *transposed(counted, 3), fresh_seconds)
    return {(row["agent_id"], row["kind"]) for row in rows}


async def staff(connection: Connection) -> list[StaffRow]:
    return [StaffRow(**row) for row in await connection.fetch(SQL["staff"])]


async def queues(connection: Connection) -> list[QueueNamed]:
    return [QueueNamed(**row) for row in await connection.fetch(SQL["queues"])]


async def tickets(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, ToldTicket]:
    rows = await connection.fetch(SQL["tickets"], list(ticket_ids))
    return {row["id"]: ToldTicket(**row) for row in rows}


async def notes(connection: Connection, interaction_ids: Sequence[int]) -> list[NoteRow]:
    """Those of these entries that are notes."""
    return [NoteRow(**row) for row in await connection.fetch(SQL["notes"], list(interaction_ids))]


async def answers(connection: Connection, interaction_ids: Sequence[int]) -> list[AnswerRow]:
    """Those of these entries that are answers to a customer."""
    return [AnswerRow(**row) for row in await connection.fetch(SQL["answers"], list(interaction_ids))]


async def list_notices(
    connection: Connection, agent_id: int, before: tuple[datetime, int], limit: int
) -> list[NoticeRow]:
    """An agent's own, newest first, older than the last row of the page before."""
    return [NoticeRow(**row) for row in await connection.fetch(SQL["list"], agent_id, *before, limit)]


async def unread(connection: Connection, agent_id: int, most: int) -> int:
    """How many were not read, counted up to `most`."""
    found: int = await connection.fetchval(SQL["unread"], agent_id, most)
    return found


async def mark_read(connection: Connection, agent_id: int, notice_id: int | None, topic: str) -> int:
    """One of the agent's own, or all of them; returns how many were not read before. `topic` is notified of them."""
    done: int = await connection.fetchval(SQL["mark_read"], agent_id, notice_id, topic)
    return done


async def mark_ticket_read(connection: Connection, agent_id: int, ticket_code: int, topic: str) -> int:
    """Those of a ticket; otherwise as `mark_read`."""
    done: int = await connection.fetchval(SQL["mark_ticket_read"], agent_id, ticket_code, topic)
    return done


async def muted(connection: Connection, agent_id: int) -> list[str]:
    """Kinds that the agent does not want to hear of."""
    found: list[str] | None = await connection.fetchval(SQL["muted"], agent_id)
    return found or []


async def mute(connection: Connection, agent_id: int, kinds: Sequence[str]) -> bool:
    """Whether there is such an agent."""
    return await connection.fetchval(SQL["mute"], agent_id, list(kinds)) is not None
