"""Runs something until SIGTERM or SIGINT, and sees to it that it ends.

The first signal stops in order; the second at once. What is still not over after a while ends the process.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

log = structlog.get_logger(__name__)

AT_ONCE_SECONDS = 3.0
SAME_SECONDS = 0.5
"""Signals this close together are one: a wrapper passes on what the whole process group has got already."""


class Stop:
    """Tells the work when to end."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._begun = False

    def begun(self) -> None:
        """From now on there is something to take down in order: the first signal only sets `wait` free, it cancels nothing."""
        self._begun = True

    async def wait(self) -> None:
        """Return when the first signal has come."""
        await self._asked.wait()

    def ask(self) -> bool:
        """The first signal has come. Whether the work will end by itself."""
        self._asked.set()
        return self._begun


def run_until_stopped(work: Callable[[Stop], Awaitable[None]], *, patience: float) -> None:
    """Run `work` in an event loop of its own. `patience`: seconds from the first signal to the end of the process."""
    try:
        asyncio.run(_run(work, patience))
    except asyncio.CancelledError:
        log.info("stopped.at_once")
    finally:
        # What follows (the embedded server's stop) is short and must not be torn apart by an impatient hand.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


async def _run(work: Callable[[Stop], Awaitable[None]], patience: float) -> None:
    stop, task = Stop(), asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    first_at: float | None = None

    def on_signal() -> None:
        nonlocal first_at
        if first_at is None:
            first_at = loop.time()
            _end_after(patience)
            if not stop.ask():
                task.cancel()
        elif loop.time() - first_at >= SAME_SECONDS:
            _end_after(AT_ONCE_SECONDS)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await work(stop)


def _end_after(seconds: float) -> None:
    timer = threading.Timer(seconds, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> NoReturn:
    log.error("stopped.hard", why="it did not end in time")
    os._exit(1)


def end_on_sigterm() -> None:
    """Let SIGTERM unwind as SIGINT does while there is no event loop yet."""

    def unwind(_number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, unwind)
