"""Loops that stay alive."""

import asyncio

import pytest
from structlog.testing import capture_logs

from hub.workers.supervise import LONGEST_AWAY, Backoff, Well, pause, supervise
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
        await supervise("x", work, halt, backoff=quick(), away=quick())
    assert rounds == 6
    # A bug in round 1; rounds 2 to 4 are the same outage; up in 5, which ends in a bug; up in 6.
    assert [(line["event"], line["log_level"]) for line in said] == [
        ("loop.down", "error"), ("loop.up", "info"), ("loop.down", "error"), ("loop.up", "info"),
    ]  # fmt: skip


async def test_work_that_returns_is_over() -> None:
    async def work(_well: Well) -> None:
        return

    await supervise("x", work, asyncio.Event())


async def test_cancellation_passes_through() -> None:
    begun = asyncio.Event()

    async def work(_well: Well) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervise("x", work, asyncio.Event()))
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
        task = asyncio.create_task(supervise("x", work, halt, away=Backoff(3600, 3600)))
        await failed.wait()
        halt.set()
        await asyncio.wait_for(task, 5)


class Drawn(Backoff):
    """What was drawn of it."""

    def __init__(self) -> None:
        super().__init__(NO_PAUSE, NO_PAUSE)
        self.pauses: list[float] = []

    def next(self) -> float:
        self.pauses.append(super().next())
        return self.pauses[-1]


async def test_what_postgres_keeps_from_working_rests_otherwise_than_what_fails_by_itself() -> None:
    halt, backoff, away = asyncio.Event(), Drawn(), Drawn()
    failures = iter([DatabaseUnavailable("away")] * 5 + [RuntimeError("a bug")] * 2)

    async def work(_well: Well) -> None:
        if (failure := next(failures, None)) is None:
            return
        raise failure

    with capture_logs():
        await supervise("x", work, halt, backoff=backoff, away=away)
    assert (len(away.pauses), len(backoff.pauses)) == (5, 2)


def test_when_postgres_is_back_everybody_soon_is() -> None:
    """Timers are due within five seconds of its return (I8), however long it was away."""
    pauses = Backoff(longest=LONGEST_AWAY)
    assert max(pauses.next() for _ in range(20)) <= 2


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
