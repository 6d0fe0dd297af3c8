"""Calendars and targets of config/routing.toml: reading them, and what is promised to whom.

Pure. Targets are asked like rules, from top to bottom: the first whose conditions hold and which names a value decides it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import orjson
from holidays.version import __version__ as holidays_version
from pydantic import Field, field_validator, model_validator

from hub.model.targets import Target
from hub.model.tickets import Priority, TicketKind
from routing.calendars import ALWAYS, Calendar, Hours, read_shift
from routing.tables import Name, PriorityName, Table, Word, Words
from routing.targets import Promise, Promises

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
Minutes = Annotated[int, Field(ge=0, le=527_040)]

_DEFAULT_WARNING = 80
_PERIOD = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?")
_LONGEST_PERIOD = 366


class CalendarTable(Table):
    """When work is done. `hours`: shifts by weekday, or "always". `holidays`: a country, or one of its parts, whose public
    holidays are off, "CN" or "DE-BY"; where it makes up for them at a weekend, those days have the hours of `make_up_day`.
    `days_off`: days, or first/last day. `other_days`: other hours for a day, or those of a weekday; the last word of all."""

    name: Name
    title_en: Word
    title_zh: Word
    zone: Word
    hours: Literal["always"] | Mapping[Weekday, Words]
    holidays: str = ""
    make_up_day: Weekday = "monday"
    days_off: tuple[str, ...] = ()
    other_days: Mapping[date, Weekday | Words] = Field(default_factory=dict)

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {zone!r}; expected one like Asia/Shanghai") from None
        return zone

    @field_validator("holidays")
    @classmethod
    def _country_exists(cls, place: str) -> str:
        if place:
            _public_holidays(place, 2026)
        return place

    @model_validator(mode="after")
    def _makes_a_calendar(self) -> Self:
        make_calendar(self)
        return self


class TargetWhen(Table):
    """A predicate, as of a rule: all conditions given must hold; within a list, one is enough. Empty: always holds."""

    kind: tuple[TicketKind, ...] = ()
    priority: tuple[PriorityName, ...] = ()
    queue: Words = ()
    channel: Words = ()
    channel_kind: Words = ()
    key_account: bool | None = None
    segment: Words = ()

    def holds(self, facts: "Facts") -> bool:
        return (
            (not self.kind or facts.kind in self.kind)
            and (not self.priority or facts.priority in self.priority)
            and (not self.queue or facts.queue in self.queue)
            and (not self.channel or facts.channel in self.channel)
            and (not self.channel_kind or facts.channel_kind in self.channel_kind)
            and (self.key_account is None or facts.key_account is self.key_account)
            and (not self.segment or facts.segment in self.segment)
        )


class TargetTable(Table):
    """What is promised, in minutes of working time of a calendar; 0: nothing. `warn_at`: after which share of it a warning is
    given, in per cent; 0: never. `escalate`: whether a missed target raises the ticket's priority. What has
    no title in a language is shown by its name."""

    name: Word
    title_en: Annotated[str, Field(max_length=100)] = ""
    title_zh: Annotated[str, Field(max_length=100)] = ""
    when: TargetWhen = Field(default_factory=TargetWhen)
    calendar: Word | None = None
    first_response: Minutes | None = None
    next_response: Minutes | None = None
    resolution: Minutes | None = None
    warn_at: Annotated[int, Field(ge=0, le=99)] | None = None
    escalate: bool | None = None

    @model_validator(mode="after")
    def _decides_something(self) -> Self:
        named = (self.calendar, *(self.minutes(target) for target in Target), self.warn_at, self.escalate)
        if all(value is None for value in named):
            raise ValueError(
                "expected at least one of calendar, first_response, next_response, resolution, warn_at, escalate"
            )
        return self

    def minutes(self, target: Target) -> int | None:
        value: int | None = getattr(self, target.value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a promise depends on."""

    kind: TicketKind
    priority: Priority
    queue: str
    channel: str
    channel_kind: str
    key_account: bool
    segment: str = ""


