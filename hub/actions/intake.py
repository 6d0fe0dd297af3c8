"""Joins what arrives at the same time into one transaction: many writers share a commit, a single one never waits for others.

While one batch is being written the next one gathers; nothing is held back to fill it up.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from channels.adapter import Acceptance
from hub.actions.arrivals import Arrival

MOST_ITEMS = 100
MOST_BYTES = 16 * 1024 * 1024

Write: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[list[Acceptance | Exception]]]
"""Keep these arrivals, in order. Returns one outcome for each; must not raise."""


class Intake:
    """One per hub process."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Arrival, Write, asyncio.Future[Acceptance]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, arrivals: Sequence[Arrival], write: Write) -> list[Acceptance]:
        """Have them written, in this order; returns after the commit. Raises what `write` answered for the first that failed.

        A caller that is cancelled meanwhile stops nothing: the batch is written to its end.
        """
        loop = asyncio.get_running_loop()
        outcomes = []
        for arrival in arrivals:
            outcome: asyncio.Future[Acceptance] = loop.create_future()
            self._waiting.append((arrival, write, outcome))
            outcomes.append(outcome)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        kept = await asyncio.gather(*outcomes, return_exceptions=True)
        for one in kept:
            if isinstance(one, BaseException):
                raise one
        return [one for one in kept if isinstance(one, Acceptance)]

    async def close(self) -> None:
        """Return when nothing is being written any more."""
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})

    async def _write(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            write = batch[0][1]
            answers = await write([arrival for arrival, _, _ in batch])
            for (_, _, outcome), answer in zip(batch, answers, strict=True):
                if outcome.done():  # its caller has gone away
                    continue
                if isinstance(answer, Exception):
                    outcome.set_exception(answer)
                else:
                    outcome.set_result(answer)

    def _next_batch(self) -> list[tuple[Arrival, Write, "asyncio.Future[Acceptance]"]]:
        batch, size = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < MOST_ITEMS:
            size += len(self._waiting[0][0].item.content)
            if size > MOST_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch
