"""One look at the outbox, and all that it takes up sent: for tests that go step by step where a hub goes on and on."""

from collections.abc import Mapping

from channels.adapter import ChannelAdapter
from hub.actions.answers.deliver import AT_ONCE, send_lot, take_up
from hub.actions.context import Context


async def deliver_due(ctx: Context, adapters: Mapping[str, ChannelAdapter]) -> int:
    """Send what is due on these channels; returns how many replies were taken up, once it is known what became of them. Raises
    DatabaseUnavailable."""
    lot = await take_up(ctx, adapters, AT_ONCE)
    if lot is None:
        return 0
    await send_lot(ctx, lot)
    return len(lot.rows)
