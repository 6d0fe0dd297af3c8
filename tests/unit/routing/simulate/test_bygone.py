"""A hub's past lived through again: how long work took, who was there, where tickets go under which rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.model.tickets import Priority, TicketKind
from routing.rules import RoutingRules, load_rules
from routing.simulate.bygone import Bygone, Usual
from routing.simulate.course import Course
from routing.simulate.measure import measure
from routing.simulate.observe import WorkClass, how_long, join_talks
from routing.simulate.past import Past, PastAgent, PastTurn
from routing.simulate.spans import go_on_weekly, open_spans, spans_on_line
from routing.simulate.staff import StaffChanges, load_staff
from routing.simulate.trouble import CannotSimulate
from routing.situation import Needs

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
USUAL = Usual(
    promised={Priority.LOW: 1440.0, Priority.NORMAL: 480.0, Priority.HIGH: 240.0, Priority.URGENT: 60.0},
    weight={Priority.LOW: 1.0, Priority.NORMAL: 2.0, Priority.HIGH: 4.0, Priority.URGENT: 8.0},
    effort=dict.fromkeys(TicketKind, 6.0),
    live_effort=dict.fromkeys(TicketKind, 9.0),
    live_promised=1.0,
    soon=15.0,
)
OFFICE = {
    "name": "office", "title_en": "Office", "title_zh": "办公", "zone": "UTC",
    "hours": {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
}  # fmt: skip
RULES: dict[str, Any] = {
    "default_queue": "first",
    "skills": ["billing"],
    "queue": [
        {"name": "first", "title_en": "First", "title_zh": "一", "leave_minutes": 30},
        {"name": "second", "title_en": "Second", "title_zh": "二"},
    ],
    "calendar": [OFFICE],
    "target": [{"name": "usual", "calendar": "office", "first_response": 60, "next_response": 30}],
}


def rules(**more: Any) -> RoutingRules:
    return load_rules({**RULES, **more})


def queues(**more: Any) -> list[dict[str, Any]]:
    return [{**RULES["queue"][0], **more}, RULES["queue"][1]]


def at(hours: float, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hours)


def turn(number: int, moment: datetime, **more: Any) -> PastTurn:
    given: dict[str, Any] = {
        "ticket_id": number, "turn": 0, "at": moment, "customer_id": number, "kind": TicketKind.ENQUIRY, "uncertain": False,
        "priority": Priority.NORMAL, "subject": "", "channel": "support", "channel_kind": "email", "language": "en",
        "key_account": False, "queue": "first", "required_language": "", "required_skills": (),
    }  # fmt: skip
    return PastTurn(**{**given, **more})


def answered(number: int, moment: datetime, minutes: float, by: int = 1, **more: Any) -> PastTurn:
    end = moment + timedelta(minutes=minutes)
    return turn(number, moment, answered_at=end, answered_by=by, last_answer_at=end, **more)


def agent(number: int, *spans: tuple[datetime, datetime], **more: Any) -> PastAgent:
    presence = tuple(p for a, b in spans for p in ((a, "online"), (b, "offline")))
    given: dict[str, Any] = {"languages": (), "skills": {}, "queues": (), "capacity": 5, "live_capacity": 3}
    return PastAgent(id=number, name=f"agent {number}", presence=presence, **{**given, **more})


def past(turns: list[PastTurn], *agents: PastAgent, days: int = 1) -> Past:
    return Past(since=MONDAY, until=MONDAY + timedelta(days=days), turns=tuple(turns), agents=agents)


def bygone(one: Past, **more: Any) -> Bygone:
    in_use = more.pop("in_use", rules())
    staff = load_staff(more.pop("staff", {}))
    return Bygone(one, USUAL, rules=more.pop("rules", in_use), in_use=in_use, staff=staff, **more)


NINE_TO_FIVE = (at(9), at(17))


# ── how long work took ──────────────────────────────────────────────────────────────────────────────────────────────
def test_work_begins_when_it_was_given_and_not_before_the_answer_before() -> None:
    """Two wait in one agent's hands: the second was worked on only once the first was answered."""
    turns = [
        answered(1, at(9), 20.0, assigned_at=at(9) + timedelta(minutes=10)),
        answered(2, at(9), 24.0, assigned_at=at(9) + timedelta(minutes=10)),
    ] * 40
    took = how_long(turns, USUAL.effort, USUAL.live_effort)[WorkClass(False, TicketKind.ENQUIRY)]
    # 10 and 4 minutes, and of repetitions of the same moment nothing is seen; the usual 6 weigh as ten observations.
    assert took.seen == 2
    assert took.mean == pytest.approx((10.0 + 4.0 + 10 * 6.0) / 12)


