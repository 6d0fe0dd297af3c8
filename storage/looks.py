"""Who looks at which ticket now. Thin typed functions over sql/looks.sql; nothing is decided here."""

from dataclasses import dataclass
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("looks")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """`doing`: viewing, typing or idle."""

    code: int
    agent_id: int
    name: str
    doing: str


async def say(
    connection: Connection, line: UUID, agent_id: int, ticket_id: int | None, doing: str, topic: str
) -> bool:
    """What a page shows and its agent does there; `topic` is notified where that is news, which is returned."""
    changed: int = await connection.fetchval(SQL["say"], line, agent_id, ticket_id, doing, topic)
    return changed > 0


async def all_looks(connection: Connection, stale_seconds: float) -> list[LookRow]:
    """Everybody's, of lines that were heard of since."""
    return [LookRow(**row) for row in await connection.fetch(SQL["all"], stale_seconds)]
