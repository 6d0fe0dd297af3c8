"""How mailboxes are: heard when, compared with the journal when and with what outcome; and the comparison itself, each night
or when a person wants it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from channels.adapter import Accept, ChannelFailure, Count, CountsItems
from hub.actions.context import Context
from hub.actions.installation import channel_id
from storage import mailboxes
from storage.database import Connection
from storage.mailboxes import CountRow, MailboxRow

log = structlog.get_logger(__name__)

SHOWN = 200


async def mailbox_health(ctx: Context) -> list[MailboxRow]:
    """Every folder of every mailbox, by channel. Raises DatabaseUnavailable."""
    return await ctx.database.read(mailboxes.mailboxes)


async def mailbox_counts(ctx: Context, channel: str) -> list[CountRow]:
    """Comparisons of the last 90 days, the latest first, SHOWN at the most. Raises KeyError for a channel that is not
    configured, DatabaseUnavailable."""
    number = await channel_id(ctx, channel)
    return await ctx.database.read(lambda c: mailboxes.counts(c, number, SHOWN))


async def want_count(ctx: Context, channel: str) -> None:
    """Have the hub that reads this mailbox compare it with the journal soon. Raises KeyError for a channel that is not
    configured, DatabaseUnavailable."""
    number = await channel_id(ctx, channel)
    await ctx.database.run(lambda c: mailboxes.want_count(c, number))


async def count_if_due(
    ctx: Context, channel: str, adapter: CountsItems, accept: Accept, started: datetime
) -> bool:
    """Compare now if the hour has come or a person wants it; says whether it was done. `started`: since when this hub looks, by
    its own clock. Raises DatabaseUnavailable."""
    number = await channel_id(ctx, channel)
    last = await ctx.database.read(lambda c: mailboxes.last_count(c, number))
    due = is_due(last.counted_at or started, last.now, adapter.count_hour)
    if not due and last.wanted_at is None:
        return False
    try:
        counts = await adapter.count(accept)
    except ChannelFailure as failure:
        counts = [Count(folder="", error=str(failure))]
    await _write_down(ctx, number, counts, last.now)
    for count in counts:
        say = log.warning if count.error or count.missing else log.info
        say(
            "mailbox.counted",
            channel=channel,
            folder=count.folder,
            on_server=count.on_server,
            known=count.known,
            missing=count.missing,
            fetched=count.fetched,
            error=count.error,
        )
    return True


def is_due(last: datetime, now: datetime, hour: int) -> bool:
    """Whether the hour, in this machine's time, has come since `last`. One that summer time leaves out comes when it would
    have; one that it repeats comes once."""
    local = now.astimezone().replace(tzinfo=None)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    latest = today if today <= local else today - timedelta(days=1)
    return last < latest.astimezone()


async def _write_down(ctx: Context, number: int, counts: Sequence[Count], begun: datetime) -> None:
    rows = [
        (one.folder, one.on_server, one.known, one.missing, one.fetched, one.error[:500]) for one in counts
    ]

    async def work(connection: Connection) -> None:
        await mailboxes.add_counts(connection, number, rows)
        await mailboxes.count_done(connection, number, begun)

    await ctx.database.run(work)
