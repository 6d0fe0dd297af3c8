"""Rules that somebody is changing and has not published, one draft a person. Over sql/rule_drafts.sql."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("rule_drafts")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """`document`: the rules as they are to be; `base_version`: those that they were made from."""

    base_version: int
    document: dict[str, Any]
    updated_at: datetime


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
