"""Replies of one channel on their way, a few side by side. One on which the other side takes its time (ten minutes are allowed
to a relay) holds up its own ticket and its own place, nobody else's."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

import structlog

from channels.adapter import ChannelAdapter
from hub.actions.announce import OUTBOX, Expectation
from hub.actions.answers.deliver import AT_ONCE, Lot, send_lot, take_up
from hub.actions.context import Context

log = structlog.get_logger(__name__)

WORTH_A_LOOK = AT_ONCE // 2
"""So many places must be free before others are taken up at once: a claim for each reply would cost as much as sending it."""
POLL_SECONDS = 2.0
"""So long after the last claim one free place is enough."""


class UnderWay:
    """A block at whose end nothing is under way any more; what is, is cut where the block is cancelled."""

    def __init__(self, ctx: Context, adapters: Mapping[str, ChannelAdapter]) -> None:
        self._ctx = ctx
        self._adapters = adapters
        self._lots: set[asyncio.Task[None]] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._claimed = float("-inf")
        self._news = asyncio.Event()
        self._failed: list[BaseException] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        going = self._lots | self._beside
        try:
            if kind is None and going:
                await asyncio.wait(going)
        finally:
            for task in going:
                task.cancel()
            if going:
                await asyncio.wait(going)
        for error in self._failed:
            log.error("deliver.lot_failed", error=f"{type(error).__name__}: {error}"[:300])

    async def look(self) -> int:
        """Take up what is due, where there are places for it, then wait until that may be worth while again; 0: nothing is due,
        and nothing under way. Raises DatabaseUnavailable."""
        if self._failed:
            raise self._failed.pop()
        heard = self._ctx.listener.expect(OUTBOX)
        try:
            self._news.clear()
            room = AT_ONCE - self._busy
            if room >= WORTH_A_LOOK or (room and self._rests_for() <= 0):
                lot = await take_up(self._ctx, self._adapters, room)
                self._claimed = time.monotonic()
                if lot is not None:
                    self._send(lot)
            if not (self._busy or self._beside):
                return 0
            await self._wait(heard, self._rests_for() if self._busy < AT_ONCE else POLL_SECONDS)
            return 1
        finally:
            heard.forget()

    @property
    def room_beside(self) -> int:
        """How many more may go beside the replies."""
        return AT_ONCE - len(self._beside)

    def send_beside(self, sending: Coroutine[Any, Any, None]) -> None:
        """What takes no place from the replies, and its time; it is waited for, or cut, as they are."""
        task = asyncio.create_task(sending)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        task.add_done_callback(self._one_task_ended)

    def _one_task_ended(self, task: "asyncio.Task[None]") -> None:
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed.append(error)

    def _rests_for(self) -> float:
        """Seconds until a single free place is worth a claim."""
        return self._claimed + POLL_SECONDS - time.monotonic()

    def _send(self, lot: Lot) -> None:
        left = len(lot.rows)

        def one_ended() -> None:
            nonlocal left
            left -= 1
            self._busy -= 1
            self._news.set()

        def all_ended(task: "asyncio.Task[None]") -> None:
            self._lots.discard(task)
            self._busy -= left
            self._one_task_ended(task)

        self._busy += left
        task = asyncio.create_task(send_lot(self._ctx, lot, one_ended))
        self._lots.add(task)
        task.add_done_callback(all_ended)

    async def _wait(self, heard: Expectation, seconds: float) -> None:
        """Until one has left, or others were written."""
        waiting = {asyncio.create_task(heard.wait(seconds)), asyncio.create_task(self._news.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
