"""A reply on which the other side takes its time holds up its own ticket and its own place, nobody else's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.adapter import Leaving, Receipt
from hub.actions.answers.deliver import AT_ONCE
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.under_way import WORTH_A_LOOK, UnderWay
from hub.actions.context import Context
from hub.model.interactions import OutboundInteraction
from hub.workers.outbound import send_out
from hub.workers.supervise import supervise
from storage import side_letters
from tests.fakes.invariants import assert_invariants
from tests.fakes.outside import Outside
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, say, ticket, write


class Slow(Outside):
    """Texts that begin with "slow" leave and are not answered until `gate` is set."""

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        if not message.text.startswith("slow"):
            await leaving()
            self.sent.append(message)
            return Receipt(external_id=f"out-{len(self.sent)}")
        return await super().send(message, leaving)


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _ticket(ctx: Context, n: int) -> int:
    kept = await say(ctx, "plain", who=[("visitor", f"v{n}", True)], key=f"k{n}", reply_address=f"a{n}")
    return int((await ticket(ctx, kept))["code"])


async def _reply(ctx: Context, code: int, text: str) -> None:
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text=text)


@asynccontextmanager
async def _at_work(ctx: Context, outside: Outside) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    """The loop of the channel; yields what halts it and waits for it."""
    halt = asyncio.Event()

    async def work() -> None:
        async with UnderWay(ctx, {outside.name: outside}) as under_way:
            await supervise("send", lambda well: send_out(ctx, outside, under_way, halt, well), halt)

    task = asyncio.create_task(work())

    async def end() -> None:
        halt.set()
        ctx.listener.wake_all()
        await task

    try:
        yield end
    finally:
        outside.gate.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def test_others_leave_while_one_is_not_answered(ctx: Context) -> None:
    """Also the next ones of a ticket whose first has left; not those behind the slow one."""
    outside = Slow()
    outside.gate.clear()
    slow, quick = await _ticket(ctx, 0), await _ticket(ctx, 1)
    await _reply(ctx, slow, "slow")
    await _reply(ctx, slow, "behind it")
    async with _at_work(ctx, outside) as end:
        await outside.begun.wait()
        for number in range(3):
            await _reply(ctx, quick, f"quick {number}")
        await _until(lambda: outside.texts == ["quick 0", "quick 1", "quick 2"])
        outside.gate.set()
        await _until(lambda: outside.texts[3:] == ["slow", "behind it"])
        await end()
    assert {row["state"] for row in await rows(ctx, "SELECT state FROM outbox")} == {"sent"}


async def test_so_many_leave_side_by_side_and_no_more(ctx: Context) -> None:
    outside = Slow()
    outside.gate.clear()
    for number in range(AT_ONCE + 2):
        await _reply(ctx, await _ticket(ctx, number), f"slow {number}")
    async with _at_work(ctx, outside) as end:
        await _until(lambda: outside.under_way == AT_ONCE)
        await _reply(ctx, await _ticket(ctx, AT_ONCE + 2), "no place for it")
        found = await rows(ctx, "SELECT state, count(*)::int AS n FROM outbox GROUP BY 1 ORDER BY 1")
        assert [(row["state"], row["n"]) for row in found] == [("queued", 3), ("sending", AT_ONCE)]
        outside.gate.set()
        await _until(lambda: len(outside.sent) == AT_ONCE + 3)
        await end()
    assert {row["state"] for row in await rows(ctx, "SELECT state FROM outbox")} == {"sent"}


@pytest.mark.parametrize("slow", [AT_ONCE - WORTH_A_LOOK + 1, AT_ONCE - 1])
async def test_the_last_free_places_are_used_too(ctx: Context, slow: int) -> None:
    """Fewer than are worth a claim for each reply that has left."""
    outside = Slow()
    outside.gate.clear()
    for number in range(slow):
        await _reply(ctx, await _ticket(ctx, number), f"slow {number}")
    async with _at_work(ctx, outside) as end:
        await _until(lambda: outside.under_way == slow)
        for number in range(2):
            await _reply(ctx, await _ticket(ctx, slow + number), "quick")
        await _until(lambda: outside.texts == ["quick"] * 2)
        assert outside.under_way == slow
        outside.gate.set()
        await end()
    assert {row["state"] for row in await rows(ctx, "SELECT state FROM outbox")} == {"sent"}


# ── letters that belong to no ticket ────────────────────────────────────────────────────────────────────────────────
async def _code(ctx: Context, text: str) -> None:
    """What a customer asked for, as the outbox of a mailbox has it."""
    queued = await one(ctx, "SELECT message FROM outbox ORDER BY id LIMIT 1")
    number = await one(ctx, "SELECT id FROM channel WHERE name = 'support'")
    message = {**queued, "text": text}
    await ctx.database.run(lambda c: side_letters.add(c, number, message, 600))


async def _codes(ctx: Context) -> list[str]:
    return [row["state"] for row in await rows(ctx, "SELECT state FROM side_letter ORDER BY id")]


async def test_a_code_that_the_relay_takes_its_time_for_holds_up_nothing(database_dsn: str) -> None:
    async with a_hub(database_dsn, {"support": MAIL}) as ctx:
        outside = Slow(name="support")
        outside.gate.clear()
        opened = await ticket(ctx, await write(ctx, "Li <li@example.cn>"))
        await _reply(ctx, opened["code"], "an answer")
        for text in ("slow code", "code"):
            await _code(ctx, text)
        async with _at_work(ctx, outside) as end:
            await _until(lambda: outside.texts in (["code", "an answer"], ["an answer", "code"]))
            await _reply(ctx, opened["code"], "another")
            await _until(lambda: "another" in outside.texts)
            await _code(ctx, "code again")
            await _until(lambda: "code again" in outside.texts)
            async with asyncio.timeout(60):
                while await _codes(ctx) != ["sending", "sent", "sent"]:
                    await asyncio.sleep(0.01)

            ending = asyncio.create_task(end())
            await asyncio.sleep(0.1)
            assert not ending.done(), "it may be about to be taken"
            outside.gate.set()
            await ending
        assert await _codes(ctx) == ["sent"] * 3
        await assert_invariants(ctx.database)


async def test_codes_leave_side_by_side_and_not_all_at_once(database_dsn: str) -> None:
    async with a_hub(database_dsn, {"support": MAIL}) as ctx:
        outside = Slow(name="support")
        outside.gate.clear()
        opened = await ticket(ctx, await write(ctx, "Li <li@example.cn>"))
        await _reply(ctx, opened["code"], "an answer")
        for number in range(AT_ONCE + 1):
            await _code(ctx, f"slow {number}")
        async with _at_work(ctx, outside) as end:
            await _until(lambda: outside.under_way == AT_ONCE and outside.texts == ["an answer"])
            assert (await _codes(ctx)).count("queued") == 1
            outside.gate.set()
            await _until(lambda: len(outside.sent) == AT_ONCE + 2)
            await end()
        assert await _codes(ctx) == ["sent"] * (AT_ONCE + 1)


async def test_who_is_told_to_stop_takes_up_no_more_and_sees_what_has_begun_to_its_end(ctx: Context) -> None:
    outside = Slow()
    outside.gate.clear()
    await _reply(ctx, await _ticket(ctx, 0), "slow")
    async with _at_work(ctx, outside) as end:
        await outside.begun.wait()
        ending = asyncio.create_task(end())
        await asyncio.sleep(0)
        await _reply(ctx, await _ticket(ctx, 1), "too late")
        assert not ending.done()
        outside.gate.set()
        await ending
    found = await rows(ctx, "SELECT state FROM outbox ORDER BY id")
    assert [row["state"] for row in found] == ["sent", "queued"]
    assert outside.texts == ["slow"]
