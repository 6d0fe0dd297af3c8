"""Replies of one channel on their way, a few side by side. One on which the other side takes its time (ten minutes are allowed
to a relay) holds up its own ticket and its own place, nobody else's."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import structlog

from channels.adapter import ChannelAdapter
from hub.actions.announce import OUTBOX, Expectation
from hub.actions.answers.deliver import AT_ONCE, Lot, send_lot, take_up
from hub.actions.context import Context

log = structlog.get_logger(__name__)

WORTH_A_LOOK = AT_ONCE // 2
"""So many places must be free before others are taken up: a claim for each reply would cost as much as sending it."""
POLL_SECONDS = 2.0


class UnderWay:
    """A block at whose end nothing is under way any more; what is, is cut where the block is cancelled."""

    def __init__(self, ctx: Context, adapters: Mapping[str, ChannelAdapter]) -> None:
        self._ctx = ctx
        self._adapters = adapters
        self._lots: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._news = asyncio.Event()
        self._failed: list[BaseException] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._lots:
                await asyncio.wait(self._lots)
        finally:
            for lot in self._lots:
                lot.cancel()
            if self._lots:
                await asyncio.wait(self._lots)
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
            if room >= WORTH_A_LOOK and (lot := await take_up(self._ctx, self._adapters, room)) is not None:
                self._send(lot)
            if not self._busy:
                return 0
            await self._wait(heard)
            return 1
        finally:
            heard.forget()

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
            self._news.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                self._failed.append(error)

        self._busy += left
        task = asyncio.create_task(send_lot(self._ctx, lot, one_ended))
        self._lots.add(task)
        task.add_done_callback(all_ended)

    async def _wait(self, heard: Expectation) -> None:
        """Until one has left, or others were written."""
        waiting = {asyncio.create_task(heard.wait(POLL_SECONDS)), asyncio.create_task(self._news.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
