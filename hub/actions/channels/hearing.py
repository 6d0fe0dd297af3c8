"""When a channel was heard last. Some outsides keep what they cannot hand over for hours only: after a longer silence something
may be lost, and nobody but the hub can know. It says so, once, until somebody has seen it or two weeks are over."""

import time
from collections.abc import Sequence
from datetime import timedelta

import structlog

from channels.adapter import Unavailable
from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.installation import channel_id
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import channels as stored
from storage import events, house
from storage.channels import GapRow, SilenceRow
from storage.database import Connection, DatabaseUnavailable

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
SHOWN_DAYS = 14
_MOST_GAPS = SHOWN_DAYS
"""Of a channel, the latest ones."""
_HEARD, _GAPS = "hub:heard", "hub:gaps"
"""Bookmarks; also named in storage/sql/channels.sql."""


class HeardChannel:
    """What a channel is handed to say that it was heard (channels.adapter.Hearing)."""

    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel
        self._written = float("-inf")

    async def __call__(self) -> None:
        now = time.monotonic()
        if now - self._written < EVERY_SECONDS:
            return
        try:
            await note_heard(self._ctx, self._channel)
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        self._written = now


async def note_heard(ctx: Context, name: str) -> None:
    """The channel is heard now. Raises DatabaseUnavailable."""
    number = await channel_id(ctx, name)
    hours = ctx.channel(name).kind.capabilities.keeps_hours

    async def work(connection: Connection) -> SilenceRow | None:
        silence = await stored.last_heard(connection, number)
        await house.write_bookmark(connection, number, _HEARD, {})
        if silence is None or not hours or silence.until - silence.since <= timedelta(hours=hours):
            return None
        since, until = silence.since.isoformat(), silence.until.isoformat()
        known = await house.bookmark(connection, number, _GAPS) or []
        gaps = [*known, {"since": since, "until": until, "hours": hours}][-_MOST_GAPS:]
        await house.write_bookmark(connection, number, _GAPS, gaps)
        data = {"channel": name, "since": since, "until": until}
        await events.add_event(connection, EventKind.CHANNEL_GAP, data=data)
        await announce(connection, EVENTS)
        return silence

    gap = await ctx.database.run(work)
    if gap is not None:
        log.warning("channel.gap", channel=name, since=gap.since.isoformat(), until=gap.until.isoformat())


async def list_gaps(connection: Connection) -> Sequence[GapRow]:
    """What people should still look at, of all channels, by name."""
    return await stored.gaps(connection, SHOWN_DAYS)


async def put_gaps_away(ctx: Context, *, name: str, actor: Actor) -> None:
    """Somebody has seen the channel's gaps; the ledger keeps them. Raises NotFound where there is none to be seen."""

    async def work(connection: Connection) -> None:
        if not await stored.forget_gaps(connection, name):
            raise NotFound(f"The channel {name!r} has no gap that anybody has to look at.")
        data = {"channel": name, "gaps_seen_by": actor.name}
        await events.add_event(connection, EventKind.CHANNEL_CHANGED, agent_id=actor.agent_id, data=data)
        await announce(connection, EVENTS)

    await ctx.database.run(work)
