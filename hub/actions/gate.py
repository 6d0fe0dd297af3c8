"""What a public door counts, for every hub at once: see channels.adapter.Gate."""

from collections.abc import Sequence

from channels.adapter import Counted, Tally, Unavailable
from storage import gate
from storage.database import Database, DatabaseUnavailable


class SharedGate:
    """Counters in Postgres, which its crash empties: they bound floods, they prove nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, what: Sequence[Counted]) -> list[Tally]:
        asked = [(one.key, one.seconds, one.amount) for one in what]
        try:
            rows = await self._database.run(lambda c: gate.count(c, asked))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        return [Tally(hits=row.hits, ends_in=row.ends_in) for row in rows]

    async def look(self, what: Sequence[Counted]) -> list[Tally]:
        asked = [(one.key, one.seconds) for one in what]
        try:
            rows = await self._database.read(lambda c: gate.look(c, asked))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        return [Tally(hits=row.hits, ends_in=row.ends_in) for row in rows]

    async def take_once(self, mark: str, seconds: float) -> bool:
        try:
            return await self._database.run(lambda c: gate.take_once(c, mark, seconds))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
