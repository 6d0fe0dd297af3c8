"""A channel of the desk keeps at work to what its trial was held to; one of the file goes anywhere. All over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels.adapter import (
    Accept,
    Acceptance,
    CountsItems,
    HasRoutes,
    Leaving,
    RawItem,
    Receipt,
    TryLater,
    Unavailable,
)
from channels.doors import Asks, open_to
from channels.loopback.adapter import LoopbackAdapter
from hub.actions.channels.change_channels import add_channel
from hub.actions.channels.desk_channels import open_every_channel
from hub.actions.channels.held import open_for_work
from hub.actions.context import Context
from hub.actions.installation import report_channel
from hub.actions.ports import make_ports
from hub.model.interactions import OutboundInteraction
from hub.sandbox.telegram_world import TelegramWorld
from hub.settings import DeskChannels
from hub.web.doors import guard_of
from hub.workers.channel import ChannelWorker
from storage import views
from tests.fakes.ports import serving_routes
from tests.fakes.scene import PLAIN, SYSTEM, a_hub, one

LISA = 4711
NOT_PUBLIC = "no address of the public internet"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, {"form": {"kind": "webform"}}) as hub:
        yield hub


async def _of_desk(ctx: Context, kind: str, settings: dict[str, Any], *, private: bool) -> Context:
    """The hub with a channel "it" that somebody set up at the desk."""
    here = DeskChannels(allow_private=private)
    hub = replace(ctx, settings=ctx.settings.model_copy(update={"desk_channels": here}))
    # Switched off, so that no trial refuses it: it may have led elsewhere then.
    await add_channel(hub, name="it", kind=kind, settings=settings, secrets={}, actor=SYSTEM, enabled=False)
    await open_every_channel(hub)
    await report_channel(hub, "it", "starting")
    return hub


@asynccontextmanager
async def _at_work(ctx: Context) -> AsyncIterator[ChannelWorker]:
    halt = asyncio.Event()
    worker = ChannelWorker(ctx, "it", halt)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        halt.set()
        async with asyncio.timeout(10):
            await running
        await worker.close()


async def _state(ctx: Context, state: str) -> str:
    async with asyncio.timeout(15):
        while True:
            found = await ctx.database.read(views.list_channels)
            for channel in found:
                if channel.name == "it" and channel.state == state:
                    return str(channel.state_detail)
            await asyncio.sleep(0.05)


def _bot(world: TelegramWorld, **more: Any) -> dict[str, Any]:
    return {
        "token": world.token, "base_url": world.base_url, "base_file_url": world.base_file_url,
        "poll_seconds": 1, "timeout_seconds": 2, **more,
    }  # fmt: skip


async def test_a_bot_that_leads_home_by_now_is_not_spoken_to(ctx: Context) -> None:
    async with TelegramWorld() as world:
        hub = await _of_desk(ctx, "telegram", _bot(world), private=False)
        await world.customer_writes(LISA, "Lisa", "Hello")
        async with _at_work(hub):
            assert NOT_PUBLIC in await _state(hub, "down")
            await asyncio.sleep(0.5)
        assert await one(hub, "SELECT count(*) FROM interaction") == 0


async def test_it_is_where_the_settings_allow_it(ctx: Context) -> None:
    """A photo too: it is asked for at the other address."""
    async with TelegramWorld() as world:
        hub = await _of_desk(ctx, "telegram", _bot(world), private=True)
        await world.customer_sends_photo(LISA, "Lisa", b"\xff\xd8\xff\xe0 a photo", caption="Broken")
        async with _at_work(hub):
            assert await _state(hub, "up") == ""
            async with asyncio.timeout(10):
                while not await one(hub, "SELECT count(*) FROM attachment"):
                    await asyncio.sleep(0.05)


async def test_an_address_that_no_trial_asks_is_held_to_it_too(ctx: Context) -> None:
    """The bot is as it should be; where its files are said to lie, the machine's own secrets are told in many a cloud."""
    async with TelegramWorld() as world:
        elsewhere = _bot(world, base_file_url="http://169.254.169.254/latest?x=")
        hub = await _of_desk(ctx, "telegram", elsewhere, private=True)
        async with _at_work(hub):
            await _state(hub, "up")
            await world.customer_sends_photo(LISA, "Lisa", b"\xff\xd8\xff\xe0 a photo", caption="Broken")
            said = await _state(hub, "down")
            assert "169.254.169.254" in said and NOT_PUBLIC in said


