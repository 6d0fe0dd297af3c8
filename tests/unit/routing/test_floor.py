"""The pool finds the same as looking at everything would, and looks at little."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.people import Presence
from routing.fit import has_room
from routing.floor import Floor
from routing.pool import Pool
from routing.prices import find_prices
from routing.situation import AgentState, WaitingTicket
from routing.worth import minutes_for, urgency
from tests.unit.routing.desk import NOW, agent, ticket
from tests.unit.routing.test_select import MANY_AGENTS, MANY_TICKETS


def plainly_worth(floor: Floor, one: AgentState, waiting: WaitingTicket, now: float) -> float:
    """The worth of a ticket that can be put aside, stated without any short cut; -1 where it may not be had."""
    w, pace = floor.weights, floor.pace(one, waiting.needs)
    if not pace or one.id in waiting.not_to or waiting.live:
        return -1.0
    theirs = waiting.owner == one.id
    minutes = minutes_for(waiting.effort, pace * (w.owner_gain if theirs else 1.0), one.live_load, w)
    worth = (
        waiting.weight**w.importance
        / minutes
        * floor.prices.advantage(waiting.needs, one.id, pace) ** w.advantage
    )
    worth *= urgency(waiting.due, now, minutes, floor.look_ahead, w)
    if theirs:
        return worth * (1.0 + w.owner_bonus)
    owner = floor.agents.get(waiting.owner or 0)
    here = owner is not None and owner.presence is Presence.ONLINE and owner.id not in waiting.not_to
    return worth * w.hold if here and waiting.due - now > w.hold_until else worth


@settings(max_examples=120, deadline=None)
@given(MANY_TICKETS, MANY_AGENTS, st.booleans())
def test_the_best_of_the_lots_is_the_best_of_all(
    waiting: list[WaitingTicket], agents: list[AgentState], priced: bool
) -> None:
    floor = Floor(agents)
    for one in waiting:
        floor.pool.add(one)
    floor.look_about()
    if priced:
        needs = {one.needs for one in waiting}
        floor.prices = find_prices(
            dict.fromkeys(needs, 10.0),
            {one.id: 100.0 for one in agents},
            {one.id: {n: p for n in needs if (p := floor.pace(one, n))} for one in agents},
        )
    for one in agents:
        found = floor.best_for(one, NOW)
        if has_room(one, live=True) and any(
            t.live and floor.pace(one, t.needs) and one.id not in t.not_to for t in waiting
        ):
            assert found is not None and found[0].live
            continue
        worths = [plainly_worth(floor, one, t, NOW) for t in waiting] if has_room(one, live=False) else []
        best = max(worths, default=-1.0)
        assert math.isclose(found[1] if found else -1.0, best, rel_tol=1e-9)


class Counted(list[tuple[float, int, WaitingTicket]]):
    """A lot that counts how often one of its rows is looked at."""

    looks = 0

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        Counted.looks += 1
        return super().__getitem__(place)


def test_a_choice_looks_at_few_of_many() -> None:
    floor = Floor([agent(1, queues=frozenset({"a", "b", "c"}))])
    for n in range(9_000):
        floor.pool.add(ticket(n, queue="abc"[n % 3], due=float(n % 700), weight=float(1 + n % 4)))
    lots = floor.pool.lots
    assert len(lots) == 12
    for lot in lots:
        lots[lot] = Counted(lots[lot])  # type: ignore[index]
    Counted.looks = 0
    assert floor.best_for(floor.agents[1], NOW) is not None
    # Two rows a lot, and a bisection of its 750.
    assert Counted.looks <= 12 * len(lots)


@given(MANY_TICKETS, st.sets(st.integers(0, 24)))
def test_the_pool_holds_what_was_put_in_and_not_taken_out(
    waiting: list[WaitingTicket], out: set[int]
) -> None:
    pool = Pool()
    for one in [*waiting, *waiting]:
        pool.add(one)
    gone = {one.id for place, one in enumerate(waiting) if place in out}
    for number in [*gone, *gone, -1]:
        pool.discard(number)
    left = {one.id for one in waiting} - gone
    assert len(pool) == len(left) and {one.id for one in pool} == left
    assert all(one in pool for one in left) and not any(one in pool for one in gone)
    kept = [row[2] for rows in (*pool.lots.values(), *pool.live_lots.values()) for row in rows]
    assert {one.id for one in kept} == left and len(kept) == len(left)
    for rows in (*pool.lots.values(), *pool.live_lots.values()):
        assert list(rows) == sorted(rows)
    assert abs(pool.backlog - sum(one.effort for one in kept if not one.live)) < 1e-6
    for owner in range(1, 7):
        theirs = {one.id for one in pool.owned_by(owner)}
        assert theirs == {one.id for one in kept if one.owner == owner and not one.live}
