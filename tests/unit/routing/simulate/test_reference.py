"""The reference workload is what its constants say, the same on every machine, and what goes wrong in it does."""

import hashlib
import statistics
from collections import Counter
from functools import cache

import pytest

from routing.simulate import reference
from routing.simulate.course import Course
from routing.simulate.measure import measure
from routing.simulate.reference import DAY, LANGUAGES, SHIFTS, TOPICS, make_reference, make_staff
from routing.simulate.scenarios import SCENARIOS
from routing.simulate.staff import load_staff
from routing.simulate.trouble import CannotSimulate

usual_week = cache(make_reference)
"""Drawn once for all tests that only look at it."""


def test_a_seed_is_the_same_week_wherever_it_is_drawn() -> None:
    """Whoever changes what is drawn changes every figure that was ever told: this digest says so."""
    case = make_reference(1)
    said = [
        (
            round(one.ticket.since, 4),
            one.ticket.needs.language,
            sorted(one.ticket.needs.skills),
            one.ticket.weight,
            round(one.work, 4),
        )
        for one in case.errands
    ]
    staff = [(one.name, sorted(one.languages), sorted(one.skills.items())) for one in case.workers]
    assert make_reference(1) == case != make_reference(2)
    assert hashlib.sha256(repr((said, staff)).encode()).hexdigest()[:16] == "15d1bdb3cb606a59"


def test_as_many_customers_come_as_the_constants_say() -> None:
    case = usual_week(3)
    assert len(case.errands) == pytest.approx(2_340 * 5 * 1.016, rel=0.03)
    channels = Counter(one.labels["channel"] for one in case.errands)
    kinds = Counter((one.labels["channel"], one.labels["kind"]) for one in case.errands)
    assert channels["form"] / len(case.errands) == pytest.approx(0.25, abs=0.02)
    assert kinds["email", "question"] / channels["email"] == pytest.approx(0.5, abs=0.03)
    overnight = Counter(one.ticket.since for one in case.errands if one.ticket.since % DAY == 0.0)
    assert set(overnight) == {0.0, 900.0, 1800.0, 2700.0, 3600.0}
    assert overnight[0.0] == pytest.approx(0.12 * 0.64 * 2_340 * 1.18, rel=0.2)
    owned = sum(one.ticket.owner is not None for one in case.errands)
    assert owned / len(case.errands) == pytest.approx(0.3, abs=0.02)
    by_class: dict[tuple[str, str], list[float]] = {}
    for one in case.errands:
        by_class.setdefault((one.labels["channel"], one.labels["kind"]), []).append(one.work)
    for (channel, kind), works in by_class.items():
        assert statistics.fmean(works) == pytest.approx(reference.MEAN_WORK[channel][kind], rel=0.12)
    incident = [
        one for one in case.errands
        if ("delivery", 1) in one.ticket.needs.skills and 2010 <= one.ticket.since < 2100 and one.labels["kind"] == "complaint"
    ]  # fmt: skip
    assert len(incident) > 150
    assert len(make_reference(3, load=2.0).errands) == pytest.approx(2 * len(case.errands), rel=0.03)


def test_promises_go_by_kind_and_key_accounts_have_half_the_time() -> None:
    promised = {
        (one.labels["channel"] == "chat", one.labels["kind"], one.labels["key_account"]): (
            round(one.due - one.ticket.since, 6), one.weight,
        )
        for one in usual_week(1).errands
    }  # fmt: skip
    assert promised[False, "complaint", "no"] == (90.0, 4.0)
    assert promised[False, "complaint", "yes"] == (45.0, 8.0)
    assert promised[False, "feedback", "no"] == (720.0, 1.0)
    assert promised[True, "question", "no"] == (1.0, 2.0)
    assert promised[True, "question", "yes"] == (0.5, 4.0)


