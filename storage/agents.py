"""Members of staff as supervisors see and change them. Over sql/agents.sql; whoever changes one holds its lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("agents")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetails:
    """`queues` empty: works on every queue. `calendar` "": no shifts. `version` counts the changes that people made."""

    id: int
    login: str
    name: str
    role: str
    locale: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]
    capacity: int
    load: int
    live_capacity: int
    live_load: int
    calendar: str
    presence: str
    active: bool
    version: int
    queues: tuple[str, ...]


async def list_details(connection: Connection) -> list[AgentDetails]:
    """Everybody, those who left at the end; 2,000 at the most."""
    return [_details(row) for row in await connection.fetch(SQL["list_details"])]


async def details(connection: Connection, agent_id: int) -> AgentDetails | None:
    """One of them."""
    row = await connection.fetchrow(SQL["details"], agent_id)
    return _details(row) if row else None


async def id_of_login(connection: Connection, login: str) -> int | None:
    found: int | None = await connection.fetchval(SQL["id_of_login"], login)
    return found


async def open_tickets_of(connection: Connection, agent_id: int) -> int:
    """Open and pending tickets that are theirs."""
    found: int = await connection.fetchval(SQL["open_tickets_of"], agent_id)
    return found


async def lock(connection: Connection, agent_id: int) -> set[int]:
    """Lock the agent and every active administrator; returns who those administrators are."""
    return {row["id"] for row in await connection.fetch(SQL["lock"], agent_id) if row["administers"]}


async def change(connection: Connection, agent: AgentDetails) -> None:
    """Write everything but the queues; the version is counted on."""
    await connection.execute(
        SQL["change"], agent.id, agent.name, agent.role, agent.locale, list(agent.languages), dict(agent.skills),
        agent.capacity, agent.live_capacity, agent.calendar, agent.active,
    )  # fmt: skip


async def set_password(
    connection: Connection, agent_id: int, password_hash: str, good_for: float | None = None
) -> None:
    """`good_for`: seconds for which it opens the page on which they choose one, where it was made for them."""
    await connection.execute(SQL["set_password"], agent_id, password_hash, good_for)


async def lock_all(connection: Connection) -> None:
    """Nobody else changes anybody meanwhile."""
    await connection.execute(SQL["lock_all"])


async def set_queues(connection: Connection, agent_id: int, queues: Sequence[str]) -> bool:
    """Make the agent a member of these queues and of no other; False where one of them is not in use."""
    await connection.execute(SQL["leave_queues"], agent_id, list(queues))
    known: int = await connection.fetchval(SQL["join_queues"], agent_id, list(queues))
    return known == len(set(queues))


def _details(row: Any) -> AgentDetails:
    return AgentDetails(**{**row, "languages": tuple(row["languages"]), "queues": tuple(row["queues"])})