class Policies:
    """The calendars and targets of one file. `fingerprint` tells whether two files promise the same."""

    def __init__(self, calendars: tuple[CalendarTable, ...], targets: tuple[TargetTable, ...]) -> None:
        self.calendars: Mapping[str, Calendar] = {table.name: make_calendar(table) for table in calendars}
        self._targets = targets
        self._known: dict[Facts, Promises] = {}
        said = [table.model_dump(mode="json") for table in (*calendars, *targets)]
        library = holidays_version if any(table.holidays for table in calendars) else ""
        self.fingerprint = hashlib.sha256(
            orjson.dumps([said, library], option=orjson.OPT_SORT_KEYS)
        ).hexdigest()

    def promises(self, facts: Facts) -> Promises:
        """What somebody of whom this is true is promised."""
        if facts not in self._known:
            self._known[facts] = self._choose(facts)
        return self._known[facts]

    def _choose(self, facts: Facts) -> Promises:
        asked = [table for table in self._targets if table.when.holds(facts)]
        calendar = next((table.calendar for table in asked if table.calendar is not None), None)
        if calendar is None:
            return {}
        warn_at = next((table.warn_at for table in asked if table.warn_at is not None), _DEFAULT_WARNING)
        escalates = next((table.escalate for table in asked if table.escalate is not None), False)
        promises = {}
        for target in Target:
            table = next((table for table in asked if table.minutes(target) is not None), None)
            if table is not None and (minutes := table.minutes(target)):
                promises[target] = Promise(
                    amount=timedelta(minutes=minutes),
                    calendar=self.calendars[calendar],
                    warn_at=warn_at,
                    escalates=escalates,
                    named_by=table.name,
                )
        return promises


def make_calendar(table: CalendarTable) -> Calendar:
    """Raises ValueError where a shift, a day or a period is none, and where shifts overlap."""
    week = _week(table.hours)
    special: dict[date, Hours] = {}
    for text in table.days_off:
        special |= dict.fromkeys(_period(text), ())
    for day, hours in table.other_days.items():
        special[day] = week[WEEKDAYS.index(hours)] if isinstance(hours, str) else _hours(hours)
    make_up = week[WEEKDAYS.index(table.make_up_day)]

    def of_year(year: int) -> Mapping[date, Hours]:
        known = _public_holidays(table.holidays, year)
        made_up = {day: make_up for day in known.weekend_workdays if day.year == year}
        return {**dict.fromkeys(known, ()), **made_up}

    return Calendar(
        name=table.name,
        zone=ZoneInfo(table.zone),
        week=week,
        special=special,
        yearly=of_year if table.holidays else None,
    )


def is_undecided(table: CalendarTable, year: int) -> bool:
    """Whether the country sets its make-up days year by year, and those of this year are not known to this installation."""
    if not table.holidays:
        return False
    last = max(getattr(_public_holidays(table.holidays, year), "special_public_holidays", {}), default=0)
    recent = range(last - 4, last + 1)
    made_up = {day.year for day in _public_holidays(table.holidays, *recent).weekend_workdays} & set(recent)
    return len(made_up) > 2 and year > last


def _public_holidays(place: str, *years: int) -> holidays.HolidayBase:
    country, _, part = place.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None, years=years)
    except NotImplementedError:
        raise ValueError(
            f"no holidays are known for {place!r}; expected a country like CN, or a part of one like DE-BY"
        ) from None


def _week(hours: Literal["always"] | Mapping[Weekday, Words]) -> tuple[Hours, ...]:
    if isinstance(hours, str):
        return (ALWAYS,) * 7
    return tuple(_hours(hours.get(day, ())) for day in WEEKDAYS)


def _hours(shifts: Words) -> Hours:
    return tuple(read_shift(shift) for shift in shifts)


def _period(text: str) -> list[date]:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a day like 2027-02-05, or 2027-02-05/2027-02-11; got {text!r}")
    first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2] or found[1])
    if not timedelta() <= last - first < timedelta(days=_LONGEST_PERIOD):
        raise ValueError(f"{text!r} is no period of a year or less")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
