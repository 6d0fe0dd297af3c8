"""Choosing agents: the known failures of other engines, and the invariants under random desks."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.people import Presence
from routing.fit import eligible
from routing.select import AgentChoice, Waiting, assign_all, choose_agent
from routing.situation import AgentState, Needs, ReasonCode, WaitingTicket
from tests.unit.routing.desk import NOW, agent, codes, filled, nobody_could, taken, ticket


def test_everything_that_speaks_against_an_agent_is_said() -> None:
    wanted = ticket(language="zh", skills=frozenset({("billing", 1), ("technical", 1), ("account", 4)}))
    unfit = agent(
        1,
        presence=Presence.AWAY,
        load=2,
        skills={"billing": 3, "technical": 0, "account": 2},
        queues=frozenset({"other"}),
    )
    fit = agent(2, languages=frozenset({"zh"}), skills={"billing": 1, "technical": 1, "account": 4})
    against, none = eligible(wanted, [unfit, fit])
    assert [r.code for r in against.against] == [
        ReasonCode.NOT_ON_LINE,
        ReasonCode.NOT_MEMBER,
        ReasonCode.LACKS_LANGUAGE,
        ReasonCode.LACKS_LEVEL,
        ReasonCode.LACKS_SKILL,
        ReasonCode.AT_CAPACITY,
    ]
    assert against.against[3].params == {"skill": "account", "level": 2, "least": 4}
    assert against.against[4].params == {"skill": "technical"}
    assert against.against[5].params == {"load": 2, "capacity": 2}
    assert not against.eligible
    assert none.eligible


def test_who_takes_no_chats_or_has_enough_of_them_is_told_apart() -> None:
    chat = ticket(live=True)
    none, full, free = eligible(
        chat, [agent(1), agent(2, live_capacity=2, live_load=2), agent(3, live_capacity=2)]
    )
    assert [r.code for r in none.against] == [ReasonCode.NO_LIVE_WORK]
    assert [r.code for r in full.against] == [ReasonCode.AT_LIVE_CAPACITY]
    assert free.eligible
    # Whoever has every place for chats taken gets no letter either, though there is room for one.
    (letter,) = eligible(ticket(), [agent(2, live_capacity=2, live_load=2)])
    assert [r.code for r in letter.against] == [ReasonCode.AT_LIVE_CAPACITY]


def test_longest_idle_is_chosen_of_equals_and_the_reason_tells_how_many_there_were() -> None:
    choice = choose_agent(ticket(), [agent(1, idle=3), agent(2, idle=30), agent(3, idle=60, load=2)], NOW)
    assert isinstance(choice, AgentChoice)
    assert (choice.agent_id, choice.beaten, choice.runner_up) == (2, 1, "Agent 1")
    assert choice.reasons[0].code is ReasonCode.LONGEST_IDLE
    assert choice.reasons[0].params == {"seconds": 1800, "among": 2}


def test_equally_idle_agents_are_told_apart_by_id() -> None:
    assert taken([choose_agent(ticket(), [agent(9), agent(7), agent(8)], NOW)]) == [(1, 7)]


def test_whoever_has_least_on_hand_comes_before_whoever_has_been_idle_longer() -> None:
    choice = choose_agent(
        ticket(), [agent(1, capacity=8, load=6, idle=90), agent(2, capacity=8, idle=1)], NOW
    )
    assert taken([choice]) == [(1, 2)]
    assert codes(choice)[0] is ReasonCode.FEWEST_AT_ONCE


def test_the_better_at_it_comes_first() -> None:
    wanted = ticket(skills=frozenset({("billing", 1)}))
    choice = choose_agent(
        wanted, [agent(1, idle=90, skills={"billing": 1}), agent(2, idle=1, skills={"billing": 5})], NOW
    )
    assert taken([choice]) == [(1, 2)]
    assert codes(choice)[0] is ReasonCode.BEST_PACE


def test_the_last_agent_is_preferred_only_when_free_and_fit() -> None:
    desk = [agent(1, idle=60), agent(2, idle=1)]
    choice = choose_agent(ticket(owner=2), desk, NOW)
    assert taken([choice]) == [(1, 2)]
    assert codes(choice)[0] is ReasonCode.LAST_AGENT
    for gone in (agent(2, presence=Presence.OFFLINE), agent(2, load=2), agent(2, queues=frozenset())):
        assert taken([choose_agent(ticket(owner=2), [desk[0], gone], NOW)]) == [(1, 1)]


def test_what_was_taken_back_by_hand_goes_to_somebody_else() -> None:
    desk = [agent(1), agent(2, load=1)]
    assert taken([choose_agent(ticket(owner=1, not_to=frozenset({1})), desk, NOW)]) == [(1, 2)]
    alone = choose_agent(ticket(not_to=frozenset({1})), desk[:1], NOW)
    assert isinstance(alone, Waiting)


def test_work_is_spread_and_not_heaped_on_the_first() -> None:
    decisions = assign_all([ticket(n) for n in range(1, 5)], [agent(1, idle=50), agent(2, idle=40)], NOW)
    assert sorted(a for _, a in taken(decisions)) == [1, 1, 2, 2]


def test_a_chat_comes_before_letters_and_interrupts_the_least_urgent_work() -> None:
    waiting = [ticket(1, due=1.0, weight=8.0), ticket(2, live=True, due=1.0, weight=1.0)]
    (first, _) = assign_all(waiting, [agent(capacity=1, live_capacity=1)], NOW)
    assert first.ticket_id == 2
    pressed = agent(1, live_capacity=3, idle=90, in_hand=ticket(7, due=5.0, weight=8.0))
    at_ease = agent(2, live_capacity=3, idle=1, in_hand=ticket(8, due=900.0, weight=1.0))
    choice = choose_agent(ticket(2, live=True, due=1.0), [pressed, at_ease], NOW)
    assert taken([choice]) == [(2, 2)]
    assert codes(choice)[0] is ReasonCode.LEAST_DISTURBED


def test_the_last_free_place_of_a_scarce_skill_is_kept() -> None:
    common, scarce = Needs("q", "en"), Needs("q", "de")
    desk = [
        agent(1, live_capacity=3, idle=90, languages=frozenset({"en", "de"})),
        agent(2, live_capacity=3, idle=1, languages=frozenset({"en"})),
    ]
    chat = ticket(live=True, language="en", due=1.0)
    decisions = assign_all([chat], desk, NOW, live_demand={common: 0.5, scarce: 0.5})
    assert taken(decisions) == [(1, 2)]
    assert codes(decisions[0])[0] is ReasonCode.KEEPS_OTHERS_FREE


def test_an_unroutable_ticket_does_not_block_those_behind_it() -> None:
    stuck = ticket(1, due=-900.0, weight=8.0, language="ja")
    decisions = assign_all([stuck, ticket(2)], [agent()], NOW)
    assert taken(decisions) == [(2, 1)]
    assert codes(decisions[1]) == [ReasonCode.NOBODY_SPEAKS]


def test_a_free_agent_takes_what_presses_and_matters() -> None:
    far, near, heavy = ticket(1, due=900.0), ticket(2, due=20.0), ticket(3, due=25.0, weight=8.0)
    (first, *_) = assign_all([far, near, heavy], [agent(capacity=1)], NOW)
    assert first.ticket_id == 3
    assert codes(first)[0] is ReasonCode.MOST_URGENT
    assert first.reasons[0].params == {"seconds": 1500, "waiting": 3}


def test_little_that_waits_for_long_is_not_overtaken_for_ever() -> None:
    """Strict priority starves: feedback that is a week late comes before the complaint that came a moment ago."""
    old = ticket(1, weight=1.0, due=-7 * 480.0, waited=8 * 480.0)
    new = [ticket(n, weight=4.0, due=240.0, waited=0.0) for n in (2, 3)]
    (first, *_) = assign_all([old, *new], [agent(capacity=1)], NOW)
    assert first.ticket_id == 1
    assert codes(first)[0] is ReasonCode.OVERDUE


def test_what_is_lost_does_not_make_what_can_be_saved_late() -> None:
    """Pure earliest-deadline-first collapses in overload: it works on what is late while the next becomes late."""
    (first, *_) = assign_all([ticket(1, due=-10.0), ticket(2, due=9.0)], [agent(capacity=1)], NOW)
    assert first.ticket_id == 2


def test_the_owner_is_waited_for_while_there_is_time() -> None:
    owner = agent(2, load=2)
    early = [ticket(1, owner=2, due=200.0), ticket(2, due=210.0)]
    assert assign_all(early, [agent(1, capacity=1), owner], NOW)[0].ticket_id == 2
    pressing = [ticket(1, owner=2, due=30.0), ticket(2, due=210.0)]
    assert assign_all(pressing, [agent(1, capacity=1), owner], NOW)[0].ticket_id == 1
    gone = agent(2, presence=Presence.OFFLINE)
    assert assign_all(early, [agent(1, capacity=1), gone], NOW)[0].ticket_id == 1


def test_why_nobody_yet() -> None:
    assert codes(choose_agent(ticket(), [], NOW)) == [ReasonCode.NO_MEMBERS]
    away = agent(3, presence=Presence.BUSY)
    assert codes(choose_agent(ticket(), [away], NOW)) == [ReasonCode.NOBODY_ON_LINE]
    full = [agent(1, load=2), agent(2, load=3), away]
    decision = choose_agent(ticket(), full, NOW)
    assert codes(decision) == [ReasonCode.ALL_AT_CAPACITY, ReasonCode.FIT_BUT_ABSENT]
    assert decision.reasons[0].params == {"agents": 2}
    split = [agent(1, languages=frozenset({"zh"})), agent(2, skills={"billing": 1})]
    wanted = ticket(language="zh", skills=frozenset({("billing", 1)}))
    assert codes(choose_agent(wanted, split, NOW)) == [ReasonCode.NO_COMBINATION]
    assert codes(choose_agent(ticket(language="ko", skills=frozenset({("x", 1)})), split, NOW)) == [
        ReasonCode.NOBODY_SPEAKS,
        ReasonCode.NOBODY_HAS_SKILL,
    ]


def test_reasons_tell_how_things_stand_after_the_batch() -> None:
    decisions = assign_all([ticket(1), ticket(2)], [agent(capacity=1)], NOW)
    assert codes(decisions[1]) == [ReasonCode.ALL_AT_CAPACITY]
    assert decisions[1].reasons[0].params == {"agents": 1}


def test_a_clock_that_runs_behind_moves_nobody_forward() -> None:
    """`now` lies before everybody's idle_since: still spread, still within capacity."""
    desk = [agent(1, idle=-30), agent(2, idle=-31)]
    decisions = assign_all([ticket(n) for n in range(1, 7)], desk, NOW - 60.0)
    assert sorted(a for _, a in taken(decisions)) == [1, 1, 2, 2]


