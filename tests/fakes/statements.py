"""What a hub asks of its database, statement by statement."""

from typing import Any

from hub.actions.context import Context
from storage.database import Connection


async def count_statements(ctx: Context) -> list[str]:
    """Their texts, from now on, in a list that grows; of a hub with a pool of one connection."""
    seen: list[str] = []

    def note(record: Any) -> None:
        seen.append(record.query)

    async def listen(connection: Connection) -> None:
        connection.add_query_logger(note)

    await ctx.database.read(listen)
    return seen
