"""Proving that a channel's credentials work, now, for a person who waits."""

import asyncio

import structlog
from pydantic import BaseModel

from channels.adapter import ChannelFailure, ChannelKind, HasAddress, Unavailable
from hub.actions.channel_vault import ChannelVault
from hub.actions.channels.desk_channels import reload_channels
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
    return await check_settings(ctx, name, channel.kind, channel.settings)


async def channel_at_work(ctx: Context, name: str) -> ConfiguredChannel:
    """Also one that was added a moment ago and that this hub has not heard of yet. Raises NotFound."""
    if name not in ctx.channels:
        await reload_channels(ctx)
    try:
        return ctx.channel(name)
    except KeyError as error:
        raise NotFound(f"There is no channel {name!r} at work.") from error


async def check_settings(ctx: Context, name: str, kind: ChannelKind, settings: BaseModel) -> str:
    """The same for settings that are not in use yet. Nothing is sent. Raises ChannelFailure."""
    ports = trial_ports(ChannelVault(ctx, name), secret=ctx.secret, public_url=public_url(ctx))
    adapter = kind.open(name, settings, ports)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await adapter.check()
            return await adapter.address() if isinstance(adapter, HasAddress) else ""
    except TimeoutError as error:
        raise Unavailable(LATE) from error
    except ChannelFailure:
        raise
    except Exception as error:
        log.exception("channel.check_fault", channel=name)
        raise Unavailable(FAULT) from error
    finally:
        await adapter.close()
