"""Loops that stay alive."""

import asyncio

import pytest
from structlog.testing import capture_logs

from hub.workers.supervise import Backoff, Well, pause, supervise
from storage.database import DatabaseUnavailable

NO_PAUSE = 0.001


def quick() -> Backoff:
    return Backoff(NO_PAUSE, NO_PAUSE)


async def test_a_fault_is_told_once_down_and_once_up() -> None:
    halt = asyncio.Event()
    rounds = 0

    async def work(well: Well) -> None:
        nonlocal rounds
        rounds += 1
        if rounds in (2, 3, 4):
            raise DatabaseUnavailable("away")
        well()
        well()
        if rounds == 6:
            halt.set()
            return
        raise RuntimeError("a bug")

    with capture_logs() as said:
        await supervise("x", work, halt, quick())
    assert rounds == 6
    # A bug in round 1; rounds 2 to 4 are the same outage; up in 5, which ends in a bug; up in 6.
    assert [(line["event"], line["log_level"]) for line in said] == [
        ("loop.down", "error"), ("loop.up", "info"), ("loop.down", "error"), ("loop.up", "info"),
    ]  # fmt: skip


async def test_work_that_returns_is_over() -> None:
    async def work(_well: Well) -> None:
        return

    await supervise("x", work, asyncio.Event(), quick())


async def test_cancellation_passes_through() -> None:
    begun = asyncio.Event()

    async def work(_well: Well) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervise("x", work, asyncio.Event(), quick()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_halt_ends_a_long_pause() -> None:
    halt, failed = asyncio.Event(), asyncio.Event()

    async def work(_well: Well) -> None:
        failed.set()
        raise DatabaseUnavailable("away")

    with capture_logs():
        task = asyncio.create_task(supervise("x", work, halt, Backoff(3600, 3600)))
        await failed.wait()
        halt.set()
        await asyncio.wait_for(task, 5)


async def test_a_pause_is_a_pause() -> None:
    await asyncio.wait_for(pause(asyncio.Event(), 0.01), 5)


def test_pauses_grow_to_a_limit_and_are_jittered() -> None:
    backoff = Backoff(1, 8)
    for longest in (1, 2, 4, 8, 8, 8):
        assert longest / 2 <= backoff.next() <= longest
    backoff.reset()
    assert backoff.next() <= 1
    drawn = {Backoff(1, 8).next() for _ in range(20)}
    assert len(drawn) > 10
