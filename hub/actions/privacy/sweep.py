"""What the policies name is taken away, night by night, in batches that are short enough for nobody to notice.

Each batch is a transaction of its own and begins where the one before ended, on whichever hub: a hub that goes away half-way
loses nothing but the last few rows of work. What was taken away is counted in the log of runs.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog

from hub.actions.context import Context
from hub.actions.customers.hold import hold_people
from hub.actions.privacy.forget import finish_forgetting, forget_people, keeps, record_forgotten, take_people
from hub.model.people import HUB
from hub.model.retention import Depth, Kept
from storage import privacy
from storage import retention as stored
from storage.database import Connection, DatabaseUnavailable
from storage.privacy import Forgettable
from storage.retention import PolicyRow

log = structlog.get_logger(__name__)

HOURS_BETWEEN = 20
NIGHT = range(1, 5)
"""Hours of the night in the hub's own time zone: when a run begins by itself."""
ROWS = 500
TICKETS = 25
CUSTOMERS = 50

_Batch = Callable[[Connection, PolicyRow], Awaitable[tuple[bool, int]]]
"""(whether there is more, how much was taken away)"""


def is_night(now: datetime | None = None) -> bool:
    return (now or datetime.now(UTC)).astimezone().hour in NIGHT


async def sweep_next(ctx: Context, going_on: Callable[[], bool]) -> bool:
    """Run one policy whose time has come, for as long as `going_on` says so; False where there is none."""
    started = await ctx.database.run(lambda c: stored.start(c, HOURS_BETWEEN))
    if started is None:
        return False
    what, days, depth = started
    run_id = await ctx.database.run(lambda c: stored.begin_run(c, what, days, depth))
    await run_policy(ctx, Kept(what), run_id, going_on)
    return True


async def run_policy(ctx: Context, kept: Kept, run_id: int, going_on: Callable[[], bool]) -> int:
    """Batch after batch; returns how much was taken away. What goes wrong is written into the log of runs, and tried again the
    next night. Raises DatabaseUnavailable."""
    total = 0
    try:
        more = True
        while more and going_on():
            more, done = await _batch(ctx, kept, run_id)
            total += done
    except DatabaseUnavailable:
        raise
    except Exception as error:
        log.exception("retention.failed", what=kept)
        reason = f"{type(error).__name__}: {error}"[:500]
        await ctx.database.run(lambda c: stored.end_run(c, run_id, reason))
        raise
    while kept is Kept.CUSTOMERS and going_on() and await finish_forgetting(ctx):
        pass
    await ctx.database.run(lambda c: stored.end_run(c, run_id))
    if total:
        log.info("retention.ran", what=kept, rows=total)
    return total


async def _batch(ctx: Context, kept: Kept, run_id: int) -> tuple[bool, int]:
    async def work(connection: Connection) -> tuple[bool, int]:
        policy = await stored.take_policy(connection, kept)
        if policy is None or not policy.enabled:
            return False, 0
        more, done = await _BATCHES[kept](connection, policy)
        if done:
            await stored.count_run(connection, run_id, done)
        return more, done

    return await ctx.database.run(work)


async def _messages(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    rows = await stored.old_tickets(connection, policy.reached_at, policy.reached_id, policy.days, TICKETS)
    going = [row.id for row in rows if not row.held]
    if going:
        going = await stored.still_old(connection, going, policy.days)
    if going:
        await privacy.empty_tickets(connection, going, words=policy.depth == Depth.WORDS)
    if rows:
        await stored.move_on(connection, policy.what, rows[-1].at, rows[-1].id)
    return len(rows) == TICKETS, len(going)


async def _customers(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    """From the beginning each night: whoever stays today need not tomorrow."""
    rows = await stored.old_customers(
        connection, policy.reached_at, policy.reached_id, policy.days, CUSTOMERS
    )
    going, done = [row.code for row in rows if not row.stays], list[Forgettable]()
    held = await hold_people(connection, await privacy.same_people(connection, going))
    for code in going:
        people = await take_people(connection, code, held)
        # Looked at again under the lock: they may have written a moment ago.
        if people is not None and not any(map(keeps, people)):
            await forget_people(connection, people, actor=HUB)
            done += people
    more = len(rows) == CUSTOMERS
    if more:
        await stored.move_on(connection, policy.what, rows[-1].at, rows[-1].id)
    else:
        await stored.move_on(connection, policy.what, datetime.min.replace(tzinfo=UTC), 0)
    await record_forgotten(connection, done, actor=HUB)
    return more, len(done)


async def _raw(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    looked, done, reached = await stored.empty_raw(connection, policy.reached_id, policy.days, ROWS)
    if reached is not None:
        await stored.move_on(connection, policy.what, policy.reached_at, reached)
    later = await stored.empty_raw_later(connection, ROWS)
    return ROWS in (looked, later), done + later


async def _events(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    looked, done, reached = await stored.drop_events(connection, policy.reached_id, policy.days, ROWS)
    if reached is not None:
        await stored.move_on(connection, policy.what, policy.reached_at, reached)
    later, gone = await stored.drop_events_later(connection, policy.days, TICKETS)
    return looked == ROWS or later == TICKETS, done + gone


async def _old(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    done = await stored.drop_old(connection, policy.what, policy.days, ROWS)
    return done == ROWS, done


async def _pictures(connection: Connection, policy: PolicyRow) -> tuple[bool, int]:
    done = await stored.drop_pictures(connection, policy.days, ROWS)
    return done == ROWS, done


_BATCHES: Mapping[Kept, _Batch] = {
    Kept.MESSAGES: _messages,
    Kept.CUSTOMERS: _customers,
    Kept.RAW: _raw,
    Kept.EVENTS: _events,
    Kept.WEBHOOK_CALLS: _old,
    Kept.NOTICES: _old,
    Kept.AUDIT: _old,
    Kept.VOTES: _old,
    Kept.PICTURES: _pictures,
}
