"""Tickets that nobody works on: given back, handed over, moved on, unplaceable. Thin typed functions over sql/floor.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("floor")

Minutes = Mapping[str, int]
"""By queue; 0: never."""

Step = tuple[str, str, int]
"""From a queue, to another, after so many minutes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftRow:
    """An open ticket whose agent is gone, for so many minutes, or is not active any more."""

    id: int
    agent_id: int
    agent_name: str
    active: bool
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredRow:
    """Tickets whose customers wait for one agent, who is here, and which ask the same of whoever takes them."""

    ids: list[int]
    agent_id: int
    agent_name: str
    queue: str
    language: str
    skills: list[str]
    live: bool
    weight: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    id: int
    name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRow:
    id: int
    source: str
    target: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SortRow:
    """What waits and asks for the same."""

    queue: str
    language: str
    skills: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplaceableRow:
    """A waiting ticket that nobody at all can take. `why`: as it was last looked at (routing.explain), or None."""

    id: int
    code: int
    subject: str
    queue: str
    title_en: str
    title_zh: str
    waiting_since: datetime
    why: Any


async def leavers(connection: Connection, minutes: Minutes) -> list[int]:
    """Agents who hold open tickets that are to go back now, unlocked."""
    return [row["id"] for row in await connection.fetch(SQL["leavers"], *_by_queue(minutes))]


async def left_behind(
    connection: Connection, minutes: Minutes, agent_ids: Sequence[int], limit: int
) -> list[LeftRow]:
    """What of these agents, who are locked, is to go back now, at most so many tickets."""
    rows = await connection.fetch(SQL["left_behind"], *_by_queue(minutes), list(agent_ids), limit)
    return [LeftRow(**row) for row in rows]


async def next_leaving(connection: Connection, minutes: Minutes) -> float | None:
    """Seconds until the next ticket goes back from somebody who is off line."""
    seconds: float | None = await connection.fetchval(SQL["next_leaving"], *_by_queue(minutes))
    return seconds


async def unanswered(connection: Connection, minutes: Minutes) -> list[UnansweredRow]:
    """Whose customers have waited too long for an agent who is here, unlocked."""
    return [UnansweredRow(**row) for row in await connection.fetch(SQL["unanswered"], *_by_queue(minutes))]


async def next_unanswered(connection: Connection, minutes: Minutes) -> float | None:
    """Seconds until the next customer has waited too long."""
    seconds: float | None = await connection.fetchval(SQL["next_unanswered"], *_by_queue(minutes))
    return seconds


async def release(
    connection: Connection, given: Sequence[tuple[int, int, str]], because: str, *, not_again: bool
) -> int:
    """(ticket id, agent id, why as JSON text) back to the queue; returns how many were still theirs. The agents are locked."""
    released: int = await connection.fetchval(SQL["release"], *transposed(given, 3), because, not_again)
    return released


async def lock_agents(connection: Connection, agent_ids: Sequence[int]) -> dict[int, Agent]:
    """Those of these that exist, locked."""
    rows = await connection.fetch(SQL["agent_of_hand_over"], list(agent_ids))
    return {row["id"]: Agent(**row) for row in rows}


async def hand_over(
    connection: Connection, from_agent: int, to_agent: int | None, why: Any, by: int | None
) -> int:
    """Everything unfinished; returns how much there was. Both agents are locked."""
    moved = await connection.fetch(SQL["hand_over"], from_agent, to_agent, why, by)
    if to_agent is not None and moved:
        pairs = transposed([(row["ticket_id"], row["decision_id"]) for row in moved], 2)
        await connection.execute(SQL["begin_assignments"], *pairs, to_agent)
    return len(moved)


async def overflowing(connection: Connection, steps: Sequence[Step]) -> list[OverflowRow]:
    """Which waiting tickets go on in another queue now, unlocked."""
    return [OverflowRow(**row) for row in await connection.fetch(SQL["overflowing"], *transposed(steps, 3))]


async def next_overflow(connection: Connection, steps: Sequence[Step]) -> float | None:
    """Seconds until the next one does."""
    seconds: float | None = await connection.fetchval(SQL["next_overflow"], *transposed(steps, 3))
    return seconds


async def overflow(connection: Connection, moved: Sequence[tuple[int, str, str, str]]) -> list[int]:
    """(ticket id, from, to, why as JSON text); returns those that still waited there."""
    return [row["id"] for row in await connection.fetch(SQL["overflow"], *transposed(moved, 4))]


async def waiting_sorts(connection: Connection) -> list[SortRow]:
    """What waits, by what it asks for."""
    return [SortRow(**row) for row in await connection.fetch(SQL["waiting_sorts"])]


async def say_unplaceable(connection: Connection, sorts: Sequence[SortRow]) -> int:
    """Say once of each waiting ticket of these sorts that nobody can take it; returns of how many it was said now."""
    said: int = await connection.fetchval(SQL["say_unplaceable"], *_of_sorts(sorts))
    return said


async def placeable_again(connection: Connection, sorts: Sequence[SortRow]) -> None:
    """Somebody can take these sorts."""
    await connection.execute(SQL["placeable_again"], *_of_sorts(sorts))


async def unplaceable(connection: Connection, limit: int = 100) -> list[UnplaceableRow]:
    """Waiting tickets that nobody at all can take, the oldest first."""
    return [UnplaceableRow(**row) for row in await connection.fetch(SQL["unplaceable"], limit)]


def _by_queue(minutes: Minutes) -> tuple[list[str], list[int]]:
    return list(minutes), list(minutes.values())


def _of_sorts(sorts: Sequence[SortRow]) -> list[list[Any]]:
    return transposed([(one.queue, one.language, ",".join(one.skills)) for one in sorts], 3)
