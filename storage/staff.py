"""Agents and sessions. Only hashes of secrets come here. Over sql/staff.sql."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries
from storage.views import AgentRow

SQL = load_queries("staff")


async def add_agent(
    connection: Connection,
    *,
    login: str,
    name: str,
    password_hash: str,
    role: str,
    languages: Sequence[str],
    skills: dict[str, int],
    capacity: int,
    live_capacity: int,
    calendar: str,
    locale: str,
    good_for: float | None,
) -> int | None:
    """The new agent's id; None where the login is taken. `good_for`: as in storage.agents.set_password."""
    made: int | None = await connection.fetchval(
        SQL["add_agent"], login, name, password_hash, role, list(languages), skills, capacity, live_capacity, calendar, locale,
        good_for,
    )  # fmt: skip
    return made


async def join_queues(connection: Connection, agent_id: int, queues: Sequence[str]) -> int:
    """Make an agent a member of these queues; returns how many of them there are."""
    return len(await connection.fetch(SQL["join_queues"], agent_id, list(queues)))


async def set_password(connection: Connection, login: str, password_hash: str) -> int | None:
    """The agent's id; None where there is no such login."""
    changed: int | None = await connection.fetchval(SQL["set_password"], login, password_hash)
    return changed


async def end_sessions(connection: Connection, agent_id: int) -> None:
    """Also those that are about to begin: a second step that is waited for."""
    await connection.execute(SQL["end_sessions"], agent_id)


async def password_of(connection: Connection, login: str) -> tuple[int, str, bool] | None:
    """(agent id, hash, whether it was made for them and its days are over) of an active agent."""
    row = await connection.fetchrow(SQL["password_of"], login)
    return (row["id"], row["password_hash"], row["over"]) if row else None


async def rehash(connection: Connection, agent_id: int, old: str, new: str) -> None:
    """The same password under newer parameters; only if it was not changed meanwhile."""
    await connection.execute(SQL["rehash"], agent_id, old, new)


async def session(connection: Connection, token_hash: bytes, idle_seconds: float) -> AgentRow | None:
    """Whose session it is; None where it ended, was idle for too long, or its agent is not active."""
    row: Any = await connection.fetchrow(SQL["session"], token_hash, idle_seconds)
    return AgentRow(**{**row, "languages": tuple(row["languages"])}) if row else None


async def end_session(connection: Connection, token_hash: bytes) -> int | None:
    """Whose it was."""
    owner: int | None = await connection.fetchval(SQL["end_session"], token_hash)
    return owner


async def has_session(connection: Connection, agent_id: int, idle_seconds: float) -> bool:
    found: bool = await connection.fetchval(SQL["has_session"], agent_id, idle_seconds)
    return found


async def tidy_sessions(connection: Connection, idle_seconds: float) -> set[int]:
    """Throw ended sessions away; returns whose they were."""
    return {row["agent_id"] for row in await connection.fetch(SQL["tidy_sessions"], idle_seconds)}


async def set_preferences(
    connection: Connection, agent_id: int, locale: str | None, theme: str | None
) -> bool:
    return await connection.fetchval(SQL["set_preferences"], agent_id, locale, theme) is not None


async def set_keys(connection: Connection, agent_id: int, keys: Mapping[str, Any]) -> bool:
    """Whether there is such an agent. `keys` as hub.model.keys.choose_keys makes them."""
    return await connection.fetchval(SQL["set_keys"], agent_id, dict(keys)) is not None


async def set_presence(
    connection: Connection, agent_id: int, presence: str, *, by_hub: bool, because: str = ""
) -> bool:
    """Whether it changed. Not `by_hub`: somebody says so, whatever is heard of the agent's pages."""
    return await connection.fetchval(SQL["set_presence"], agent_id, presence, by_hub, because) is not None


async def hear_line(connection: Connection, line: UUID, agent_id: int, seconds: float) -> str:
    """A line of this agent's is there; returns what presence they are to have again, where they were taken off line less than
    `seconds` after they were last heard, else ""."""
    return await connection.fetchval(SQL["hear_line"], line, agent_id, seconds) or ""


async def drop_line(connection: Connection, line: UUID, agent_id: int, stale: float) -> None:
    """A line of this agent's, who is locked, ended. Where it was their last, they are unheard from now on; lines not heard of
    for `stale` seconds do not count."""
    await connection.execute(SQL["drop_line"], line, agent_id, stale)


async def notice_unheard(connection: Connection, stale: float) -> None:
    """Forget lines that no hub has spoken of for `stale` seconds."""
    await connection.execute(SQL["notice_unheard"], stale)


async def absent(connection: Connection, lost: float, silent: float, stale: float, because: str) -> list[int]:
    """Take off line whose last line has been gone for `lost` seconds, and who never had one and made no request for `silent`
    seconds; returns who."""
    return [row["id"] for row in await connection.fetch(SQL["absent"], lost, silent, stale, because)]


async def is_active(connection: Connection, agent_id: int) -> bool | None:
    """None where there is no such agent."""
    found: bool | None = await connection.fetchval(SQL["is_active"], agent_id)
    return found
