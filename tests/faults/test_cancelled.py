"""Cancelled at whatever step (F11): what was asked is done once or not at all, and done once when it is asked again."""

import asyncio

from hub.actions.context import Context
from hub.actions.idempotency import Answered, once
from hub.actions.note import add_note
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import BOB, SYSTEM, a_hub, one, say

MOST_STEPS = 400


async def _until_step(task: "asyncio.Task[object]", steps: int) -> None:
    """Let it go on for so many turns of the loop, then cancel it."""
    for _ in range(steps):
        if task.done():
            return
        await asyncio.sleep(0)
    task.cancel()


async def test_a_message_that_is_cancelled_at_any_step_is_there_once_when_it_is_said_again(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, pool=3) as ctx:
        cancelled = 0
        for step in range(0, MOST_STEPS, 7):
            task = asyncio.create_task(say(ctx, who=BOB, item_key=f"k{step}", text=f"k{step}"))
            await _until_step(task, step)
            await asyncio.wait([task])
            cancelled += task.cancelled()
            await say(ctx, who=BOB, item_key=f"k{step}", text=f"k{step}")
        assert cancelled > 5
        asked = len(range(0, MOST_STEPS, 7))
        assert await one(ctx, "SELECT count(*) FROM interaction") == asked
        assert ctx.database.waiting()[0] <= 3
        await assert_invariants(ctx.database)


async def test_a_request_that_is_cancelled_at_any_step_has_one_effect_when_it_is_repeated(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, pool=3) as ctx:
        code = (await say(ctx, who=BOB)).ticket_code
        number = await one(ctx, "SELECT code FROM ticket")
        assert code

        async def note(text: str) -> Answered:
            return 201, {"id": await add_note(ctx, ticket_code=number, actor=SYSTEM, text=text)}

        async def ask(key: str) -> Answered:
            return await once(ctx, principal="p", key=key, body=b"{}", do=lambda: note(key))

        for step in range(0, MOST_STEPS, 7):
            task = asyncio.create_task(ask(f"n{step}"))
            await _until_step(task, step)
            await asyncio.wait([task])
            assert await ask(f"n{step}") == await ask(f"n{step}")
        assert await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note'") == len(
            range(0, MOST_STEPS, 7)
        )
        await _pool_is_whole(ctx)
        await assert_invariants(ctx.database)


async def _pool_is_whole(ctx: Context) -> None:
    """Every connection can still be had, all at once."""
    met = asyncio.Barrier(3)

    async def hold(c: object) -> None:
        await met.wait()

    async with asyncio.timeout(20):
        await asyncio.gather(*(ctx.database.run(hold) for _ in range(3)))
