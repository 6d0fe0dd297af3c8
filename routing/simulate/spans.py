"""Hours as spans of minutes from a moment: of calendars, and of people who were on line."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.calendars import Calendar, Hours, is_open, next_change
from routing.simulate.case import Span

_AT_WORK = ("online", "busy")
_SHORT_GAP = 2.0
_WEEK = 7 * 1_440.0


def minutes_from(since: datetime, at: datetime) -> float:
    return (at - since).total_seconds() / 60.0


def open_spans(calendar: Calendar, since: datetime, until: datetime) -> tuple[Span, ...]:
    """When the calendar is open between two moments."""
    spans: list[Span] = []
    at, is_on = since, is_open(calendar, since)
    while at < until:
        change = next_change(calendar, at)
        end = until if change is None else min(change, until)
        if is_on:
            spans.append((minutes_from(since, at), minutes_from(since, end)))
        at, is_on = end, not is_on
    return tuple(spans)


def every_working_day(hours: Hours, zone: ZoneInfo, since: datetime, until: datetime) -> tuple[Span, ...]:
    """Shifts of Monday to Friday, by the wall clock of a zone."""
    calendar = Calendar(name="tried", zone=zone, week=[hours] * 5 + [(), ()])
    return open_spans(calendar, since.astimezone(UTC), until)


def spans_on_line(
    presence: Iterable[tuple[datetime, str]], since: datetime, until: datetime
) -> tuple[Span, ...]:
    """When somebody was at work. A gap of a page that was loaded again is none."""
    spans: list[Span] = []
    began: float | None = None
    for at, what in presence:
        moment = min(max(minutes_from(since, at), 0.0), minutes_from(since, until))
        if what in _AT_WORK and began is None:
            began = moment
        elif what not in _AT_WORK and began is not None:
            _add(spans, (began, moment))
            began = None
    if began is not None:
        _add(spans, (began, minutes_from(since, until)))
    return tuple(spans)


def go_on_weekly(spans: Sequence[Span], end: float, days: int) -> tuple[Span, ...]:
    """The same for so many days after `end`, as in the week before it: what waits at the end is worked off as usual."""
    last = end + days * 1_440.0
    more = [
        (begins + _WEEK, min(ends + _WEEK, last))
        for begins, ends in spans
        if end <= begins + _WEEK < last and begins + _WEEK < end + _WEEK
    ]
    return (*spans, *more)


def day_number(since: datetime, zone: ZoneInfo, moment: float) -> int:
    """The day on which this minute lies, by the wall clock of a zone; the first is 1."""
    first = since.astimezone(zone).date()
    return ((since + timedelta(minutes=moment)).astimezone(zone).date() - first).days + 1


def _add(spans: list[Span], span: Span) -> None:
    if span[1] <= span[0]:
        return
    if spans and span[0] - spans[-1][1] < _SHORT_GAP:
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)
