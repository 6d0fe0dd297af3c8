"""Whether Postgres is silent, as those who wait find out."""

import asyncio

import pytest

from storage import silence
from storage.silence import Silence


async def test_whatever_the_question_ends_by_whoever_waits_next_wonders_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line that is cut while it is asked: the hub must not take Postgres for silent from then on, with nobody who asks."""
    for name, seconds in (("WONDER_AFTER", 0.02), ("LOOK_EVERY", 0.01), ("ASK_AGAIN_AFTER", 0.01)):
        monkeypatch.setattr(silence, name, seconds)
    asked: list[str] = []
    cut = asyncio.Event()

    async def ask() -> bool:
        asked.append("line")
        if len(asked) == 1:
            return False
        await cut.wait()
        raise ConnectionResetError

    async def ask_anew() -> bool:
        return False

    quiet = Silence(ask, ask_anew)
    told = asyncio.Event()
    wait = quiet.begin()
    wait.give_up = told.set
    await asyncio.wait_for(told.wait(), 5)
    quiet.end(wait, answered=False)
    assert quiet.fell
    cut.set()
    async with asyncio.timeout(5):
        while quiet.fell:
            await asyncio.sleep(0.01)
    before, wait = len(asked), quiet.begin()
    async with asyncio.timeout(5):
        while len(asked) == before:
            await asyncio.sleep(0.01)
    quiet.end(wait, answered=False)
    if quiet._asking is not None:
        await asyncio.wait([quiet._asking])
    await quiet.close()
