"""A calendar as a form: a row for each shift of each weekday, for days off, and for days with other hours."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.web.desk.rules.forms.fields import Fields, number, one, rows
from routing.promises import WEEKDAYS, CalendarTable

ALWAYS, WEEK = "always", "week"
HOURS, SHUT = "hours", "shut"
"""What a day with other hours is, beside the weekdays that it may be like."""

_TIME = re.compile(r"(\d{1,2})(?:[:.时点h]?(\d{2})分?|[时点h])?")
_SHIFT = re.compile(r"\s*([^-–—~～至到]+?)\s*(?:[-–—~～至到]\s*(.*?))?\s*")
_BETWEEN = re.compile(r"[,，、;；\n]+")


def fields_of(calendar: CalendarTable) -> Fields:
    always = isinstance(calendar.hours, str)
    week: Mapping[Any, Sequence[str]] = {} if isinstance(calendar.hours, str) else calendar.hours
    country, _, part = calendar.holidays.partition("-")
    periods = [text.partition("/") for text in calendar.days_off]
    others = list(calendar.other_days.items())
    return {
        "name": [calendar.name],
        "title_en": [calendar.title_en],
        "title_zh": [calendar.title_zh],
        "zone": [calendar.zone],
        "open": [ALWAYS if always else WEEK],
        **{f"{day}.from": [_ends(shift)[0] for shift in week.get(day, ())] for day in WEEKDAYS},
        **{f"{day}.to": [_ends(shift)[1] for shift in week.get(day, ())] for day in WEEKDAYS},
        "country": [country],
        "part": [part],
        "make_up_day": [calendar.make_up_day],
        "off.from": [first for first, _, _ in periods],
        "off.to": [last for _, _, last in periods],
        "other.day": [day.isoformat() for day, _ in others],
        "other.as": [hours if isinstance(hours, str) else HOURS if hours else SHUT for _, hours in others],
        "other.hours": [
            "" if isinstance(hours, str) else ", ".join(map(tidy_shift, hours)) for _, hours in others
        ],
    }


def read(fields: Fields) -> dict[str, Any]:
    country, part = one(fields, "country"), one(fields, "part")
    return {
        "name": one(fields, "name"),
        "title_en": one(fields, "title_en"),
        "title_zh": one(fields, "title_zh"),
        "zone": one(fields, "zone"),
        "hours": ALWAYS if one(fields, "open") == ALWAYS else _week(fields),
        "holidays": f"{country}-{part}" if country and part else country,
        "make_up_day": one(fields, "make_up_day") or "monday",
        "days_off": [
            f"{first}/{last}" if last and last != first else first
            for first, last in rows(fields, "off.from", "off.to")
        ],
        "other_days": {
            day: _other(like, hours)
            for day, like, hours in rows(fields, "other.day", "other.as", "other.hours")
        },
    }


def new() -> Fields:
    week = {f"{day}.{end}": [at] for day in WEEKDAYS[:5] for end, at in (("from", "09:00"), ("to", "18:00"))}
    return {"open": [WEEK], "zone": ["Asia/Shanghai"], "make_up_day": ["monday"], **week}


def shifts_of(fields: Fields, day: str) -> list[tuple[str, str]]:
    """The rows of a weekday; one of which an end is missing is one all the same."""
    since = [tidy_time(text) for text in fields.get(f"{day}.from", ())]
    until = [tidy_time(text) for text in fields.get(f"{day}.to", ())]
    longest = max(len(since), len(until))
    filled = [column + [""] * (longest - len(column)) for column in (since, until)]
    return [row for row in zip(*filled, strict=True) if any(row)]


def shift_text(since: str, until: str) -> str:
    """As rules write it. Until midnight is until 24:00."""
    return f"{since}-{'24:00' if until == '00:00' else until}"


def tidy_time(text: str) -> str:
    """9, 900, 9.00, ９：００ are 09:00. What is no time stays as it was typed."""
    given = number(text)
    found = _TIME.fullmatch(given)
    return f"{int(found[1]):02}:{found[2] or '00'}" if found else given


def tidy_shift(text: str) -> str:
    """9-18, 09:00 – 18:00 and 9点至18点 are 09:00-18:00."""
    found = _SHIFT.fullmatch(number(text))
    return shift_text(tidy_time(found[1]), tidy_time(found[2])) if found and found[2] else text.strip()


def _week(fields: Fields) -> dict[str, list[str]]:
    week = {day: [shift_text(*shift) for shift in shifts_of(fields, day)] for day in WEEKDAYS}
    return {day: shifts for day, shifts in week.items() if shifts}


def _other(like: str, hours: str) -> str | list[str]:
    if like == SHUT:
        return []
    if like in WEEKDAYS:
        return like
    return [tidy_shift(shift) for shift in _BETWEEN.split(hours) if shift.strip()]


def _ends(shift: str) -> tuple[str, str]:
    since, _, until = tidy_shift(shift).partition("-")
    return since, until
