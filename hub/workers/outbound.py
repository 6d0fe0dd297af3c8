"""Sends what waits in the outbox of one channel, and puts copies of it where the channel keeps them.

A loop for each: a relay that is slow or away holds up its own letters and nobody else's; a mailbox its own copies, no letter. A
letter that belongs to no ticket holds up none that does.
"""

import asyncio
from collections.abc import Callable

from channels.adapter import ChannelAdapter, ChannelFailure, HasSentCopy
from hub.actions.announce import OUTBOX
from hub.actions.answers.sent_copies import keep_copies
from hub.actions.answers.side_letters import send_side_letter, take_side_letters
from hub.actions.answers.under_way import POLL_SECONDS, UnderWay
from hub.actions.context import Context
from hub.workers.look import look_again
from hub.workers.supervise import Well

REST_SECONDS = 0.01
"""Under load one look finds what several wrote."""
COPIES_SECONDS = 5.0
"""Copies are gathered for so long, so that one visit to the mailbox makes several."""


async def send_out(
    ctx: Context, adapter: ChannelAdapter, under_way: UnderWay, halt: asyncio.Event, well: Well
) -> None:
    """Until `halt` is set; what is under way then is not waited for here. For a polled channel only while this hub holds its
    lease."""
    is_mail = ctx.channel(adapter.name).kind.inbox is not None

    async def look() -> int:
        if is_mail and (room := under_way.room_beside):
            for row in await take_side_letters(ctx, adapter, room):
                under_way.send_beside(send_side_letter(ctx, adapter, row))
        return await under_way.look()

    await look_again(ctx.listener, OUTBOX, look, every=POLL_SECONDS, halt=halt, well=well, rest=REST_SECONDS)


async def put_copies(
    ctx: Context,
    name: str,
    adapter: HasSentCopy,
    tell: Callable[[str], None],
    halt: asyncio.Event,
    well: Well,
) -> None:
    """Until `halt` is set. `tell` is told what stands in the way, and "" when nothing does any more."""

    async def look() -> int:
        try:
            said = await keep_copies(ctx, name, adapter)
        except ChannelFailure as failure:
            tell(str(failure))
            return 0
        if said:
            tell(next((why for why in reversed(said) if why), ""))
        return len(said)

    await look_again(
        ctx.listener, OUTBOX, look, every=COPIES_SECONDS, halt=halt, well=well, rest=COPIES_SECONDS
    )
