"""Who asks at the same time is asked for once; each gets its own answer, and one that goes away takes nobody along."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.actions.together import Together

pytestmark = pytest.mark.timeout(30)


class Database:
    """Doubles what it is asked, in lots, once it may."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self.may = asyncio.Event()
        self.fails = False

    async def ask(self, lot: Sequence[int]) -> list[int]:
        self.lots.append([*lot])
        await self.may.wait()
        if self.fails:
            raise ConnectionError("away")
        return [2 * one for one in lot]


async def _asked(database: Database, together: Together[int, int], count: int) -> "list[asyncio.Task[int]]":
    """The first is under way alone; the others wait for their turn."""

    async def ask(one: int) -> int:
        return await together(one)

    tasks = [asyncio.create_task(ask(0))]
    while not database.lots:
        await asyncio.sleep(0)
    tasks += [asyncio.create_task(ask(one)) for one in range(1, count)]
    await asyncio.sleep(0)
    return tasks


async def test_the_first_goes_at_once_and_the_others_together() -> None:
    database = Database()
    tasks = await _asked(database, Together(database.ask), 5)
    database.may.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]
    assert database.lots == [[0], [1, 2, 3, 4]]


async def test_so_many_go_together_at_the_most_and_the_first_come_first() -> None:
    database = Database()
    tasks = await _asked(database, Together(database.ask, most=3), 8)
    tasks[2].cancel()
    await asyncio.sleep(0)
    database.may.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert database.lots == [[0], [1, 3, 4], [5, 6, 7]]


async def test_who_comes_after_all_were_answered_is_answered_too() -> None:
    database = Database()
    database.may.set()
    together = Together(database.ask)
    assert [await together(one) for one in range(3)] == [0, 2, 4]


async def test_what_goes_wrong_is_told_to_all_who_went_together_and_to_nobody_later() -> None:
    database = Database()
    together = Together(database.ask)
    tasks = await _asked(database, together, 3)
    database.fails = True
    database.may.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in outcomes] == [ConnectionError] * 3
    database.fails = False
    assert await together(7) == 14


@pytest.mark.parametrize("fails", [False, True])
async def test_who_goes_away_takes_nobody_along(fails: bool) -> None:
    database = Database()
    tasks = await _asked(database, Together(database.ask), 4)
    for gone in (tasks[0], tasks[2]):
        gone.cancel()
    await asyncio.sleep(0)
    database.fails = fails
    database.may.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    answers = [outcomes[1], outcomes[3]]
    assert [type(one) for one in answers] == [ConnectionError] * 2 if fails else answers == [2, 6]
    assert all(isinstance(outcomes[one], asyncio.CancelledError) for one in (0, 2))
