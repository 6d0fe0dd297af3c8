"""Many who take from one pool get what they would have got one by one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.floor import Floor
from routing.line import Line
from routing.select import AgentChoice, assign_all
from routing.situation import AgentState, WaitingTicket
from routing.worth import Weights
from tests.unit.routing.desk import NOW, agent, nobody_could, ticket

_tickets = st.lists(
    st.builds(
        ticket,
        st.integers(1, 1_000_000),
        queue=st.sampled_from(["q", "r"]),
        language=st.sampled_from(["", "zh"]),
        skills=st.sampled_from([frozenset(), frozenset({("billing", 1)}), frozenset({("billing", 3)})]),
        due=st.integers(-300, 600).map(float),
        weight=st.sampled_from([1.0, 2.0, 8.0]),
        effort=st.sampled_from([3.0, 10.0]),
        owner=st.sampled_from([None, 1, 2, 9]),
        not_to=st.sampled_from([frozenset(), frozenset({1}), frozenset({1, 2})]),
        units=st.sampled_from([1, 1, 2]),
        preferred=st.sampled_from([frozenset(), frozenset({"product"}), frozenset({"product", "billing"})]),
    ),
    max_size=30,
    unique_by=lambda one: one.id,
)
_alike = st.lists(
    st.builds(
        ticket,
        st.integers(1, 1_000_000),
        due=st.integers(-300, 600).map(float),
        owner=st.sampled_from([None, 1]),
    ),
    max_size=30,
    unique_by=lambda one: one.id,
)
_agents = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        *(
            st.builds(
                agent,
                st.just(number),
                capacity=st.integers(0, 6),
                languages=st.sampled_from([frozenset(), frozenset({"zh"})]),
                skills=st.sampled_from([{}, {"billing": 1}, {"billing": 4, "product": 2}]),
                queues=st.sampled_from([frozenset({"q"}), frozenset({"q", "r"})]),
                idle=st.integers(0, 60).map(float),
            )
            for number in range(1, n + 1)
        )
    )
)


@given(waiting=st.one_of(_tickets, _alike), agents=_agents)
def test_each_takes_what_is_worth_most_to_them_then(
    waiting: list[WaitingTicket], agents: tuple[AgentState, ...]
) -> None:
    floor = Floor(agents)
    for one in waiting:
        floor.pool.add(one)
    floor.look_about()
    line = Line(floor, NOW)
    for who, what in line:
        best = floor.best_for(who, NOW)
        assert best is not None
        assert _worth(floor, who, what) == pytest.approx(best[1])
        assert line.others(who, what) == sum(
            other.id != who.id
            and other.load + what.units <= other.capacity
            and floor.pace(other, what.needs) > 0.0
            and other.capacity > other.load
            for other in floor.agents.values()
        )
        floor.pool.discard(what.id)
        floor.seat(_with(floor.agents[who.id], what))
    assert all(floor.best_for(who, NOW) is None for who in floor.agents.values())


@given(waiting=_tickets, agents=_agents)
def test_afterwards_nothing_waits_that_somebody_could_have(
    waiting: list[WaitingTicket], agents: tuple[AgentState, ...]
) -> None:
    decisions = assign_all(waiting, agents, NOW)
    after = {one.id: one for one in agents}
    of = {one.id: one for one in waiting}
    for decision in decisions:
        if isinstance(decision, AgentChoice):
            after[decision.agent_id] = _with(after[decision.agent_id], of[decision.ticket_id])
    assert all(one.load <= one.capacity for one in after.values())
    given_out = {one.ticket_id for one in decisions if isinstance(one, AgentChoice)}
    assert all(nobody_could(one, list(after.values())) for one in waiting if one.id not in given_out)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"due": -200.0}, {"due": 5.0}),  # what is lost already stands before what can be in time
        ({"due": 100.0, "owner": 1}, {"due": 110.0}),  # whoever knows the customer is here
        ({"due": 100.0}, {"due": 110.0, "owner": 2}),  # their own customer stands behind
        ({"due": 100.0, "units": 3}, {"due": 200.0}),
        ({"due": 100.0, "not_to": frozenset({2})}, {"due": 200.0}),
    ],
)
def test_what_stands_first_is_not_always_what_is_taken(
    first: dict[str, object], second: dict[str, object]
) -> None:
    floor = Floor([agent(1, load=2), agent(2, capacity=2)])
    floor.pool.add(ticket(1, **first))  # type: ignore[arg-type]
    floor.pool.add(ticket(2, **second))  # type: ignore[arg-type]
    who, what = next(iter(Line(floor, NOW)))
    assert (who.id, what.id) == (2, 2)


def _with(one: AgentState, what: WaitingTicket) -> AgentState:
    return replace(one, load=one.load + what.units)


def _worth(floor: Floor, who: AgentState, what: WaitingTicket) -> float:
    """What the floor says of this ticket, were it the only one."""
    alone = Floor(floor.agents.values(), weights=Weights())
    alone.look_ahead = floor.look_ahead
    alone.pool.add(what)
    found = alone.best_for(who, NOW)
    assert found is not None
    return found[1]
