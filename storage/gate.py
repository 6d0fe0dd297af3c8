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


async def count(connection: Connection, asked: Sequence[tuple[str, float, int, int, bool]]) -> list[TallyRow]:
    """(key, seconds of its window, how much more, above which nothing late is counted, whether it is late), each key once; in
    the same order. One statement, a transaction by itself."""
    rows = await connection.fetch(SQL["count"], *(list(column) for column in zip(*asked, strict=True)))
    return [TallyRow(**row) for row in rows]


async def look(connection: Connection, asked: Sequence[tuple[str, float]]) -> list[TallyRow]:
    """The same without counting."""
    keys, seconds = zip(*asked, strict=True)
    return [TallyRow(**row) for row in await connection.fetch(SQL["look"], list(keys), list(seconds))]


async def take_once(connection: Connection, mark: str, seconds: float) -> bool:
    """False where it was taken before."""
    return await connection.fetchval(SQL["take_once"], mark, seconds) is not None


async def was_taken(connection: Connection, mark: str) -> bool:
    """Whether it was taken and still counts."""
    return bool(await connection.fetchval(SQL["was_taken"], mark))


async def tidy(connection: Connection) -> None:
    """What is too old to be taken again anyhow, and windows that are over."""
    await connection.execute(SQL["tidy_proofs"])
    await connection.execute(SQL["tidy_counts"])
