"""Working time: when a company is at work, and sums over it. Pure; nothing here knows what o'clock it is.

Hours are given in wall-clock time of one time zone; sums are of real time, exact to the microsecond. A wall time stands for the
first moment at which the clock there shows it or something later: hours that a change of the clocks leaves out do not exist,
hours that it repeats are worked twice. A shift belongs to the day on which it begins, also past midnight: a day off takes away
the shift that begins on it and leaves the end of the night shift before.

The moments of a year are worked out once, when it is first asked for; then a sum costs two searches in a sorted list, however
far apart its ends are.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Hours: TypeAlias = tuple[tuple[int, int], ...]
"""Shifts of one day, (begin, end) in minutes after its midnight. An end after 1440 lies on the next day."""

DAY = 1440
ALWAYS: Hours = ((0, DAY),)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_YEARS_AHEAD = 30
_SHIFT = re.compile(r"(\d\d):(\d\d)\s*[-–]\s*(\d\d):(\d\d)")


class NeverOpen(ValueError):
    """The calendar has not so much working time within thirty years."""


def read_shift(text: str) -> tuple[int, int]:
    """`09:00-18:00`, over midnight `22:00-06:00`, a whole day `00:00-24:00`. Raises ValueError."""
    found = _SHIFT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected hours like 09:00-18:00; got {text!r}")
    hour, minute, until_hour, until_minute = map(int, found.groups())
    begin, end = hour * 60 + minute, until_hour * 60 + until_minute
    if minute > 59 or until_minute > 59 or begin >= DAY or end > DAY:
        raise ValueError(f"there is no such time of day in {text!r}")
    if begin == end:
        raise ValueError(f"{text!r} ends where it begins; a whole day is 00:00-24:00")
    return begin, end if end > begin else end + DAY


class Calendar:
    """When work is done. `week`: the hours of Monday to Sunday. `special`: what other hours a day has, none where it is off;
    `yearly` gives the same for a whole year, and is asked once for each; `special` comes first.

    Raises ValueError for a week without hours, and where two shifts of a week overlap.
    """

    __slots__ = ("_last", "_pages", "_special", "_specials", "_week", "_yearly", "name", "zone")

    def __init__(
        self,
        *,
        name: str,
        zone: ZoneInfo,
        week: Sequence[Hours],
        special: Mapping[date, Hours] | None = None,
        yearly: Callable[[int], Mapping[date, Hours]] | None = None,
    ) -> None:
        self.name = name
        self.zone = zone
        self._week = tuple(tuple(sorted(hours)) for hours in week)
        _check_week(self._week)
        self._special = dict(special or {})
        self._yearly = yearly
        self._specials: dict[int, Mapping[date, Hours]] = {}
        self._pages: dict[int, _Year] = {}
        self._last: _Year | None = None

    def hours_of(self, day: date) -> Hours:
        """The shifts that begin on this day."""
        if (own := self._special.get(day)) is not None:
            return own
        if self._yearly is not None:
            if day.year not in self._specials:
                self._specials[day.year] = self._yearly(day.year)
            if (given := self._specials[day.year].get(day)) is not None:
                return given
        return self._week[day.weekday()]

    def page(self, year: int) -> "_Year":
        if year not in self._pages:
            self._pages[year] = self._work_out(year)
        return self._pages[year]

    def page_of(self, at: int) -> "_Year":
        """The year in which this moment lies, by the calendar's own clock."""
        if self._last is not None and self._last.begin <= at < self._last.end:
            return self._last
        page = self.page((_EPOCH + at * _MICROSECOND).astimezone(self.zone).year)
        while at >= page.end:  # the clocks went back on New Year's Eve
            page = self.page(page.year + 1)
        self._last = page
        return page

    def _work_out(self, year: int) -> "_Year":
        begin, end = self._moment(date(year, 1, 1), 0), self._moment(date(year + 1, 1, 1), 0)
        open_hours: list[tuple[int, int]] = []
        day, last = date(year - 1, 12, 31), date(year, 12, 31)
        while day <= last:
            for since, until in self.hours_of(day):
                span = (max(begin, self._moment(day, since)), min(end, self._moment(day, until)))
                if span[0] < span[1]:
                    open_hours.append(span)
            day += timedelta(days=1)
        return _Year(year, begin, end, _joined(open_hours))

    def _moment(self, day: date, minutes: int) -> int:
        """The first moment at which the clock shows this wall time, or something later."""
        wall = datetime(day.year, day.month, day.day) + minutes * _MINUTE  # noqa: DTZ001 - a wall time has no zone yet
        early = wall.replace(tzinfo=self.zone)
        moment = _micros(early)
        if (_EPOCH + moment * _MICROSECOND).astimezone(self.zone).replace(tzinfo=None) == wall:
            return moment
        # The clocks skip it: the change lies between its two readings (PEP 495).
        before, after = _micros(early.replace(fold=1)), moment
        while after - before > 1:
            middle = (before + after) // 2
            shown = (_EPOCH + middle * _MICROSECOND).astimezone(self.zone).replace(tzinfo=None)
            before, after = (before, middle) if shown >= wall else (middle, after)
        return after


