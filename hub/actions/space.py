"""Whether there is space for what strangers send: a reserve is kept free, on which the desk, letters and answers go on.

What grows is the database. Where it lies under `data_dir`, or on the same disk, the free space of that folder says how much is
left. Where it lies elsewhere only Postgres could say, and does not: there `space.database_gb` bounds it, and the refusal of a
full disk is remembered for a moment.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hub.settings import Settings
from storage import house
from storage.database import Database, DatabaseUnavailable

LOOK_EVERY = 2.0
"""Seconds: so old may be what is said of the folder."""
MEASURE_EVERY = 60.0
"""Seconds between two looks at how large the database is: Postgres asks the size of every file."""
REFUSED_FOR = 30.0
"""Seconds for which a full disk of Postgres keeps the public doors shut: then they try again."""
RETRY_AFTER = 60
"""Seconds, as the doors tell who is sent away."""


class Short(StrEnum):
    """Why the public doors are shut."""

    DISK = "disk"
    DATABASE = "database"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How it stands. Bytes; `database` and `most` are 0 where no bound is set. `short` None: the doors are open."""

    free: int
    reserve: int
    database: int
    most: int
    short: Short | None


class Space:
    """One for each hub process."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._folder = settings.data_dir.absolute()
        self._reserve = settings.space.reserve_mb * 1024 * 1024
        self._most = round(settings.space.database_gb * 1024**3)
        self._clock = clock
        self._free, self._free_at = 0, float("-inf")
        self._size, self._size_at = 0, float("-inf")
        self._refused_at = float("-inf")
        self._measuring = asyncio.Lock()

    async def stock(self) -> Stock:
        """As it is now, or was a moment ago. An absent database is not asked twice, and says nothing about space."""
        now = self._clock()
        if now - self._free_at >= LOOK_EVERY:
            self._free, self._free_at = free_bytes(self._folder), now
        if self._most and now - self._size_at >= MEASURE_EVERY:
            await self._measure()
        return Stock(
            free=self._free,
            reserve=self._reserve,
            database=self._size,
            most=self._most,
            short=self._short(),
        )

    def note_refused(self) -> None:
        """Postgres has just said that its disk is full."""
        self._refused_at = self._clock()

    def _short(self) -> Short | None:
        if self._free < self._reserve:
            return Short.DISK
        if self._most and self._size > self._most:
            return Short.DATABASE
        return Short.REFUSED if self._clock() - self._refused_at < REFUSED_FOR else None

    async def _measure(self) -> None:
        async with self._measuring:
            if self._clock() - self._size_at < MEASURE_EVERY:
                return
            self._size_at = self._clock()
            try:
                self._size = await self._database.read(house.database_bytes)
            except DatabaseUnavailable:
                return  # how large it was last is the best that is known


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write there, or where it will be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize
