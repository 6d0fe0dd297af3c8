"""Who goes first: while somebody's word is being kept, work that nobody waits for stands still between two of its statements.

Not a lock. It stands still for MOST_SECONDS at the longest, and has its way for FREE_SECONDS then: however much is said, it
goes on, and a word that waits for something which such work has locked waits for a moment only.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import asyncpg

MOST_SECONDS = 0.02
"""About twice what it takes to keep one word."""
FREE_SECONDS = 0.1
LATELY_SECONDS = 60.0
"""How far apart the words of a conversation may be that goes on."""

_behind: "ContextVar[Precedence | None]" = ContextVar("behind", default=None)


class Precedence:
    """One per pool; of one event loop. `most_seconds`: how long to stand still at the longest."""

    def __init__(self) -> None:
        self.most_seconds = MOST_SECONDS
        self._words = 0
        self._said = float("-inf")
        self._free_until = float("-inf")
        self._none = asyncio.Event()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Inside, a word is being kept: the others stand still."""
        self._words += 1
        self._none.clear()
        try:
            yield
        finally:
            self._said = time.monotonic()
            self._words -= 1
            if not self._words:
                self._none.set()

    @contextmanager
    def behind(self, *, stands: bool = True) -> Iterator[None]:
        """Inside, this task and those that it starts stand still for a word; not `stands`: they do not, whoever started
        them."""
        mark = _behind.set(self if stands else None)
        try:
            yield
        finally:
            _behind.reset(mark)

    @property
    def lately(self) -> bool:
        """Whether a word was kept within LATELY_SECONDS: somebody talks here."""
        return bool(self._words) or time.monotonic() - self._said < LATELY_SECONDS

    async def give_way(self) -> None:
        """Return when no word is being kept, or when enough time has gone."""
        if not self._words or time.monotonic() < self._free_until:
            return
        try:
            async with asyncio.timeout(self.most_seconds):
                await self._none.wait()
        except TimeoutError:
            self._free_until = time.monotonic() + FREE_SECONDS


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[Any]
else:
    _Connection = asyncpg.Connection


async def _give_way() -> None:
    if (precedence := _behind.get()) is not None:
        await precedence.give_way()


class PoliteConnection(_Connection):
    """A connection whose statements wait for their turn, where they are those of work that stands behind."""

    async def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        if not query.startswith(("COMMIT", "ROLLBACK")):  # what ends soonest lets go of its locks soonest
            await _give_way()
        return await super().execute(query, *args, **kwargs)

    async def executemany(self, *args: Any, **kwargs: Any) -> Any:
        await _give_way()
        return await super().executemany(*args, **kwargs)

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        await _give_way()
        return await super().fetch(*args, **kwargs)

    async def fetchrow(self, *args: Any, **kwargs: Any) -> Any:
        await _give_way()
        return await super().fetchrow(*args, **kwargs)

    async def fetchval(self, *args: Any, **kwargs: Any) -> Any:
        await _give_way()
        return await super().fetchval(*args, **kwargs)
