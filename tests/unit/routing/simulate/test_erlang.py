"""The simulator against what is known in closed form: A. K. Erlang's waiting line, and the one whose customers lose patience
(C. Palm). Fixed seeds; the bounds are wider than chance."""

import random
from math import factorial

import pytest

from routing.simulate import chance as draw
from routing.simulate.case import Case
from routing.simulate.course import Course
from routing.simulate.measure import measure
from tests.unit.routing.simulate.small import AT_ONCE, errand, worker

AGENTS, MEAN = 5, 6.0


def erlang_c(agents: int, offered: float) -> float:
    """The chance that somebody has to wait."""
    full = offered**agents / factorial(agents) * agents / (agents - offered)
    return full / (sum(offered**k / factorial(k) for k in range(agents)) + full)


def erlang_a(agents: int, rate: float, mean: float, patience: float) -> float:
    """The share of customers who leave, by the balance of births and deaths."""
    weights = [1.0]
    for waiting in range(1, 400):
        busy = min(waiting, agents)
        weights.append(weights[-1] * rate / (busy / mean + max(0, waiting - agents) / patience))
    whole = sum(weights)
    left = sum(w / whole * max(0, n - agents) / patience for n, w in enumerate(weights))
    return left / rate


def test_the_waiting_line_is_erlangs() -> None:
    rate, length = AGENTS * 0.7 / MEAN, 15_000.0
    staff = tuple(worker(n, shifts=((0.0, 2 * length),)) for n in range(AGENTS))
    waits: list[float] = []
    used: list[float] = []
    for seed in range(1, 5):
        chance = random.Random(seed)
        errands = [
            errand(number, at, draw.exponential(chance, MEAN), due=at + 240.0)
            for number, at in enumerate(draw.moments(chance, 0.0, length, rate * length))
        ]
        course = Course(Case(errands=tuple(errands), workers=staff, habits=AT_ONCE)).run()
        waits += [
            one.begun - one.errand.ticket.since for one in course.fates.values() if one.begun is not None
        ]
        used.append(measure(course).figures["used"])
    expected = erlang_c(AGENTS, rate * MEAN)
    assert len(waits) > 30_000
    assert sum(wait > 1e-6 for wait in waits) / len(waits) == pytest.approx(expected, rel=0.05)
    assert sum(waits) / len(waits) == pytest.approx(expected * MEAN / (AGENTS - rate * MEAN), rel=0.15)
    assert sum(used) / len(used) == pytest.approx(70.0, abs=2.0)


def test_the_share_of_customers_who_leave_is_palms() -> None:
    """One conversation an agent, more customers than can be served."""
    chance, rate, length, patience = random.Random(2), AGENTS * 1.1 / MEAN, 30_000.0, 5.0
    errands = [
        errand(
            number, at, draw.exponential(chance, MEAN), live=True, patience=draw.exponential(chance, patience)
        )
        for number, at in enumerate(draw.moments(chance, 0.0, length, rate * length))
    ]
    staff = [worker(n, live_capacity=1, shifts=((0.0, 2 * length),)) for n in range(AGENTS)]
    course = Course(Case(errands=tuple(errands), workers=tuple(staff), habits=AT_ONCE)).run()
    expected = 100.0 * erlang_a(AGENTS, rate, MEAN, patience)
    assert len(errands) > 25_000
    assert measure(course).figures["live_lost"] == pytest.approx(expected, rel=0.06)
