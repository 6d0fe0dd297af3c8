"""A line to Postgres on which COMMIT is done, and its answer never arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from hub.actions.context import Context
from tests.fakes.scene import a_hub
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.proxy import Proxy, Way


class Unanswered(Proxy):
    """Each of the next `to_lose` commits is kept, and the line on which it was asked for ends in place of the answer. `after`:
    only on a line that these words went along, from when they did."""

    def __init__(self, database_dsn: str) -> None:
        super().__init__(path=socket_of(database_dsn))
        self.to_lose = 0
        self.after = b""
        self._spoken, self._asked = set[asyncio.StreamWriter](), set[asyncio.StreamWriter]()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, line: asyncio.StreamWriter
    ) -> None:
        heard = cast("asyncio.StreamReader", _Ear(self, reader, up=way is self.up, line=line))
        await super()._pump(heard, writer, way, line)

    def hears(self, data: bytes, line: asyncio.StreamWriter, *, up: bool) -> bytes:
        """What is carried of it; nothing ends the line."""
        if up and self.to_lose and self.after in data:
            self._spoken.add(line)
        if up and self.to_lose and line in self._spoken and b"COMMIT;" in data:
            self.to_lose -= 1
            self._asked.add(line)
        return b"" if not up and line in self._asked else data


class _Ear:
    def __init__(self, proxy: Unanswered, reader: asyncio.StreamReader, **where: Any) -> None:
        self._proxy, self._reader, self._where = proxy, reader, where

    async def read(self, most: int) -> bytes:
        return self._proxy.hears(await self._reader.read(most), **self._where)


@asynccontextmanager
async def a_hub_that_is_not_told(
    database_dsn: str, *world: Any, **settings: Any
) -> AsyncIterator[tuple[Context, Unanswered]]:
    """As `a_hub`, with the line that it has to its database."""
    async with (
        Unanswered(database_dsn) as line,
        a_hub(by_way_of(database_dsn, line.port), *world, **settings) as hub,
    ):
        yield hub, line
