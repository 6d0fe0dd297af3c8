"""Working time against a counter that looks at the clock on the wall minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.calendars import (
    ALWAYS,
    DAY,
    Calendar,
    Hours,
    NeverOpen,
    add_working,
    is_open,
    next_change,
    read_shift,
    working_time,
)

MINUTE = timedelta(minutes=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
# Days around which the clocks change, for each of the zones above that does so; and a New Year.
DAYS = (
    date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4),
    date(2026, 12, 31), date(2027, 6, 16),
)  # fmt: skip


def office(zone: str = "Asia/Shanghai", **more: object) -> Calendar:
    nine: Hours = ((540, 1080),)
    return Calendar(name="office", zone=ZoneInfo(zone), week=[nine] * 5 + [()] * 2, **more)  # type: ignore[arg-type]


def at(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[misc,arg-type]


def hours(many: float) -> timedelta:
    return timedelta(hours=many)


@st.composite
def a_day(draw: st.DrawFn, earliest: int = 36) -> Hours:
    """No, one or two shifts, in steps of ten minutes; the last may run past midnight, but ends at six."""
    cuts = sorted(draw(st.lists(st.integers(earliest, 143), max_size=4, unique=True)))
    shifts = [(a * 10, b * 10) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    if len(cuts) % 2:
        shifts.append((cuts[-1] * 10, DAY + draw(st.integers(0, 36)) * 10))
    return tuple(shifts)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = [draw(a_day()) for _ in range(7)]
    if draw(st.integers(0, 9)) == 0:
        week = [ALWAYS] * 7
    if not any(week):
        week[draw(st.integers(0, 6))] = ((540, 1080),)
    around = st.builds(lambda day, n: day + timedelta(days=n), st.sampled_from(DAYS), st.integers(-4, 4))
    special = draw(st.dictionaries(around, a_day(earliest=0), max_size=5))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    return Calendar(name="random", zone=zone, week=week, special=special)


moments = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes * MINUTE,
    st.sampled_from(DAYS),
    st.integers(-3 * DAY, 3 * DAY),
)
anywhen = st.timedeltas(timedelta(), timedelta(days=5000)).map(
    lambda far: datetime(2020, 1, 1, tzinfo=UTC) + far
)
amounts = st.timedeltas(timedelta(), timedelta(days=90))


def count(calendar: Calendar, start: datetime, end: datetime) -> list[bool]:
    """For each minute whether a shift has begun and not ended by the highest that the clock has shown so far."""
    shown = datetime(1, 1, 1)  # noqa: DTZ001 - a wall time
    out = []
    minute = start - 1500 * MINUTE
    while minute < end:
        shown = max(shown, minute.astimezone(calendar.zone).replace(tzinfo=None))
        if minute >= start:
            out.append(any(_covers(calendar, shown, shown.date() - timedelta(days=n)) for n in (0, 1)))
        minute += MINUTE
    return out


def _covers(calendar: Calendar, shown: datetime, day: date) -> bool:
    minutes = (shown - datetime(day.year, day.month, day.day)) / MINUTE  # noqa: DTZ001 - a wall time
    return any(since <= minutes < until for since, until in calendar.hours_of(day))


@given(calendars(), moments, st.integers(0, 4 * DAY))
@settings(max_examples=80, deadline=None)
def test_it_is_what_one_counts_minute_by_minute(calendar: Calendar, start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    counted = count(calendar, start, end)
    assert working_time(calendar, start, end) == sum(counted) * MINUTE
    assert [is_open(calendar, start + n * MINUTE) for n in range(minutes)] == counted
    change = next_change(calendar, start)
    first = next((n for n, one in enumerate(counted) if one != counted[0]), None)
    if first is not None:
        assert change == start + first * MINUTE
    elif change is not None:
        assert change >= end


@given(calendars(), st.lists(anywhen, min_size=3, max_size=3))
@settings(deadline=None)
def test_parts_add_up(calendar: Calendar, three: list[datetime]) -> None:
    a, b, c = sorted(three)
    parts = working_time(calendar, a, b) + working_time(calendar, b, c)
    assert working_time(calendar, a, c) == parts
    assert timedelta() <= parts <= c - a
    assert working_time(calendar, c, a) == timedelta()


@given(calendars(), anywhen, amounts)
@settings(deadline=None)
@example(office(), at("Asia/Shanghai", 2026, 11, 27, 17), timedelta(hours=1))
def test_adding_is_the_first_moment_by_which_it_is_done(
    calendar: Calendar, start: datetime, amount: timedelta
) -> None:
    due = add_working(calendar, start, amount)
    assert due >= start
    assert working_time(calendar, start, due) == amount
    if amount:
        assert working_time(calendar, start, due - timedelta(microseconds=1)) < amount


@given(calendars(), anywhen, anywhen, amounts, amounts)
@settings(deadline=None)
def test_later_or_longer_is_never_due_sooner(
    calendar: Calendar, start: datetime, other: datetime, amount: timedelta, more: timedelta
) -> None:
    first, second = sorted((start, other))
    assert add_working(calendar, first, amount) <= add_working(calendar, second, amount)
    due = add_working(calendar, first, amount + more)
    assert add_working(calendar, first, amount) <= due
    if amount and more:
        assert add_working(calendar, add_working(calendar, first, amount), more) == due


def test_a_weekend_is_no_working_time() -> None:
    zone = "Asia/Shanghai"
    calendar = office(zone)
    friday = at(zone, 2026, 11, 27, 17)
    assert add_working(calendar, friday, hours(2)) == at(zone, 2026, 11, 30, 10)
    assert working_time(calendar, friday, at(zone, 2026, 11, 30, 10)) == hours(2)
    assert not is_open(calendar, at(zone, 2026, 11, 28, 12))
    assert next_change(calendar, at(zone, 2026, 11, 27, 18)) == at(zone, 2026, 11, 30, 9)
    # What is done when the shift ends is due then, not on Monday.
    assert add_working(calendar, friday, hours(1)) == at(zone, 2026, 11, 27, 18)


def test_a_lunch_break_and_several_shifts() -> None:
    shifts = (read_shift("09:00-12:00"), read_shift("13:30-18:00"))
    calendar = Calendar(name="shop", zone=ZoneInfo("Europe/Berlin"), week=[shifts] * 7)
    zone = "Europe/Berlin"
    assert add_working(calendar, at(zone, 2026, 6, 1, 11), hours(2)) == at(zone, 2026, 6, 1, 14, 30)
    assert next_change(calendar, at(zone, 2026, 6, 1, 12, 10)) == at(zone, 2026, 6, 1, 13, 30)


@pytest.mark.parametrize(("day", "worked"), [((2026, 3, 28), 7), ((2026, 10, 24), 9), ((2026, 6, 1), 8)])
def test_a_night_shift_has_as_many_hours_as_go_by(day: tuple[int, int, int], worked: int) -> None:
    """The night in which the clocks go forward has seven, the one in which they go back nine."""
    zone = "Europe/Berlin"
    night = Calendar(name="night", zone=ZoneInfo(zone), week=[(read_shift("22:00-06:00"),)] * 7)
    evening = at(zone, *day, 21)
    assert working_time(night, evening, evening + hours(12)) == hours(worked)


def test_a_shift_belongs_to_the_day_on_which_it_begins() -> None:
    zone = "Asia/Shanghai"
    calendar = Calendar(
        name="night",
        zone=ZoneInfo(zone),
        week=[(read_shift("22:00-06:00"),)] * 5 + [(), ()],
        special={date(2026, 12, 2): ()},
    )
    assert is_open(calendar, at(zone, 2026, 12, 2, 3))  # Tuesday's night goes on
    assert not is_open(calendar, at(zone, 2026, 12, 2, 23))
    assert not is_open(calendar, at(zone, 2026, 12, 3, 3))
    assert is_open(calendar, at(zone, 2026, 11, 28, 5))  # Friday's, on Saturday morning


def test_a_night_shift_goes_on_into_the_new_year() -> None:
    zone = "America/New_York"
    night = Calendar(name="night", zone=ZoneInfo(zone), week=[(read_shift("22:00-06:00"),)] * 7)
    evening = at(zone, 2026, 12, 31, 21)
    assert working_time(night, evening, at(zone, 2027, 1, 1, 12)) == hours(8)
    assert add_working(night, evening, hours(5)) == at(zone, 2027, 1, 1, 3)
    assert next_change(night, at(zone, 2026, 12, 31, 23)) == at(zone, 2027, 1, 1, 6)


def test_hours_that_the_clocks_leave_out_do_not_exist() -> None:
    zone = "Australia/Lord_Howe"  # half an hour: 02:00 is 02:30 on 4 October 2026
    calendar = Calendar(name="early", zone=ZoneInfo(zone), week=[((120, 180),)] * 7)
    assert working_time(calendar, at(zone, 2026, 10, 4, 0), at(zone, 2026, 10, 4, 12)) == hours(0.5)
    left_out = Calendar(name="gone", zone=ZoneInfo(zone), week=[((125, 145),)] * 7)
    day = at(zone, 2026, 10, 4, 0)
    assert working_time(left_out, day, at(zone, 2026, 10, 5, 0)) == timedelta()
    assert add_working(left_out, day, 1 * MINUTE) == at(zone, 2026, 10, 5, 2, 6)


def test_a_day_off_a_make_up_day_and_a_short_day() -> None:
    zone = "Asia/Shanghai"
    nine: Hours = ((540, 1080),)
    calendar = office(
        zone,
        yearly=lambda year: {date(year, 10, 1): (), date(year, 10, 10): nine},  # a Thursday, a Saturday
        special={date(2026, 12, 24): ((540, 720),)},
    )
    assert working_time(calendar, at(zone, 2026, 10, 1, 0), at(zone, 2026, 10, 2, 0)) == timedelta()
    assert working_time(calendar, at(zone, 2026, 10, 10, 0), at(zone, 2026, 10, 11, 0)) == hours(9)
    assert working_time(calendar, at(zone, 2026, 12, 24, 0), at(zone, 2026, 12, 25, 0)) == hours(3)
    assert add_working(calendar, at(zone, 2026, 9, 30, 17), hours(2)) == at(zone, 2026, 10, 2, 10)


def test_round_the_clock_never_changes() -> None:
    always = Calendar(name="always", zone=ZoneInfo("America/New_York"), week=[ALWAYS] * 7)
    start = datetime(2026, 1, 1, 12, 34, 56, 789, tzinfo=UTC)
    assert add_working(always, start, timedelta(days=1000)) == start + timedelta(days=1000)
    assert next_change(always, start) is None
    assert is_open(always, start)


def test_it_costs_the_same_near_and_far() -> None:
    calendar = office("Europe/Berlin")
    far = at("Europe/Berlin", 2036, 1, 1, 0)
    for year in range(2026, 2037):
        calendar.page(year)
    pages = dict(calendar._pages)
    assert working_time(calendar, at("Europe/Berlin", 2026, 1, 1, 0), far) > timedelta(days=800)
    assert calendar._pages == pages  # nothing is worked out again


def test_what_makes_no_calendar_is_refused() -> None:
    zone = ZoneInfo("UTC")
    with pytest.raises(ValueError, match="no hours"):
        Calendar(name="x", zone=zone, week=[()] * 7)
    with pytest.raises(ValueError, match="seven days"):
        Calendar(name="x", zone=zone, week=[((540, 1080),)])
    night, morning = read_shift("22:00-06:00"), read_shift("05:00-09:00")
    with pytest.raises(ValueError, match="overlap"):
        Calendar(name="x", zone=zone, week=[(night,), (morning,), *[()] * 5])
    with pytest.raises(ValueError, match="overlap"):  # also from Sunday to Monday
        Calendar(name="x", zone=zone, week=[(morning,), *[()] * 5, (night,)])
    for wrong in ("9:00-18:00", "09:00-18:60", "24:00-06:00", "09:00-25:00", "09:00", "", "09:00-09:00"):
        with pytest.raises(ValueError, match=r"hours like|no such time|ends where"):
            read_shift(wrong)
    seldom = Calendar(name="seldom", zone=zone, week=[((540, 541),), *[()] * 6])
    with pytest.raises(NeverOpen):
        add_working(seldom, datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=10))
