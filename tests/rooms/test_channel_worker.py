"""One channel at work over a real database: who may hear it, and what is said of how it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from channels.loopback.adapter import LoopbackAdapter
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.sandbox.telegram_world import TelegramWorld
from hub.settings import Settings
from hub.workers.channel import ChannelWorker
from storage import views
from storage.database import Connection

LISA = 4711


@asynccontextmanager
async def at_work(ctx: Context, table: dict[str, Any]) -> AsyncIterator[tuple[Context, ChannelWorker]]:
    """A worker of the channel "it", stopped in order at the end."""
    here = replace(ctx, settings=Settings(channels={"it": table}), memo={})
    await set_up(here)
    halt = asyncio.Event()
    worker = ChannelWorker(here, "it", halt)
    running = asyncio.create_task(worker.run())
    try:
        yield here, worker
    finally:
        halt.set()
        async with asyncio.timeout(10):
            await running
        await worker.close()


async def wait_for_state(ctx: Context, state: str, seconds: float = 15) -> str:
    """The detail that comes with it."""
    async with asyncio.timeout(seconds):
        while True:
            (channel,) = [one for one in await ctx.database.read(views.list_channels) if one.name == "it"]
            if channel.state == state:
                return str(channel.state_detail)
            await asyncio.sleep(0.05)


async def inbound(ctx: Context) -> int:
    async def count(connection: Connection) -> int:
        number: int = await connection.fetchval("SELECT count(*) FROM interaction WHERE direction = 'in'")
        return number

    return await ctx.database.read(count)


async def wait_for_inbound(ctx: Context, number: int, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while await inbound(ctx) < number:
            await asyncio.sleep(0.02)


async def leases(ctx: Context) -> int:
    async def count(connection: Connection) -> int:
        number: int = await connection.fetchval("SELECT count(*) FROM lease")
        return number

    return await ctx.database.read(count)


async def test_it_hears_is_up_and_gives_its_lease_back(ctx: Context) -> None:
    async with at_work(ctx, {"kind": "loopback"}) as (here, worker):
        outside = cast("LoopbackAdapter", worker.adapter)
        await outside.say("Is anybody there?", key="1")
        await wait_for_inbound(here, 1)
        assert await wait_for_state(here, "up") == ""
        assert await leases(here) == 1
    assert await leases(ctx) == 0


async def test_wrong_credentials_are_told_to_people(ctx: Context) -> None:
    async with at_work(ctx, {"kind": "loopback", "password": "wrong"}) as (here, _):
        assert "password" in await wait_for_state(here, "misconfigured")


async def test_an_outside_that_goes_away_and_comes_back(ctx: Context) -> None:
    async with TelegramWorld() as telegram:
        port, token = telegram.port, telegram.token
        table = {
            "kind": "telegram", "token": token, "poll_seconds": 1, "timeout_seconds": 2,
            "base_url": telegram.base_url, "base_file_url": telegram.base_file_url,
        }  # fmt: skip
        work = at_work(ctx, table)
        here, _ = await work.__aenter__()
        await wait_for_state(here, "up")
    try:
        assert await wait_for_state(here, "down") != ""
        async with TelegramWorld(port=port) as again:
            await again.customer_writes(LISA, "Lisa", "Hello again")
            await wait_for_inbound(here, 1, 20)
            await wait_for_state(here, "up", 30)
    finally:
        await work.__aexit__(None, None, None)


async def test_who_lost_the_lease_hears_nothing_until_it_is_its_own_again(ctx: Context) -> None:
    async with at_work(ctx, {"kind": "loopback"}) as (here, worker):
        outside = cast("LoopbackAdapter", worker.adapter)
        await wait_for_state(here, "up")

        async def steal(connection: Connection) -> None:
            # Another hub, for as long as it takes this one to notice, and a little longer.
            await connection.execute(
                "UPDATE lease SET token = gen_random_uuid(), until = clock_timestamp() + interval '9 seconds'"
            )

        await here.database.run(steal)
        async with asyncio.timeout(8):
            while worker._is_ours():
                await asyncio.sleep(0.05)
        await outside.say("Said while another hub listens", key="1")
        assert outside.waiting == 1
        assert await inbound(here) == 0
        await wait_for_inbound(here, 1, 20)


async def test_two_hubs_one_hears(ctx: Context) -> None:
    table = {"kind": "loopback"}
    async with at_work(ctx, table) as (here, first):
        await wait_for_state(here, "up")
        async with at_work(ctx, table) as (_, second):
            await cast("LoopbackAdapter", second.adapter).say("To the wrong one", key="1")
            await cast("LoopbackAdapter", first.adapter).say("To the right one", key="2")
            await wait_for_inbound(here, 1)
            assert cast("LoopbackAdapter", second.adapter).waiting == 1


async def test_a_pushed_channel_needs_no_lease(ctx: Context) -> None:
    async with at_work(ctx, {"kind": "webchat"}) as (here, worker):
        await wait_for_state(here, "up")
        assert worker.pushed and len(worker.routes()) > 1
        assert await leases(here) == 0


@pytest.mark.parametrize("webhook", [True, False])
async def test_whether_it_is_pushed_is_the_accounts_matter_not_the_kinds(ctx: Context, webhook: bool) -> None:
    table = {
        "kind": "telegram",
        "token": "1:abcdef",
        "webhook": webhook,
        "base_url": "http://127.0.0.1:1/bot",
    }
    async with at_work(ctx, table) as (_, worker):
        assert worker.pushed is webhook
        assert bool(worker.routes()) is webhook
