"""One look at the outbox, and all that it takes up sent: for tests that go step by step where a hub goes on and on."""

from collections.abc import Mapping

from channels.adapter import ChannelAdapter
from hub.actions.answers.deliver import AT_ONCE, give_up_overdue, send_lot, take_up
from hub.actions.answers.side_letters import send_side_letter, take_side_letters
from hub.actions.context import Context


async def deliver_due(ctx: Context, adapters: Mapping[str, ChannelAdapter]) -> int:
    """Send what is due on these channels, and give up what has no time left; returns how many replies were taken up, once it is
    known what became of them. Raises DatabaseUnavailable."""
    given_up = await give_up_overdue(ctx)
    lot = await take_up(ctx, adapters, AT_ONCE)
    if lot is None:
        return given_up
    await send_lot(ctx, lot)
    return given_up + len(lot.rows)


async def send_side_letters(ctx: Context, adapter: ChannelAdapter) -> int:
    """The same for letters that belong to no ticket."""
    taken = await take_side_letters(ctx, adapter, AT_ONCE)
    for row in taken:
        await send_side_letter(ctx, adapter, row)
    return len(taken)
