"""Reads that do not wait for each other, in one trip to Postgres.

What several readers ask at the same moment goes out as one statement, each query as a column of it, and is answered from one
snapshot. The readers are the ordinary functions of this room: they are handed a connection that waits for the others. A trip
costs more processor time than most of our reads themselves; a page that would make fifty makes five.

    async with side_by_side(connection) as also:
        links = also.ask(threads.ticket_links(also.connection, ticket_id))
        people = also.ask(participants.participants_of(also.connection, ticket_id))
    show(links.result(), people.result())

Only for queries that write nothing: a statement that writes cannot be a column.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from storage.database import Connection

T = TypeVar("T")

Answer = Sequence[Any]
"""The rows of one query: mappings from column to value."""

_PARAMETER = re.compile(r"\$(\d+)")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)

_TURNS = 3
"""Turns of the loop without another question after which none is expected."""

_columns: dict[str, tuple[str, ...]] = {}
"""What the columns of a query are called, by its text: rows inside a row come without names. Learned once in each process; the
texts are those of this program."""


class SideBySide:
    """Readers that were sent off together."""

    def __init__(self, connection: Connection) -> None:
        self._own = not isinstance(connection, _Trips)
        self._trips = connection if isinstance(connection, _Trips) else _Trips(connection)
        self._readers: list[asyncio.Task[Any]] = []

    @property
    def connection(self) -> Connection:
        """To read through. It can fetch, and nothing else."""
        return cast("Connection", self._trips)

    def ask(self, reading: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin to read. The answer is there at the end of the block at the latest; inside, it can be awaited."""
        task = asyncio.create_task(reading)
        self._readers.append(task)
        return task

    async def wait(self) -> None:
        """Until all have been answered, also those that are sent off meanwhile. Raises what the first of them raised."""
        done = 0
        while done < len(self._readers):
            lot = self._readers[done:]
            done += len(lot)
            await asyncio.gather(*lot)

    async def stop(self) -> None:
        """Nobody reads any more. The connection is free, unless these were readers among others."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._own:
            await self._trips.stop()


@asynccontextmanager
async def side_by_side(connection: Connection) -> AsyncIterator[SideBySide]:
    """A block in which reads are asked for together; all have been answered at its end. Inside another such block its reads go
    with those of that one."""
    readers = SideBySide(connection)
    try:
        yield readers
        await readers.wait()
    finally:
        await readers.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    query: str
    values: tuple[Any, ...]
    answer: "asyncio.Future[Answer]"


class _Trips:
    """Looks like a connection to readers, as far as they fetch. One trip at a time is under way; what is asked meanwhile goes
    with the next one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked: list[_Asked] = []
        self._going: asyncio.Task[None] | None = None

    async def fetch(self, query: str, *values: Any) -> Answer:
        asked = _Asked(query=query, values=values, answer=asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._going is None:
            self._going = asyncio.create_task(self._go())
        return await asked.answer

    async def fetchrow(self, query: str, *values: Any) -> Any:
        rows = await self.fetch(query, *values)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *values: Any) -> Any:
        rows = await self.fetch(query, *values)
        return next(iter(rows[0].values())) if rows else None

    async def stop(self) -> None:
        if self._going is not None:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)

    async def _go(self) -> None:
        try:
            while lot := await self._everybody():
                try:
                    answers = await _answer(self._connection, lot)
                except Exception as error:  # noqa: BLE001 - it is the readers' to raise
                    for one in lot:
                        if not one.answer.done():
                            one.answer.set_exception(error)
                    return
                for one, answer in zip(lot, answers, strict=True):
                    if not one.answer.done():
                        one.answer.set_result(answer)
        finally:
            self._going = None

    async def _everybody(self) -> list[_Asked]:
        """What is asked, as soon as all who can ask now have done so: a reader may first send off readers of its own."""
        quiet, before = 0, -1
        while quiet < _TURNS:
            quiet = quiet + 1 if len(self._asked) == before else 0
            before = len(self._asked)
            await asyncio.sleep(0)
        lot = [one for one in self._asked if not one.answer.done()]
        self._asked.clear()
        return lot


async def _answer(connection: Connection, lot: Sequence[_Asked]) -> list[Answer]:
    if len(lot) == 1:
        return [await connection.fetch(lot[0].query, *lot[0].values)]
    for one in lot:
        if one.query not in _columns:
            prepared = await connection.prepare(one.query)
            _columns[one.query] = tuple(attribute.name for attribute in prepared.get_attributes())
    statement = as_one(tuple((one.query, len(one.values)) for one in lot))
    row = await connection.fetchrow(statement, *(value for one in lot for value in one.values))
    assert row is not None
    return [
        [dict(zip(_columns[one.query], found, strict=True)) for found in column]
        for one, column in zip(lot, row, strict=True)
    ]


@lru_cache(maxsize=1024)
def as_one(queries: tuple[tuple[str, int], ...]) -> str:
    """One statement with a column for each query: its rows, in order. Each comes with how many parameters it has.

    >>> print(as_one((("SELECT a FROM t WHERE b = $1", 1), ("SELECT c FROM u WHERE d = $1", 1))))
    SELECT ARRAY(SELECT q FROM (
    SELECT a FROM t WHERE b = $1
    ) q), ARRAY(SELECT q FROM (
    SELECT c FROM u WHERE d = $2
    ) q)
    """
    columns, before = [], 0
    for query, many in queries:
        text = _PARAMETER.sub(lambda found: f"${int(found[1]) + before}", _COMMENT.sub("", query))  # noqa: B023 - used at once
        columns.append(f"ARRAY(SELECT q FROM (\n{text}\n) q)")  # noqa: S608 - the texts are our own
        before += many
    return f"SELECT {', '.join(columns)}"
