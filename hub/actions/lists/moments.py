"""Until when a ticket may be put off with one press: moments of the agent's own day, by their zone and their shifts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from routing.calendars import Calendar, is_open, next_change

MORNING, AFTERNOON = time(9), time(15)
_DAWN, _LATEST_FOR_AFTERNOON = time(4), time(14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`code`: hour, afternoon, tomorrow or monday."""

    code: str
    at: datetime


def moments(now: datetime, zone: tzinfo, calendar: Calendar | None = None) -> Sequence[Moment]:
    """Those that lie ahead, the soonest first; none twice. Where the agent has shifts, a moment outside them is moved on to the
    beginning of the next one: nobody finds a ticket woken while they are at home.

    >>> from zoneinfo import ZoneInfo
    >>> friday = datetime(2026, 3, 6, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    >>> [(one.code, f"{one.at:%a %H:%M}") for one in moments(friday, friday.tzinfo)]
    [('hour', 'Fri 11:00'), ('afternoon', 'Fri 15:00'), ('tomorrow', 'Sat 09:00'), ('monday', 'Mon 09:00')]
    """
    local = now.astimezone(zone)
    today = local.date()
    wanted = [Moment(code="hour", at=(now + timedelta(hours=1)).astimezone(zone))]
    if local.time() < _LATEST_FOR_AFTERNOON:
        wanted.append(Moment(code="afternoon", at=_on(today, AFTERNOON, zone)))
    wanted.append(Moment(code="tomorrow", at=_on(today + timedelta(days=1), MORNING, zone)))
    monday = today + timedelta(days=7 - today.weekday())
    wanted.append(Moment(code="monday", at=_on(monday, MORNING, zone)))
    found: dict[datetime, Moment] = {}
    for one in wanted:
        at = _at_work(one, calendar, zone)
        found.setdefault(at, Moment(code=one.code, at=at))
    return list(found.values())


def read_own(text: str, zone: tzinfo) -> datetime | None:
    """A wall time of the agent's zone as an <input type="datetime-local"> has it; None for what is none."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall.replace(tzinfo=zone).astimezone(UTC) if wall.tzinfo is None else None


def _on(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone)


def _at_work(one: Moment, calendar: Calendar | None, zone: tzinfo) -> datetime:
    """In an hour is in an hour; a part of the day is one on which work is done. Of a morning: its first shift, though it
    begin at six."""
    if calendar is None or one.code == "hour":
        return one.at
    since = one.at if one.code == "afternoon" else _on(one.at.date(), _DAWN, zone)
    if is_open(calendar, since):
        since = one.at
        if is_open(calendar, since):
            return since
    change = next_change(calendar, since)
    return one.at if change is None else change.astimezone(zone)
