"""What a new house has to do, and whether it is done. Over sql/first_steps.sql."""

from dataclasses import dataclass

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("first_steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    own_password: bool
    colleagues: bool
    channel_up: bool
    heard: bool
    template: bool
    second_step: bool
    backed_up: bool


async def facts(connection: Connection, agent_id: int) -> Facts:
    """As they are for this administrator."""
    row = await connection.fetchrow(SQL["facts"], agent_id)
    assert row is not None
    return Facts(**row)


async def not_needed(connection: Connection) -> set[str]:
    """The steps that nobody needs here, and "all" where the card was put away."""
    return {row["key"] for row in await connection.fetch(SQL["not_needed"])}


async def say_not_needed(connection: Connection, key: str, agent_id: int) -> None:
    await connection.execute(SQL["say_not_needed"], key, agent_id)


async def say_needed(connection: Connection, key: str) -> None:
    await connection.execute(SQL["say_needed"], key)
