"""Dates and times as Babel writes them, many times faster: a list of tickets shows hundreds of them.

The patterns are CLDR's, taken from Babel once and kept as templates. Numbers are filled in here; names (of months, of days, of
halves of the day) are Babel's, each asked for once; whatever else a pattern may hold Babel fills in every time.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.dates import DateTimeFormat, get_date_format, get_datetime_format, get_time_format, parse_pattern
from babel.numbers import format_decimal
from babel.units import format_unit

_NUMBERS: Mapping[str, Callable[[datetime], str]] = {
    "y": lambda at: str(at.year),
    "M": lambda at: str(at.month),
    "d": lambda at: str(at.day),
    "H": lambda at: str(at.hour),
    "HH": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "mm": lambda at: f"{at.minute:02}",
    "ss": lambda at: f"{at.second:02}",
}
_NAMES = frozenset(("MMM", "MMMM", "EEE", "EEEE", "a"))
"""What depends on nothing but the month, the day of the week and the half of the day."""

_FORMS: Mapping[str, str] = {"en": "en_GB"}
"""Whose order of day and month, and whose clock: a desk where times are compared all day has no AM and PM in one of its two
languages."""

_JOINED = re.compile(r"(?<=\d)(?=[\u4e00-\u9fff])")

_names: dict[tuple[str, str, int, int, bool], str] = {}


class _Fields(dict[str, str]):
    """The fields of one moment, worked out as a pattern asks for them."""

    __slots__ = ("_at", "_locale")

    def __init__(self, at: datetime, locale: str) -> None:
        self._at, self._locale = at, locale

    def __missing__(self, field: str) -> str:
        number = _NUMBERS.get(field)
        return _name(self._at, field, self._locale) if number is None else number(self._at)


def _name(at: datetime, field: str, locale: str) -> str:
    if field not in _NAMES:
        return DateTimeFormat(at, locale)[field]
    key = (locale, field, at.month, at.weekday(), at.hour < 12)
    if key not in _names:
        _names[key] = DateTimeFormat(at, locale)[field]
    return _names[key]


def write_moment(local: datetime, pattern: str, locale: str) -> str:
    """By a pattern of CLDR's letters, or one of the names medium (day and time, to the minute) and short (the time alone).
    `local`: with the clock of whoever reads it."""
    return _template(pattern, locale) % _Fields(local, locale)


def write_day(day: date, length: Literal["medium", "long"], locale: str) -> str:
    """The day alone."""
    return _day_template(length, locale) % _Fields(datetime(day.year, day.month, day.day), locale)  # noqa: DTZ001 - no time


@cache
def _template(pattern: str, locale: str) -> str:
    time = str(get_time_format("short", locale=_FORMS.get(locale, locale)).format)
    if pattern == "medium":
        both = str(get_datetime_format("medium", locale=_FORMS.get(locale, locale))).replace("'", "")
        return both.replace("{0}", time).replace("{1}", _day_template("medium", locale))
    if pattern == "short":
        return time
    return str(parse_pattern(pattern).format)


@cache
def _day_template(length: Literal["medium", "long"], locale: str) -> str:
    return str(get_date_format(length, locale=_FORMS.get(locale, locale)).format)


@lru_cache(maxsize=4096)
def write_amount(number: float, unit: str, locale: str) -> str:
    """So many minutes, say, in short. CLDR joins a Chinese unit to its figure; every other figure here stands apart."""
    return _JOINED.sub(" ", str(format_unit(number, unit, length="short", locale=locale)))


@lru_cache(maxsize=4096)
def write_number(number: float, locale: str) -> str:
    return str(format_decimal(number, locale=locale))


@cache
def language_name(code: str, locale: str) -> str:
    """What the language is called in that of the locale; the code where it has no name."""
    return str(Locale.parse(locale).languages.get(code, code))
