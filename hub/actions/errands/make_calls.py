"""Calls leave: claimed and committed, made, settled; never inside a transaction. The oldest of an endpoint goes first, one at a
time, so what another program hears is in order; no endpoint waits for another.

At least once: a hub that dies between the call and its settling leaves it to be made again, by the same name.
"""

import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from hub.actions.announce import EVENTS, WEBHOOKS, announce
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices, admins
from hub.actions.errands.post_call import WITHIN_SECONDS, CallResult, Trouble, post_call
from hub.actions.errands.webhook_body import headers_of
from hub.actions.errands.webhooks import body_of, secret_for, webhook_for_trial
from hub.model.notices import NoticeKind
from hub.model.tickets import EventKind
from storage import events
from storage import webhooks as stored
from storage.database import Connection, DatabaseUnavailable
from storage.webhooks import ClaimedCall, SettledRow

log = structlog.get_logger(__name__)

LEASE_SECONDS = 3 * WITHIN_SECONDS
PAUSE_AT = 10
"""So many failures in a row, and an endpoint is paused: people are told, and it is tried seldom until it works."""
FIRST_PAUSE, LONGEST_PAUSE, WHILE_PAUSED = 2.0, 600.0, 900.0
TEST_EVENT = "test"
_REFUSED_FOR_GOOD = frozenset((400, 413, 415, 422))
_GONE = 410
_SEALED_OTHERWISE = "sealed_otherwise"


async def claim_calls(ctx: Context, most: int, token: UUID) -> list[ClaimedCall]:
    """Calls that this process has to make now. First what a hub that died has left behind is freed, and what has had its time
    is given up. Raises DatabaseUnavailable."""

    async def work(connection: Connection) -> list[ClaimedCall]:
        await stored.free_abandoned(connection)
        await stored.give_up(connection)
        return await stored.claim(connection, most, token, LEASE_SECONDS)

    return await ctx.database.run(work)


async def make_call(ctx: Context, call: ClaimedCall, token: UUID) -> None:
    """Make it and write down how it went. Where that cannot be written, the lease runs out and it is made again."""
    try:
        secret = secret_for(ctx, call.webhook_id, call.sealed)
    except ValueError:
        result = CallResult(status=None, trouble=None, took_ms=0)
        error = _SEALED_OTHERWISE
    else:
        result = await _post(ctx, call.url, call.body, secret, call.handle)
        error = result.trouble or ""
    try:
        await ctx.database.run(lambda c: _settle(c, call, token, result, error))
    except DatabaseUnavailable as away:
        log.warning("webhook.not_recorded", call=call.id, error=str(away))


async def try_webhook(ctx: Context, webhook_id: int) -> CallResult:
    """A trial call, now, outside the row; it is among the endpoint's last calls afterwards. One that is paused and takes it
    over goes on at once. Raises NotFound."""
    found = await webhook_for_trial(ctx, webhook_id)
    facts = await ctx.database.read(lambda c: stored.facts(c, None))
    body, handle = body_of(TEST_EVENT, "", facts), uuid4()
    result = await _post(ctx, found.url, body, secret_for(ctx, webhook_id, found.sealed), handle)

    async def work(connection: Connection) -> None:
        await stored.add_settled(
            connection,
            handle,
            webhook_id,
            event=TEST_EVENT,
            body=body,
            state="failed" if result.trouble else "sent",
            status=result.status,
            error=result.trouble or "",
            took_ms=result.took_ms,
        )
        if result.trouble is None:
            await stored.works(connection, webhook_id)
            await announce(connection, WEBHOOKS)
        await events.add_event(connection, EventKind.WEBHOOKS_CHANGED)
        await announce(connection, EVENTS)

    await ctx.database.run(work)
    return result


async def _post(ctx: Context, url: str, body: str, secret: str, handle: UUID) -> CallResult:
    said = body.encode()
    return await post_call(
        url,
        said,
        headers_of(secret, handle, datetime.now(UTC), said),
        private=ctx.settings.webhooks.allow_private,
    )


async def _settle(
    connection: Connection, call: ClaimedCall, token: UUID, result: CallResult, error: str
) -> None:
    refused = result.trouble is Trouble.STATUS and result.status in _REFUSED_FOR_GOOD
    gone = result.status == _GONE
    state = "sent" if not error else "failed" if refused or gone else "queued"
    # A call that it does not want holds up no other, but one that wants none is left in peace.
    held = state == "queued" or call.failures + 1 >= PAUSE_AT
    row = await stored.settle(
        connection,
        call.id,
        token,
        state=state,
        status=result.status,
        error=error,
        took_ms=result.took_ms,
        hold_seconds=_pause(call.failures + 1, result.retry_after) if held else 0.0,
        pause_at=PAUSE_AT,
        gone=gone,
    )
    if row is None:
        log.warning("webhook.lost_lease", call=call.id, state=state)
        return
    if error:
        log.warning("webhook.failed", webhook=row.name, call=call.id, why=error, status=result.status)
    paused = row.paused_at is not None
    if paused != row.was_paused or gone:
        await _tell_change(connection, row, call, error, result.status, gone=gone)


async def _tell_change(
    connection: Connection, row: SettledRow, call: ClaimedCall, error: str, status: int | None, *, gone: bool
) -> None:
    """An endpoint stopped working, works again, or wants no more."""
    await events.add_event(connection, EventKind.WEBHOOKS_CHANGED)
    await announce(connection, EVENTS)
    if row.paused_at is None and not gone:
        log.info("webhook.works_again", webhook=row.name)
        return
    params = {"webhook": row.name, "error": error, "status": status, "gone": gone}
    cause = f"webhook:{row.id}:call:{call.id}"
    await add_notices(
        connection,
        [
            NewNotice(agent_id=agent_id, kind=NoticeKind.WEBHOOK_FAILING, cause=cause, params=params)
            for agent_id in await admins(connection)
        ],
    )


def _pause(failures: int, asked: float | None) -> float:
    """Seconds until the next attempt: full jitter over a doubling pause; as long as the other side asks for, if it does."""
    longest = (
        WHILE_PAUSED if failures >= PAUSE_AT else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 12))
    )
    drawn = random.uniform(longest / 4, longest)  # noqa: S311 - jitter
    return max(drawn, asked or 0.0)