LANGUAGES = st.sampled_from(["", "other", "zh", "en", "ja"])
SKILLS = st.frozensets(st.tuples(st.sampled_from(["billing", "technical"]), st.integers(1, 3)), max_size=2)
QUEUES = st.sampled_from(["q", "r"])
MANY_TICKETS = st.lists(
    st.builds(
        WaitingTicket,
        id=st.integers(1, 10**6),
        needs=st.builds(Needs, QUEUES, LANGUAGES, SKILLS),
        since=st.sampled_from([-600.0, -5.0, 0.0]),
        due=st.sampled_from([-3000.0, -400.0, -1.0, 0.5, 3.0, 30.0, 240.0, 1440.0, 90000.0]),
        weight=st.sampled_from([1.0, 2.0, 8.0]),
        effort=st.sampled_from([3.0, 10.0]),
        live=st.booleans(),
        owner=st.none() | st.integers(1, 6),
        not_to=st.frozensets(st.integers(1, 6), max_size=1),
    ),
    max_size=25,
    unique_by=lambda t: t.id,
)
MANY_AGENTS = st.lists(
    st.builds(
        AgentState,
        id=st.integers(1, 12),
        name=st.just("A"),
        presence=st.sampled_from([Presence.ONLINE, Presence.ONLINE, Presence.AWAY]),
        capacity=st.integers(0, 4),
        load=st.integers(0, 5),
        live_capacity=st.integers(0, 3),
        live_load=st.integers(0, 3),
        idle_since=st.sampled_from([2.0, 0.0, -5.0]),
        languages=st.frozensets(st.sampled_from(["zh", "en"])),
        skills=st.dictionaries(st.sampled_from(["billing", "technical"]), st.integers(0, 5)),
        queues=st.frozensets(QUEUES),
        used=st.sampled_from([0.0, 0.5]),
    ),
    max_size=10,
    unique_by=lambda a: a.id,
)


