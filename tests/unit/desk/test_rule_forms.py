"""What a form shows is what the rules say: whatever the rules are, a form that is sent back untouched changes nothing."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from hub.model.targets import Target
from hub.model.tickets import Priority, TicketKind, TicketStatus
from hub.web.desk.rules.forms import automation, calendar, general, queue, rule, target
from hub.web.desk.rules.forms.calendar import tidy_shift, tidy_time
from hub.web.desk.rules.forms.fields import Form
from hub.web.desk.rules.forms.spans import as_span, read_span
from routing.automation.tables import Action, AutomationRule, AutomationWhen, By, Happening, Since
from routing.promises import WEEKDAYS, CalendarTable, TargetTable, TargetWhen
from routing.queues import Overflow, QueueRule, Relax, Work
from routing.rules import Languages, RoutingRules, Rule, Then, When

# However busy the machine is.
whenever = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

names = st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True)
words = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
tags = (
    words.map(lambda text: " ".join(unicodedata.normalize("NFKC", text).casefold().split()))
    .filter(lambda text: text and not set(text) & set(",，\n") and text == " ".join(text.split()))
    .filter(lambda text: unicodedata.normalize("NFKC", text).casefold() == text and len(text) <= 40)
)
minutes = st.integers(1, 43_200)
answers = st.none() | st.booleans()


def some(of: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, unique=True, max_size=most).map(tuple)


def typed(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """As a browser would send it: what is shown, as text, with an empty row at the end of each group."""
    assert all(isinstance(value, str) for values in fields.values() for value in values)
    return {name: list(values) for name, values in fields.items()}


queues = st.builds(
    QueueRule,
    name=names, title_en=words, title_zh=words, priority=st.sampled_from(Priority), calendar=st.just("") | names,
    offer_seconds=st.integers(0, 3600), stick_hours=st.integers(0, 8760), wrap_up_seconds=st.integers(0, 3600),
    leave_minutes=st.integers(0, 43_200), silent_minutes=st.integers(0, 43_200),
    relax=st.lists(st.builds(Relax, after=minutes, drop=st.sampled_from(["levels", "skills", "language"])), max_size=3),
    overflow=st.lists(
        st.builds(Overflow, queue=names, after=minutes) | st.builds(Overflow, queue=names, closed=st.just(True)), max_size=3
    ),
)  # fmt: skip


@whenever
@given(queues)
def test_a_queue(table: QueueRule) -> None:
    assert QueueRule.model_validate(queue.read(typed(queue.fields_of(table)))) == table


rules = st.builds(
    Rule,
    name=words,
    when=st.builds(
        When,
        kind=some(st.sampled_from(TicketKind)), channel=some(words), channel_kind=some(words), language=some(words),
        topic=some(words), subject=some(words), segment=some(words), key_account=answers, uncertain=answers,
        hint=st.dictionaries(words, some(words).filter(bool), max_size=2),
    ),
    then=st.builds(
        Then, queue=words, priority=st.none() | st.sampled_from(Priority), skill=st.none() | words,
        skills=st.dictionaries(words, st.integers(1, 5), max_size=2), prefer=some(words),
    ),
)  # fmt: skip


@whenever
@given(rules)
def test_a_rule(table: Rule) -> None:
    back = Rule.model_validate(rule.read(typed(rule.fields_of(table))))
    assert (back.name, back.when) == (table.name, table.when)
    # A skill at any level is one from level 1 on.
    assert back.then == Then(
        queue=table.then.queue,
        priority=table.then.priority,
        skills=table.then.required,
        prefer=table.then.prefer,
    )


targets = st.builds(
    TargetTable,
    name=words,
    when=st.builds(
        TargetWhen,
        kind=some(st.sampled_from(TicketKind)), priority=some(st.sampled_from(Priority)), queue=some(words),
        channel=some(words), channel_kind=some(words), segment=some(words), key_account=answers,
    ),
    calendar=words, first_response=st.none() | st.integers(0, 527_040), next_response=st.none() | st.integers(0, 527_040),
    resolution=st.none() | st.integers(0, 527_040), warn_at=st.none() | st.integers(0, 99), escalate=answers,
)  # fmt: skip


@whenever
@given(targets)
def test_a_target(table: TargetTable) -> None:
    assert TargetTable.model_validate(target.read(typed(target.fields_of(table)))) == table


@st.composite
def shifts(draw: Any) -> tuple[str, ...]:
    """Of one day, apart from each other; the last may go on after midnight, until five."""
    ends = sorted(draw(st.sets(st.integers(300, 1440), min_size=0, max_size=6)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    if pairs and draw(st.booleans()):
        pairs[-1] = (pairs[-1][0], draw(st.integers(0, 290)))
    return tuple(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs)


calendars = st.builds(
    CalendarTable,
    name=names, title_en=words, title_zh=words, zone=st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]),
    hours=st.just("always") | st.dictionaries(
        st.sampled_from(WEEKDAYS), shifts().filter(bool), min_size=1
    ),
    holidays=st.sampled_from(["", "CN", "DE-BY"]), make_up_day=st.sampled_from(WEEKDAYS),
    days_off=some(st.sampled_from(["2027-02-05", "2027-02-05/2027-02-11", "2027-10-01/2027-10-07"])),
    other_days=st.dictionaries(
        st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.sampled_from(WEEKDAYS) | shifts(), max_size=3
    ),
)  # fmt: skip


def _until_midnight(hours: Any) -> Any:
    """Until 00:00 and until 24:00 are the same."""
    return hours if isinstance(hours, str) else tuple(one.replace("-00:00", "-24:00") for one in hours)


@whenever
@given(calendars)
def test_a_calendar(table: CalendarTable) -> None:
    back = CalendarTable.model_validate(calendar.read(typed(calendar.fields_of(table))))
    if not isinstance(table.hours, str):
        wanted = {day: _until_midnight(shifts) for day, shifts in table.hours.items()}
        table = table.model_copy(update={"hours": wanted})
    others = {day: _until_midnight(hours) for day, hours in table.other_days.items()}
    assert back == table.model_copy(update={"other_days": others})


documents = st.builds(
    RoutingRules,
    default_queue=st.just("q"),
    skills=some(words),
    honour=some(st.sampled_from(["queue", "priority", "skill", "language"])),
    languages=st.builds(Languages, offered=some(words), fallback=st.just("") | words),
    work=st.builds(
        Work,
        live=some(words),
        silence_minutes=st.integers(1, 120),
        weight=st.dictionaries(words, st.integers(1, 100), max_size=3),
    ),
    queue=st.just([QueueRule(name="q", title_en="q", title_zh="q")]),
)


@whenever
@given(documents)
def test_what_stands_alone(table: RoutingRules) -> None:
    back = general.read(typed(general.fields_of(table)))
    assert set(back) == set(general.KEYS)
    assert RoutingRules.model_validate({"queue": table.queue, **back}) == table


own_fields = st.from_regex(r"[a-z][a-z0-9_]{0,9}( = [0-9A-Za-z\u4e00-\u9fff]{1,9})?", fullmatch=True)


def whens(message: bool) -> st.SearchStrategy[AutomationWhen]:
    return st.builds(
        AutomationWhen,
        kind=some(st.sampled_from(TicketKind)), priority=some(st.sampled_from(Priority)), queue=some(names),
        status=some(st.sampled_from(TicketStatus)), tags=some(tags), language=some(words), channel=some(words),
        channel_kind=some(words), subject=some(words), assigned=answers, uncertain=answers, key_account=answers,
        organisation=some(words), segment=some(words), customer_language=some(words), open_tickets=st.integers(0, 1000),
        ticket_fields=some(own_fields), customer_fields=some(own_fields),
        words=some(words) if message else st.just(()), attachment=answers if message else st.none(),
        direction=some(st.sampled_from(["in", "out", "internal"])) if message else st.just(()),
        automatic=answers if message else st.none(), by=some(st.sampled_from(By)) if message else st.just(()),
        during=st.just("") | names, outside=st.just("") | names, weekday=some(st.sampled_from(WEEKDAYS)),
    )  # fmt: skip


recipients = st.sampled_from(["assignee", "overseers", "agent:li", "role:admin", "queue:service"])
manual = st.builds(
    Action, queue=names, even_if_manual=st.booleans()
) | st.builds(Action, priority=st.sampled_from(Priority), even_if_manual=st.booleans())  # fmt: skip
actions = st.one_of(
    manual,
    st.builds(Action, kind=st.sampled_from(TicketKind)),
    st.builds(Action, status=st.sampled_from(TicketStatus)),
    st.builds(Action, assign=st.sampled_from(["owner", "nobody", "agent:li"])),
    st.builds(Action, add_tags=some(tags).filter(bool)),
    st.builds(Action, remove_tags=some(tags).filter(bool)),
    st.builds(Action, notify=some(recipients).filter(bool), text=st.just("") | words),
    st.builds(Action, reply=words),
    st.builds(Action, note=words),
    st.builds(Action, task=names, text=words, due_minutes=st.integers(0, 527_040)),
    st.builds(Action, webhook=words),
)


def _apart(then: list[Action]) -> bool:
    """No two neighbours tell the same, for those become one; and a rule answers once."""
    return sum(one.reply is not None for one in then) < 2 and not any(
        a.notify and b.notify and a.text == b.text for a, b in pairwise(then)
    )


on_events = st.builds(
    AutomationRule,
    name=words, enabled=st.booleans(), note=st.just("") | words, on=some(st.sampled_from(Happening)).map(
        lambda on: tuple(one for one in on if one in (Happening.OPENED, Happening.CUSTOMER_WROTE)) or (Happening.OPENED,)
    ),
    when=whens(True), unless=whens(True), then=st.lists(actions, min_size=1, max_size=4).filter(_apart),
)  # fmt: skip
on_time = st.builds(
    AutomationRule,
    name=words, after=st.integers(1, 527_040), of=st.sampled_from(Since), calendar=st.just("") | names,
    when=whens(False), unless=whens(False), then=st.lists(actions, min_size=1, max_size=4).filter(_apart),
)  # fmt: skip


@whenever
@given(on_events | on_time)
def test_an_automation(table: AutomationRule) -> None:
    assert AutomationRule.model_validate(automation.read(typed(automation.fields_of(table)))) == table


def test_a_rule_that_waits_for_a_target_keeps_it() -> None:
    table = AutomationRule(
        name="late",
        on=(Happening.SLA_BREACHED,),
        when=AutomationWhen(target=(Target.FIRST_RESPONSE,)),
        then=(Action(notify=("overseers", "agent:li"), text="late"), Action(notify=("assignee",))),
    )
    assert AutomationRule.model_validate(automation.read(typed(automation.fields_of(table)))) == table


def test_a_new_form_can_be_sent_once_it_has_a_name() -> None:
    given = {**queue.new(), "name": ["q"], "title_en": ["Q"], "title_zh": ["队"]}
    assert QueueRule.model_validate(queue.read(given)) == QueueRule(name="q", title_en="Q", title_zh="队")
    given = {**calendar.new(), "name": ["c"], "title_en": ["C"], "title_zh": ["历"]}
    assert set(CalendarTable.model_validate(calendar.read(given)).hours) == set(WEEKDAYS[:5])
    given = {**target.new(), "name": ["t"], "first_response": ["2"]}
    assert TargetTable.model_validate(target.read(given)) == TargetTable(name="t", first_response=120)
    given = {**rule.new(), "name": ["r"], "then.queue": ["q"]}
    assert Rule.model_validate(rule.read(given)) == Rule(name="r", then=Then(queue="q"))
    given = {**automation.new(), "name": ["a"], "on": ["opened"], "then.do": ["queue=q"]}
    made = AutomationRule.model_validate(automation.read(given))
    assert made == AutomationRule(name="a", on=(Happening.OPENED,), then=(Action(queue="q"),))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9", "09:00"), ("900", "09:00"), ("0930", "09:30"), ("9:30", "09:30"), ("９：３０", "09:30"), ("9.30", "09:30"),
        ("9点", "09:00"), ("9点30分", "09:30"), ("18时", "18:00"), ("24:00", "24:00"), ("nine", "nine"), ("", ""),
    ],
)  # fmt: skip
def test_times_as_people_type_them(typed: str, meant: str) -> None:
    assert tidy_time(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9-18", "09:00-18:00"), ("09:00 – 18:00", "09:00-18:00"), ("9点至18点", "09:00-18:00"), ("22~6", "22:00-06:00"),
        ("22-0", "22:00-24:00"), ("9", "9"), ("all day", "all day"),
    ],
)  # fmt: skip
def test_shifts_as_people_type_them(typed: str, meant: str) -> None:
    assert tidy_shift(typed) == meant


@whenever
@given(st.integers(0, 600_000))
def test_a_span_comes_back(amount: int) -> None:
    assert read_span(*as_span(amount, ("hours", "days"))) == str(amount)


@pytest.mark.parametrize(
    ("text", "unit", "minutes"),
    [
        ("1.5", "hours", "90"), ("２", "hours", "120"), ("", "hours", None), ("0.3", "minutes", "0.3"),
        ("soon", "hours", "soon"),
        ("NaN", "hours", "NaN"), ("1e99", "hours", "1e99"), ("3", "weeks", "3"), ("-1", "hours", "-60"),
    ],
)  # fmt: skip
def test_spans_as_people_type_them(text: str, unit: str, minutes: str | None) -> None:
    assert read_span(text, unit) == minutes


def test_a_row_without_its_first_field_is_none_and_rows_are_counted_without_it() -> None:
    given = {"relax.after": ["", "10", " ", "20"], "relax.drop": ["levels", "skills", "levels", "language"]}
    assert Form(fields=given).rows("relax.after", "relax.drop") == [
        ("10", "skills"),
        ("20", "language"),
        ("", ""),
    ]
    assert queue.read(given)["relax"] == [
        {"after": "10", "drop": "skills"},
        {"after": "20", "drop": "language"},
    ]


def _asked(fields: Mapping[str, Any], prefix: str = "when") -> set[str]:
    """The keys of a table inside the form."""
    return {name.split(".")[1] for name in fields if name.startswith(f"{prefix}.")}


_TITLES = {"title_en": ["t"], "title_zh": ["t"]}
_NUMBERS = {**{kind.value: ["1"] for kind in Target}, "warn_at": ["1"], "escalate": ["yes"]}


def test_every_key_of_the_rules_has_its_form() -> None:
    """A key that is added to the rules is asked for on the desk, or this says which is not."""
    everything: dict[type[BaseModel], set[str]] = {
        QueueRule: set(queue.read({})),
        CalendarTable: set(calendar.read({})),
        RoutingRules: set(general.KEYS) | {"queue", "rule", "calendar", "target", "automation"},
        Rule: set(rule.read({})),
        When: _asked(rule.fields_of(Rule(name="r", then=Then(queue="q")))) | {"hint"},
        Then: _asked(rule.fields_of(Rule(name="r", then=Then(queue="q"))), "then") | {"skill"},
        TargetTable: set(target.read({"when.kind": ["complaint"], "calendar": ["c"], **_TITLES, **_NUMBERS})),
        TargetWhen: _asked(target.fields_of(TargetTable(name="t", calendar="c"))),
        AutomationWhen: {*automation.CHOSEN, *automation.WRITTEN, *automation.ASKED, *automation.CALENDARS, "open_tickets"},
        Action: {*Action.VERBS, "text", "due_minutes", "even_if_manual"},
    }  # fmt: skip
    for model, keys in everything.items():
        assert keys == set(model.model_fields), model