def test_nobody_works_for_days_on_one_answer() -> None:
    turns = [answered(n, at(9, n), 3_000.0) for n in range(30)]
    took = how_long(turns, USUAL.effort, USUAL.live_effort)[WorkClass(False, TicketKind.ENQUIRY)]
    assert took.mean < 60.0
    assert took.spread == 0.2


def test_what_was_never_seen_takes_what_is_usual() -> None:
    took = how_long([], USUAL.effort, USUAL.live_effort)
    assert took[WorkClass(True, TicketKind.COMPLAINT)].mean == 9.0
    assert took[WorkClass(False, TicketKind.COMPLAINT)].mean == 6.0


def test_a_talk_is_one_however_often_it_goes_to_and_fro() -> None:
    talk = [
        answered(1, at(9), 1.0, live=True),
        answered(1, at(9) + timedelta(minutes=2), 3.0, live=True, turn=1),
        answered(1, at(12), 1.0, live=True, turn=2),
        answered(2, at(9), 1.0),
        answered(2, at(9) + timedelta(minutes=2), 1.0, turn=1),
    ]
    joined = join_talks(talk)
    assert [(one.ticket_id, one.turn) for one in joined] == [(1, 0), (2, 0), (2, 1), (1, 2)]
    assert joined[0].last_answer_at == at(9) + timedelta(minutes=5)
    took = how_long(joined, USUAL.effort, USUAL.live_effort)[WorkClass(True, TicketKind.ENQUIRY)]
    assert took.seen == 2
    assert took.mean == pytest.approx((5.0 + 1.0 + 10 * 9.0) / 12)


# ── who was there ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_people_are_there_while_they_were_on_line_or_busy() -> None:
    presence = [
        (at(-30), "online"), (at(2), "busy"), (at(3), "away"), (at(4), "online"),
        (at(5), "offline"), (at(5) + timedelta(seconds=60), "online"),
    ]  # fmt: skip
    assert spans_on_line(presence, MONDAY, at(6)) == ((0.0, 180.0), (240.0, 360.0))


def test_after_the_record_people_come_as_in_its_last_week() -> None:
    week = 7 * 1440.0
    assert go_on_weekly([(100.0, 200.0)], week, 7) == ((100.0, 200.0), (week + 100.0, week + 200.0))
    assert go_on_weekly([(100.0, 200.0)], 2 * week, 7) == ((100.0, 200.0),)


def test_a_calendar_makes_shifts() -> None:
    office = rules().policies.calendars["office"]
    assert open_spans(office, MONDAY, at(0, 2)) == ((540.0, 1020.0), (1980.0, 2460.0))
    assert open_spans(office, at(10), at(12)) == ((0.0, 120.0),)
    case = bygone(past([turn(1, at(10))], agent(1, calendar="office"))).case(1)
    assert case.workers[0].shifts[0] == (540.0, 1020.0)


def test_without_anybody_or_anything_there_is_nothing_to_live_through() -> None:
    for days, code in (
        (past([], agent(1, NINE_TO_FIVE)), "nothing_happened"),
        (past([turn(1, at(9))], agent(1)), "nobody_worked"),
    ):
        with pytest.raises(CannotSimulate) as refused:
            bygone(days)
        assert refused.value.code == code


