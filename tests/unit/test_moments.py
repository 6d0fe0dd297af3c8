"""Dates and times are those that Babel writes."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.dates import format_date, format_datetime, format_time

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
    locale = Locale.parse(name)
    for zone in map(ZoneInfo, ZONES):
        for at in MOMENTS:
            local = at.astimezone(zone)
            assert write_moment(local, "medium", name) == format_datetime(
                at, "medium", tzinfo=zone, locale=locale
            )
            assert write_moment(local, "short", name) == format_time(at, "short", tzinfo=zone, locale=locale)
            for pattern in PATTERNS:
                assert write_moment(local, pattern, name) == format_datetime(
                    at, pattern, tzinfo=zone, locale=locale
                )
            for length in ("medium", "long"):
                assert write_day(local.date(), length, name) == format_date(
                    local.date(), length, locale=locale
                )