@settings(max_examples=300, deadline=None)
@given(MANY_TICKETS, MANY_AGENTS, st.randoms())
def test_whatever_is_decided_is_allowed_complete_explained_and_the_same_again(
    waiting: list[WaitingTicket], agents: list[AgentState], random: Random
) -> None:
    decisions = assign_all(waiting, agents, NOW)
    by_id = {one.id: one for one in waiting}
    before = {one.id: one for one in agents}
    after = filled(agents, waiting, decisions)

    assert sorted(one.ticket_id for one in decisions) == sorted(by_id)
    assert all(one.reasons for one in decisions)
    for ticket_id, agent_id in taken(decisions):
        assert not nobody_could(by_id[ticket_id], [before[agent_id]])
    for one in after:
        assert one.load <= max(one.capacity, before[one.id].load)
        assert one.live_load <= max(one.live_capacity, before[one.id].live_load)

    # Work-conserving: nobody who fits has room beside a ticket that waits.
    for decision in decisions:
        if isinstance(decision, Waiting):
            assert nobody_could(by_id[decision.ticket_id], after)

    # The order in which rows come back from a database must not matter.
    random.shuffle(waiting)
    random.shuffle(agents)
    again = assign_all(waiting, agents, NOW)
    assert taken(again) == taken(decisions)
    assert {one.ticket_id: one for one in again} == {one.ticket_id: one for one in decisions}


@pytest.mark.parametrize("room", [0, 60])
def test_ten_thousand_waiting_and_two_hundred_agents(room: int) -> None:
    languages, skills = ["zh", "en", "ja", ""], ["billing", "delivery", "technical", "account", "product"]
    waiting = [
        ticket(
            n,
            queue=f"queue{n % 4}",
            weight=float(1 + n % 4),
            due=float(n % 977),
            language=languages[n % 3],
            skills=frozenset({(skills[n % 5], 1)}),
        )
        for n in range(10_000)
    ]
    agents = [
        agent(
            n,
            capacity=room,
            idle=n,
            languages=frozenset({"zh", "en"}),
            skills={skills[n % 5]: 3, skills[(n + 1) % 5]: 2},
            queues=frozenset({"queue0", "queue1", "queue2", "queue3"}),
        )
        for n in range(200)
    ]
    decisions = assign_all(waiting, agents, NOW)
    assert len(decisions) == 10_000
    # Two thirds of them are in a language that somebody speaks.
    assert len(taken(decisions)) == (6_667 if room else 0)
