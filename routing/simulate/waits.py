"""What becomes of a ticket while it waits: less is asked of an agent by and by, and it goes on to other queues."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from routing.agenda import will_have_waited
from routing.calendars import Calendar, is_open, next_change
from routing.queues import QueueRule
from routing.relax import relaxed
from routing.situation import Needs

Steps = tuple[tuple[float, Needs], ...]
"""After so many minutes, this is asked for."""


def steps_of(
    needs: Needs,
    at: datetime,
    queues: Mapping[str, QueueRule],
    calendar_of: Callable[[str], Calendar | None],
) -> Steps:
    """For a ticket that comes at this moment and is not given to anybody. A step at minute 0 is what holds from the beginning.
    It comes to no queue twice, as in a hub."""
    return tuple(_walk(needs, at, queues, calendar_of))


def _walk(
    needs: Needs,
    at: datetime,
    queues: Mapping[str, QueueRule],
    calendar_of: Callable[[str], Calendar | None],
) -> Iterator[tuple[float, Needs]]:
    seen = {needs.queue}
    came = at
    while True:
        queue, calendar = queues[needs.queue], calendar_of(needs.queue)
        goes_on = _goes_on(queue, calendar, came, seen)
        for step in sorted(queue.relax, key=lambda one: one.after):
            moment = will_have_waited(calendar, at, timedelta(minutes=step.after))
            if moment is not None and (goes_on is None or moment < goes_on[0]):
                yield _minutes(at, max(moment, came)), relaxed(needs, queue.relax, float(step.after))[0]
        if goes_on is None:
            return
        came, target = goes_on
        seen.add(target)
        needs = needs._replace(queue=target)
        yield _minutes(at, came), needs


def _goes_on(
    queue: QueueRule, calendar: Calendar | None, came: datetime, seen: set[str]
) -> tuple[datetime, str] | None:
    """When it leaves this queue, and for which one."""
    found: list[tuple[datetime, str]] = []
    for step in queue.overflow:
        if step.queue in seen:
            continue
        if not step.closed:
            found.append((came + timedelta(minutes=step.after), step.queue))
        elif calendar is not None:
            shuts = next_change(calendar, came) if is_open(calendar, came) else came
            if shuts is not None:
                found.append((shuts, step.queue))
    return min(found, key=lambda one: one[0], default=None)


def _minutes(since: datetime, at: datetime) -> float:
    return (at - since).total_seconds() / 60.0
