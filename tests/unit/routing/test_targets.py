"""Clocks: what runs when, what is due when, and that each segment is there once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.targets import Because, ClockState, Target
from hub.model.tickets import TicketStatus
from routing.calendars import ALWAYS, Calendar, add_working, working_time
from routing.targets import Clock, Happened, Promise, Promises, Word, fold, speak, step, used

FIRST, NEXT, RESOLUTION = Target.FIRST_RESPONSE, Target.NEXT_RESPONSE, Target.RESOLUTION
OPEN, PENDING, RESOLVED, CLOSED = TicketStatus
HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)

ROUND_THE_CLOCK = Calendar(name="always", zone=ZoneInfo("UTC"), week=[ALWAYS] * 7)
OFFICE = Calendar(name="office", zone=ZoneInfo("UTC"), week=[((540, 1080),)] * 5 + [()] * 2)
BERLIN = Calendar(name="night", zone=ZoneInfo("Europe/Berlin"), week=[((480, 720), (1320, 1800))] * 7)


def promised(
    first: float = 1, following: float = 2, resolution: float = 8, calendar: Calendar = OFFICE, **more: Any
) -> Promises:
    """In hours; 0: nothing is promised."""
    given = {FIRST: first, NEXT: following, RESOLUTION: resolution}
    return {t: Promise(amount=h * HOUR, calendar=calendar, **more) for t, h in given.items() if h}


USUAL = promised()


def run(*happenings: tuple[float, TicketStatus, str], promises: Promises = USUAL) -> dict[Target, Clock]:
    """(hours after Monday nine, status afterwards, what happened): the last cycle of each clock."""
    told = (
        Happened(at=MONDAY + after * HOUR, status=status, **({what: True} if what else {}))
        for after, status, what in happenings
    )
    return {clock.target: clock for clock in fold((one, promises) for one in told)}


def after(hours: float) -> datetime:
    return MONDAY + hours * HOUR


def test_opening_starts_the_first_answer_and_the_solution() -> None:
    clocks = run((0, OPEN, "opened"))
    assert set(clocks) == {FIRST, RESOLUTION}
    first, solution = clocks[FIRST], clocks[RESOLUTION]
    assert (first.state, first.due_at, first.warn_at, first.version) == (
        ClockState.RUNNING,
        after(1),
        after(0.8),
        1,
    )
    assert (solution.due_at, solution.because) == (after(8), Because.OPENED)
    assert first.next_at == first.warn_at


def test_an_answer_in_time_meets_and_a_late_one_misses() -> None:
    met = run((0, OPEN, "opened"), (0.5, PENDING, "answered"))[FIRST]
    assert (met.state, met.ended_at, met.due_at, met.next_at) == (ClockState.MET, after(0.5), after(1), None)
    assert used(met, after(100)) == 0.5 * HOUR
    at_the_last_moment = run((0, OPEN, "opened"), (1, PENDING, "answered"))[FIRST]
    assert at_the_last_moment.state is ClockState.MET
    missed = run((0, OPEN, "opened"), (1.01, PENDING, "answered"))[FIRST]
    assert (missed.state, missed.due_at) == (ClockState.MISSED, after(1))
    assert speak(missed, after(5))[1] is Word.BREACHED


def test_the_solution_rests_while_the_customer_is_waited_for() -> None:
    clock = run((0, OPEN, "opened"), (1, PENDING, "answered"))[RESOLUTION]
    assert (clock.state, clock.because, clock.due_at, clock.next_at) == (
        ClockState.PAUSED, Because.WAITS_FOR_CUSTOMER, None, None,
    )  # fmt: skip
    clock = run((0, OPEN, "opened"), (1, PENDING, "answered"), (3, OPEN, "customer_wrote"))[RESOLUTION]
    # Seven hours are left on Monday at noon; the office closes at six.
    assert (clock.state, clock.due_at, clock.version) == (ClockState.RUNNING, after(25), 3)
    assert [(part.state, part.until - part.since) for part in clock.segments] == [
        (ClockState.RUNNING, HOUR),
        (ClockState.PAUSED, 2 * HOUR),
    ]


def test_each_answer_has_a_clock_of_its_own() -> None:
    told = [
        (0, OPEN, "opened"), (0.5, OPEN, "customer_wrote"), (1, PENDING, "answered"), (2, OPEN, "customer_wrote"),
        (2.5, OPEN, "customer_wrote"),
    ]  # fmt: skip
    clocks = run(*told)
    # What is written before the first answer begins nothing, nor does a second letter.
    assert (clocks[NEXT].cycle, clocks[NEXT].started_at, clocks[NEXT].due_at) == (1, after(2), after(4))
    clocks = run(*told, (3, PENDING, "answered"), (4, OPEN, "customer_wrote"))
    assert (clocks[NEXT].cycle, clocks[NEXT].due_at) == (2, after(6))
    every = fold(
        (Happened(at=after(at), status=status, **{what: True}), USUAL)
        for at, status, what in [*told, (3, PENDING, "answered"), (4, OPEN, "customer_wrote")]
    )
    assert [(c.target, c.cycle, c.state) for c in every if c.target is NEXT] == [
        (NEXT, 1, ClockState.MET),
        (NEXT, 2, ClockState.RUNNING),
    ]


def test_waiting_without_an_answer_does_not_stop_the_answers_clock() -> None:
    clocks = run((0, OPEN, "opened"), (0.5, PENDING, ""))
    assert (clocks[FIRST].state, clocks[RESOLUTION].state) == (ClockState.RUNNING, ClockState.PAUSED)


def test_resolving_drops_an_answer_that_was_owed_unless_it_was_late() -> None:
    clocks = run((0, OPEN, "opened"), (0.5, RESOLVED, ""))
    assert (clocks[FIRST].state, clocks[RESOLUTION].state) == (ClockState.DROPPED, ClockState.MET)
    assert speak(clocks[FIRST], after(50))[1] is None
    late = run((0, OPEN, "opened"), (2, RESOLVED, ""))
    assert late[FIRST].state is ClockState.MISSED


def test_a_solution_that_did_not_hold_goes_on_where_it_was() -> None:
    clock = run((0, OPEN, "opened"), (2, RESOLVED, "answered"), (3, OPEN, "customer_wrote"))[RESOLUTION]
    assert (clock.state, clock.cycle, clock.ended_at) == (ClockState.RUNNING, 1, None)
    assert [(part.state, part.because) for part in clock.segments] == [
        (ClockState.RUNNING, Because.OPENED),
        (ClockState.PAUSED, Because.RESOLVED),
    ]
    assert used(clock, after(4)) == 3 * HOUR
    waits = run((0, OPEN, "opened"), (2, RESOLVED, ""), (3, PENDING, ""))[RESOLUTION]
    assert (waits.state, waits.because, len(waits.segments)) == (
        ClockState.PAUSED,
        Because.WAITS_FOR_CUSTOMER,
        2,
    )


def test_an_answer_that_was_taken_back_is_owed_as_before() -> None:
    told = [(0, OPEN, "opened"), (0.5, PENDING, "answered"), (0.75, OPEN, "unanswered")]
    clock = run(*told)[FIRST]
    assert (clock.state, clock.ended_at, clock.because) == (ClockState.RUNNING, None, Because.NOT_ANSWERED)
    assert [(part.state, part.because) for part in clock.segments] == [
        (ClockState.RUNNING, Because.OPENED),
        (ClockState.PAUSED, Because.ANSWERED),
    ]
    assert (clock.due_at, used(clock, after(1))) == (after(1.25), 0.75 * HOUR)
    # The later of the two clocks, and none where nobody had answered.
    clocks = run(
        *told,
        (1, PENDING, "answered"),
        (2, OPEN, "customer_wrote"),
        (3, PENDING, "answered"),
        (3.5, OPEN, "unanswered"),
    )
    assert (clocks[FIRST].state, clocks[NEXT].state) == (ClockState.MET, ClockState.RUNNING)
    assert NEXT not in run((0, OPEN, "opened"), (1, OPEN, "unanswered"))


def test_a_ticket_that_goes_on_as_another_keeps_no_promise() -> None:
    opened = Happened(at=after(0), status=OPEN, opened=True)
    merged = Happened(at=after(0.5), status=CLOSED, merged=True)
    clocks = fold((one, USUAL) for one in (opened, merged))
    assert {clock.state for clock in clocks} == {ClockState.DROPPED}
    again = step(clocks, Happened(at=after(0.75), status=OPEN), USUAL)
    assert [clock.target for clock in again if clock.lives] == [RESOLUTION]


def test_a_ticket_that_is_born_resolved_has_no_clocks_until_somebody_speaks() -> None:
    assert run((0, RESOLVED, "opened")) == {}
    assert set(run((0, RESOLVED, "opened"), (1, OPEN, "customer_wrote"))) == {NEXT, RESOLUTION}


def test_a_ticket_that_is_born_with_an_answer_owes_none() -> None:
    clocks = run((0, PENDING, "opened"))
    assert (set(clocks), clocks[RESOLUTION].state) == ({RESOLUTION}, ClockState.PAUSED)


def test_what_is_not_promised_has_no_clock_and_what_is_no_longer_promised_ends() -> None:
    assert set(run((0, OPEN, "opened"), promises=promised(first=0))) == {RESOLUTION}
    clocks = fold([
        (Happened(at=after(0), status=OPEN, opened=True), USUAL),
        (Happened(at=after(0.5), status=OPEN), promised(first=0)),
        (Happened(at=after(0.6), status=OPEN), promised(first=0)),
    ])  # fmt: skip
    first = next(clock for clock in clocks if clock.target is FIRST)
    assert (first.state, first.because, first.ended_at) == (
        ClockState.DROPPED,
        Because.NOT_PROMISED,
        after(0.5),
    )
    nothing = promised(first=0, resolution=0)
    clocks = step(clocks, Happened(at=after(0.7), status=OPEN), nothing)
    assert not [clock for clock in clocks if clock.lives]
    assert step(clocks, Happened(at=after(0.8), status=OPEN), nothing) == clocks


def test_another_promise_counts_from_the_beginning() -> None:
    opened = Happened(at=after(0), status=OPEN, opened=True)
    same = Happened(at=after(2), status=OPEN)
    tighter = {c.target: c for c in fold([(opened, promised(resolution=8)), (same, promised(resolution=4))])}
    assert (tighter[RESOLUTION].due_at, tighter[RESOLUTION].version) == (after(4), 2)
    too_late = {c.target: c for c in fold([(opened, promised(resolution=8)), (same, promised(resolution=1))])}
    assert too_late[RESOLUTION].due_at == after(1)
    assert speak(too_late[RESOLUTION], after(2))[1] is Word.BREACHED


def test_a_breach_is_said_once_and_again_only_for_a_promise_that_lies_ahead() -> None:
    clock = run((0, OPEN, "opened"))[FIRST]
    clock, word = speak(clock, after(0.5))
    assert word is None
    clock, word = speak(clock, after(0.9))
    assert (word, clock.warned_at, clock.next_at) == (Word.WARNING, after(0.9), after(1))
    assert speak(clock, after(0.95)) == (clock, None)
    clock, word = speak(clock, after(3))
    assert (word, clock.breached_at, clock.next_at) == (Word.BREACHED, after(1), None)
    assert speak(clock, after(4)) == (clock, None)
    (same,) = step([clock], Happened(at=after(4), status=PENDING), promised(resolution=0))
    assert same == clock
    (longer,) = step([clock], Happened(at=after(4), status=OPEN), promised(first=8, resolution=0))
    assert (longer.due_at, longer.breached_at, longer.warned_at) == (after(8), None, None)
    assert speak(longer, after(8))[1] is Word.BREACHED


def test_a_breach_that_came_while_nobody_looked_needs_no_warning() -> None:
    clock, word = speak(run((0, OPEN, "opened"))[FIRST], after(5))
    assert word is Word.BREACHED
    assert speak(clock, after(6))[1] is None


def test_a_missed_solution_stays_missed_when_it_rests_at_closing_time() -> None:
    """Nine hours from nine to six are used up when the office closes; at eight in the evening it is set to wait."""
    promises = promised(first=0, resolution=9)
    clock = run((0, OPEN, "opened"), promises=promises)[RESOLUTION]
    assert clock.due_at == after(9)
    clock, word = speak(clock, after(10))
    (rests,) = step([clock], Happened(at=after(11), status=PENDING), promises)
    assert (word, rests.due_at, rests.breached_at) == (Word.BREACHED, after(9), after(9))
    (again,) = step([rests], Happened(at=after(30), status=OPEN), promises)
    assert speak(again, after(40)) == (again, None)


def test_a_clock_of_the_database_that_steps_back_makes_no_hole() -> None:
    clocks = run((0, OPEN, "opened"), (2, PENDING, "answered"), (1, OPEN, "customer_wrote"))
    assert clocks[RESOLUTION].since == after(2)
    assert all(part.since < part.until for part in clocks[RESOLUTION].segments)


CALENDARS = st.sampled_from([ROUND_THE_CLOCK, OFFICE, BERLIN])
PROMISES = st.builds(
    lambda first, following, resolution, calendar, warn_at: promised(
        first, following, resolution, calendar, warn_at=warn_at
    ),
    *[st.sampled_from([0, 0.25, 1, 4, 9, 30])] * 3,
    CALENDARS,
    st.sampled_from([0, 50, 80, 100]),
)
STEPS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(), timedelta(hours=60)),
        st.sampled_from(
            [("customer_wrote", OPEN), ("answered", PENDING), ("answered", OPEN), ("answered", RESOLVED),
             ("", PENDING), ("", OPEN), ("unanswered", OPEN), ("", RESOLVED), ("", CLOSED)]
        ),
        st.one_of(st.none(), st.none(), st.none(), PROMISES),
    ),
    max_size=8,
)  # fmt: skip


@given(STEPS, PROMISES, st.timedeltas(timedelta(), timedelta(days=4)), st.booleans())
@settings(deadline=None, max_examples=120)
def test_whatever_happens_the_ledger_is_whole(
    steps: list[Any], promises: Promises, rest: timedelta, opens_resolved: bool
) -> None:
    at = MONDAY
    told = [(Happened(at=at, status=RESOLVED if opens_resolved else OPEN, opened=True), promises)]
    for wait, (what, status), changed in steps:
        at, promises = at + wait, changed or promises
        told.append((Happened(at=at, status=status, **({what: True} if what else {})), promises))
    clocks: tuple[Clock, ...] = ()
    said: dict[tuple[Target, int], list[Word]] = {}
    for happened, now_promised in told:
        clocks = step(clocks, happened, now_promised)
        assert step(clocks, Happened(at=happened.at, status=happened.status), now_promised) == clocks
        spoken = [speak(clock, happened.at) for clock in clocks]
        clocks = tuple(clock for clock, _ in spoken)
        for clock, word in spoken:
            if word is not None:
                said.setdefault((clock.target, clock.cycle), []).append(word)
    last = told[-1][0]
    assert len({(clock.target, clock.cycle) for clock in clocks}) == len(clocks)
    for clock in clocks:
        _is_whole(clock, at + rest)
        if len({id(one) for _, one in told}) == 1:
            assert len(said.get((clock.target, clock.cycle), [])) <= 2
            assert said.get((clock.target, clock.cycle), []).count(Word.BREACHED) == (
                clock.breached_at is not None
            )
    living = [clock.target for clock in clocks if clock.lives]
    assert len(set(living)) == len(living)
    if RESOLUTION in promises:
        state = {OPEN: ClockState.RUNNING, PENDING: ClockState.PAUSED}.get(last.status)
        assert [c.state for c in clocks if c.target is RESOLUTION and c.lives] == ([state] if state else [])
    if last.answered or last.status in (RESOLVED, CLOSED):
        assert not [clock for clock in clocks if clock.lives and clock.target is not RESOLUTION]


def _is_whole(clock: Clock, now: datetime) -> None:
    """Without gaps, nothing twice, and as long as the clock has lived; what is due is when the promise is used up."""
    edges = [clock.started_at, *(part.until for part in clock.segments)]
    assert [part.since for part in clock.segments] == edges[:-1]
    assert edges[-1] == clock.since
    assert all(part.since < part.until for part in clock.segments)
    lengths = sum(((part.until - part.since) for part in clock.segments), timedelta())
    assert lengths + (now - clock.since) == now - clock.started_at
    promise = clock.promise
    if clock.state is ClockState.RUNNING:
        assert clock.due_at is not None
        if clock.due_at >= clock.since:
            assert used(clock, clock.due_at) == promise.amount
            assert used(clock, clock.due_at - timedelta(microseconds=1)) < promise.amount
        else:
            assert used(clock, clock.since) >= promise.amount
    elif clock.state is ClockState.PAUSED and clock.due_at is None:
        assert used(clock, now) < promise.amount
    if clock.state is ClockState.MET:
        assert clock.ended_at is not None
        assert used(clock, clock.ended_at) <= promise.amount


@given(CALENDARS, *[st.timedeltas(timedelta(), timedelta(days=5))] * 3)
@settings(deadline=None)
def test_a_pause_moves_the_deadline_by_the_working_time_in_it(
    calendar: Calendar, start: timedelta, before: timedelta, pause: timedelta
) -> None:
    promises = promised(first=0, following=0, resolution=20, calendar=calendar)
    opened = MONDAY + start
    told = [Happened(at=opened, status=OPEN, opened=True)]
    (plain,) = fold((one, promises) for one in told)
    assert plain.due_at is not None
    since = opened + before
    told += [Happened(at=since, status=PENDING), Happened(at=since + pause, status=OPEN)]
    (paused,) = fold((one, promises) for one in told)
    if plain.due_at < since:
        assert paused.due_at == plain.due_at
        return
    rested = working_time(calendar, since, since + pause)
    assert paused.due_at is not None
    assert working_time(calendar, plain.due_at, paused.due_at) == rested
    if rested:
        assert paused.due_at == add_working(calendar, plain.due_at, rested)
