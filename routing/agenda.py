"""When, by nothing but the passing of time, something can next be given out that could not before. Pure.

So that whoever gives work out need not look every second: they wait until they are told of a change, or until this moment.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from routing.calendars import Calendar, NeverOpen, add_working, is_open, next_change, working_time

_LONGEST = timedelta(days=400)
_EXACT = timedelta(milliseconds=1)


def waited(calendar: Calendar | None, since: datetime, now: datetime) -> timedelta:
    """How long it has waited, by the hours of its queue; without hours by the clock."""
    return now - since if calendar is None else working_time(calendar, since, now)


def will_have_waited(calendar: Calendar | None, since: datetime, amount: timedelta) -> datetime | None:
    """When it will have waited so long; None: never."""
    if calendar is None:
        return since + amount
    try:
        return add_working(calendar, since, amount)
    except NeverOpen:
        return None


def began_to_wait(calendar: Calendar | None, amount: timedelta, now: datetime) -> datetime:
    """Whoever came after this moment has not waited so long yet; to the millisecond, and at most 400 days back."""
    if calendar is None:
        return now - amount
    early, late = now - _LONGEST, now
    while late - early > _EXACT:
        middle = early + (late - early) / 2
        if working_time(calendar, middle, now) >= amount:
            early = middle
        else:
            late = middle
    return early


def next_opening(calendar: Calendar, now: datetime) -> datetime | None:
    """When it is open again; None while it is, and where it never will be."""
    return None if is_open(calendar, now) else next_change(calendar, now)


def earliest(moments: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The first of these that is still to come."""
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def openings(names: Iterable[str], of: Callable[[str], Calendar | None], now: datetime) -> list[datetime]:
    """When each of these calendars that is shut now opens; unknown names are left out."""
    known = (calendar for name in sorted(set(names)) if name and (calendar := of(name)) is not None)
    return [moment for calendar in known if (moment := next_opening(calendar, now)) is not None]