# ── where tickets go ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_ticket_is_promised_what_the_rules_promise() -> None:
    turns = [turn(1, at(16.5)), turn(2, at(10), turn=3), turn(3, at(10), live=True)]
    errands = {
        one.labels["channel"]: one for one in bygone(past(turns, agent(1, NINE_TO_FIVE))).case(1).errands
    }
    assert len(errands) == 1
    by_turn = {one.ticket.since: one for one in bygone(past(turns, agent(1, NINE_TO_FIVE))).case(1).errands}
    # Half an hour on Monday, half on Tuesday morning.
    assert by_turn[990.0].due == 1440.0 + 570.0
    dues = sorted(one.due for one in bygone(past(turns, agent(1, NINE_TO_FIVE))).case(1).errands)
    assert dues == [601.0, 630.0, 2010.0]


def test_what_is_on_record_stays_unless_the_rules_tried_say_otherwise() -> None:
    """Somebody moved it to the second queue by hand; only where a rule changes does it go elsewhere."""
    days = past(
        [turn(1, at(10), queue="second", priority=Priority.HIGH), turn(2, at(11), kind=TicketKind.COMPLAINT)],
        agent(1, NINE_TO_FIVE),
    )
    tried = rules(
        rule=[
            {
                "name": "c",
                "when": {"kind": ["complaint"]},
                "then": {"queue": "second", "skills": {"billing": 3}, "prefer": ["billing"]},
            }
        ]
    )
    first, second = bygone(days, rules=tried, in_use=rules()).case(1).errands
    assert (first.ticket.needs, first.ticket.weight) == (Needs("second"), 4.0)
    assert second.ticket.needs == Needs("second", "", frozenset({("billing", 3)}))
    assert second.ticket.preferred == {"billing"}
    assert second.labels == {
        "channel": "support", "kind": "complaint", "queue": "second", "priority": "normal", "key_account": "no",
    }  # fmt: skip


def test_a_queue_that_went_is_left_for_where_the_rules_say() -> None:
    days = past([turn(1, at(10), queue="gone")], agent(1, NINE_TO_FIVE))
    assert bygone(days).case(1).errands[0].ticket.needs.queue == "first"


def test_less_is_asked_by_and_by_and_the_ticket_goes_on() -> None:
    steps = {
        "relax": [{"after": 10, "drop": "levels"}, {"after": 40, "drop": "language"}],
        "overflow": [{"queue": "second", "after": 20}],
    }
    days = past(
        [turn(1, at(10), required_language="fr", required_skills=("billing:3",))], agent(1, NINE_TO_FIVE)
    )
    (errand,) = bygone(days, in_use=rules(queue=queues(**steps))).case(1).errands
    assert errand.later == (
        (10.0, Needs("first", "fr", frozenset({("billing", 1)}))),
        (20.0, Needs("second", "fr", frozenset({("billing", 3)}))),
    )


def test_queues_that_hand_on_to_each_other_end_somewhere() -> None:
    first = {**RULES["queue"][0], "overflow": [{"queue": "second", "after": 5}]}
    second = {
        **RULES["queue"][1],
        "overflow": [{"queue": "first", "after": 5}],
        "relax": [{"after": 7, "drop": "skills"}],
    }
    days = past([turn(1, at(10), required_skills=("billing",))], agent(1, NINE_TO_FIVE))
    (errand,) = bygone(days, in_use=rules(queue=[first, second])).case(1).errands
    billing = frozenset({("billing", 1)})
    assert errand.later == ((5.0, Needs("second", "", billing)), (7.0, Needs("second")))


