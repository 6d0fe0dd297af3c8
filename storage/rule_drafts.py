"""Rules that somebody is changing and has not published, one draft a person. Over sql/rule_drafts.sql."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("rule_drafts")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """`document`: the rules as they are to be; `base_version`: those that they were made from."""

    base_version: int
    document: dict[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """Rules tried on the past: `done` tickets of `total` so far. It runs while there is neither `result` nor `error` (database,
    fault); who does it was last heard of `silent_seconds` ago."""

    fingerprint: str
    days: int
    done: int
    total: int
    result: dict[str, Any] | None
    error: str
    started_at: datetime
    silent_seconds: float


async def draft(connection: Connection, agent_id: int) -> DraftRow | None:
    row = await connection.fetchrow(SQL["draft"], agent_id)
    return DraftRow(**row) if row else None


async def lock_agent(connection: Connection, agent_id: int) -> None:
    """Whoever changes this agent's draft waits, until the transaction ends."""
    await connection.execute(SQL["lock_agent"], agent_id)


async def keep(connection: Connection, agent_id: int, base_version: int, document: Mapping[str, Any]) -> None:
    """The draft is this from now on."""
    await connection.execute(SQL["keep"], agent_id, base_version, document)


async def drop(connection: Connection, agent_id: int) -> None:
    """There is none any more."""
    await connection.execute(SQL["drop"], agent_id)


async def drop_published(connection: Connection, agent_id: int, updated_at: datetime) -> None:
    """There is none any more, unless it was changed again since `updated_at`."""
    await connection.execute(SQL["drop_published"], agent_id, updated_at)


async def begin_trial(
    connection: Connection, agent_id: int, token: UUID, fingerprint: str, days: int
) -> None:
    """One begins; the last one of this person is forgotten."""
    await connection.execute(SQL["begin_trial"], agent_id, token, fingerprint, days)


async def tell_trial(connection: Connection, agent_id: int, token: UUID, done: int, total: int) -> bool:
    """So far it is; False where another one has begun since."""
    return await connection.fetchval(SQL["tell_trial"], agent_id, token, done, total) is not None


async def end_trial(
    connection: Connection, agent_id: int, token: UUID, result: Mapping[str, Any] | None, error: str
) -> None:
    """What came of it, unless another one has begun since."""
    await connection.execute(SQL["end_trial"], agent_id, token, result, error)


async def trial(connection: Connection, agent_id: int) -> TrialRow | None:
    """The last one of this person."""
    row = await connection.fetchrow(SQL["trial"], agent_id)
    return TrialRow(**row) if row else None
