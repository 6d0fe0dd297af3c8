"""How quickly people of each level work, and what it is worth to know the customer, from answers that were given. Pure.

Until there are records the engine goes by what most companies assume (`routing.worth.Weights`). Every company differs: where
levels make no difference, to hold a ticket for the quick and for the one who knows is time lost. So the assumption is the
prior, and each answer moves it a little: the logarithms of (minutes usual for such work / minutes taken) are explained by the
level, by knowing the customer, and by a constant for everything else, with as much said for the assumption as so many answers
would (ridge regression, A. E. Hoerl and R. W. Kennard, 1970), by going through the three in turn until they stand still.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from routing.situation import Needs
from routing.worth import Weights, level_of

LIKE_ANSWERS = 60.0
"""The assumption about a level weighs as much as so many answers."""
LIKE_ANSWERS_KNOWN = 120.0
"""The same of knowing the customer, the smaller and the later effect."""
LONGEST, SHORTEST = 240.0, 0.2
"""Minutes: who took longer was interrupted; who took less had nothing to do."""
_FARTHEST = math.log(8.0)
"""So far from the usual an answer counts as no farther: one forgotten over lunch says little of people's pace."""
_STEPS = 200
_STILL = 1e-9


class Answer(NamedTuple):
    """One that was given: by somebody of so much skill at it (1 to 5; None: no skill was asked for), who knew the customer or
    not; such work takes `effort` minutes (above 0) as a rule, this took `minutes`."""

    level: int | None
    known: bool
    effort: float
    minutes: float


def level_at(skills: Mapping[str, int], needs: Needs) -> int | None:
    """The level by which somebody does such work; None where no skill is asked for."""
    return level_of(skills, needs) if needs.skills else None


def measure_pace(answers: Iterable[Answer], assumed: Weights) -> Weights:
    """The weights with `paces` and `owner_gain` as the answers say; with none, those assumed."""
    cells = _gathered(answers)
    if not cells:
        return assumed
    many = sum(cell.many for cell in cells)
    prior, prior_gain = [math.log(pace) for pace in assumed.paces], math.log(assumed.owner_gain)
    levels, gain = prior, prior_gain
    for _ in range(_STEPS):
        usual = sum(cell.total - cell.many * (_at(levels, cell) + gain * cell.known) for cell in cells) / many
        found = [
            _pulled(
                [
                    (cell.total - cell.many * (usual + gain * cell.known), cell.many)
                    for cell in cells
                    if cell.level == level
                ],
                prior[level - 1],
                LIKE_ANSWERS,
            )
            for level in range(1, len(prior) + 1)
        ]
        more = _pulled(
            [
                (cell.total - cell.many * (usual + _at(found, cell)), cell.many)
                for cell in cells
                if cell.known
            ],
            prior_gain,
            LIKE_ANSWERS_KNOWN,
        )
        moved = max(abs(more - gain), *(abs(new - old) for new, old in zip(found, levels, strict=True)))
        levels, gain = found, more
        if moved < _STILL:
            break
    return replace(
        assumed,
        paces=tuple(math.exp(one) for one in levels),
        # Nobody is slower for knowing the customer: less than 1 is chance.
        owner_gain=max(1.0, math.exp(gain)),
    )


class _Cell(NamedTuple):
    """Answers that have level and knowing in common: how many, and the sum of their logarithms."""

    level: int | None
    known: bool
    many: int
    total: float


def _gathered(answers: Iterable[Answer]) -> list[_Cell]:
    cells: dict[tuple[int | None, bool], tuple[int, float]] = {}
    for one in answers:
        if SHORTEST <= one.minutes <= LONGEST:
            many, total = cells.get((one.level, one.known), (0, 0.0))
            value = math.log(one.effort / one.minutes)
            cells[one.level, one.known] = many + 1, total + min(max(value, -_FARTHEST), _FARTHEST)
    return [_Cell(level, known, many, total) for (level, known), (many, total) in cells.items()]


def _at(levels: Sequence[float], cell: _Cell) -> float:
    return 0.0 if cell.level is None else levels[cell.level - 1]


def _pulled(rest: Sequence[tuple[float, int]], towards: float, weight: float) -> float:
    return (sum(total for total, _ in rest) + towards * weight) / (sum(many for _, many in rest) + weight)
