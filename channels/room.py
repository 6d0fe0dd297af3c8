"""How much of what strangers send one hub process has in its memory at a time. No I/O; one Room for each process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

MOST_BYTES = 96 * 1024 * 1024
"""Of all bodies that are being read or kept."""
_FOR_SMALL = 24 * 1024 * 1024
"""Of these, kept free for bodies without files."""
SMALL = 512 * 1024
"""Bytes of a body that is no more than words."""


class Crowded(Exception):
    """There is no room for this now; in a moment there may be."""


class Room:
    """`most` bytes at once, of which the last ones are for small bodies: many large ones shut out nobody who only writes."""

    def __init__(self, most: int = MOST_BYTES, for_small: int = _FOR_SMALL) -> None:
        self._most = most
        self._for_small = for_small
        self._taken = 0
        self.turn = asyncio.Lock()
        """Held by the one large body that is being written down."""

    @property
    def taken(self) -> int:
        """Bytes that are held now."""
        return self._taken

    @contextmanager
    def holding(self) -> Iterator["Held"]:
        """For one body; what it holds is free again at the end."""
        held = Held(self)
        try:
            yield held
        finally:
            self.give(held.bytes)

    def take(self, more: int, held: int) -> None:
        """`more` bytes for a body that holds `held`. Raises Crowded."""
        most = self._most if held + more <= SMALL else self._most - self._for_small
        if self._taken + more > most:
            raise Crowded
        self._taken += more

    def give(self, amount: int) -> None:
        """So many are free again."""
        self._taken -= amount


class Held:
    """What one body holds. `bytes`: so many now."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.bytes = 0

    def more(self, amount: int) -> None:
        """So many more bytes of it. Raises Crowded; then it holds what it held."""
        self._room.take(amount, self.bytes)
        self.bytes += amount

    def less(self, amount: int) -> None:
        """So many were let go of."""
        self.bytes -= amount
        self._room.give(amount)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While it is written into the journal, which takes several times its size. One large body at a time, in the order in
        which they ask; small ones need not wait."""
        if self.bytes <= SMALL:
            yield
            return
        async with self._room.turn:
            yield
