"""What has to be done now and then: months ahead, old keys, dead sessions."""

import structlog

from hub.actions.agreed_keys import agree_on_keys
from hub.actions.context import Context
from hub.actions.installation import MONTHS_AHEAD
from hub.actions.people.sessions import IDLE_SECONDS, sessions_ended
from hub.actions.portal.device import GOOD_FOR as DEVICE_SECONDS
from hub.actions.portal.enter import IDLE_SECONDS as PORTAL_IDLE
from hub.actions.signin.policy import limit_sessions
from hub.settings import WrongSetting
from storage import (
    bulk,
    chat,
    drafts,
    follow,
    gate,
    gathering,
    history,
    house,
    listening,
    mailboxes,
    portal,
    retention,
    side_letters,
    signin,
    staff,
    talks,
)
from storage.database import Connection

log = structlog.get_logger(__name__)


async def tidy(ctx: Context) -> None:
    """Safe to do on every hub. Raises DatabaseUnavailable."""

    async def work(connection: Connection) -> None:
        await house.make_partitions(connection, MONTHS_AHEAD)
        await house.tidy(connection)
        await gathering.tidy(connection)
        await gate.tidy(connection)
        await follow.tidy(connection)
        await portal.tidy(connection, PORTAL_IDLE, DEVICE_SECONDS)
        await talks.tidy(connection)
        await chat.tidy(connection)
        await side_letters.tidy(connection)
        await mailboxes.tidy_counts(connection)
        await retention.tidy_runs(connection)
        await history.tidy(connection)
        await listening.tidy(connection)
        await drafts.tidy(connection)
        await bulk.tidy(connection)
        await signin.tidy_steps(connection)
        await limit_sessions(ctx, connection)
        ended = await staff.tidy_sessions(connection, IDLE_SECONDS)
        if ended:
            await sessions_ended(connection, ended)

    await ctx.database.run(work)
    # A hub that was forgotten while the key was changed says so: what it sealed meanwhile is looked for again.
    try:
        await ctx.database.run(lambda c: agree_on_keys(c, ctx.secret))
    except WrongSetting as error:
        log.error("keys.unknown", error=str(error))
