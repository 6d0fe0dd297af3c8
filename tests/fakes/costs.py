"""What something costs of a processor, and how that grows with what it is given. Neither is more on a machine that does much
else meanwhile, as seconds of a clock would be; what grows with the square is seen at lengths that are still quick."""

import time
from collections.abc import Callable
from math import inf
from typing import TypeVar

T = TypeVar("T")
TRIES = 3
FLOOR = 0.005
"""Seconds. Of what costs less it is chance that decides how many times more something else costs."""
FOUR_TIMES = 8.0
"""As much again for four times the length: even growth has 4 here, and that with the square 16."""
PLAINLY, BEYOND = 5.0, 100.0
"""Less or more than so much for four times the length needs no second look."""


def spent(do: Callable[[], object], *, enough: float = 0.0) -> float:
    """Seconds of a processor that this thread takes for it, the least of a few tries; the last is the first that takes `enough`
    or less."""
    least = inf
    for _ in range(TRIES):
        least = min(least, _once(do))
        if least <= enough:
            break
    return least


def _once(do: Callable[[], object]) -> float:
    began = time.thread_time()
    do()
    return time.thread_time() - began


def assert_even(of_a_quarter: float, of_all: float, what: str) -> None:
    """That what costs `of_all` seconds grows with its length and not with the square of it, seen by a quarter of it."""
    assert of_all < FOUR_TIMES * max(of_a_quarter, FLOOR), (
        f"{what}: {of_a_quarter:.3f} s, then {of_all:.3f} s"
    )


def assert_grows_evenly(make: Callable[[int], T], do: Callable[[T], object], long: int) -> float:
    """That what is done with `make(long)` costs its length and not the square of it: what it took, for what is bounded, too.
    What is made is not counted; nor is what a first call prepares, as the least of a few tries counts, and no more of them are
    made than are needed."""
    quarter, whole = make(long // 4), make(long)
    of_a_quarter = of_all = inf
    for _ in range(TRIES):
        of_all = min(of_all, _once(lambda: do(whole)))
        # However little a quarter costs.
        if of_all < FOUR_TIMES * FLOOR:
            break
        # Behind it, so that what a first call prepares makes the whole dearer and never its quarter.
        of_a_quarter = min(of_a_quarter, _once(lambda: do(quarter)))
        if of_all < PLAINLY * of_a_quarter or of_all > BEYOND * max(of_a_quarter, FLOOR):
            break
    assert_even(of_a_quarter, of_all, f"a quarter of {long}, all")
    return of_all
