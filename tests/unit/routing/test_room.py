"""Who may be given something now, beyond being on line and able: hours, wrapping up, units of work; and what they also have."""

from dataclasses import replace

import pytest

from hub.model.people import Presence
from routing.explain import explain
from routing.fit import eligible, has_room
from routing.floor import Floor
from routing.select import AgentChoice, Waiting, assign_all, choose_agent, give_next
from routing.situation import Reason, ReasonCode
from tests.unit.routing.desk import NOW, agent, codes, taken, ticket

CLOSED = Reason(code=ReasonCode.QUEUE_CLOSED, params={"queue": "q", "opens": "2026-11-30 09:00"})


@pytest.mark.parametrize(
    ("away", "code", "waits"),
    [
        ({"on_shift": False}, "off_shift", ["nobody_on_shift", "fit_but_off_shift"]),
        ({"wrapping_up": True}, "wrapping_up", ["fit_but_wrapping_up"]),
        ({"load": 2}, "at_capacity", ["all_at_capacity"]),
        ({"presence": Presence.AWAY, "on_shift": False}, "not_on_line", ["nobody_on_line"]),
    ],
)
def test_who_is_not_there_for_new_work_gets_none(
    away: dict[str, object], code: str, waits: list[str]
) -> None:
    one = replace(agent(), **away)  # type: ignore[arg-type]
    assert not has_room(one, live=False)
    assert [str(reason.code) for reason in eligible(ticket(), [one])[0].against] == [code]
    decision = choose_agent(ticket(), [one], NOW)
    assert isinstance(decision, Waiting)
    assert codes(decision) == waits
    assert give_next(_floor(one), one, NOW) is None


def _floor(*agents: object) -> Floor:
    floor = Floor(agents)  # type: ignore[arg-type]
    floor.pool.add(ticket())
    return floor


def test_an_owner_beyond_their_hours_is_not_waited_for() -> None:
    here, owner = agent(1), agent(2, load=2)
    waiting = [ticket(1, owner=2, due=600.0), ticket(2, due=600.0), ticket(3, due=600.0)]
    floor = Floor([here, owner])
    assert floor.is_held(waiting[0], NOW)
    floor.seat(replace(owner, on_shift=False))
    assert not floor.is_held(waiting[0], NOW)
    floor.seat(replace(owner, wrapping_up=True))
    assert floor.is_held(waiting[0], NOW)


def test_heavy_work_needs_as_much_room_as_it_weighs() -> None:
    one = agent(capacity=4, load=2)
    assert has_room(one, live=False, units=2)
    assert not has_room(one, live=False, units=3)
    heavy, light = ticket(1, units=3, weight=8.0), ticket(2)
    assert taken(assign_all([heavy, light], [one], NOW)) == [(2, 1)]
    assert taken(assign_all([heavy, ticket(2, units=2)], [one], NOW)) == [(2, 1)]
    # Which of two that wait is taken leaves the right room for the next.
    many = [ticket(number, units=1 + number % 2) for number in range(1, 9)]
    given = taken(assign_all(many, [agent(capacity=5)], NOW))
    assert sum(1 + ticket_id % 2 for ticket_id, _ in given) == 5


def test_of_a_queue_that_is_shut_nothing_is_given_out() -> None:
    waiting = [ticket(1), ticket(2, queue="r"), ticket(3, live=True)]
    desk = [agent(live_capacity=2, queues=frozenset({"q", "r"}))]
    decisions = assign_all(waiting, desk, NOW, closed={"q": CLOSED})
    assert taken(decisions) == [(2, 1)]
    assert [one.reasons for one in decisions if isinstance(one, Waiting)] == [(CLOSED,)] * 2
    assert explain(CLOSED, "en") == "queue q is closed until 2026-11-30 09:00"
    assert explain(CLOSED, "zh_CN") == "“q”队列休息中，2026-11-30 09:00 开始服务"


def test_of_what_is_explained_already_nothing_is_said() -> None:
    waiting = [ticket(1), ticket(2)]
    decisions = assign_all(waiting, [], NOW, silent={1})
    assert [one.ticket_id for one in decisions] == [2]


def test_whoever_did_not_take_it_is_named_as_what_is_waited_for() -> None:
    declined = ticket(not_to=frozenset({1}))
    assert codes(choose_agent(declined, [agent(1)], NOW)) == [ReasonCode.NOT_SO_SOON]
    both = choose_agent(declined, [agent(1), agent(2, load=2)], NOW)
    assert codes(both) == [ReasonCode.ALL_AT_CAPACITY, ReasonCode.NOT_SO_SOON]


def test_a_preferred_skill_decides_among_equals_and_is_told() -> None:
    plain, better = agent(1, idle=60), agent(2, skills={"product": 3})
    choice = choose_agent(ticket(preferred=frozenset({"product"})), [plain, better], NOW)
    assert isinstance(choice, AgentChoice)
    assert choice.agent_id == 2
    assert codes(choice) == [ReasonCode.MOST_PREFERRED, ReasonCode.MEMBER, ReasonCode.ALSO_HAS]
    assert explain(choice.reasons[-1], "en") == "also has product"
    assert explain(choice.reasons[-1], "zh_CN") == "还具备 product"
    without = choose_agent(ticket(), [plain, better], NOW)
    assert isinstance(without, AgentChoice)
    assert without.agent_id == 1


def test_a_preferred_skill_is_nothing_that_must_be_had() -> None:
    assert taken(assign_all([ticket(preferred=frozenset({"product"}))], [agent(1)], NOW)) == [(1, 1)]


def test_whoever_comes_free_takes_what_prefers_them() -> None:
    waiting = [ticket(1), ticket(2, preferred=frozenset({"product"})), ticket(3)]
    floor = Floor([agent(1, skills={"product": 1})])
    for one in waiting:
        floor.pool.add(one)
    choice = give_next(floor, floor.agents[1], NOW)
    assert choice is not None
    assert choice.ticket_id == 2


@pytest.mark.parametrize(
    ("tie", "said"),
    [
        (ReasonCode.LAST_AGENT, ("had this customer's ticket last", "上次由其接待该客户")),
        (ReasonCode.LOOKS_AFTER, ("looks after this customer", "负责该客户")),
    ],
)
def test_it_is_said_which_tie_there_is(tie: ReasonCode, said: tuple[str, str]) -> None:
    desk = [agent(1, idle=60), agent(2)]
    by_bid = choose_agent(ticket(owner=2, tie=tie), desk, NOW)
    by_turn = give_next(_owned(tie), agent(2), NOW)
    for choice in (by_bid, by_turn):
        assert isinstance(choice, AgentChoice)
        assert (choice.agent_id, choice.reasons[0].code) == (2, tie)
        assert (explain(choice.reasons[0], "en"), explain(choice.reasons[0], "zh")) == said


def _owned(tie: ReasonCode) -> Floor:
    floor = Floor([agent(2)])
    floor.pool.add(ticket(owner=2, tie=tie))
    return floor


def test_what_was_dropped_is_told_with_the_choice_and_while_it_waits() -> None:
    dropped = Reason(code=ReasonCode.ANY_LEVEL_WILL_DO, params={"minutes": 10})
    one = ticket(skills=frozenset({("billing", 1)}), relaxed=(dropped,))
    given = choose_agent(one, [agent(skills={"billing": 1})], NOW)
    waits = choose_agent(one, [agent()], NOW)
    assert given.reasons[-1] == waits.reasons[-1] == dropped
