"""Who goes first: while somebody's word is being kept, work that nobody waits for stands still between two of its statements.

Not a lock. It stands still for MOST_SECONDS at the longest, and for a third of the time where words never end: however much is
said, it goes on, and whoever waits for something that it has locked waits a little longer and not for ever.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import asyncpg

MOST_SECONDS = 0.02
"""About twice what it takes to keep one word."""
REGAINED = 0.5
"""For how much of the time in which they had their way the others may be held up later, up to MOST_SECONDS."""
LATELY_SECONDS = 60.0
"""How far apart the words of a conversation may be that goes on."""

_behind: "ContextVar[Precedence | None]" = ContextVar("behind", default=None)


class Precedence:
    """One per pool; of one event loop. `most_seconds`: how long to stand still at the longest."""

    def __init__(self) -> None:
        self.most_seconds = MOST_SECONDS
        self._words = 0
        self._said = float("-inf")
        self._until = float("-inf")
        self._none = asyncio.Event()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Inside, a word is being kept: the others stand still."""
        if not self._words:
            self._until = time.monotonic() + self._allowed()
            self._none.clear()
        self._words += 1
        try:
            yield
        finally:
            self._said = time.monotonic()
            self._words -= 1
            if not self._words:
                left = self._until - self._said
                if left > 0:  # it counts as if it had been regained: see _allowed
                    self._until = self._said - left / REGAINED
                self._none.set()

    def _allowed(self) -> float:
        """Seconds for which the others may be held up now. They have had their way since `_until`."""
        return min(REGAINED * (time.monotonic() - self._until), self.most_seconds)

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
        """Return when no word is being kept, or when the others have been held up for long enough."""
        if not self._words:
            return
        if self._allowed() >= self.most_seconds:  # words that never end: held up again from time to time
            self._until = time.monotonic() + self.most_seconds
        left = self._until - time.monotonic()
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._none.wait()


async def give_way() -> None:
    """Where this task stands behind: return when it is its turn."""
    if (precedence := _behind.get()) is not None:
        await precedence.give_way()


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[Any]
else:
    _Connection = asyncpg.Connection


class PoliteConnection(_Connection):
    """A connection whose statements wait for their turn, where they are those of work that stands behind."""

    async def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        if not query.startswith(("COMMIT", "ROLLBACK")):  # what ends soonest lets go of its locks soonest
            await give_way()
        return await super().execute(query, *args, **kwargs)

    async def executemany(self, *args: Any, **kwargs: Any) -> Any:
        await give_way()
        return await super().executemany(*args, **kwargs)

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        await give_way()
        return await super().fetch(*args, **kwargs)

    async def fetchrow(self, *args: Any, **kwargs: Any) -> Any:
        await give_way()
        return await super().fetchrow(*args, **kwargs)

    async def fetchval(self, *args: Any, **kwargs: Any) -> Any:
        await give_way()
        return await super().fetchval(*args, **kwargs)