def _letter() -> OutboundInteraction:
    return OutboundInteraction(
        interaction_id=7, ticket_code="T-1", address="customer-7", recipient_name="", author_name="Ann",
        subject="", text="Yes.", queued_at=datetime.now(UTC), message_id="", language="en",
    )  # fmt: skip


async def _leaving() -> Callable[[], bool]:
    return lambda: True


@asynccontextmanager
async def _callback() -> AsyncIterator[tuple[dict[str, Any], list[bytes]]]:
    """Settings of a channel for programs, and what its callback was told."""
    told: list[bytes] = []

    async def hear(request: web.Request) -> web.Response:
        told.append(await request.read())
        return web.Response(text="what nobody outside should read")

    async with serving_routes([web.post("/in", hear)]) as base:
        secret = "whsec_" + "a2V5" * 9
        yield {"callback_url": f"{base}/in", "callback_secret": secret}, told


async def _send(ctx: Context) -> Receipt:
    adapter = open_for_work(ctx, ctx.channel("it"), make_ports(ctx, "it"))
    try:
        return await adapter.send(_letter(), _leaving)
    finally:
        await adapter.close()


async def test_a_callback_that_leads_home_by_now_is_not_called(ctx: Context) -> None:
    async with _callback() as (settings, told):
        hub = await _of_desk(ctx, "api", settings, private=False)
        with pytest.raises(TryLater, match=NOT_PUBLIC):
            await _send(hub)
        assert told == []
        allowing = DeskChannels(allow_private=True)
        hub = replace(hub, settings=hub.settings.model_copy(update={"desk_channels": allowing}))
        assert (await _send(hub)).detail == "200"
        assert len(told) == 1


async def test_a_channel_of_the_file_goes_anywhere(database_dsn: str) -> None:
    async with (
        _callback() as (settings, told),
        a_hub(database_dsn, {"it": {"kind": "api", **settings}}) as hub,
    ):
        assert (await _send(hub)).detail == "200"
        assert len(told) == 1


async def _connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


class _Reaching(LoopbackAdapter):
    """It reaches for a port of this machine, in a task of its own."""

    outside = 0

    async def check(self) -> None:
        try:
            await asyncio.create_task(_connect(self.outside))
        except OSError as error:
            raise Unavailable(str(error)) from error

    async def receive(self, accept: Accept) -> None:
        await accept([])
        await self.check()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        await leaving()
        return Receipt(external_id=",".join(await self._ports.known(["a"])))

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def come_in(request: web.Request) -> web.Response:
            await accept([])
            try:
                await self.check()
            except Unavailable as failure:
                return web.Response(status=403, text=str(failure))
            return web.Response()

        return open_to(Asks.NOTHING, web.get("/in", come_in))


async def test_what_the_channel_asks_of_the_hub_is_not_held_to_it(ctx: Context) -> None:
    """The hub's own database stands in a private network nearly always: here it is a port of this machine."""
    async with serving_routes([]) as base:
        port = int(base.rpartition(":")[2])
        _Reaching.outside = port
        hub = replace(ctx, kinds={**ctx.kinds, "plain": replace(PLAIN, open=_Reaching)})
        hub = await _of_desk(hub, "plain", {}, private=False)

        async def known(keys: Sequence[str]) -> set[str]:
            await _connect(port)
            return set(keys)

        async def accept(items: Sequence[RawItem]) -> list[Acceptance]:
            await _connect(port)
            return []

        async def leaving() -> Callable[[], bool]:
            await _connect(port)
            return lambda: True

        adapter = open_for_work(hub, hub.channel("it"), replace(make_ports(hub, "it"), known=known))
        assert (adapter.name, adapter.capabilities.subject) == ("it", True)
        assert isinstance(adapter, HasRoutes)
        assert not isinstance(adapter, CountsItems)
        assert (await adapter.send(_letter(), leaving)).external_id == "a"
        for attempt in (adapter.check, partial(adapter.receive, accept)):
            with pytest.raises(Unavailable, match=NOT_PUBLIC):
                await attempt()
        routes = adapter.routes(accept)
        assert guard_of(routes[0].handler) == "open:nothing"
        async with (
            serving_routes(routes) as door,
            aiohttp.ClientSession() as visitor,
            visitor.get(f"{door}/in") as answer,
        ):
            assert (answer.status, NOT_PUBLIC in await answer.text()) == (403, True)
        await adapter.close()
        await _connect(port)  # whoever called it is where they were
