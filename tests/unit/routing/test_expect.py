"""Places in the line and expected waits: exact where everybody is alike, in order always, and as the engine then does."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.people import Presence
from routing import expect as expecting
from routing.expect import Answered, Crowd, Expected, Line, Sort, expect_new, sort_of, tempo_of
from routing.floor import Floor
from routing.select import AgentChoice, assign_all
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import Weights, pace_of

Q = Needs("q")


def line_of(waiting: Iterable[WaitingTicket]) -> Line:
    found: dict[Sort, list[tuple[float, int]]] = {}
    for one in waiting:
        found.setdefault(sort_of(one), []).append((one.due, one.id))
    return found


def expect(
    mine: WaitingTicket, waiting: Iterable[WaitingTicket], agents: list[AgentState], now: float, **more: Any
) -> Expected:
    return expecting.expect(mine, line_of(waiting), agents, now, **more)


def agent(number: int, **changed: object) -> AgentState:
    made = AgentState(
        id=number,
        name=f"A{number}",
        presence=Presence.ONLINE,
        capacity=1,
        load=1,
        idle_since=0.0,
        languages=frozenset({"en"}),
        queues=frozenset({"q", "r"}),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def ticket(number: int, due: float = 0.0, **changed: object) -> WaitingTicket:
    made = WaitingTicket(id=number, needs=Q, since=-10.0, due=due or 1000.0 + number, effort=6.0)
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [1, 2, 3, 12])
@pytest.mark.parametrize("people", [1, 2, 4])
def test_of_equal_people_and_equal_work_each_moves_up_every_so_many_minutes(place: int, people: int) -> None:
    """n people who need 6 minutes a ticket: the k-th waits 6 k / n on the average, which lies in the range."""
    waiting = [ticket(n) for n in range(1, 13)]
    found = expect(waiting[place - 1], waiting, [agent(n) for n in range(people)], 0.0)
    assert (found.place, found.of, found.agents) == (place, 12, people)
    assert found.least is not None and found.most is not None
    assert found.least <= 6.0 * place / people <= found.most


def test_the_range_is_that_of_half_of_all_such_tickets() -> None:
    """36 turns of a minute each: a gamma distribution, whose quartiles are known (31.8 and 39.9); said in steps outwards."""
    waiting = [ticket(n) for n in range(1, 37)]
    found = expect(waiting[-1], waiting, [agent(n) for n in range(6)], 0.0)
    assert (found.least, found.most) == (30, 45)


def test_what_is_due_at_one_moment_stands_in_the_order_in_which_it_came() -> None:
    """After hours all is due when the day has begun; reckoned by Postgres and by Python that differs in the last bits."""
    line = [ticket(n, due=1000.1) for n in range(1, 6)]
    for off in (-1e-10, 1e-10):
        mine = [expect(replace(one, due=one.due + off), line, [agent(1)], 0.0).place for one in line]
        assert mine == [1, 2, 3, 4, 5]


def test_whoever_has_room_takes_it_at_once() -> None:
    free = [agent(1, capacity=3, load=1)]
    waiting = [ticket(n) for n in range(1, 5)]
    waits = [expect(one, waiting, free, 0.0) for one in waiting]
    assert [(one.least, one.most) for one in waits[:2]] == [(0, 0), (0, 0)]
    assert all(one.most for one in waits[2:])


def test_nothing_is_said_where_nobody_can_or_nobody_is_here_or_the_queue_is_closed() -> None:
    mine = ticket(1)
    assert expect(mine, [mine], [agent(1, queues=frozenset({"r"}))], 0.0) == Expected(
        place=0, of=0, agents=0, least=None, most=None
    )
    gone = [agent(1, presence=Presence.OFFLINE), agent(2, on_shift=False)]
    assert expect(ticket(2), [mine, ticket(2)], gone, 0.0) == Expected(
        place=2, of=2, agents=0, least=None, most=None
    )
    shut = expect(mine, [mine, ticket(2, needs=Needs("r"))], [agent(1)], 0.0, closed={"q"})
    assert shut == Expected(place=1, of=2, agents=1, least=None, most=None)
    open_one = expect(ticket(2, needs=Needs("r")), [mine], [agent(1)], 0.0, closed={"q"})
    assert (open_one.place, open_one.of) == (1, 1)


def test_work_for_other_people_is_not_in_the_line_and_shared_work_counts_in_part() -> None:
    chinese = agent(1, languages=frozenset({"zh"}))
    both = agent(2, languages=frozenset({"zh", "en"}))
    english = [ticket(n, needs=Needs("q", "en")) for n in range(1, 9)]
    mine = ticket(20, needs=Needs("q", "zh"), due=5000.0)
    assert expect(mine, [*english, mine], [chinese], 0.0).of == 1
    one = expect(mine, [*english, mine], [chinese, both], 0.0)
    assert (one.place, one.of, one.agents) == (9, 9, 2)
    # Half of the people who may have mine can have the English ones, and they are all who can: these count in full.
    more = [*(agent(n) for n in range(3, 6)), chinese, both]
    shared = expect(mine, [*english, mine], more, 0.0)
    assert shared.most is not None and one.most is not None and shared.most < one.most


def test_work_that_takes_longer_lately_makes_everybody_wait_longer() -> None:
    waiting = [ticket(n) for n in range(1, 11)]
    usual = expect(waiting[-1], waiting, [agent(1)], 0.0)
    slow = expect(waiting[-1], waiting, [agent(1)], 0.0, tempo={"q": 3.0})
    assert usual.most is not None and slow.least is not None and slow.least >= usual.most


def test_live_work_waits_for_places_of_its_own() -> None:
    people = [agent(1, live_capacity=2, live_load=2), agent(2, live_capacity=0)]
    chats = [ticket(n, live=True, effort=10.0) for n in range(1, 4)]
    mails = [ticket(n) for n in range(10, 60)]
    found = expect(chats[1], [*chats, *mails], people, 0.0)
    assert (found.place, found.of) == (2, 3)
    assert found.least is not None and found.most is not None and found.least <= 2 * 10.0 / 2 <= found.most
    nobody = expect(chats[1], chats, [agent(2, live_capacity=0)], 0.0)
    assert nobody.least is None


def test_who_would_come_now_waits_for_all_that_waits_already() -> None:
    people = [agent(n) for n in range(2)]
    usual, crowd = Sort(Q, False, 2.0, 6.0), Crowd(Floor(people))
    waiting = {usual: 9, Sort(Needs("r"), False, 2.0, 3.0): 4, Sort(Q, True, 2.0, 9.0): 5}
    found = expect_new(usual, waiting, crowd)
    assert (found.place, found.of) == (14, 14)
    mean = (9 * 6.0 + 4 * 3.0 + 6.0) / 2
    assert found.least is not None and found.most is not None and found.least <= mean <= found.most
    assert expect_new(Sort(Needs("none"), False, 2.0, 6.0), waiting, crowd).of == 0


def test_the_tempo_of_a_queue_is_known_after_some_answers_and_a_lunch_is_none() -> None:
    few = [Answered("q", 6.0, 12.0)] * 7
    assert tempo_of(few) == {}
    assert tempo_of([*few, Answered("q", 6.0, 12.0)]) == {"q": 2.0}
    with_lunch = tempo_of([*few, Answered("q", 6.0, 6000.0)])
    assert with_lunch == {"q": pytest.approx((7 * 2.0 + 6.0) / 8)}


tickets = st.builds(
    ticket,
    st.integers(1, 10_000),
    due=st.floats(-500.0, 2000.0).filter(bool),
    weight=st.sampled_from([1.0, 2.0, 4.0, 8.0]),
    effort=st.sampled_from([3.0, 6.5, 10.0]),
    needs=st.sampled_from([Q, Needs("q", "en"), Needs("q", "zh"), Needs("q", "en", frozenset({("s", 2)}))]),
    live=st.booleans(),
)
people = st.builds(
    lambda number, languages, level, load, live_load: agent(
        number,
        languages=frozenset(languages),
        skills={"s": level},
        load=load,
        capacity=2,
        live_capacity=2,
        live_load=live_load,
    ),
    st.integers(1, 10_000),
    st.sets(st.sampled_from(["en", "zh"])),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(0, 2),
)


@given(
    st.lists(tickets, min_size=2, max_size=25, unique_by=lambda one: one.id),
    st.lists(people, min_size=1, max_size=6, unique_by=lambda one: one.id),
)
def test_of_tickets_that_need_the_same_the_later_one_in_the_line_never_waits_less(
    waiting: list[WaitingTicket], agents: list[AgentState]
) -> None:
    found = {one: expect(one, waiting, agents, 0.0) for one in waiting}
    for one in waiting:
        for other in waiting:
            if one.id == other.id or (one.needs, one.live) != (other.needs, other.live):
                continue
            mine, theirs = found[one], found[other]
            if mine.of == 0:
                continue
            assert mine.place != theirs.place and mine.of == theirs.of
            if mine.place < theirs.place and mine.most is not None:
                assert theirs.least is not None and theirs.most is not None and mine.least is not None
                assert mine.least <= theirs.least and mine.most <= theirs.most


@pytest.mark.parametrize("seed", range(4))
def test_the_engine_then_does_what_was_expected(seed: int) -> None:
    """A floor of twelve people with different skills, one ticket at a time each, is drained of 150 tickets by the engine
    itself; work takes as long as is usual, with chance. Half of all tickets should wait within the range that was said."""
    chance = random.Random(seed)
    sorts = [Needs("q", "en"), Needs("q", "zh"), Needs("q", "en", frozenset({("s", 1)})), Needs("r", "zh")]
    staff = [
        agent(
            n,
            languages=frozenset(chance.sample(["en", "zh"], chance.randint(1, 2))),
            skills={"s": chance.randint(0, 5)},
            load=1,
        )
        for n in range(1, 13)
    ]
    staff += [agent(13, languages=frozenset({"en", "zh"}), skills={"s": 3})]
    waiting = {
        n: ticket(
            n,
            due=chance.uniform(20.0, 400.0),
            needs=chance.choice(sorts),
            weight=chance.choice([1.0, 2.0, 4.0]),
            effort=chance.choice([3.0, 6.5, 10.0]),
        )
        for n in range(1, 151)
    }
    said = {n: expect(one, list(waiting.values()), staff, 0.0) for n, one in waiting.items()}
    began = drained(waiting, staff, chance)
    inside = errors = 0
    for n, one in said.items():
        assert one.least is not None and one.most is not None
        inside += one.least <= began[n] <= one.most
        errors += not one.least / 3.0 - 2.0 <= began[n] <= one.most * 3.0 + 2.0
    assert inside >= 0.4 * len(said), f"{inside} of {len(said)}"
    assert errors == 0
    by_place = sorted(said, key=lambda n: said[n].place)
    first, last = by_place[:50], by_place[-50:]
    assert sum(began[n] for n in first) < 0.5 * sum(began[n] for n in last)


def drained(
    waiting: dict[int, WaitingTicket], staff: list[AgentState], chance: random.Random
) -> dict[int, float]:
    """When each ticket was given to somebody, the engine asked whenever one of them came free."""
    free_at = {one.id: chance.expovariate(1.0 / 6.0) for one in staff}
    agents = {one.id: one for one in staff}
    left, began = dict(waiting), {}
    while left:
        now, who = min((at, number) for number, at in free_at.items())
        ready = replace(agents[who], load=0)
        there = [ready if number == who else one for number, one in agents.items()]
        choices = [one for one in assign_all(list(left.values()), there, now) if isinstance(one, AgentChoice)]
        if not choices:
            free_at[who] = float("inf")
            continue
        (choice,) = choices
        began[choice.ticket_id] = now
        done = left.pop(choice.ticket_id)
        free_at[who] = now + chance.lognormvariate(0.0, 0.6) / 1.2 * done.effort / pace_of(
            ready, done.needs, Weights().paces
        )
    return began
