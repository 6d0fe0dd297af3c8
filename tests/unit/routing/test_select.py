"""Choosing agents: the known failures of other engines, and the invariants under random desks."""

import time
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.people import Presence
from hub.model.tickets import Priority
from routing.select import AgentChoice, Decision, Waiting, assign_all, choose_agent, eligible
from routing.situation import AgentState, ReasonCode, WaitingTicket

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def ticket(
    number: int = 1,
    *,
    queue: str = "q",
    priority: Priority = Priority.NORMAL,
    minutes: int = 5,
    language: str = "",
    skills: frozenset[str] = frozenset(),
    last: int | None = None,
) -> WaitingTicket:
    return WaitingTicket(
        id=number,
        queue=queue,
        priority=priority,
        waiting_since=NOW - timedelta(minutes=minutes),
        language=language,
        skills=skills,
        last_agent_id=last,
    )


def agent(
    number: int = 1,
    *,
    presence: Presence = Presence.ONLINE,
    capacity: int = 2,
    load: int = 0,
    idle: int = 10,
    languages: frozenset[str] = frozenset(),
    skills: dict[str, int] | None = None,
    queues: frozenset[str] = frozenset({"q"}),
) -> AgentState:
    return AgentState(
        id=number,
        name=f"Agent {number}",
        presence=presence,
        capacity=capacity,
        load=load,
        idle_since=NOW - timedelta(minutes=idle),
        languages=languages,
        skills=skills or {},
        queues=queues,
    )


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def taken(decisions: list[Decision]) -> list[tuple[int, int]]:
    return [(d.ticket_id, d.agent_id) for d in decisions if isinstance(d, AgentChoice)]


def test_everything_that_speaks_against_an_agent_is_said() -> None:
    wanted = ticket(language="zh", skills=frozenset({"billing", "technical"}))
    unfit = agent(
        1, presence=Presence.AWAY, load=2, skills={"billing": 3, "technical": 0}, queues=frozenset({"other"})
    )
    fit = agent(2, languages=frozenset({"zh"}), skills={"billing": 1, "technical": 1})
    against, none = eligible(wanted, [unfit, fit])
    assert [r.code for r in against.against] == [
        ReasonCode.NOT_ON_LINE,
        ReasonCode.NOT_MEMBER,
        ReasonCode.LACKS_LANGUAGE,
        ReasonCode.LACKS_SKILL,
        ReasonCode.AT_CAPACITY,
    ]
    assert against.against[3].params == {"skill": "technical"}
    assert against.against[4].params == {"load": 2, "capacity": 2}
    assert not against.eligible
    assert none.eligible


def test_longest_idle_is_chosen_and_the_reason_tells_how_many_were_beaten() -> None:
    choice = choose_agent(ticket(), [agent(1, idle=3), agent(2, idle=30), agent(3, idle=60, load=2)], NOW)
    assert isinstance(choice, AgentChoice)
    assert (choice.agent_id, choice.beaten) == (2, 1)
    assert choice.reasons[0].params == {"seconds": 1800, "among": 2}


def test_equally_idle_agents_are_told_apart_by_load_then_id() -> None:
    desk = [agent(9, capacity=9, load=1), agent(7), agent(4)]
    assert taken([choose_agent(ticket(), desk, NOW)]) == [(1, 4)]
    assert taken([choose_agent(ticket(), desk[:2], NOW)]) == [(1, 7)]


def test_last_agent_is_preferred_only_when_free_and_fit() -> None:
    desk = [agent(1, idle=60), agent(2, idle=1)]
    choice = choose_agent(ticket(last=2), desk, NOW)
    assert taken([choice]) == [(1, 2)]
    assert codes(choice)[0] is ReasonCode.LAST_AGENT
    for gone in (agent(2, presence=Presence.OFFLINE), agent(2, load=2), agent(2, queues=frozenset())):
        assert taken([choose_agent(ticket(last=2), [desk[0], gone], NOW)]) == [(1, 1)]


def test_work_is_spread_and_not_heaped_on_the_first() -> None:
    decisions = assign_all([ticket(n) for n in range(1, 5)], [agent(1, idle=50), agent(2, idle=40)], NOW)
    assert taken(decisions) == [(1, 1), (2, 2), (3, 1), (4, 2)]


def test_an_unroutable_ticket_does_not_block_those_behind_it() -> None:
    stuck = ticket(1, priority=Priority.URGENT, minutes=999, language="ja")
    decisions = assign_all([stuck, ticket(2)], [agent()], NOW)
    assert taken(decisions) == [(2, 1)]
    assert codes(decisions[0]) == [ReasonCode.NOBODY_SPEAKS]


def test_priority_first_then_the_longest_wait_then_the_id() -> None:
    waiting = [
        ticket(4, minutes=9),
        ticket(3, minutes=9),
        ticket(2, minutes=90),
        ticket(1, priority=Priority.HIGH, minutes=1),
    ]
    assert [d.ticket_id for d in assign_all(waiting, [], NOW)] == [1, 2, 3, 4]


