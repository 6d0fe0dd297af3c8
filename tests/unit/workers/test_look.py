"""The loop that works off a table: at once when told, by itself when not, and not past a halt."""

import asyncio
from typing import cast

from hub.actions.announce import FIRST, INBOUND, OUTBOX, Listener
from hub.workers.look import look_again
from storage.database import Database


def listener() -> Listener:
    """Without a database: only this process's own announcements are heard."""
    return Listener(cast("Database", None))


async def test_it_looks_until_there_is_nothing_and_again_when_told() -> None:
    hears, halt = listener(), asyncio.Event()
    found = [2, 1, 0, 3, 0]
    empty = asyncio.Event()
    wells = 0

    async def look() -> int:
        here = found.pop(0)
        if not here:
            empty.set()
        return here

    def well() -> None:
        nonlocal wells
        wells += 1

    task = asyncio.create_task(look_again(hears, INBOUND, look, every=3600, halt=halt, well=well))
    await empty.wait()
    assert found == [3, 0]
    empty.clear()
    hears.wake(OUTBOX)
    hears.wake(INBOUND)
    await asyncio.wait_for(empty.wait(), 5)
    halt.set()
    hears.wake_all()
    await asyncio.wait_for(task, 5)
    assert not found and wells == 5


async def test_what_is_announced_while_it_looks_is_not_slept_through() -> None:
    hears, halt = listener(), asyncio.Event()
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            hears.wake(INBOUND)
        else:
            halt.set()
        return 0

    await asyncio.wait_for(look_again(hears, INBOUND, look, every=3600, halt=halt, well=lambda: None), 5)
    assert looks == 2


async def test_it_looks_by_itself_when_nobody_tells() -> None:
    hears, halt = listener(), asyncio.Event()
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        if looks == 3:
            halt.set()
        return 0

    await asyncio.wait_for(look_again(hears, INBOUND, look, every=0.01, halt=halt, well=lambda: None), 5)
    assert looks == 3


async def test_what_one_hub_does_alone_wakes_the_first_and_whoever_becomes_the_first() -> None:
    hears, halt = listener(), asyncio.Event()
    hears.first = False
    looked = asyncio.Queue[None]()

    async def look() -> int:
        looked.put_nowait(None)
        return 0

    task = asyncio.create_task(
        look_again(hears, INBOUND, look, every=3600, halt=halt, well=lambda: None, one_is_enough=True)
    )
    await asyncio.wait_for(looked.get(), 5)  # as it begins
    hears.wake(INBOUND)
    for _ in range(5):
        await asyncio.sleep(0)
    assert looked.empty()
    hears.first = True
    hears.wake(FIRST)
    await asyncio.wait_for(looked.get(), 5)
    await asyncio.sleep(0)
    hears.wake(INBOUND)
    await asyncio.wait_for(looked.get(), 5)
    halt.set()
    hears.wake_all()
    await asyncio.wait_for(task, 5)


async def test_a_round_that_has_begun_is_ended_before_the_halt() -> None:
    hears, halt = listener(), asyncio.Event()
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), False

    async def look() -> int:
        nonlocal ended
        begun.set()
        await go_on.wait()
        ended = True
        return 1

    task = asyncio.create_task(look_again(hears, INBOUND, look, every=3600, halt=halt, well=lambda: None))
    await begun.wait()
    halt.set()
    hears.wake_all()
    go_on.set()
    await asyncio.wait_for(task, 5)
    assert ended
