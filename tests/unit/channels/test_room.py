"""How much memory the bodies of strangers take, all together."""

import asyncio

import pytest

from channels.room import SMALL, Crowded, Room


def test_large_bodies_leave_room_for_small_ones() -> None:
    room = Room(most=10 * SMALL, for_small=2 * SMALL)
    with room.holding() as large, room.holding() as small:
        large.more(8 * SMALL)
        with pytest.raises(Crowded):
            large.more(1)
        assert large.bytes == 8 * SMALL
        small.more(SMALL)
        with pytest.raises(Crowded):
            small.more(1)  # from here on it would be large itself
        large.less(8 * SMALL)
        small.more(1)
        assert room.taken == SMALL + 1
    assert room.taken == 0


def test_what_is_held_is_free_again_whatever_happens() -> None:
    room = Room(most=SMALL, for_small=0)
    with pytest.raises(Crowded), room.holding() as held:
        held.more(SMALL)
        held.more(1)
    assert room.taken == 0


async def test_one_large_body_at_a_time_is_written_down_and_small_ones_pass_by() -> None:
    room, order = Room(), list[str]()
    written = asyncio.Event()

    async def keep(name: str, size: int, until: asyncio.Event | None) -> None:
        with room.holding() as held:
            held.more(size)
            async with held.turn():
                order.append(f"{name} begins")
                if until is not None:
                    await until.wait()
                order.append(f"{name} ends")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep("first", SMALL + 1, written))
        tasks.create_task(keep("second", SMALL + 1, None))
        await tasks.create_task(keep("small", SMALL, None))
        assert order == ["first begins", "small begins", "small ends"]
        written.set()
    assert order[-3:] == ["first ends", "second begins", "second ends"]
