"""What happens to customers: they wait, they leave, what is asked for them becomes less, a queue shuts over night."""

import pytest

from routing.simulate.measure import jain, measure
from routing.situation import Needs
from tests.unit.routing.simulate.small import course, errand, worker


def test_a_live_customer_leaves_when_nobody_comes() -> None:
    talks = [errand(1, 0.0, 30.0, live=True), errand(2, 1.0, 5.0, live=True, patience=3.0)]
    done = course(talks, [worker(1, live_capacity=1)])
    assert done.fates[2].lost
    assert done.fates[2].agent_id is None
    assert done.now == pytest.approx(30.0)


def test_who_is_being_joined_does_not_leave_any_more() -> None:
    done = course([errand(1, 0.0, 30.0, live=True, patience=3.0)], [worker(1)])
    assert not done.fates[1].lost
    assert done.fates[1].done


def test_a_live_customer_leaves_also_when_the_offer_is_on_its_way() -> None:
    away = worker(1, absences=((0.0, 30.0),))
    done = course([errand(1, 0.5, 5.0, live=True, patience=1.0, offer=2.0)], [away])
    assert done.fates[1].lost
    assert done.people[1].empty_handed


def test_what_is_asked_becomes_less_with_time() -> None:
    french, any_language = Needs("service", "fr"), Needs("service")
    done = course([errand(1, 0.0, 5.0, needs=french, later=((10.0, any_language),))], [worker(1)])
    assert done.fates[1].begun == pytest.approx(10.0)
    assert done.fates[1].ticket.needs == any_language


def test_a_ticket_goes_on_to_another_queue_that_was_waiting_for_it() -> None:
    second = worker(1, queues=frozenset({"second"}))
    done = course([errand(1, 0.0, 5.0, later=((20.0, Needs("second")),))], [second])
    assert done.fates[1].begun == pytest.approx(20.0)


def test_a_queue_that_is_shut_gives_nothing_out() -> None:
    """Also not what waited in it when it shut."""
    busy = [errand(1, 0.0, 60.0), errand(2, 10.0, 5.0), errand(3, 70.0, 5.0)]
    done = course(busy, [worker(1)], hours={"service": ((0.0, 50.0), (100.0, 480.0))})
    assert done.fates[1].answered == pytest.approx(60.0)
    assert done.fates[2].begun == pytest.approx(100.0)
    assert done.fates[3].begun == pytest.approx(105.0)


def test_what_nobody_can_take_is_told_as_unserved_and_the_course_ends() -> None:
    done = course([errand(1, 0.0, 5.0, needs=Needs("nobody's")), errand(2, 0.0, 5.0)], [worker(1)])
    figures = measure(done).figures
    assert done.left == 1
    assert figures["unserved"] == 1.0
    assert figures["in_time"] == 50.0
    assert figures["wait_longest"] >= 400.0


def test_a_floor_without_people_ends_too() -> None:
    done = course([errand(1, 0.0, 5.0)], [])
    assert measure(done).figures["unserved"] == 1.0


def test_figures_go_by_the_truth_and_not_by_what_the_engine_was_told() -> None:
    """The engine takes it for unimportant and not pressing; it was promised in 5 minutes and weighs four times as much."""
    first = errand(1, 0.0, 20.0, labels={"kind": "complaint"})
    misread = errand(2, 0.0, 5.0, labels={"kind": "complaint"})
    object.__setattr__(misread, "due", 5.0)
    object.__setattr__(misread, "weight", 8.0)
    found = measure(course([first, misread], [worker(1)]))
    assert found.figures["in_time"] == 50.0
    assert found.figures["in_time_weighted"] == pytest.approx(20.0)
    assert found.figures["late"] == pytest.approx(20.0 * 8.0 / 10.0)
    assert found.by == {"kind": {"complaint": (2, 50.0)}}


def test_owners_count_where_they_were_there() -> None:
    errands = [
        errand(1, 0.0, 5.0, owner=1),
        errand(2, 100.0, 5.0, owner=2),
        errand(3, 470.0, 5.0, owner=1),
    ]
    workers = [worker(1), worker(2, shifts=((300.0, 480.0),))]
    assert measure(course(errands, workers)).figures["owner_kept"] == 100.0


def test_jain() -> None:
    assert jain([1.0, 1.0, 1.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0]) == pytest.approx(1.0 / 3.0)
    assert jain([]) == 1.0
