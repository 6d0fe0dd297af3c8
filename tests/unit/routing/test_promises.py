"""Calendars and targets as they are written in the file, and what is promised to whom."""

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.model.targets import Target
from hub.model.tickets import Priority, TicketKind
from routing.calendars import is_open, working_time
from routing.promises import CalendarTable, Facts, is_undecided, make_calendar
from routing.rules import RulesError, load_rules

SHIPPED = Path(__file__).parent.parent.parent.parent / "config" / "routing.toml"
MINIMAL: dict[str, Any] = {
    "default_queue": "q",
    "queue": [{"name": "q", "title_en": "Q", "title_zh": "Q"}],
}
OFFICE: dict[str, Any] = {
    "name": "office", "title_en": "Office", "title_zh": "办公", "zone": "Asia/Shanghai",
    "hours": {day: ["09:00-12:00", "13:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
}  # fmt: skip
USUAL: dict[str, Any] = {"name": "usual", "calendar": "office", "first_response": 60, "resolution": 600}


def rules(**tables: Any) -> Any:
    return load_rules({**MINIMAL, "calendar": [OFFICE], "target": [USUAL], **tables})


def facts(**known: Any) -> Facts:
    usual: dict[str, Any] = {
        "kind": TicketKind.ENQUIRY, "priority": Priority.NORMAL, "queue": "enquiries", "channel": "support",
        "channel_kind": "email", "key_account": False,
    }  # fmt: skip
    return Facts(**{**usual, **known})


def minutes(policies: Any, **known: Any) -> dict[str, int]:
    promises = policies.promises(facts(**known))
    return {target.value: promise.amount // timedelta(minutes=1) for target, promise in promises.items()}


def test_the_shipped_file_promises_more_to_whom_it_matters_more() -> None:
    policies = load_rules(SHIPPED.read_bytes()).policies
    assert minutes(policies) == {"first_response": 240, "next_response": 240, "resolution": 1620}
    assert minutes(policies, kind=TicketKind.COMPLAINT)["first_response"] == 90
    assert minutes(policies, kind=TicketKind.COMPLAINT, key_account=True)["first_response"] == 45
    assert minutes(policies, kind=TicketKind.FEEDBACK) == {"first_response": 720, "next_response": 720}
    assert minutes(policies, channel_kind="webchat")["first_response"] == 2
    urgent = policies.promises(facts(priority=Priority.URGENT))
    assert {promise.calendar.name for promise in urgent.values()} == {"always"}
    assert all(promise.escalates for promise in urgent.values())


def test_the_first_to_name_a_value_decides_it() -> None:
    policies = rules(
        target=[
            {"name": "chat", "when": {"channel_kind": ["webchat"]}, "first_response": 2, "warn_at": 50},
            {"name": "complaint", "when": {"kind": ["complaint"]}, "first_response": 30, "next_response": 40},
            {"name": "silence", "when": {"kind": ["feedback"]}, "first_response": 0},
            USUAL,
        ]
    ).policies
    promises = policies.promises(facts(kind=TicketKind.COMPLAINT, channel_kind="webchat"))
    told = {target: (promise.named_by, promise.amount) for target, promise in promises.items()}
    assert told == {
        Target.FIRST_RESPONSE: ("chat", timedelta(minutes=2)),
        Target.NEXT_RESPONSE: ("complaint", timedelta(minutes=40)),
        Target.RESOLUTION: ("usual", timedelta(minutes=600)),
    }
    assert {promise.warn_at for promise in promises.values()} == {50}
    assert minutes(policies, kind=TicketKind.FEEDBACK) == {"resolution": 600}
    assert policies.promises(facts()) is policies.promises(facts())


def test_a_file_without_targets_promises_nothing() -> None:
    assert load_rules(MINIMAL).policies.promises(facts()) == {}


def test_public_holidays_and_the_days_that_make_up_for_them() -> None:
    """2026, as decreed: 1 to 3 January off, Sunday the 4th worked; 10 October, a Saturday, worked."""
    calendar = make_calendar(CalendarTable(**OFFICE, holidays="CN"))
    worked = [calendar.hours_of(date(2026, 1, day)) != () for day in range(1, 6)]
    assert worked == [False, False, False, True, True]
    zone = ZoneInfo("Asia/Shanghai")
    saturday = datetime(2026, 10, 10, tzinfo=zone)
    assert working_time(calendar, saturday, saturday + timedelta(days=1)) == timedelta(hours=8)
    assert not is_open(calendar, datetime(2026, 10, 1, 10, tzinfo=zone))
    bavaria = make_calendar(CalendarTable(**{**OFFICE, "zone": "Europe/Berlin"}, holidays="DE-BY"))
    assert bavaria.hours_of(date(2026, 1, 6)) == ()  # Epiphany; a working day in Berlin
    assert make_calendar(CalendarTable(**OFFICE, holidays="DE")).hours_of(date(2026, 1, 6)) != ()


def test_what_is_written_by_hand_has_the_last_word() -> None:
    table = CalendarTable(
        **OFFICE,
        holidays="CN",
        days_off=("2026-12-23", "2026-12-28/2026-12-30"),
        other_days={"2026-12-24": ["09:00-12:00"], "2026-12-26": "monday", "2026-10-01": "monday"},
    )
    calendar = make_calendar(table)
    lengths = {
        day: sum(end - begin for begin, end in calendar.hours_of(date(2026, 12, day))) // 60
        for day in (22, 23, 24, 25, 26, 27, 28, 29, 30, 31)
    }
    assert lengths == {22: 8, 23: 0, 24: 3, 25: 8, 26: 8, 27: 0, 28: 0, 29: 0, 30: 0, 31: 8}
    assert calendar.hours_of(date(2026, 10, 1)) != ()


def test_a_year_that_was_not_decreed_is_known_to_be_unknown() -> None:
    china = CalendarTable(**OFFICE, holidays="CN")
    assert not is_undecided(china, 2025)
    assert is_undecided(china, 2090)
    assert not is_undecided(CalendarTable(**OFFICE, holidays="DE"), 2090)
    assert not is_undecided(CalendarTable(**OFFICE), 2090)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"zone": "Asia/Shangri-La"}, "zone: there is no time zone 'Asia/Shangri-La'"),
        ({"zone": "../etc"}, "zone: there is no time zone"),
        ({"hours": {"monday": ["9-18"]}}, "expected hours like 09:00-18:00; got '9-18'"),
        ({"hours": {"someday": ["09:00-18:00"]}}, "someday"),
        ({"hours": {}}, "there are no hours in the week"),
        ({"hours": {"monday": ["22:00-06:00"], "tuesday": ["05:00-07:00"]}}, "overlap"),
        ({"holidays": "XX"}, "no holidays are known for 'XX'"),
        ({"holidays": "DE-XX"}, "no holidays are known for 'DE-XX'"),
        ({"days_off": ["2026-13-01"]}, "month must be in 1..12"),
        ({"days_off": ["Christmas"]}, "expected a day like 2027-02-05"),
        ({"days_off": ["2026-12-02/2026-12-01"]}, "is no period of a year or less"),
        ({"days_off": ["2026-01-01/2036-01-01"]}, "is no period of a year or less"),
        ({"other_days": {"2026-12-24": "holiday"}}, "other_days"),
        ({"hour": "always"}, "hour: unknown key"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_and_said_where(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesError) as refused:
        rules(calendar=[{**OFFICE, **changed}])
    assert "calendar[1]" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([{**USUAL, "calendar": "moon"}], "target 'usual': no calendar is called 'moon'"),
        ([{"name": "x", "when": {"queue": ["moon"]}, "warn_at": 1}, USUAL], "target 'x': no queue is called 'moon'"),
        ([USUAL, USUAL], "two targets are called 'usual'"),
        ([{**USUAL, "when": {"kind": ["complaint"]}}], "no target without conditions names the calendar"),
        ([{"name": "empty"}], "target[1]: expected at least one of calendar"),
        ([{**USUAL, "first_response": -1}], "target[1].first_response"),
        ([{**USUAL, "warn_at": 100}], "target[1].warn_at"),
        ([{**USUAL, "when": {"priority": ["huge"]}}], "expected one of low, normal, high, urgent; got 'huge'"),
        ([{**USUAL, "when": {"weather": "rain"}}], "target[1].when.weather: unknown key"),
    ],
)  # fmt: skip
def test_a_target_that_makes_no_sense_is_refused_and_said_where(targets: list[Any], said: str) -> None:
    with pytest.raises(RulesError) as refused:
        rules(target=targets)
    assert said in str(refused.value)


def test_two_calendars_of_one_name_are_refused() -> None:
    with pytest.raises(RulesError, match="two calendars are called 'office'"):
        rules(calendar=[OFFICE, OFFICE])


def test_the_fingerprint_changes_with_what_is_promised_and_with_nothing_else() -> None:
    same = rules().policies.fingerprint
    assert rules(default_queue="q", skills=["x"]).policies.fingerprint == same
    assert rules(target=[{**USUAL, "resolution": 601}]).policies.fingerprint != same
    assert rules(calendar=[{**OFFICE, "days_off": ["2026-12-24"]}]).policies.fingerprint != same
    assert rules(calendar=[{**OFFICE, "zone": "Europe/Berlin"}]).policies.fingerprint != same
    tables = tomllib.loads(SHIPPED.read_text("utf-8"))
    assert load_rules(tables).policies.fingerprint == load_rules(SHIPPED.read_bytes()).policies.fingerprint
