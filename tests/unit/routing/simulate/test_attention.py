"""How people work: conversations beside each other, work that rests meanwhile, breaks, absences, the end of a shift."""

import pytest

from routing.simulate.case import Habits
from tests.unit.routing.simulate.small import course, errand, worker


def test_work_is_done_one_after_the_other_what_is_promised_first_first() -> None:
    done = course(
        [errand(1, 0.0, 10.0), errand(2, 1.0, 4.0, due=500.0), errand(3, 1.0, 4.0, due=100.0)],
        [worker(1, capacity=3)],
    )
    assert [done.fates[n].answered for n in (1, 2, 3)] == pytest.approx([10.0, 18.0, 14.0])


def test_conversations_slow_each_other_down() -> None:
    """Two at once: 10 % more for each. The second goes on alone at the usual pace."""
    done = course([errand(1, 0.0, 10.0, live=True), errand(2, 0.0, 20.0, live=True)], [worker(1)])
    assert done.fates[1].done
    assert done.now == pytest.approx(11.0 + 10.0)


def test_work_that_can_be_put_aside_gets_what_conversations_leave() -> None:
    """A third of the attention is gone for 9 minutes, so 6 of the 10 are done in them."""
    done = course([errand(1, 0.0, 10.0), errand(2, 0.0, 9.0, live=True)], [worker(1)])
    assert done.fates[1].answered == pytest.approx(9.0 + 4.0)


def test_three_conversations_leave_nothing_and_the_work_rests() -> None:
    talks = [errand(n, 0.0, 10.0, live=True) for n in (2, 3, 4)]
    done = course([errand(1, 0.0, 5.0), *talks], [worker(1)])
    assert done.fates[1].answered == pytest.approx(10.0 * 1.2 + 5.0)


def test_more_conversations_than_attention_share_what_there_is() -> None:
    talks = [errand(n, 0.0, 3.0, live=True) for n in range(4)]
    done = course(talks, [worker(1, live_capacity=4)])
    assert done.now == pytest.approx(3.0 * 1.3 * 4 / 3)


def test_whoever_is_good_at_it_and_whoever_knows_the_customer_is_quicker() -> None:
    from routing.situation import Needs

    billing = Needs("service", "", frozenset({("billing", 1)}))
    done = course(
        [errand(1, 0.0, 10.0, needs=billing), errand(2, 100.0, 10.0, needs=billing, owner=1)],
        [worker(1, skills={"billing": 5})],
    )
    assert done.fates[1].answered == pytest.approx(10.0 / 1.25)
    assert done.fates[2].answered == pytest.approx(100.0 + 10.0 / 1.25 * 0.8)


def test_a_break_waits_for_what_is_in_hand_and_nothing_new_comes() -> None:
    done = course([errand(1, 0.0, 10.0), errand(2, 6.0, 1.0)], [worker(1, breaks=((5.0, 15.0),))])
    assert done.fates[1].answered == pytest.approx(10.0)
    assert done.fates[2].begun == pytest.approx(25.0)


def test_nobody_works_while_they_are_away_and_nobody_is_told() -> None:
    done = course(
        [errand(1, 0.0, 10.0), errand(2, 7.0, 1.0)], [worker(1, capacity=2, absences=((4.0, 20.0),))]
    )
    assert done.fates[1].answered == pytest.approx(30.0)
    assert done.fates[2].given == 1


def test_an_offer_to_somebody_who_is_away_goes_to_the_next_one() -> None:
    away = worker(1, absences=((0.5, 30.0),))
    done = course([errand(1, 1.0, 5.0, offer=0.5)], [away, worker(2, shifts=((1.2, 480.0),))])
    fate = done.fates[1]
    assert (fate.agent_id, fate.given, fate.put_back) == (2, 2, 1)
    assert fate.begun == pytest.approx(1.5)


def test_what_was_not_offered_stays_with_somebody_who_is_away() -> None:
    done = course(
        [errand(1, 1.0, 5.0)], [worker(1, absences=((0.5, 30.0),)), worker(2, shifts=((1.2, 480.0),))]
    )
    assert (done.fates[1].agent_id, done.fates[1].begun) == (1, pytest.approx(30.5))


def test_at_the_end_of_a_shift_work_in_hand_is_finished_and_the_rest_goes_back() -> None:
    done = course(
        [errand(1, 0.0, 30.0), errand(2, 0.0, 5.0)],
        [worker(1, capacity=2, shifts=((0.0, 20.0),)), worker(2, shifts=((21.0, 60.0),))],
    )
    assert done.fates[1].answered == pytest.approx(30.0)
    assert (done.fates[2].agent_id, done.fates[2].put_back) == (2, 1)
    assert done.fates[2].begun == pytest.approx(21.0)
    assert done.people[1].overtime == pytest.approx(10.0)
    assert done.people[1].paid == pytest.approx(30.0)


@pytest.mark.parametrize(("leave", "agent", "begun"), [(15.0, 2, 35.0), (float("inf"), 1, 100.0)])
def test_open_work_of_who_went_home_goes_back_when_the_queue_says_so(
    leave: float, agent: int, begun: float
) -> None:
    done = course(
        [errand(1, 0.0, 20.0), errand(2, 0.0, 5.0, leave=leave)],
        [worker(1, capacity=2, shifts=((0.0, 20.0), (100.0, 200.0))), worker(2, shifts=((21.0, 200.0),))],
    )
    assert (done.fates[2].agent_id, done.fates[2].begun) == (agent, pytest.approx(begun))


def test_after_a_conversation_nothing_comes_for_a_while() -> None:
    talks = [errand(1, 0.0, 10.0, live=True, wrap_up=2.0), errand(2, 11.0, 1.0, live=True)]
    done = course(talks, [worker(1)])
    assert done.fates[2].begun == pytest.approx(12.0)


def test_accepting_takes_a_moment() -> None:
    done = course([errand(1, 0.0, 10.0, live=True)], [worker(1)], habits=Habits())
    assert done.fates[1].begun == pytest.approx(5.0 / 60.0)
