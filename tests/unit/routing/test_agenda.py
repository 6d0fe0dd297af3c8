"""The next moment at which time alone makes a difference."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agenda import began_to_wait, earliest, next_opening, openings, waited, will_have_waited
from routing.calendars import Calendar

OFFICE = Calendar(
    name="office", zone=ZoneInfo("Asia/Shanghai"), week=[((540, 1080),)] * 5 + [(), ()]
)  # Monday to Friday, 09:00-18:00
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 there
HOUR = timedelta(hours=1)


def test_the_earliest_of_what_is_still_to_come() -> None:
    assert earliest([None, MONDAY - HOUR, MONDAY, MONDAY + 2 * HOUR, MONDAY + HOUR], MONDAY) == MONDAY + HOUR
    assert earliest([None, MONDAY], MONDAY) is None


def test_only_what_is_shut_opens() -> None:
    assert next_opening(OFFICE, MONDAY) is None
    assert next_opening(OFFICE, MONDAY - HOUR) == MONDAY
    assert next_opening(OFFICE, MONDAY + 9 * HOUR) == MONDAY + 24 * HOUR
    known = {"office": OFFICE}
    assert openings(["office", "office", "", "gone"], known.get, MONDAY - HOUR) == [MONDAY]
    assert openings(["office"], known.get, MONDAY) == []


def test_waiting_counts_by_the_hours_of_the_queue() -> None:
    friday_evening = MONDAY - 64 * HOUR  # 17:00
    assert waited(OFFICE, friday_evening, MONDAY + HOUR) == 2 * HOUR
    assert waited(None, friday_evening, MONDAY + HOUR) == 65 * HOUR
    assert will_have_waited(OFFICE, friday_evening, 2 * HOUR) == MONDAY + HOUR
    assert will_have_waited(None, friday_evening, 2 * HOUR) == friday_evening + 2 * HOUR


@pytest.mark.parametrize("calendar", [OFFICE, None])
@given(now=st.integers(0, 14 * 24 * 60), amount=st.integers(1, 3 * 24 * 60), later=st.integers(1, 5_000))
def test_whoever_came_after_that_moment_has_not_waited_so_long(
    calendar: Calendar | None, now: int, amount: int, later: int
) -> None:
    at, minutes = MONDAY + timedelta(minutes=now), timedelta(minutes=amount)
    since = began_to_wait(calendar, minutes, at)
    assert waited(calendar, since, at) >= minutes
    came = since + timedelta(minutes=later)
    if came <= at and (calendar is None or waited(calendar, since, came) > timedelta(milliseconds=2)):
        assert waited(calendar, came, at) < minutes
        then = will_have_waited(calendar, came, minutes)
        assert then is not None
        assert then > at
