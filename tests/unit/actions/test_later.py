"""When "later" is, by the clock on the writer's wall."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actions.answers.later import check_moment, moments, read_moment
from hub.actions.failures import NotPossible

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def _weekdays(day: date) -> bool:
    return day.weekday() < 5


def _offered(local: str, works: object = _weekdays) -> dict[str, str]:
    now = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    found = moments(now.astimezone(UTC), SHANGHAI, works)  # type: ignore[arg-type]
    return {one.preset.value: one.at.astimezone(SHANGHAI).strftime("%a %d %H:%M") for one in found}


def test_what_is_offered_follows_the_time_of_day_and_the_week() -> None:
    assert _offered("2026-11-26T10:00") == {
        "afternoon": "Thu 26 15:00", "tomorrow": "Fri 27 09:00", "monday": "Mon 30 09:00",
    }  # fmt: skip
    assert _offered("2026-11-26T14:40") == {
        "evening": "Thu 26 18:00", "tomorrow": "Fri 27 09:00", "monday": "Mon 30 09:00",
    }  # fmt: skip
    assert _offered("2026-11-27T20:00") == {"tomorrow": "Sat 28 09:00", "monday": "Mon 30 09:00"}


def test_a_monday_that_is_a_holiday_is_no_working_monday() -> None:
    def works(day: date) -> bool:
        return _weekdays(day) and day != date(2026, 11, 30)

    offered = _offered("2026-11-27T20:00", works)
    assert offered == {"tomorrow": "Sat 28 09:00", "workday": "Tue 01 09:00", "monday": "Mon 07 09:00"}


@given(
    st.integers(0, 2 * 366 * 24 * 60), st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York")])
)  # fmt: skip
def test_every_moment_lies_ahead_and_can_be_chosen(minutes: int, zone: ZoneInfo) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = moments(at, zone, _weekdays)
    assert len({one.at for one in found}) == len(found) >= 1
    for one in found:
        assert one.at - at >= timedelta(minutes=30)
        check_moment(one.at, at)
        assert read_moment(one.at.isoformat(), zone) == one.at


def test_a_field_is_read_by_the_wall_and_an_hour_that_the_clocks_leave_out_is_refused() -> None:
    assert read_moment("2026-11-27T09:00", SHANGHAI) == datetime(2026, 11, 27, 1, tzinfo=UTC)
    for given_, code in (
        ("2026-03-29T02:30", "no_such_time"),
        ("soon", "bad_moment"),
        ("1066-01-01T09:00", "bad_moment"),
    ):
        with pytest.raises(NotPossible) as refused:
            read_moment(given_, BERLIN)
        assert refused.value.code == code
