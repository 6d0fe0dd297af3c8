"""A draft of the rules tried on the last days, beside the requests: it may take a while, and its page may be left and come
back to, on whichever hub."""

import asyncio
from time import monotonic
from uuid import uuid4

import structlog

from hub.actions.context import Context
from hub.actions.rules.dry_run import dry_run
from hub.actions.rules.rule_drafts import see_rules
from storage import rule_drafts as stored
from storage.database import DatabaseUnavailable
from storage.rule_drafts import TrialRow

log = structlog.get_logger(__name__)

DAYS = 30
SHOWN = 200
"""Tickets and runs that are kept of each trial; all of them are counted."""
GONE_SECONDS = 20.0
"""A trial of which nothing was heard for so long has gone with its hub."""
_EVERY_SECONDS = 0.5
_RUNNING = "rule_trials"


class _Superseded(Exception):
    """The same person has begun another one."""


async def begin_trial(ctx: Context, *, agent_id: int, days: int = DAYS) -> None:
    """Try this person's draft, or the rules in use where they have none. What comes of it is for `last_trial`."""
    rules = (await see_rules(ctx, agent_id)).rules
    token = uuid4()
    await ctx.database.run(lambda c: stored.begin_trial(c, agent_id, token, rules.fingerprint, days))
    last = monotonic()

    async def tell(done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last < _EVERY_SECONDS and done < total:
            return
        last = monotonic()
        if not await ctx.database.run(lambda c: stored.tell_trial(c, agent_id, token, done, total)):
            raise _Superseded

    async def run() -> None:
        result, error = None, ""
        try:
            found = await dry_run(ctx, rules, days, most=SHOWN, tell=tell)
            result = found.to_json()
        except _Superseded:
            return
        except DatabaseUnavailable as failure:
            log.warning("rules.trial_failed", agent=agent_id, error=str(failure))
            error = "database"
        except Exception:
            log.exception("rules.trial_fault", agent=agent_id)
            error = "fault"
        await ctx.database.run(lambda c: stored.end_trial(c, agent_id, token, result, error))

    tasks = _tasks(ctx)
    task = asyncio.create_task(run(), name="trial of rules")
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def last_trial(ctx: Context, agent_id: int) -> TrialRow | None:
    """How far it is, or what came of it."""
    return await ctx.database.read(lambda c: stored.trial(c, agent_id))


async def end_trials(ctx: Context) -> None:
    """Stop those that this hub is at; for its end."""
    tasks = list(_tasks(ctx))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _tasks(ctx: Context) -> set[asyncio.Task[None]]:
    tasks: set[asyncio.Task[None]] = ctx.memo.setdefault(_RUNNING, set())
    return tasks