class _Year:
    """The open hours of one year, in microseconds since 1970: sorted, apart from each other, inside the year."""

    __slots__ = ("before", "begin", "end", "ends", "reached", "starts", "total", "year")

    def __init__(self, year: int, begin: int, end: int, spans: Sequence[tuple[int, int]]) -> None:
        self.year, self.begin, self.end = year, begin, end
        self.starts = [start for start, _ in spans]
        self.ends = [stop for _, stop in spans]
        self.before: list[int] = []  # working time of the year before each span, and
        self.reached: list[int] = []  # with it
        self.total = 0
        for start, stop in spans:
            self.before.append(self.total)
            self.total += stop - start
            self.reached.append(self.total)

    def worked(self, at: int) -> int:
        """Working time from the year's beginning to this moment of it."""
        place = bisect_right(self.starts, at) - 1
        return self.before[place] + min(at, self.ends[place]) - self.starts[place] if place >= 0 else 0

    def when(self, worked: int) -> int:
        """The first moment at which so much of the year's working time, more than none, is over."""
        place = bisect_left(self.reached, worked)
        return self.starts[place] + worked - self.before[place]


def working_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much work was done from `start` to `end`; none where `end` is not after `start`."""
    since, until = _micros(start), _micros(end)
    if until <= since:
        return timedelta()
    page, last = calendar.page_of(since), calendar.page_of(until)
    total = -page.worked(since)
    while page is not last:
        total += page.total
        page = calendar.page(page.year + 1)
    return (total + last.worked(until)) * _MICROSECOND


def add_working(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """The first moment at which so much working time has passed since `start`; `start` itself for none. Work that ends with a
    shift is due then, not when the next one begins. In UTC. Raises NeverOpen."""
    left = amount // _MICROSECOND
    if left <= 0:
        return start.astimezone(UTC)
    since = _micros(start)
    page = calendar.page_of(since)
    left += page.worked(since)
    for _ in range(_YEARS_AHEAD):
        if left <= page.total:
            return _EPOCH + page.when(left) * _MICROSECOND
        left -= page.total
        page = calendar.page(page.year + 1)
    raise NeverOpen(f"the calendar {calendar.name} has no {amount} of working time after {start:%Y-%m-%d}")


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether work is done at this moment. The moment at which a shift ends is no part of it."""
    moment = _micros(at)
    page = calendar.page_of(moment)
    place = bisect_right(page.starts, moment) - 1
    return place >= 0 and moment < page.ends[place]


def next_change(calendar: Calendar, at: datetime) -> datetime | None:
    """When work next begins, or ends, after `at`, in UTC; None where that is in none of the next two years."""
    moment = _micros(at)
    page = calendar.page_of(moment)
    wanted = is_open(calendar, at)
    for _ in range(3):
        place = bisect_right(page.ends if wanted else page.starts, moment)
        if place < len(page.starts):
            change = page.ends[place] if wanted else page.starts[place]
            following = calendar.page(page.year + 1) if wanted and change == page.end else None
            if following is None or not following.starts or following.starts[0] != change:
                return _EPOCH + change * _MICROSECOND
        page = calendar.page(page.year + 1)
        moment = page.begin - 1 if not wanted else page.begin
    return None


def _micros(at: datetime) -> int:
    since = at.astimezone(UTC) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted; what overlaps or touches is one: no hour counts twice."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _check_week(week: Sequence[Hours]) -> None:
    if len(week) != 7:
        raise ValueError("a week has seven days")
    shifts = sorted(
        (day * DAY + begin, day * DAY + end) for day, hours in enumerate(week) for begin, end in hours
    )
    if not shifts:
        raise ValueError("there are no hours in the week")
    first = (shifts[0][0] + 7 * DAY, shifts[0][1] + 7 * DAY)
    for (_, end), (begin, _) in zip(shifts, [*shifts[1:], first], strict=True):
        if begin < end:
            raise ValueError("two shifts of the week overlap")
