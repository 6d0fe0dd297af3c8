"""What public doors count. Thin typed functions over sql/gate.sql."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """How much there was in a window, and in how many seconds it ends."""

    hits: int
    ends_in: float


async def count(connection: Connection, asked: Sequence[tuple[str, float, int]]) -> list[TallyRow]:
    """(key, seconds of its window, how much more), each key once; in the same order."""
    keys, seconds, amounts = zip(*asked, strict=True)
    rows = await connection.fetch(SQL["count"], list(keys), list(seconds), list(amounts))
    return [TallyRow(**row) for row in rows]


async def look(connection: Connection, asked: Sequence[tuple[str, float]]) -> list[TallyRow]:
    """The same without counting."""
    keys, seconds = zip(*asked, strict=True)
    return [TallyRow(**row) for row in await connection.fetch(SQL["look"], list(keys), list(seconds))]


async def take_once(connection: Connection, mark: str, seconds: float) -> bool:
    """False where it was taken before."""
    return await connection.fetchval(SQL["take_once"], mark, seconds) is not None


async def tidy(connection: Connection) -> None:
    """What is too old to be taken again anyhow."""
    await connection.execute(SQL["tidy"])
