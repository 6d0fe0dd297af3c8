"""What time brings with it: timers every second; whose sender is gone, who is absent and which hub stands still, every
few seconds; house-keeping every hour."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from hub.actions.answers.abandoned import settle_abandoned
from hub.actions.answers.deliver import give_up_overdue
from hub.actions.context import Context
from hub.actions.customers.pairs import AT_ONCE, look_for_pairs
from hub.actions.floor.presence import take_absent_off_line
from hub.actions.housekeeping import tidy
from hub.actions.tag_shelf import finish_renaming
from hub.model.people import HUB
from hub.workers.supervise import Well, pause

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
REPLIES_SECONDS = 2.0
LOOK_ROUND_SECONDS = 5.0
TIDY_SECONDS = 3600.0
_LATE_SECONDS = 2.0


async def bring_due(
    part: Callable[[Context], Awaitable[int]], ctx: Context, halt: asyncio.Event, well: Well
) -> None:
    """One part of what time brings, every second until `halt` is set."""
    while not halt.is_set():
        while await part(ctx):
            well()
        well()
        await pause(halt, TICK_SECONDS)


async def settle_replies(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Of senders that are gone, and those whose time is over, every few seconds until `halt` is set."""
    while not halt.is_set():
        await settle_abandoned(ctx)
        while await give_up_overdue(ctx):
            well()
        well()
        await pause(halt, REPLIES_SECONDS)


async def watch_loop(halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set. Says so when the event loop was held up, for then leases are in danger. It does nothing else, so
    that whatever holds the loop up does so while this waits."""
    while not halt.is_set():
        well()
        begun = time.monotonic()
        await pause(halt, TICK_SECONDS)
        late = time.monotonic() - begun - TICK_SECONDS
        if late > _LATE_SECONDS:
            log.warning("loop.held_up", seconds=round(late, 1))


async def notice_absence(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Every few seconds, until `halt` is set."""
    while not halt.is_set():
        await take_absent_off_line(ctx)
        well()
        await pause(halt, LOOK_ROUND_SECONDS)


async def end_forgotten(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Sessions of hubs that were stopped, every few seconds until `halt` is set."""
    while not halt.is_set():
        await ctx.database.end_forgotten()
        well()
        await pause(halt, LOOK_ROUND_SECONDS)


async def keep_house(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """At once, then every hour, until `halt` is set."""
    while not halt.is_set():
        await tidy(ctx)
        await finish_renaming(ctx, HUB)
        while await look_for_pairs(ctx) == AT_ONCE:
            well()
        well()
        await pause(halt, TIDY_SECONDS)
