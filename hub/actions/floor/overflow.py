"""A ticket that waits too long in its queue, or comes while its queue is shut, goes on in another (`overflow` of the queue).

It keeps its place in time, and comes to no queue twice: where every queue has been tried it stays.
"""

from datetime import UTC, datetime

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.targets import Touch, touch
from routing.calendars import is_open, next_change
from routing.explain import to_data
from routing.rules import RoutingRules
from routing.situation import Reason, ReasonCode
from storage import floor, house
from storage.database import Connection, as_json
from storage.floor import OverflowRow, Step


async def overflow(ctx: Context) -> int:
    """Move what is due; returns how many tickets were moved."""
    if not any(queue.overflow for queue in ctx.rules.queue):
        return 0

    rules = ctx.rules

    async def work(connection: Connection) -> int:
        steps = _steps(rules, await house.database_clock(connection))
        due = await floor.overflowing(connection, steps)
        if not due:
            return 0
        moved = await floor.overflow(connection, [(one.id, one.source, one.target, _why(one)) for one in due])
        if moved:
            # Where a target asks for the queue, something else is promised now.
            await touch(connection, rules, [Touch(ticket_id=number) for number in moved])
            await announce(connection, EVENTS, ROUTE)
        return len(moved)

    return await ctx.database.run(work)


async def next_overflow(ctx: Context, connection: Connection) -> float | None:
    """Seconds until the next ticket goes on, or until a queue that hands on while it is shut is shut; None where none does."""
    if not any(queue.overflow for queue in ctx.rules.queue):
        return None
    now = await house.database_clock(connection)
    moments = [
        (change - now.astimezone(UTC)).total_seconds()
        for queue in ctx.rules.queue
        if any(step.closed for step in queue.overflow)
        and (change := next_change(ctx.rules.policies.calendars[queue.calendar], now)) is not None
    ]
    steps = _steps(ctx.rules, now)
    if steps and (seconds := await floor.next_overflow(connection, steps)) is not None:
        moments.append(seconds)
    return min(moments, default=None)


def _steps(rules: RoutingRules, now: datetime) -> list[Step]:
    """From, to, after minutes; those of queues that are shut at `now` after none."""
    return [
        (queue.name, step.queue, step.after)
        for queue in rules.queue
        for step in queue.overflow
        if not (step.closed and is_open(rules.policies.calendars[queue.calendar], now))
    ]


def _why(row: OverflowRow) -> str:
    if row.minutes:
        waited: dict[str, str | int] = {"queue": row.source, "minutes": row.minutes}
        reason = Reason(code=ReasonCode.WAITED_TOO_LONG, params=waited)
    else:
        reason = Reason(code=ReasonCode.CAME_WHILE_SHUT, params={"queue": row.source})
    return as_json({"outcome": "overflow", "to": row.target, "reasons": [to_data(reason)]})
