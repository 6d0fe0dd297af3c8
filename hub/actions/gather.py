"""Parts of one message that arrive one by one become one entry, whatever their order and whichever hubs heard them.

They wait in the journal, so that none is lost; one hub at a time puts a message together. Each time it is put together of all
that is known: a part that comes late completes it, as a later version of the same entry.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog

from channels.adapter import RawItem
from hub.actions.announce import EVENTS, announce
from hub.actions.arrivals import Arrival, Read, understand
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.filing import file_arrivals
from hub.actions.installation import channel_id, channel_name
from hub.actions.lock_name import lock_number
from hub.actions.read_item import house_of, read_item
from storage import gathering
from storage.database import Connection, DatabaseUnavailable
from storage.gathering import PartRow

log = structlog.get_logger(__name__)

QUIET_SECONDS = 1.0
"""So long after its last part a message is taken for whole: Telegram hands out the parts of an album together."""
MOST_SECONDS = 5.0
"""Nobody waits longer than this for parts that may never come."""
OTHERS_SECONDS = 0.1
"""What is due and yet was not taken is in another hub's hands."""


async def gather_due(ctx: Context, *, quiet_seconds: float = QUIET_SECONDS) -> int:
    """Put together what nothing was added to for `quiet_seconds`; returns how many messages. Any number of hubs may do this.
    Raises DatabaseUnavailable."""
    numbers = await _channels(ctx)
    if not numbers:
        return 0
    groups = await ctx.database.read(lambda c: gathering.due(c, numbers, quiet_seconds, MOST_SECONDS))
    return sum([await _put_together(ctx, channel_id, part_of) for channel_id, part_of in groups])


async def gather_before(ctx: Context, channel_id: int, conversations: Collection[str]) -> None:
    """Somebody goes on speaking: what they said before, in parts, is whole. Raises DatabaseUnavailable."""
    groups = await ctx.database.read(lambda c: gathering.waiting_in(c, channel_id, sorted(conversations)))
    for part_of in groups:
        await _put_together(ctx, channel_id, part_of)


async def next_gathering(ctx: Context) -> float | None:
    """In how many seconds something is due; None: nothing waits."""
    numbers = await _channels(ctx)
    if not numbers:
        return None
    seconds = await ctx.database.read(lambda c: gathering.next_due(c, numbers, QUIET_SECONDS, MOST_SECONDS))
    return None if seconds is None else max(OTHERS_SECONDS, seconds)


async def _channels(ctx: Context) -> list[int]:
    """Those that work and have parts. What waits of one that is switched off is due all the time, and is not looked at."""
    names = [name for name in ctx.channels if ctx.channel(name).kind.join is not None]
    return [await channel_id(ctx, name) for name in names]


async def _put_together(ctx: Context, channel_id: int, part_of: str) -> int:
    name = await channel_name(ctx, channel_id)
    try:
        channel = ctx.channel(name)
    except KeyError:
        return 0  # switched off for now; its parts wait as everything else of it does

    async def work(connection: Connection, error: str = "") -> int:
        if not await gathering.take(connection, lock_number(f"gather {channel_id} {part_of}")):
            return 0
        rows = await gathering.parts_of(connection, channel_id, part_of)
        if all(row.filed for row in rows):
            return 0
        parts = [_part(channel_id, channel, row) for row in rows]
        fresh = [one for one, row in zip(parts, rows, strict=True) if not row.filed]
        if error:
            fresh = [replace(one, read=None, error=error) for one in fresh]
        broken = [one for one in fresh if one.read is None]
        if broken:
            await file_arrivals(connection, house_of(ctx), broken)
            await gathering.settle(connection, broken[0].raw_id, [one.raw_id for one in broken])
        whole = [one for one in fresh if one.read is not None]
        if whole:
            arrival = replace(whole[0], read=_joined(channel, part_of, parts))
            await file_arrivals(connection, house_of(ctx), [arrival])
            await gathering.settle(connection, arrival.raw_id, [one.raw_id for one in whole])
        await announce(connection, EVENTS)
        return 1

    try:
        return await ctx.database.run(work)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        log.exception("gather.quarantined", channel=name, part_of=part_of[:100])
        why = f"It could not be put on the timeline: {type(error).__name__}: {error}"[:1000]
        return await ctx.database.run(lambda c: work(c, why))


def _part(channel_id: int, channel: ConfiguredChannel, row: PartRow) -> Arrival:
    item = RawItem(
        external_key=row.external_key, content=row.content, received_at=row.received_at, meta=row.meta
    )
    arrival = Arrival(
        channel_id=channel_id,
        channel=channel.name,
        kind=channel.kind,
        item=item,
        raw_id=row.raw_id,
        settings=channel.settings,
    )
    said = read_item(channel.name, item, channel.settings, channel.kind.translate)
    return replace(arrival, error=said) if isinstance(said, str) else replace(arrival, read=understand(said))


def _joined(channel: ConfiguredChannel, part_of: str, parts: Sequence[Arrival]) -> Read:
    """All parts that can be read, as one."""
    join = channel.kind.join
    assert join is not None, "only such a kind has parts"
    return understand(join([one.read.interaction for one in parts if one.read is not None], part_of))
