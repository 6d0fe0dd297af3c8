"""What one visitor may ask of the public pages of one hub."""

import pytest

from hub.web import doorstep
from hub.web.doorstep import Doorstep


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_visitor_may_ask_for_so_much_in_a_minute_and_others_are_not_touched() -> None:
    clock = Clock()
    step = Doorstep(most=60, lines=1000, clock=clock)
    for _ in range(60):
        assert step.enter("one") == 0
        step.leave("one")
    assert step.enter("one") == pytest.approx(1.0)
    assert step.enter("two") == 0
    clock.now = 1.0
    assert step.enter("one") == 0
    step.leave("one")
    assert step.enter("one") > 0
    clock.now = 3600.0
    for _ in range(60):
        assert step.enter("one") == 0
        step.leave("one")
    assert step.enter("one") > 0, "an hour away saves up no more than a minute"


def test_what_is_free_is_not_counted() -> None:
    step = Doorstep(most=1, lines=1, clock=Clock())
    for _ in range(3):
        assert step.enter("one") == 0
        step.leave("one", free=True)
    assert step.enter("one") == 0
    step.leave("one")
    assert step.enter("one") > 0


def test_so_many_at_the_same_time() -> None:
    step = Doorstep(most=1000, lines=2, clock=Clock())
    assert step.enter("one") == step.enter("one") == 0
    assert step.enter("one") > 0
    step.leave("one")
    assert step.enter("one") == 0


def test_what_is_remembered_is_bounded_and_forgets_nobody_who_is_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorstep, "MOST_REMEMBERED", 10)
    step = Doorstep(most=2, lines=1, clock=Clock())
    assert step.enter("here") == 0
    for number in range(100):
        assert step.enter(f"passing {number}") == 0
        step.leave(f"passing {number}")
    assert step.enter("here") > 0, "still here, so once is the most"
    assert step.known <= 11
