"""The floor at this moment: what waits, who is here, how today went. Over sql/wallboard.sql; reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("wallboard")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow:
    """`waiting`: open and nobody's. `overdue`: tickets whose answer was due; `next_due`: when the next one is."""

    name: str
    title_en: str
    title_zh: str
    waiting: int
    oldest_since: datetime | None
    in_work: int
    overdue: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsNow:
    """Tickets that wait and ask the same of an agent."""

    queue: str
    language: str
    skills: list[str]
    kind: str
    live: bool
    tickets: int
    oldest_since: datetime | None
    oldest_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOnFloor:
    """`tickets`: open ones in hand; `oldest_since`: of the customers who wait for this agent, who has waited longest.
    `offered_code`: the ticket that they are asked to take until `offered_until`."""

    id: int
    name: str
    presence: str
    presence_since: datetime
    capacity: int
    load: int
    live_capacity: int
    live_load: int
    wrap_until: datetime | None
    offered_code: int | None
    offered_until: datetime | None
    tickets: int
    oldest_since: datetime | None
    oldest_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Tickets answered; promises of an answer that were kept, and those that were not."""

    answered: int
    in_time: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRow:
    """One answer, and the minutes of an agent's time that it took."""

    queue: str
    kind: str
    live: bool
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """Tickets of one sort that wait. `ids`, `since` and `due` go together: minutes from a moment; None: no promise."""

    queue: str
    language: str
    skills: list[str]
    preferred: list[str]
    kind: str
    live: bool
    priority: int
    ids: list[int]
    since: list[float | None]
    due: list[float | None]


async def queues_now(connection: Connection) -> list[QueueNow]:
    """The queues in use."""
    return [QueueNow(**row) for row in await connection.fetch(SQL["queues_now"])]


async def needs_now(connection: Connection) -> list[NeedsNow]:
    """What waits, by what it asks for."""
    return [NeedsNow(**row) for row in await connection.fetch(SQL["needs_now"])]


async def agents_now(connection: Connection) -> list[AgentOnFloor]:
    """Everybody who works here: on line first, then by name."""
    return [AgentOnFloor(**row) for row in await connection.fetch(SQL["agents_now"])]


async def today(connection: Connection, since: datetime) -> Today:
    """How it went since that moment, usually midnight of whoever looks."""
    row: Any = await connection.fetchrow(SQL["today"], since)
    return Today(**row)


async def answered_lately(connection: Connection, seconds: float) -> Sequence[AnsweredRow]:
    """What was answered in the last `seconds`, a thousand at the most."""
    return [AnsweredRow(**row) for row in await connection.fetch(SQL["answered_lately"], seconds)]


async def line_now(connection: Connection, now: datetime) -> list[LineRow]:
    """Everything that waits."""
    return [LineRow(**row) for row in await connection.fetch(SQL["line_now"], now)]
