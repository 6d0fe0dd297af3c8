"""Dates and times are those that Babel writes: in English the day first, and a clock of twenty-four hours."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.dates import (
    format_date,
    format_datetime,
    format_time,
    get_date_format,
    get_datetime_format,
    get_time_format,
)

from hub.web.desk.say.language import LANGUAGES
from hub.web.desk.say.moments import write_day, write_moment

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu")
PATTERNS = ("HH:mm:ss", "EEE HH:mm", "M月d日 HH:mm", "d MMM, HH:mm", "EEEE, QQQ 'at' h a")
_DRAW = random.Random(1)
MOMENTS = [
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC),  # the clocks of New York go forward a second later
    datetime(2026, 6, 30, 12, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    *(
        datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=_DRAW.randrange(10 * 365 * 86_400))
        for _ in range(300)
    ),
]


@pytest.mark.parametrize("name", LANGUAGES)
def test_moments_and_days_are_written_as_babel_writes_them(name: str) -> None:
    locale, form = Locale.parse(name), Locale.parse("en_GB" if name == "en" else name)
    whole = get_datetime_format("medium", form).replace("'", "")
    whole = whole.replace("{1}", get_date_format("medium", form).pattern)
    whole = whole.replace("{0}", get_time_format("short", form).pattern)
    for zone in map(ZoneInfo, ZONES):
        for at in MOMENTS:
            local = at.astimezone(zone)
            assert write_moment(local, "medium", name) == format_datetime(
                at, whole, tzinfo=zone, locale=locale
            )
            assert write_moment(local, "short", name) == format_time(at, "short", tzinfo=zone, locale=form)
            for pattern in PATTERNS:
                assert write_moment(local, pattern, name) == format_datetime(
                    at, pattern, tzinfo=zone, locale=locale
                )
            for length in ("medium", "long"):
                pattern = get_date_format(length, form).pattern
                assert write_day(local.date(), length, name) == format_date(
                    local.date(), pattern, locale=locale
                )


def test_a_day_in_english_and_in_chinese() -> None:
    at = datetime(2026, 9, 7, 14, 5, 59, tzinfo=UTC)
    assert write_moment(at, "medium", "en") == "7 Sep 2026, 14:05"
    assert write_moment(at, "medium", "zh_CN") == "2026年9月7日 14:05"
    assert (write_moment(at, "short", "en"), write_day(at, "long", "en")) == ("14:05", "7 September 2026")
