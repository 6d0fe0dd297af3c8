"""The hub's past, read in batches, and simulations of it. Thin typed functions over sql/history.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("history")

KEPT_DAYS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRow:
    """What a customer said since the answer before, and the next answer. `why`: how the ticket was sorted when it came."""

    ticket_id: int
    turn: int
    at: datetime
    answered_at: datetime | None
    answered_by: int | None
    assigned_at: datetime | None
    customer_id: int
    kind: str
    uncertain: bool
    priority: int
    subject: str
    language: str
    channel: str
    channel_kind: str
    queue: str
    required_language: str
    required_skills: list[str]
    preferred_skills: list[str]
    weight: int
    looked_after_by: int | None
    key_account: bool
    why: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    id: int
    login: str
    name: str
    languages: list[str]
    skills: dict[str, int]
    capacity: int
    live_capacity: int
    calendar: str
    queues: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRow:
    at: datetime
    presence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSimulation:
    id: int
    question: dict[str, Any]
    rules_version: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRow:
    """`trouble`: code and params of what stood in the way."""

    id: int
    author: str
    question: dict[str, Any]
    rules_version: int
    state: str
    progress: float
    result: dict[str, Any] | None
    trouble: dict[str, Any] | None
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationEntry:
    """One line of the list. `before`, `after`: weighted share in time, per cent."""

    id: int
    author: str
    question: dict[str, Any]
    rules_version: int
    state: str
    progress: float
    trouble: dict[str, Any] | None
    made_at: datetime
    ended_at: datetime | None
    before: float | None
    after: float | None


async def now(connection: Connection) -> datetime:
    """By the database's clock."""
    at: datetime = await connection.fetchval(SQL["now"])
    return at


async def touched(
    connection: Connection, after: datetime, after_id: int, limit: int
) -> list[tuple[int, datetime]]:
    """(id, touched last) of tickets, in the order in which they were touched last."""
    rows = await connection.fetch(SQL["touched"], after, after_id, limit)
    return [(row["id"], row["updated_at"]) for row in rows]


async def turns(
    connection: Connection, ticket_ids: Sequence[int], since: datetime, until: datetime
) -> list[TurnRow]:
    """Of these tickets, those that began in that time."""
    return [TurnRow(**row) for row in await connection.fetch(SQL["turns"], ticket_ids, since, until)]


async def staff_of_now(connection: Connection) -> list[StaffRow]:
    """All active agents."""
    return [StaffRow(**row) for row in await connection.fetch(SQL["staff_of_now"])]


async def presence_of(
    connection: Connection, agent_id: int, since: datetime, until: datetime
) -> list[PresenceRow]:
    """In order; first what the agent was when the time began, where that is known."""
    return [PresenceRow(**row) for row in await connection.fetch(SQL["presence_of"], agent_id, since, until)]


async def ask(
    connection: Connection,
    *,
    asked_by: int | None,
    author: str,
    question: Mapping[str, Any],
    rules_version: int,
) -> int:
    """The id of a simulation that waits from now on."""
    made: int = await connection.fetchval(SQL["ask"], asked_by, author, question, rules_version)
    return made


async def waiting(connection: Connection) -> int:
    """How many wait."""
    number: int = await connection.fetchval(SQL["waiting"])
    return number


async def claim(connection: Connection, token: UUID, silent_seconds: float) -> ClaimedSimulation | None:
    """The next one to be answered, ours from now on."""
    row = await connection.fetchrow(SQL["claim"], token, silent_seconds)
    return ClaimedSimulation(**row) if row else None


async def hear(connection: Connection, simulation_id: int, token: UUID, progress: float) -> bool:
    """It goes on; False: it is not ours any more."""
    return bool(await connection.fetchval(SQL["hear"], simulation_id, token, progress))


async def finish(connection: Connection, simulation_id: int, token: UUID, result: Mapping[str, Any]) -> None:
    await connection.execute(SQL["finish"], simulation_id, token, result)


async def fail(connection: Connection, simulation_id: int, token: UUID, trouble: Mapping[str, Any]) -> None:
    await connection.execute(SQL["fail"], simulation_id, token, trouble)


async def give_back(connection: Connection, simulation_id: int, token: UUID) -> None:
    """Somebody else may answer it."""
    await connection.execute(SQL["give_back"], simulation_id, token)


async def cancel(connection: Connection, simulation_id: int) -> bool:
    """False where it had ended, or there is none."""
    return bool(await connection.fetchval(SQL["cancel"], simulation_id))


async def simulation(connection: Connection, simulation_id: int) -> SimulationRow | None:
    row = await connection.fetchrow(SQL["simulation"], simulation_id)
    return SimulationRow(**row) if row else None


async def simulations(connection: Connection, limit: int) -> list[SimulationEntry]:
    """The newest first."""
    return [SimulationEntry(**row) for row in await connection.fetch(SQL["simulations"], limit)]


async def tidy(connection: Connection) -> None:
    """Old answers go."""
    await connection.execute(SQL["tidy"], KEPT_DAYS)
