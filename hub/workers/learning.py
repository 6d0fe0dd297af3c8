"""Has this hub go by what was learned, whichever hub learned it, and learn where enough was said since the last time."""

import asyncio
import random

import structlog

from hub.actions.announce import LEARNED
from hub.actions.apart import ApartFailed
from hub.actions.context import Context
from hub.actions.learning.learn import learn_if_due
from hub.actions.learning.learned import reload_learned
from hub.workers.look import look_again
from hub.workers.supervise import Well, pause

log = structlog.get_logger(__name__)

POLL_SECONDS = 10.0
LEARN_SECONDS = 600.0


async def follow_learned(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Until `halt` is set."""
    await look_again(
        ctx.listener, LEARNED, lambda: reload_learned(ctx.database, ctx.learned),
        every=POLL_SECONDS, halt=halt, well=well,
    )  # fmt: skip


async def learn_now_and_then(ctx: Context, halt: asyncio.Event, well: Well) -> None:
    """Every ten minutes or so, until `halt` is set; hubs do not march in step. What fails is tried again then."""
    while not halt.is_set():
        await pause(halt, LEARN_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        if halt.is_set():
            return
        try:
            await learn_if_due(ctx)
        except ApartFailed as error:
            log.warning("learned.failed", error=str(error))
        well()
