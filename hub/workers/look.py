"""The shape of every loop that works off a table: look until there is nothing, then wait to be told or for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from hub.actions.announce import FIRST, Listener
from hub.workers.supervise import Well

_LATER = 0.002
"""Seconds after the moment that was foreseen: its clock is another's."""


async def look_again(
    listener: Listener,
    topic: str,
    look: Callable[[], Awaitable[int]],
    *,
    every: float,
    halt: asyncio.Event,
    well: Well,
    rest: float = 0.0,
    foreseen: Callable[[], Awaitable[float | None]] | None = None,
    one_is_enough: bool = False,
) -> None:
    """Call `look` until it returns 0, then wait for `topic`, `every` seconds at the longest, and not beyond the seconds that
    `foreseen` gives; go on until `halt` is set.

    Two looks begin at least `rest` seconds apart: under load each then finds more to do at once; after a quiet moment the
    first is not held up. A round that has begun is ended first. Who sets `halt` wakes whatever listens, or it is seen `every`
    seconds later.

    `one_is_enough`: for work that hubs can do in turns only. The first hub does it when it is told; the others look every so
    often, for the case that it sleeps.
    """
    began = float("-inf")

    async def look_now() -> int:
        nonlocal began
        if (pause := began + rest - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        began = time.monotonic()
        return await look()

    while not halt.is_set():
        heard = listener.expect(topic if listener.first or not one_is_enough else FIRST)
        while not halt.is_set() and await look_now():
            well()
        well()
        if not halt.is_set():
            soon = await foreseen() if foreseen is not None else None
            await heard.wait(every if soon is None else min(every, soon + _LATER))
