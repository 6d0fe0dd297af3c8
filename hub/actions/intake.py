"""Joins what arrives at the same time into one transaction: many writers share a commit, a single one never waits for others.

While batches are being written the next one gathers; nothing is held back to fill it up. Two are written side by side, so that
the database works while this process reads and the other way round; but never two that touch the same person or conversation:
those keep their order.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from channels.adapter import Acceptance
from hub.actions.arrivals import Arrival, lock_keys

MOST_ITEMS = 100
MOST_BYTES = 16 * 1024 * 1024
AT_ONCE = 2
_LOOK_AHEAD = 4 * MOST_ITEMS
"""How far to look for items that nothing holds up."""

Write: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[list[Acceptance | Exception]]]
"""Keep these arrivals, in order. Returns one outcome for each; must not raise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """`keys`: whom and what it touches."""

    arrival: Arrival
    keys: frozenset[int]
    write: Write
    outcome: "asyncio.Future[Acceptance]"


class Intake:
    """One per hub process."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._touched: set[int] = set()
        self._writing: set[asyncio.Task[None]] = set()

    async def keep(self, arrivals: Sequence[Arrival], write: Write) -> list[Acceptance]:
        """Have them written; returns after the commit, in the order given. Raises what `write` answered for the first that
        failed.

        A caller that is cancelled meanwhile stops nothing: a batch is written to its end.
        """
        loop = asyncio.get_running_loop()
        own = [_Waiting(one, frozenset(lock_keys(one)), write, loop.create_future()) for one in arrivals]
        self._waiting.extend(own)
        self._begin()
        kept = await asyncio.gather(*(one.outcome for one in own), return_exceptions=True)
        for answer in kept:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in kept if isinstance(answer, Acceptance)]

    async def close(self) -> None:
        """Return when nothing is being written any more."""
        while self._writing:
            await asyncio.wait(self._writing)

    def _begin(self) -> None:
        while len(self._writing) < AT_ONCE:
            batch = self._next_batch()
            if not batch:
                return
            self._touched.update(*(one.keys for one in batch))
            writing = asyncio.create_task(self._write(batch))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            answers = await batch[0].write([one.arrival for one in batch])
        finally:
            self._touched.difference_update(*(one.keys for one in batch))
        for one, answer in zip(batch, answers, strict=True):
            if one.outcome.done():  # its caller has gone away
                continue
            if isinstance(answer, Exception):
                one.outcome.set_exception(answer)
            else:
                one.outcome.set_result(answer)
        # This task still counts as writing; its place is free from now on.
        task = asyncio.current_task()
        if task is not None:
            self._writing.discard(task)
        self._begin()

    def _next_batch(self) -> list[_Waiting]:
        """From the front, without those that must wait for a batch under way and those behind them."""
        batch: list[_Waiting] = []
        passed: list[_Waiting] = []
        held, size = set(self._touched), 0
        while self._waiting and len(batch) < MOST_ITEMS and len(passed) < _LOOK_AHEAD:
            one = self._waiting.popleft()
            if not held.isdisjoint(one.keys):
                held |= one.keys
                passed.append(one)
                continue
            size += len(one.arrival.item.content)
            if batch and size > MOST_BYTES:
                passed.append(one)
                break
            batch.append(one)
        self._waiting.extendleft(reversed(passed))
        return batch
