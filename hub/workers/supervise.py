"""Keeps a loop alive: what fails is begun again after a growing, jittered pause, and said once down and once up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from storage.database import DatabaseUnavailable

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_AWAY = 2.0
"""While Postgres is away: once it is back, what is due is due. To ask costs it nothing, and while it is silent nobody does."""

Well: TypeAlias = Callable[[], None]
"""Called by the work whenever it has seen that it works: that ends the fault and makes the next pause short again."""


class Backoff:
    """Pauses in seconds that double up to `longest`, each drawn from the upper half, so that hubs do not march in step."""

    def __init__(self, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        """All is well: begin with the short pause the next time."""
        self._next = self._first

    def next(self) -> float:
        """The pause before the next attempt."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


async def supervise(
    name: str,
    work: Callable[[Well], Awaitable[None]],
    halt: asyncio.Event,
    *,
    backoff: Backoff | None = None,
    away: Backoff | None = None,
) -> None:
    """Run `work` until it returns or `halt` is set; begin it again when it raises: after `away` where Postgres was away, else
    after `backoff`. Cancellation passes through."""
    after_fault = backoff or Backoff()
    after_absence = away or Backoff(longest=LONGEST_AWAY)
    down_since: float | None = None

    def well() -> None:
        nonlocal down_since
        after_fault.reset()
        after_absence.reset()
        if down_since is not None:
            log.info("loop.up", loop=name, was_down_seconds=round(time.monotonic() - down_since, 1))
            down_since = None

    while not halt.is_set():
        pauses = after_fault
        try:
            await work(well)
            return
        except DatabaseUnavailable as error:
            pauses = after_absence
            if down_since is None:
                log.warning("loop.down", loop=name, error=str(error))
        except Exception:
            if down_since is None:
                log.exception("loop.down", loop=name)
        if down_since is None:
            down_since = time.monotonic()
        await pause(halt, pauses.next())


async def pause(halt: asyncio.Event, seconds: float) -> None:
    """Return after `seconds`, or as soon as `halt` is set."""
    try:
        async with asyncio.timeout(seconds):
            await halt.wait()
    except TimeoutError:
        return