def test_why_nobody_yet() -> None:
    assert codes(choose_agent(ticket(), [], NOW)) == [ReasonCode.NO_MEMBERS]
    away = agent(3, presence=Presence.BUSY)
    assert codes(choose_agent(ticket(), [away], NOW)) == [ReasonCode.NOBODY_ON_LINE]
    full = [agent(1, load=2), agent(2, load=3), away]
    decision = choose_agent(ticket(), full, NOW)
    assert codes(decision) == [ReasonCode.ALL_AT_CAPACITY, ReasonCode.FIT_BUT_ABSENT]
    assert decision.reasons[0].params == {"agents": 2}
    split = [agent(1, languages=frozenset({"zh"})), agent(2, skills={"billing": 1})]
    wanted = ticket(language="zh", skills=frozenset({"billing"}))
    assert codes(choose_agent(wanted, split, NOW)) == [ReasonCode.NO_COMBINATION]
    assert codes(choose_agent(ticket(language="ko", skills=frozenset({"x"})), split, NOW)) == [
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
    decisions = assign_all([ticket(n) for n in range(1, 7)], desk, NOW - timedelta(hours=1))
    assert sorted(a for _, a in taken(decisions)) == [1, 1, 2, 2]


LANGUAGES = st.sampled_from(["", "other", "zh", "en", "ja"])
SKILLS = st.frozensets(st.sampled_from(["billing", "technical"]), max_size=2)
QUEUES = st.sampled_from(["q", "r"])
MANY_TICKETS = st.lists(
    st.builds(
        WaitingTicket,
        id=st.integers(1, 10**6),
        queue=QUEUES,
        priority=st.sampled_from(Priority),
        waiting_since=st.integers(0, 3).map(lambda m: NOW - timedelta(minutes=m)),
        language=LANGUAGES,
        skills=SKILLS,
        last_agent_id=st.none() | st.integers(1, 6),
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
        idle_since=st.integers(-2, 5).map(lambda m: NOW - timedelta(minutes=m)),
        languages=st.frozensets(st.sampled_from(["zh", "en"])),
        skills=st.dictionaries(st.sampled_from(["billing", "technical"]), st.integers(0, 5)),
        queues=st.frozensets(QUEUES),
    ),
    max_size=10,
    unique_by=lambda a: a.id,
)


def replay(waiting: list[WaitingTicket], agents: list[AgentState]) -> list[tuple[int, int | None]]:
    """The plain, slow statement of the policy, from `eligible` alone: what assign_all must equal."""
    desk = {a.id: a for a in agents}
    result: list[tuple[int, int | None]] = []
    for one in sorted(waiting, key=lambda t: (-t.priority, t.waiting_since, t.id)):
        fit = [desk[v.agent_id] for v in eligible(one, list(desk.values())) if v.eligible]
        if not fit:
            result.append((one.id, None))
            continue
        by_custom = [a for a in fit if a.id == one.last_agent_id]
        best = by_custom[0] if by_custom else min(fit, key=lambda a: (a.idle_since, a.load, a.id))
        result.append((one.id, best.id))
        desk[best.id] = AgentState(
            id=best.id,
            name=best.name,
            presence=best.presence,
            capacity=best.capacity,
            load=best.load + 1,
            idle_since=max(NOW, best.idle_since),
            languages=best.languages,
            skills=best.skills,
            queues=best.queues,
        )
    return result


@settings(max_examples=300, deadline=None)
@given(MANY_TICKETS, MANY_AGENTS, st.randoms())
def test_a_batch_equals_the_plain_policy(
    waiting: list[WaitingTicket], agents: list[AgentState], random: Random
) -> None:
    decisions = assign_all(waiting, agents, NOW)
    got = [(d.ticket_id, d.agent_id if isinstance(d, AgentChoice) else None) for d in decisions]
    assert got == replay(waiting, agents)

    loads = {a.id: a.load for a in agents}
    capacity = {a.id: a.capacity for a in agents}
    for _, chosen in taken(decisions):
        loads[chosen] += 1
        assert loads[chosen] <= capacity[chosen]

    # Work-conserving: nobody who fits has room beside a ticket that waits. And every wait has a reason.
    after = [
        AgentState(
            id=a.id,
            name=a.name,
            presence=a.presence,
            capacity=a.capacity,
            load=loads[a.id],
            idle_since=a.idle_since,
            languages=a.languages,
            skills=a.skills,
            queues=a.queues,
        )
        for a in agents
    ]
    by_id = {t.id: t for t in waiting}
    for decision in decisions:
        assert decision.reasons
        if isinstance(decision, Waiting):
            assert not any(v.eligible for v in eligible(by_id[decision.ticket_id], after))

    # The order in which rows come back from a database must not matter.
    random.shuffle(waiting)
    random.shuffle(agents)
    assert assign_all(waiting, agents, NOW) == decisions


def many(free: bool) -> tuple[list[WaitingTicket], list[AgentState]]:
    languages, skills = ["zh", "en", "ja", ""], ["billing", "delivery", "technical", "account", "product"]
    waiting = [
        ticket(
            n,
            queue=f"queue{n % 4}",
            priority=Priority(1 + n % 4),
            minutes=n % 977,
            language=languages[n % 3],
            skills=frozenset({skills[n % 5]}),
        )
        for n in range(10_000)
    ]
    agents = [
        agent(
            n,
            capacity=60,
            load=0 if free else 60,
            idle=n,
            languages=frozenset({"zh", "en"}),
            skills={skills[n % 5]: 3, skills[(n + 1) % 5]: 2},
            queues=frozenset({"queue0", "queue1", "queue2", "queue3"}),
        )
        for n in range(200)
    ]
    return waiting, agents


def test_ten_thousand_waiting_and_two_hundred_agents() -> None:
    """Floors: 100 ms with nobody free, 1 s with room for many. Tripled for a loaded machine."""
    for free, floor in ((False, 0.1), (True, 1.0)):
        waiting, agents = many(free)
        start = time.perf_counter()
        decisions = assign_all(waiting, agents, NOW)
        took = time.perf_counter() - start
        assert len(decisions) == 10_000
        assert bool(taken(decisions)) is free
        assert took < 3 * floor
