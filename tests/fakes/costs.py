"""What something costs of a processor, and how that grows with what it is given. Neither is more on a machine that does much
else meanwhile, as seconds of a clock would be; what grows with the square is seen at lengths that are still quick."""

import time
from collections.abc import Callable

TRIES = 3
FLOOR = 0.005
"""Seconds. Of what costs less it is chance that decides how many times more something else costs."""
FOUR_TIMES = 8.0
"""As much again for four times the length: even growth has 4 here, and that with the square 16."""


def spent(do: Callable[[], object]) -> float:
    """Seconds of a processor that this thread takes for it, the least of a few tries."""
    return min(_once(do) for _ in range(TRIES))


def _once(do: Callable[[], object]) -> float:
    began = time.thread_time()
    do()
    return time.thread_time() - began


def assert_even(of_a_quarter: float, of_all: float, what: str) -> None:
    """That what costs `of_all` seconds grows with its length and not with the square of it, seen by a quarter of it."""
    assert of_all < FOUR_TIMES * max(of_a_quarter, FLOOR), (
        f"{what}: {of_a_quarter:.3f} s, then {of_all:.3f} s"
    )
