"""Chance, the same on every machine: what is drawn is rounded, so that a mathematical library's last digit decides nothing."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_DIGITS = 6


def lognormal(chance: random.Random, mean: float, spread: float) -> float:
    """Positive, of this mean; `spread` is the deviation of its logarithm."""
    return round(mean * math.exp(chance.gauss(-spread * spread / 2.0, spread)), _DIGITS)


def exponential(chance: random.Random, mean: float) -> float:
    return round(-mean * math.log(1.0 - chance.random()), _DIGITS)


def uniform(chance: random.Random, least: float, most: float) -> float:
    return round(least + (most - least) * chance.random(), _DIGITS)


def moments(chance: random.Random, begin: float, end: float, expected: float) -> Iterator[float]:
    """When it happens between two moments what happens by itself, `expected` times on the average (a Poisson process)."""
    if expected <= 0.0:
        return
    at = begin
    while (at := at + exponential(chance, (end - begin) / expected)) < end:
        yield round(at, _DIGITS)


def how_many(chance: random.Random, expected: float) -> int:
    """A Poisson number."""
    return sum(1 for _ in moments(chance, 0.0, 1.0, expected))


def one_of(chance: random.Random, things: Sequence[T], shares: Sequence[float]) -> T:
    """One of them, each by its share."""
    return chance.choices(things, shares)[0]
