"""Who comes in is looked after in turn, a few at a time. After a restart thousands of pages come back in the same seconds: if
all were asked about at once, each would wait for the database until it gives up, and so would all who sign in or answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.adapter import Unavailable


class Turns:
    """`at_once`: of one hub process, far fewer than it has connections to Postgres. `patience`: seconds after which somebody is
    sent away instead, so that whoever comes to their turn is still there; pages come back by themselves. None: for ever."""

    def __init__(self, at_once: int, patience: float | None) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._patience = patience

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """In the order in which they came. Raises Unavailable."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("Too many come in at the same time.") from error
        try:
            yield
        finally:
            self._places.release()
