"""What a benchmark says: one JSON line, a value beside the floor it is compared with."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson


class BenchmarkFailed(Exception):
    """What was to be measured did not happen; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a figure should be. `of`: the ratio to the floor, or the value itself. Times and memory aim low."""

    of: Literal["ratio", "value"]
    bound: float
    low: bool = False

    def met(self, reached: float) -> bool:
        return reached <= self.bound if self.low else reached >= self.bound

    def __str__(self) -> str:
        return f"{self.of} {'<=' if self.low else '>='} {self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The value and its floor, measured one right after the other."""

    value: float
    floor: float

    @property
    def ratio(self) -> float:
        return self.value / self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`n` things were measured in every round. Medians over the rounds; the worst round stands beside them."""

    name: str
    unit: str
    floor: str
    rounds: Sequence[Round]
    n: int
    aim: Aim | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> bytes:
        value = statistics.median(one.value for one in self.rounds)
        ratio = statistics.median(one.ratio for one in self.rounds)
        document: dict[str, Any] = {
            "name": self.name,
            "value": _short(value),
            "unit": self.unit,
            "floor": self.floor,
            "floor_value": _short(statistics.median(one.floor for one in self.rounds)),
            "ratio": _short(ratio),
            "aim": str(self.aim) if self.aim else None,
            "met": self.aim.met(ratio if self.aim.of == "ratio" else value) if self.aim else None,
            "n": self.n,
            "rounds": [[_short(one.value), _short(one.floor), _short(one.ratio)] for one in self.rounds],
            **{key: _shorten(said) for key, said in self.more.items()},
        }
        return orjson.dumps(document)


def percentiles(samples: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest."""
    ordered = sorted(samples)
    last = len(ordered) - 1
    return {f"p{p}": ordered[round(last * p / 100)] for p in (50, 95, 99)} | {"max": ordered[-1]}


def median_of(documents: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each key over several rounds."""
    return {key: statistics.median(one[key] for one in documents) for key in documents[0]}


def _short(number: float) -> float:
    """Three or four digits are all that a noisy machine can vouch for."""
    return float(f"{number:.4g}")


def _shorten(said: Any) -> Any:
    if isinstance(said, float):
        return _short(said)
    if isinstance(said, Mapping):
        return {key: _shorten(inner) for key, inner in said.items()}
    return said
