"""The shape of every loop that works off a table: look until there is nothing, then wait to be told or for a while."""

import asyncio
from collections.abc import Awaitable, Callable

from hub.actions.announce import TOPICS, Listener
from hub.workers.supervise import Well


async def look_again(
    listener: Listener,
    topic: str,
    look: Callable[[], Awaitable[int]],
    *,
    every: float,
    halt: asyncio.Event,
    well: Well,
) -> None:
    """Call `look` until it returns 0, then wait for `topic`, `every` seconds at the longest; go on until `halt` is set.

    A round that has begun is ended first. Who sets `halt` calls `wake_all`, or it is seen `every` seconds later.
    """
    while not halt.is_set():
        heard = listener.expect(topic)
        while not halt.is_set() and await look():
            well()
        well()
        if not halt.is_set():
            await heard.wait(every)


def wake_all(listener: Listener) -> None:
    """Have every loop of this process look now, so that it sees a halt."""
    for topic in TOPICS:
        listener.wake(topic)