def test_who_comes_while_a_queue_is_shut_goes_on_at_once_or_waits_until_it_opens() -> None:
    shut = {"calendar": "office"}
    days = past([turn(1, at(8))], agent(1, (at(0), at(24)), queues=("first", "second")))
    here = Course(bygone(days, in_use=rules(queue=queues(**shut))).case(1)).run()
    assert here.fates[0].begun == pytest.approx(540.0, abs=0.1)
    there = bygone(
        days, in_use=rules(queue=queues(**shut, overflow=[{"queue": "second", "closed": True}]))
    ).case(1)
    assert there.errands[0].ticket.needs.queue == "second"
    assert there.errands[0].labels["queue"] == "first"


def test_whoever_answered_a_customer_lately_knows_them() -> None:
    turns = [
        answered(1, at(9), 5.0, customer_id=7),
        turn(2, at(11), customer_id=7),
        turn(3, at(9, 5), customer_id=7, looked_after_by=4),
    ]
    days = past(turns, agent(1, NINE_TO_FIVE), days=6)
    assert [one.ticket.owner for one in bygone(days).case(1).errands] == [None, 1, 4]


def test_settings_of_the_queue_reach_the_floor() -> None:
    settings = {"offer_seconds": 30, "wrap_up_seconds": 120, "leave_minutes": 0}
    days = past([turn(1, at(10), live=True), turn(2, at(10), units=3)], agent(1, NINE_TO_FIVE))
    talk, letter = bygone(days, in_use=rules(queue=queues(**settings))).case(1).errands
    assert (talk.offer, talk.wrap_up, talk.leave) == (0.5, 2.0, float("inf"))
    assert (letter.wrap_up, letter.ticket.units, letter.patience) == (0.0, 3, float("inf"))
    assert talk.patience >= 1.0


# ── more of everybody ───────────────────────────────────────────────────────────────────────────────────────────────
def test_with_more_customers_the_others_stay_who_they_were() -> None:
    turns = [turn(n, at(9) + timedelta(minutes=n)) for n in range(400)]
    days = past(turns, agent(1, NINE_TO_FIVE))
    usual, more, fewer = (bygone(days, load=load).case(1).errands for load in (1.0, 1.5, 0.5))
    assert len(usual) == 400
    assert len(more) == pytest.approx(600, abs=40)
    assert len(fewer) == pytest.approx(200, abs=40)
    moments = {round(one.ticket.since, 6) for one in usual}
    assert {round(one.ticket.since, 6) for one in fewer} < moments
    works = {round(one.ticket.since, 6): one.work for one in usual}
    assert sum(works.get(round(one.ticket.since, 6)) == one.work for one in more) == 400
    assert len(bygone(days, load=3.0).case(1).errands) == 1200


def test_what_is_expected_is_what_came_at_that_hour_of_the_week() -> None:
    turns = [turn(n, at(9.5, 7 * week), live=week == 1) for n, week in enumerate((0, 0, 0, 1))]
    expected = bygone(past(turns, agent(1, NINE_TO_FIVE), days=14)).case(1).expected
    assert expected[9] == {Needs("first"): pytest.approx((3 * 6.0 + 9.0 / 3.0) / 2)}
    assert expected[9 + 168] == expected[9]
    assert expected[10] == {}


def test_a_day_is_lived_through_to_its_end() -> None:
    turns = [answered(n, at(9) + timedelta(minutes=4 * n), 12.0) for n in range(100)]
    days = past(turns, agent(1, NINE_TO_FIVE), agent(2, (at(9), at(13))))
    alone, helped = (
        bygone(days, staff=staff).case(1) for staff in ({}, {"add": [{"like": "agent 1", "count": 3}]})
    )
    first, second = (measure(Course(case).run()) for case in (alone, helped))
    assert first.errands == second.errands == 100
    assert first.figures["unserved"] == second.figures["unserved"] == 0.0
    assert second.figures["wait_mean"] < first.figures["wait_mean"]
    assert set(second.agents) == {"agent 1", "agent 2", "agent 1 (2)", "agent 1 (3)", "agent 1 (4)"}


def test_nothing_is_tried_by_itself() -> None:
    assert not StaffChanges()
