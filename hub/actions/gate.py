"""What a public door counts, for every hub at once: see channels.adapter.Gate. What is above its most is remembered here until
its window ends, and costs Postgres nothing more."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.adapter import Counted, Tally, Unavailable
from storage import gate
from storage.database import Database, DatabaseUnavailable

MOST_REMEMBERED = 20_000
"""Keys. Who comes from more addresses than that is asked about in Postgres again."""
LOOKED_FOR = 1.0
"""Seconds for which what was looked up counts as how it is."""


@dataclass(slots=True)
class _Above:
    """A key above its most: `hits` so far, as far as this hub knows; over at `until` on the hub's own clock."""

    hits: int
    until: float


class SharedGate:
    """Counters in Postgres, which its crash empties: they bound floods, they prove nothing. One for each hub process."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._above: OrderedDict[str, _Above] = OrderedDict()
        self._looked: dict[tuple[str, ...], tuple[float, list[Tally]]] = {}

    async def count(self, what: Sequence[Counted]) -> list[Tally]:
        remembered = [self._count_here(one) for one in what]
        if any(remembered):
            return [
                known or Tally(hits=0, ends_in=one.seconds)
                for one, known in zip(what, remembered, strict=True)
            ]
        asked = [(one.key, one.seconds, one.amount, one.most, one.then) for one in what]
        try:
            rows = await self._database.run_one(lambda c: gate.count(c, asked))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        for one, row in zip(what, rows, strict=True):
            if row.hits > one.most:
                self._remember(one.key, row.hits, row.ends_in)
        return [Tally(hits=row.hits, ends_in=row.ends_in) for row in rows]

    async def look(self, what: Sequence[Counted]) -> list[Tally]:
        now, keys = self._clock(), tuple(one.key for one in what)
        looked_at, tallies = self._looked.get(keys, (float("-inf"), []))
        if now - looked_at < LOOKED_FOR:
            return tallies
        asked = [(one.key, one.seconds) for one in what]
        try:
            rows = await self._database.read(lambda c: gate.look(c, asked))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        found = [Tally(hits=row.hits, ends_in=row.ends_in) for row in rows]
        if len(self._looked) >= MOST_REMEMBERED:
            self._looked.clear()
        self._looked[keys] = (now, found)
        return found

    async def take_once(self, mark: str, seconds: float) -> bool:
        try:
            return await self._database.run(lambda c: gate.take_once(c, mark, seconds))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error

    async def was_taken(self, mark: str) -> bool:
        try:
            return await self._database.read(lambda c: gate.was_taken(c, mark))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error

    def _count_here(self, one: Counted) -> Tally | None:
        """Where it is known to be above its most."""
        known = self._above.get(one.key)
        if known is None:
            return None
        left = known.until - self._clock()
        if left <= 0:
            del self._above[one.key]
            return None
        known.hits += one.amount
        return Tally(hits=known.hits, ends_in=left)

    def _remember(self, key: str, hits: int, ends_in: float) -> None:
        self._above[key] = _Above(hits=hits, until=self._clock() + ends_in)
        self._above.move_to_end(key)
        if len(self._above) > MOST_REMEMBERED:
            self._above.popitem(last=False)
