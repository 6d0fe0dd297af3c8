"""Copies of what has left, for the mailbox's folder of sent letters. Nothing here can send anything, or send it again.

A copy is wanted in the same transaction in which its reply is recorded as sent, and made later, apart from the sending.
"""

import structlog

from channels.adapter import HasSentCopy
from hub.actions import metrics
from hub.actions.answers.deliver import message_of
from hub.actions.context import Context
from hub.actions.installation import channel_id
from storage import outbound
from storage.database import Connection
from storage.outbound import CopyRow, FileRow

log = structlog.get_logger(__name__)

AT_ONCE = 20


async def keep_copies(ctx: Context, channel: str, adapter: HasSentCopy) -> list[str]:
    """Make the copies that are wanted, AT_ONCE at the most; for each that was tried "", or why there is none: it is not tried
    again. Raises DatabaseUnavailable; Unavailable and Misconfigured as the mailbox has it: later, then."""
    number = await channel_id(ctx, channel)

    async def look(connection: Connection) -> tuple[list[CopyRow], dict[int, list[FileRow]]]:
        rows = await outbound.take_copies(connection, number, AT_ONCE)
        return rows, await outbound.files_of(connection, [row.interaction_id for row in rows]) if rows else {}

    rows, files = await ctx.database.read(look)
    if not rows:
        return []
    said = await adapter.keep_copies([message_of(row, files.get(row.interaction_id, ())) for row in rows])
    told = list(
        zip(rows, said, strict=False)
    )  # a mailbox that goes away in the middle leaves the rest for later

    async def settle(connection: Connection) -> None:
        for row, why in told:
            await outbound.settle_copy(connection, row.id, "failed" if why else "kept")

    await ctx.database.run(settle)
    for row, why in told:
        metrics.SENT_COPIES.labels(channel, "failed" if why else "kept").inc()
        if why:
            log.warning("sent_copy.failed", channel=channel, interaction=row.interaction_id, why=why)
    return [why for _, why in told]
