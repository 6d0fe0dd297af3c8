"""Parts of one message that arrive one by one become one entry of the timeline, whatever their order and whichever hubs heard them.

They wait in the journal, so that none is lost; one hub at a time puts a message together. Each time it is put together of all
that is known: a part that comes late completes it, as a later version of the same entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from channels.adapter import RawItem
from hub.actions.announce import EVENTS, announce
from hub.actions.arrivals import Arrival, understand
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.filing import file_arrivals
from hub.actions.installation import channel_name
from hub.actions.lock_name import lock_number
from hub.actions.receive import house_of, read_item
from hub.model.interactions import InboundInteraction
from storage import gathering
from storage.database import Connection, DatabaseUnavailable
from storage.gathering import PartRow

log = structlog.get_logger(__name__)

QUIET_SECONDS = 1.0
"""So long after its last part a message is taken for whole: Telegram hands out the parts of an album together."""
MOST_SECONDS = 5.0
"""Nobody waits longer than this for parts that may never come."""


async def gather_due(ctx: Context) -> int:
    """Put together what is due; returns how many messages. Any number of hubs may do this. Raises DatabaseUnavailable."""
    groups = await ctx.database.read(lambda c: gathering.due(c, QUIET_SECONDS, MOST_SECONDS))
    return sum([await _put_together(ctx, channel_id, part_of) for channel_id, part_of in groups])


async def next_gathering(ctx: Context) -> float | None:
    """In how many seconds something is due; None: nothing waits."""
    seconds = await ctx.database.read(lambda c: gathering.next_due(c, QUIET_SECONDS, MOST_SECONDS))
    return None if seconds is None else max(0.0, seconds)


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
        fresh = [row for row in rows if not row.filed]
        if not fresh:
            return 0
        arrival = _whole(channel_id, channel, part_of, rows, fresh[0])
        if error:
            arrival = replace(arrival, read=None, error=error)
        await file_arrivals(connection, house_of(ctx), [arrival])
        await gathering.settle(connection, fresh[0].raw_id, [row.raw_id for row in fresh])
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


def _whole(
    channel_id: int, channel: ConfiguredChannel, part_of: str, rows: Sequence[PartRow], first: PartRow
) -> Arrival:
    """All parts that can be read, as one arrival under the name of the first one that waits."""
    items: Mapping[int, RawItem] = {
        row.raw_id: RawItem(
            external_key=row.external_key, content=row.content, received_at=row.received_at, meta=row.meta
        )
        for row in rows
    }
    arrival = Arrival(
        channel_id=channel_id,
        channel=channel.name,
        kind=channel.kind,
        item=items[first.raw_id],
        raw_id=first.raw_id,
        settings=channel.settings,
    )
    said = [
        read_item(channel.name, item, channel.settings, channel.kind.translate) for item in items.values()
    ]
    parts = [one for one in said if isinstance(one, InboundInteraction)]
    if not parts or channel.kind.join is None:
        why = next((one for one in said if isinstance(one, str)), "Its parts cannot be put together.")
        return replace(arrival, error=why)
    return replace(arrival, read=understand(channel.kind.join(parts, part_of)))
