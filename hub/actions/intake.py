"""Joins what arrives at the same time into one transaction: many writers share a commit, a single one never waits for others.

While a batch is being written the next one gathers. After a batch of several its writers are about to come back, so the
next one waits for as many, a moment at the most. Batches follow each other; only when one is held up (a lock, a slow disk)
another lane opens beside it, for what does not touch the same persons and conversations: those keep their order. What was
joined with something that a lock held up until Postgres gave up is written once more, each by itself: it is one of them that
somebody waits for, and the others have nothing to do with it.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from channels.adapter import Acceptance
from hub.actions.arrivals import Arrival, lock_keys
from storage.database import HeldUp

MOST_ITEMS = 100
MOST_BYTES = 16 * 1024 * 1024
MOST_LANES = 4
GATHER_SECONDS = 0.003
HELD_UP_SECONDS = 0.1
AGAIN_WITHIN = 5.0
"""So long after it was held up together with others something may be begun by itself: whoever hands it in waits meanwhile."""
_LOOK_AHEAD = 4 * MOST_ITEMS
"""How far to look for items that nothing holds up."""

Write: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[list[Acceptance | Exception]]]
"""Keep these arrivals, in order. Returns one outcome for each; must not raise."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """`keys`: whom and what it touches. `held_up`: why it is to be written by itself; `until`: when of the monotonic clock
    that is not to be begun any more."""

    arrival: Arrival
    keys: frozenset[int]
    write: Write
    outcome: "asyncio.Future[Acceptance]"
    held_up: HeldUp | None = None
    until: float = 0.0

    def answer(self, said: Acceptance | Exception) -> None:
        if self.outcome.done():  # its caller has gone away
            return
        if isinstance(said, Exception):
            self.outcome.set_exception(said)
        else:
            self.outcome.set_result(said)


@dataclass(slots=True, eq=False)
class _Lane:
    held_up: bool = False


class Intake:
    """Two per hub process (hub.actions.context)."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._touched: set[int] = set()
        self._lanes: dict[_Lane, asyncio.Task[None]] = {}
        self._wanted = 0
        self._enough = asyncio.Event()

    async def keep(self, arrivals: Sequence[Arrival], write: Write) -> list[Acceptance]:
        """Have them written; returns after the commit, in the order given. Raises what `write` answered for the first that
        failed.

        A caller that is cancelled meanwhile stops nothing: a batch is written to its end.
        """
        loop = asyncio.get_running_loop()
        own = [_Waiting(one, frozenset(lock_keys(one)), write, loop.create_future()) for one in arrivals]
        self._waiting.extend(own)
        if len(self._waiting) >= self._wanted:
            self._enough.set()
        self._open_lane()
        kept = await asyncio.gather(*(one.outcome for one in own), return_exceptions=True)
        for answer in kept:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in kept if isinstance(answer, Acceptance)]

    async def close(self) -> None:
        """Return when nothing is being written any more."""
        while self._lanes:
            await asyncio.wait(self._lanes.values())

    def _open_lane(self) -> None:
        """Where every open one is held up."""
        if len(self._lanes) < MOST_LANES and all(lane.held_up for lane in self._lanes):
            lane = _Lane()
            self._lanes[lane] = asyncio.create_task(self._work(lane))

    def _note_held_up(self, lane: _Lane) -> None:
        lane.held_up = True
        if self._waiting:
            self._open_lane()

    async def _work(self, lane: _Lane) -> None:
        try:
            while batch := self._next_batch():
                await self._write(lane, batch)
                if any(not one.held_up for one in self._lanes if one is not lane):
                    return  # another lane has taken over meanwhile
                if len(batch) > 1:
                    await self._gather(len(batch))
        finally:
            del self._lanes[lane]

    async def _write(self, lane: _Lane, batch: Sequence[_Waiting]) -> None:
        self._touched.update(*(one.keys for one in batch))
        alarm = asyncio.get_running_loop().call_later(HELD_UP_SECONDS, self._note_held_up, lane)
        try:
            answers = await batch[0].write([one.arrival for one in batch])
        finally:
            alarm.cancel()
            lane.held_up = False
            self._touched.difference_update(*(one.keys for one in batch))
        if len(batch) > 1 and isinstance(why := answers[0], HeldUp):
            self._take_apart(batch, why)
            return
        for one, answer in zip(batch, answers, strict=True):
            one.answer(answer)

    def _take_apart(self, batch: Sequence[_Waiting], why: HeldUp) -> None:
        """Before everything that came after them. Lanes open as they are held up, so one that still is holds up no other."""
        until = time.monotonic() + AGAIN_WITHIN
        for one in batch:
            one.held_up, one.until = why, until
        self._waiting.extendleft(reversed(batch))

    async def _gather(self, wanted: int) -> None:
        self._wanted = wanted
        self._enough.clear()
        if len(self._waiting) < wanted:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._enough.wait()

    def _next_batch(self) -> list[_Waiting]:
        """From the front, without those that must wait for a batch under way and those behind them. What was held up goes by
        itself."""
        batch: list[_Waiting] = []
        passed: list[_Waiting] = []
        held, size = set(self._touched), 0
        while self._waiting and len(batch) < MOST_ITEMS and len(passed) < _LOOK_AHEAD:
            one = self._waiting.popleft()
            if one.held_up is not None and time.monotonic() > one.until:
                one.answer(one.held_up)
                continue
            if not held.isdisjoint(one.keys):
                held |= one.keys
                passed.append(one)
                continue
            size += len(one.arrival.item.content)
            if batch and (size > MOST_BYTES or one.held_up is not None):
                passed.append(one)
                break
            batch.append(one)
            if one.held_up is not None:
                break
        self._waiting.extendleft(reversed(passed))
        return batch
