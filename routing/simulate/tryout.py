"""A change tried: the same days as they are and as they would be, over several seeds, so that chance is not read as effect."""

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from routing.simulate.case import Case
from routing.simulate.course import Course
from routing.simulate.measure import HIGHER_IS_BETTER, Measured, measure
from routing.simulate.trouble import CannotSimulate

MOST_SEEDS = 30

Make = Callable[[int], Case]
"""The days of a seed."""
Tell = Callable[[float], None]
"""How far it is, 0 to 1."""

# Two-sided 95 % points of Student's t for 1, 2, … degrees of freedom.
_T = (
    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13,
    2.12, 2.11, 2.10, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05,
)  # fmt: skip
_SMALLEST = 1e-9


def try_out(
    before: Make, after: Make | None, seeds: Sequence[int], tell: Tell | None = None
) -> dict[str, Any]:
    """Figures of both sides as JSON-able data; `after` None: there is nothing to compare with. `tell` hears of the progress.

    `before` and `after`: `figures` (mean, least, most over the seeds), `by` (label, value: how many, in time), `agents` (name,
    used, done), `errands`. `differences`: for each figure `mean` and `verdict`: better, worse, same, unclear (chance alone
    could have done it, or there was one seed only), or other (there is no better)."""
    sides: list[list[Measured]] = [[] for _ in range(1 if after is None else 2)]
    rounds = len(seeds) * len(sides)
    for number, seed in enumerate(seeds):
        for place, make in enumerate([before] if after is None else [before, after]):
            done = number * len(sides) + place
            sides[place].append(_run(make(seed), tell, done, rounds))
    if tell is not None:
        tell(1.0)
    first = sides[0]
    return {
        "seeds": list(seeds),
        "before": _summary(first),
        "after": _summary(sides[1]) if after is not None else None,
        "differences": _differences(first, sides[1]) if after is not None else {},
    }


def _run(case: Case, tell: Tell | None, done: int, rounds: int) -> Measured:
    course = Course(case)
    whole = max(course.left, 1)

    def look(one: Course) -> None:
        assert tell is not None
        tell((done + 1.0 - one.left / whole) / rounds)

    return measure(course.run(look if tell is not None else None))


def _summary(runs: Sequence[Measured]) -> dict[str, Any]:
    return {
        "errands": round(statistics.fmean(run.errands for run in runs)),
        "figures": {
            name: {
                "mean": statistics.fmean(values),
                "least": min(values),
                "most": max(values),
            }
            for name in HIGHER_IS_BETTER
            for values in [[run.figures[name] for run in runs]]
        },
        "by": _by(runs),
        "agents": _agents(runs),
    }


def _by(runs: Sequence[Measured]) -> dict[str, dict[str, dict[str, float]]]:
    """In time by label and value; the mean of the seeds in which there was any."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for run in runs:
        for label, values in run.by.items():
            for value, seen in values.items():
                found.setdefault(label, {}).setdefault(value, []).append(seen)
    return {
        label: {
            value: {
                "errands": sum(number for number, _ in seen) / len(runs),
                "in_time": statistics.fmean(share for _, share in seen),
            }
            for value, seen in sorted(values.items())
        }
        for label, values in found.items()
    }


def _agents(runs: Sequence[Measured]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "used": statistics.fmean(run.agents[name][0] for run in runs),
            "done": statistics.fmean(run.agents[name][1] for run in runs),
        }
        for name in runs[0].agents
    ]


def _differences(before: Sequence[Measured], after: Sequence[Measured]) -> dict[str, dict[str, Any]]:
    found = {}
    for name, higher in HIGHER_IS_BETTER.items():
        pairs = [b.figures[name] - a.figures[name] for a, b in zip(before, after, strict=True)]
        found[name] = {"mean": statistics.fmean(pairs), "verdict": judge(pairs, higher)}
    return found


def judge(differences: Sequence[float], higher_is_better: bool | None) -> str:
    """What the differences of the seeds, each with the same customers on both sides, say (a paired t test at 95 %)."""
    if all(abs(one) < _SMALLEST for one in differences):
        return "same"
    if higher_is_better is None:
        return "other"
    number = len(differences)
    if number < 2:
        return "unclear"
    mean = statistics.fmean(differences)
    margin = _T[min(number - 1, len(_T)) - 1] * statistics.stdev(differences) / math.sqrt(number)
    if abs(mean) <= margin:
        return "unclear"
    return "better" if (mean > 0.0) is higher_is_better else "worse"


def read_seeds(text: str) -> tuple[int, ...]:
    """`1-5`, `3` or `1,4,9`. Raises CannotSimulate."""
    seeds: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isascii() and first.isdigit()) or (dash and not (last.isascii() and last.isdigit())):
            raise CannotSimulate("wrong_seeds")
        if len(first) > 9 or len(last) > 9:
            raise CannotSimulate("wrong_seeds")
        if int(last or first) - int(first) >= MOST_SEEDS:
            raise CannotSimulate("wrong_seeds")
        seeds |= dict.fromkeys(range(int(first), int(last or first) + 1))
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise CannotSimulate("wrong_seeds")
    return tuple(seeds)
