"""An agent who writes a reply is no event of the ledger: pages of visitors hear of it from here."""

from hub.actions.context import Context
from hub.actions.floor.presence import LINE_SECONDS
from storage import chat as stored

Talk = tuple[int, str]
"""(channel, conversation's key)."""


async def tell_writing(ctx: Context, before: frozenset[Talk]) -> frozenset[Talk]:
    """Wake the visitors of this hub with whom somebody began or ceased to write; returns with whom somebody writes now."""
    if not ctx.feed.watched:
        return before
    now = frozenset(await ctx.database.read(lambda c: stored.writing(c, LINE_SECONDS * 3)))
    for channel_id, thread_key in before ^ now:
        ctx.feed.touch(channel_id, thread_key)
    return now
