"""Every address at which the configured inboxes are reached: letters from there are our own."""

from collections.abc import Callable

from hub.actions.context import Context


def is_own_address(ctx: Context) -> Callable[[str], bool]:
    """A function that knows them all, plus-tags and aliases included."""
    known = ctx.memo.get("own addresses")
    if known is None:
        channels = [ctx.channel(name) for name in ctx.channels]
        inboxes = [
            channel.kind.inbox(channel.settings) for channel in channels if channel.kind.inbox is not None
        ]

        def known(address: str) -> bool:
            return any(inbox.is_own(address) for inbox in inboxes)

        ctx.memo["own addresses"] = known
    return known
