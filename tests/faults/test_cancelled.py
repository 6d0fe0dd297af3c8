"""Cancelled at whatever step (F11): what was asked is done once or not at all, and done once when it is asked again."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any

from channels.adapter import Acceptance
from hub.actions.context import Context
from hub.actions.idempotency import Answered, once
from hub.actions.note import add_note
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import BOB, SYSTEM, a_hub, one, say

POOL = 3
MOST_TURNS = 400
MOST_OF_THEM = 50
"""Whatever is not cancelled had ended before: then steps are wasted, and the machine is quicker than this thinks."""


class Stepped:
    """Awaits `work`, and cancels the task in which it is awaited at the `last` thing that it waits for. `waited`: for how many
    it has."""

    def __init__(self, work: Coroutine[Any, Any, object], last: int) -> None:
        self._work, self._last, self.waited = work, last, 0

    def __await__(self) -> Generator[Any, Any, object]:
        error: BaseException | None = None
        while True:
            try:
                what = self._work.send(None) if error is None else self._work.throw(error)
            except StopIteration as done:
                return done.value
            self.waited += 1
            if self.waited == self._last:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                error = None
                yield what
            except BaseException as raised:  # noqa: BLE001 - it is the work's
                error = raised


async def _cancelled_at_await(work: Coroutine[Any, Any, object], last: int) -> bool:
    """Cancelled before what it waits for can have happened. False: it does not wait so often, and has ended."""
    stepped = Stepped(work, last)

    async def run() -> object:
        return await stepped

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return stepped.waited >= last


async def _cancelled_at_turn(work: Coroutine[Any, Any, object], turns: int) -> bool:
    """Cancelled after so many turns of the loop, in which what it waits for may have happened. False: it had ended."""
    task = asyncio.create_task(work)
    for _ in range(turns):
        if task.done():
            task.result()
            return False
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def _each_step(ask: Callable[[str], Coroutine[Any, Any, object]]) -> AsyncIterator[tuple[str, bool]]:
    """Asks again and again, each time under another key, and cancels it one step later: at each thing that it waits for, then
    at each turn of the loop. Yields the key, and whether it was cancelled."""
    for step in itertools.count(1):
        cancelled = await _cancelled_at_await(ask(f"await{step}"), step)
        yield f"await{step}", cancelled
        if not cancelled:
            break
    for turn in range(MOST_TURNS):
        yield f"turn{turn}", await _cancelled_at_turn(ask(f"turn{turn}"), turn)


async def test_a_message_that_is_cancelled_at_any_step_is_there_once_when_it_is_said_again(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, pool=POOL) as ctx:
        asked = cancelled = kept = 0

        async def ask(key: str) -> Acceptance:
            return await say(ctx, who=BOB, item_key=key, text=key)

        async for key, was_cancelled in _each_step(ask):
            again = await ask(key)
            asked += 1
            cancelled += was_cancelled
            kept += was_cancelled and again.duplicate
        assert cancelled > MOST_OF_THEM and kept > 0
        assert await one(ctx, "SELECT count(*) FROM interaction") == asked
        assert await one(ctx, "SELECT count(*) FROM inbound_raw") == asked
        await _pool_is_whole(ctx)
        await assert_invariants(ctx.database)


async def test_a_request_that_is_cancelled_at_any_step_has_one_effect_when_it_is_repeated(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, pool=POOL) as ctx:
        code = (await say(ctx, who=BOB)).ticket_code
        number = await one(ctx, "SELECT code FROM ticket")
        assert code

        async def note(text: str) -> Answered:
            return 201, {"id": await add_note(ctx, ticket_code=number, actor=SYSTEM, text=text)}

        async def ask(key: str) -> Answered:
            return await once(ctx, principal="p", key=key, body=b"{}", do=lambda: note(key))

        asked = cancelled = done = 0
        async for key, was_cancelled in _each_step(ask):
            notes = await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note'")
            assert notes in (asked, asked + 1)
            done += was_cancelled and notes > asked
            asked += 1
            cancelled += was_cancelled
            assert await ask(key) == await ask(key)
        assert cancelled > MOST_OF_THEM and 0 < done < cancelled
        assert await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note'") == asked
        await _pool_is_whole(ctx)
        await assert_invariants(ctx.database)


async def _pool_is_whole(ctx: Context) -> None:
    """Every connection can still be had, all at once."""
    met = asyncio.Barrier(POOL)

    async def hold(c: object) -> None:
        await met.wait()

    async with asyncio.timeout(20):
        await asyncio.gather(*(ctx.database.run(hold) for _ in range(POOL)))