def test_in_the_big_shifts_two_know_each_topic_in_each_language() -> None:
    staff = make_staff()
    assert len(staff) == 32
    assert all(len(one.skills) >= 2 and set(one.skills.values()) <= {1, 2, 3, 4, 5} for one in staff)
    for (begins, ends), number in SHIFTS:
        shift = [one for one in staff if one.shifts[0] == (begins, ends)]
        assert len(shift) == number
        for topic in TOPICS:
            for language in LANGUAGES:
                able = sum(topic in one.skills and language in one.languages for one in shift)
                assert able >= (1 if number < 9 else 3 if language == "en" else 2), (begins, topic, language)


def test_others_staff_does_not_change_who_comes_nor_who_is_away() -> None:
    usual = make_reference(4)
    other = make_reference(4, staff=load_staff({"add": [{"like": "agent 3", "count": 2}]}))
    assert other.errands == usual.errands
    assert other.workers[:32] == usual.workers
    assert [one.name for one in other.workers[32:]] == ["agent 3 (2)", "agent 3 (3)"]
    assert other.workers[32].absences != other.workers[33].absences


def test_hours_are_those_of_a_day_and_calendars_there_are_none() -> None:
    case = make_reference(
        1, staff=load_staff({"agent": [{"name": "agent 1", "hours": ["07:00-11:00", "12:00-16:00"]}]})
    )
    assert case.workers[0].shifts[:3] == ((0.0, 240.0), (300.0, 540.0), (900.0, 1140.0))
    for wrong in ({"hours": ["06:00-10:00"]}, {"calendar": "office"}):
        with pytest.raises(CannotSimulate):
            make_reference(1, staff=load_staff({"agent": [{"name": "agent 1", **wrong}]}))


def test_misread_kinds_are_told_to_the_engine_and_not_to_the_figures() -> None:
    usual, misread = usual_week(1), make_reference(1, goes_wrong=SCENARIOS["misread"])
    changed = [(a, b) for a, b in zip(usual.errands, misread.errands, strict=True) if a != b]
    assert len(changed) / len(usual.errands) == pytest.approx(0.08, abs=0.01)
    for a, b in changed:
        assert (a.due, a.weight, a.work, a.labels) == (b.due, b.weight, b.work, b.labels)
        assert a.ticket.weight != b.ticket.weight


def test_the_sick_are_away_for_a_day() -> None:
    usual, sick = usual_week(1), make_reference(1, goes_wrong=SCENARIOS["sick"])
    away = [(a, b) for a, b in zip(usual.workers, sick.workers, strict=True) if a.shifts != b.shifts]
    assert len(away) == 3
    assert {(set(a.shifts) - set(b.shifts)).pop() for a, b in away} == {(900.0, 1380.0)}


def test_a_storm_and_an_import_come_when_they_should() -> None:
    usual = len(usual_week(1).errands)
    storm = make_reference(1, goes_wrong=SCENARIOS["storm"]).errands
    assert len(storm) - usual == pytest.approx(9 * 0.42 * usual / 75, rel=0.05)
    hour = [one for one in storm if 1980 <= one.ticket.since < 2040 and one.labels["channel"] == "email"]
    assert sum(one.labels["kind"] == "question" for one in hour) / len(hour) > 0.9
    imported = make_reference(1, goes_wrong=SCENARIOS["import"]).errands
    assert len(imported) - usual == 1_500
    at_once = [one for one in imported if one.ticket.since == 2_820.0]
    assert len(at_once) >= 1_500
    assert {one.labels["kind"] for one in at_once} == {"feedback"}


def test_the_same_week_ends_the_same_every_time_and_is_served_well() -> None:
    """The figures of docs/simulation.md, with room: what the engine reaches, and that nobody is forgotten."""
    first, second = (measure(Course(usual_week(1)).run()) for _ in range(2))
    assert first == second
    assert first.figures["in_time_weighted"] > 96.5
    assert first.figures["live_lost"] < 2.5
    assert first.figures["unserved"] == 0.0
    assert (
        sum(done for _, done in first.agents.values())
        + round(first.figures["live_lost"] / 100.0 * sum(one.ticket.live for one in usual_week(1).errands))
        == first.errands
    )
