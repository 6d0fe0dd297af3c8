"""Proving that a channel's credentials work, now, for a person who waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from pydantic import BaseModel

from channels.adapter import (
    ChannelAdapter,
    ChannelFailure,
    ChannelKind,
    HasAddress,
    Misconfigured,
    Unavailable,
)
from hub.actions.channel_vault import ChannelVault
from hub.actions.channels.desk_channels import reload_channels
from hub.actions.channels.held import ports_at_home
from hub.actions.channels.reach import OUT_OF_BOUNDS, Bounds, within
from hub.actions.channels.trial_ports import trial_ports
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import NotFound
from hub.actions.ports import public_url

log = structlog.get_logger(__name__)

CHECK_SECONDS = 30.0
FAULT = "Something is broken in the hub itself; its log says more."
LATE = "There was no answer within 30 seconds."


async def check_channel(ctx: Context, name: str) -> str:
    """Log in as the channel does; returns where customers reach it, "" where that is no address. Raises NotFound,
    ChannelFailure: the text says what is wrong."""
    channel = await channel_at_work(ctx, name)
    anywhere = name in ctx.settings.channels
    return await check_settings(ctx, name, channel.kind, channel.settings, anywhere=anywhere)


async def channel_at_work(ctx: Context, name: str) -> ConfiguredChannel:
    """Also one that was added a moment ago and that this hub has not heard of yet. Raises NotFound."""
    if name not in ctx.channels:
        await reload_channels(ctx)
    try:
        return ctx.channel(name)
    except KeyError as error:
        raise NotFound(f"There is no channel {name!r} at work.") from error


async def check_settings(
    ctx: Context, name: str, kind: ChannelKind, settings: BaseModel, *, anywhere: bool = False
) -> str:
    """The same for settings that are not in use yet. Nothing is sent. `anywhere`: whoever wrote them has the hub's own files in
    their hands, so its servers may be on any network. Raises ChannelFailure."""
    async with on_trial(ctx, name, kind, settings, anywhere=anywhere) as adapter:
        await adapter.check()
        return await adapter.address() if isinstance(adapter, HasAddress) else ""


@asynccontextmanager
async def on_trial(
    ctx: Context, name: str, kind: ChannelKind, settings: BaseModel, *, anywhere: bool = False
) -> AsyncIterator[ChannelAdapter]:
    """The channel, opened for somebody who waits: within CHECK_SECONDS and its bounds, with its own secrets at hand. Whatever
    goes wrong inside is a ChannelFailure."""
    ports = trial_ports(ChannelVault(ctx, name), secret=ctx.secret, public_url=public_url(ctx))
    adapter = kind.open(name, settings, ports_at_home(ports))
    bounds = Bounds(private=ctx.settings.desk_channels.allow_private)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            if anywhere:
                yield adapter
            else:
                with within(bounds):
                    yield adapter
    except Exception as error:
        if bounds.refused:
            raise Misconfigured(OUT_OF_BOUNDS.format(address=bounds.refused)) from error
        if isinstance(error, TimeoutError):
            raise Unavailable(LATE) from error
        if isinstance(error, ChannelFailure):
            raise
        log.exception("channel.check_fault", channel=name)
        raise Unavailable(FAULT) from error
    finally:
        await adapter.close()
