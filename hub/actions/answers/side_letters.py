"""Letters that belong to no ticket (a code that was asked for) leave: each at most once, and soon or not at all."""

from collections.abc import Callable, Sequence

import structlog

from channels.adapter import ChannelAdapter, ChannelFailure, Misconfigured, TryLater, Unavailable
from hub.actions.answers.deliver import as_queued
from hub.actions.context import Context
from hub.actions.installation import channel_id
from storage import side_letters
from storage.side_letters import LetterRow

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 20.0


async def take_side_letters(ctx: Context, adapter: ChannelAdapter, most: int) -> Sequence[LetterRow]:
    """What is due on this channel; each is to be sent by whoever took it, or lost. Raises DatabaseUnavailable."""
    number = await channel_id(ctx, adapter.name)
    if not await ctx.database.read(lambda c: side_letters.any_due(c, number)):
        return ()
    return await ctx.database.run(lambda c: side_letters.take(c, number, most))


async def send_side_letter(ctx: Context, adapter: ChannelAdapter, row: LetterRow) -> None:
    """Send one that was taken. Raises DatabaseUnavailable where what became of it cannot be written down."""
    state, error, again_in = "sent", "", 0.0
    try:
        await adapter.send(as_queued(row.message, 0, row.queued_at), _leaving)
    except (TryLater, Unavailable, Misconfigured) as failure:
        state, error, again_in = "queued", str(failure)[:500], AGAIN_SECONDS
    except ChannelFailure as failure:
        state, error = "failed", str(failure)[:500]
    except Exception as fault:
        log.exception("side_letter.fault", channel=adapter.name)
        state, error = "failed", f"{type(fault).__name__}: {fault}"[:500]
    if error:
        log.warning("side_letter.not_sent", channel=adapter.name, state=state, why=error)
    await ctx.database.run(lambda c: side_letters.settle(c, row.id, state, error, again_in=again_in))


async def _leaving() -> Callable[[], bool]:
    """It was taken for good before."""
    return lambda: True
