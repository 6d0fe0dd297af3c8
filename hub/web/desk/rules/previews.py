"""What rules would come to, shown beside their forms: a calendar's next days, a ticket that arrives now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mode
from zoneinfo import ZoneInfo

import holidays
from babel.dates import format_date
from pydantic import ValidationError

from hub.model.targets import Target
from hub.model.tickets import TicketKind
from hub.web.desk.rules.forms import calendar
from hub.web.desk.rules.forms.calendar import shifts_of
from hub.web.desk.rules.forms.fields import YES, Fields
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.rule_words import RuleWords
from hub.web.desk.say.targets import TARGETS
from routing.calendars import DAY, Calendar, NeverOpen, add_working
from routing.promises import WEEKDAYS, CalendarTable, Facts, TargetWhen, make_calendar
from routing.rules import choose_queue
from routing.situation import Situation

DAYS = 14
_PLAIN = {"holidays": "", "days_off": (), "other_days": {}}
"""What takes a calendar down to its week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDay:
    """One day: `bars` are the open hours on its own clock, (from, minutes) of 1440; `hours` the shifts that begin on it; `why`
    it is not like any other."""

    name: str
    bars: Sequence[tuple[int, int]]
    hours: str
    why: str
    today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """`late_at`: when it is missed; None where its calendar has not so much time."""

    what: str
    late_at: datetime | None
    span: str
    calendar: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A ticket that arrives now: what it is, and what is promised."""

    kind: str
    channel_kind: str
    key_account: bool
    queue: str
    priority: str
    promised: Sequence[Promised]


def days_of(fields: Fields) -> list[tuple[str, list[tuple[str, str]]]]:
    """The rows of each weekday, with an empty one to go on with."""
    return [(day, [*shifts_of(fields, day), ("", "")]) for day in WEEKDAYS]


def calendar_days(voice: Voice, fields: Fields, now: datetime) -> list[ToldDay] | None:
    """The next two weeks; None where the form does not make a calendar yet."""
    named = {"name": "preview", "title_en": "-", "title_zh": "-"}
    try:
        table = CalendarTable.model_validate({**calendar.read(fields), **named})
    except ValidationError:
        return None
    made = make_calendar(table)
    today = now.astimezone(ZoneInfo(table.zone)).date()
    known = _holidays(table, today.year, voice)
    return [_day(voice, table, made, known, today + timedelta(days=n), today=today) for n in range(DAYS)]


def target_sample(words: RuleWords, query: Mapping[str, str], now: datetime) -> Sample:
    """What a ticket like this would be promised. `query`: kind, channel_kind, key_account; left out is a complaint by letter
    of a key account."""
    kind = TicketKind(query["kind"]) if query.get("kind") in set(TicketKind) else TicketKind.COMPLAINT
    channel_kind = query.get("channel_kind", "email")[:40]
    key_account = query.get("key_account", YES) == YES
    rules = words.rules
    choice = choose_queue(rules, Situation(kind=kind, channel_kind=channel_kind, key_account=key_account))
    facts = Facts(
        kind=kind,
        priority=choice.priority,
        queue=choice.queue,
        channel="",
        channel_kind=channel_kind,
        key_account=key_account,
    )
    promised = rules.policies.promises(facts)
    return Sample(
        kind=kind.value,
        channel_kind=channel_kind,
        key_account=key_account,
        queue=words.queue(choice.queue),
        priority=words.value("priority", choice.priority.name.lower()),
        promised=[
            Promised(
                what=words.voice.say(TARGETS[target]),
                late_at=_due(promise.calendar, now, promise.amount),
                span=words.span(int(promise.amount.total_seconds() // 60)),
                calendar=words.calendar(promise.calendar.name),
                rule=words.target(promise.named_by),
            )
            for target, promise in promised.items()
            if target is not Target.NEXT_RESPONSE
        ],
    )


def say_days(words: RuleWords, calendar_name: str | None, minutes: int) -> str:
    """ " (2 working days)" behind a span that is a day of its calendar or more; "" where it is less, or where the days are too
    unlike each other to say. Without a name the calendar counts that is there for all."""
    name = calendar_name or next(
        (one.calendar for one in words.rules.target if one.calendar and one.when == TargetWhen()), None
    )
    table = next((one for one in words.rules.calendar if one.name == name), None)
    if table is None:
        return ""
    made, monday = make_calendar(table.model_copy(update=_PLAIN)), date(2029, 1, 1)
    days = [made.hours_of(monday + timedelta(days=n)) for n in range(7)]
    lengths = [sum(until - since for since, until in day) for day in days if day]
    length = mode(lengths)
    if minutes < length:
        return ""
    number = round(minutes / length, 1)
    whole = int(number) if number == int(number) else number
    if whole == 1:
        return words.voice.say(N_(" (1 working day)"))
    return words.voice.say(N_(" (%(number)s working days)"), number=words.voice.number(whole))


def _due(made: Calendar, now: datetime, amount: timedelta) -> datetime | None:
    try:
        return add_working(made, now, amount)
    except NeverOpen:
        return None


def _day(
    voice: Voice,
    table: CalendarTable,
    made: Calendar,
    known: holidays.HolidayBase | None,
    day: date,
    *,
    today: date,
) -> ToldDay:
    own = made.hours_of(day)
    before = made.hours_of(day - timedelta(days=1))
    bars = [(0, until - DAY) for _, until in before if until > DAY]
    bars += [(since, min(until, DAY) - since) for since, until in own]
    pattern = "M月d日 EEE" if voice.chinese else "EEE d MMM"
    return ToldDay(
        name=str(format_date(day, pattern, locale=voice.babel)),
        bars=bars,
        hours=", ".join(f"{_clock(since)}–{_clock(until)}" for since, until in own),
        why=_why(voice, table, known, day),
        today=day == today,
    )


def _why(voice: Voice, table: CalendarTable, known: holidays.HolidayBase | None, day: date) -> str:
    if day in table.other_days:
        return voice.say(N_("other hours"))
    for text in table.days_off:
        first, _, last = text.partition("/")
        if first <= day.isoformat() <= (last or first):
            return voice.say(N_("day off"))
    if known is not None and day in known:
        return str(known.get(day))
    if known is not None and day in known.weekend_workdays:
        return voice.say(N_("makes up for a holiday"))
    return ""


def _holidays(table: CalendarTable, year: int, voice: Voice) -> holidays.HolidayBase | None:
    if not table.holidays:
        return None
    country, _, part = table.holidays.partition("-")
    kind = getattr(holidays, country)
    spoken = next(
        (
            one
            for one in getattr(kind, "supported_languages", ())
            if one.startswith("zh_CN" if voice.chinese else "en")
        ),
        None,
    )
    return holidays.country_holidays(country, subdiv=part or None, years=(year, year + 1), language=spoken)


def _clock(minutes: int) -> str:
    return f"{minutes % DAY // 60:02}:{minutes % 60:02}" if minutes != DAY else "24:00"
