"""Finds the weights of words from what people said: logistic regression beside the rules' own finding, in plain Python.

The rules are where it starts from, not one voice among others: a word's weight is how far it moves what they say, and
each is held near zero by a prior, so that few corrections change little. The same examples give the same weights.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hub.model.tickets import TicketKind
from routing.classify import classify
from routing.confidence import logits
from routing.learn.features import features
from routing.learn.model import KINDS, Model

METHOD = "words"
MOST_EXAMPLES = 4000
"""The newest so many are learned from."""
MOST_TERMS = 30_000
LEAST_SEEN = 2
"""A word of one message alone is left out: it says little, and might say who wrote."""
PRIOR = 0.3
"""How firmly each weight is held near zero: it stands against so many examples that say otherwise."""
ROUNDS = 15
_STEP = 0.7
_COMPLAINT = 1.5
"""What a complaint counts for beside the others: none must be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A message and what it is. `said`: a person said so; else nobody said otherwise, which counts `weight` as much. `number`:
    of the correction, 0 for what nobody spoke of."""

    text: str
    subject: str
    kind: TicketKind
    hint: str = ""
    said: bool = True
    weight: float = 1.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """An example as learning sees it: the rules' finding and the features."""

    example: Example
    base: dict[TicketKind, float]
    found: dict[str, None]


def look(examples: Sequence[Example], analyser: str) -> list[Seen]:
    """What the rules find in each, and what it has."""
    seen = []
    for one in examples:
        result = classify(one.text, one.subject, one.hint)
        found = features(analyser, one.text, one.subject, result)
        seen.append(Seen(one, logits(result.scores, result.kind), found))
    return seen


def train(seen: Sequence[Seen]) -> Model:
    """Weights for the words of these examples."""
    counts = Counter(word for one in seen for word in one.found)
    vocabulary = {
        word: place
        for place, word in enumerate(
            sorted((w for w, n in counts.items() if n >= LEAST_SEEN), key=lambda w: (-counts[w], w))[
                :MOST_TERMS
            ]
        )
    }
    rows = [_row(one, vocabulary) for one in seen]
    weights = [[0.0] * len(vocabulary) for _ in KINDS]
    squares = [1e-6] * len(vocabulary)
    order = list(range(len(rows)))
    shuffle = random.Random(0)  # noqa: S311 - an order that is the same every time
    for _ in range(ROUNDS):
        shuffle.shuffle(order)
        for number in order:
            _learn(rows[number], weights, squares)
        _hold(weights, squares)
    return Model(
        method=METHOD,
        analyser="words",
        terms={
            word: (1.0, (weights[0][at], weights[1][at], weights[2][at], weights[3][at]))
            for word, at in vocabulary.items()
            if any(abs(weights[k][at]) >= 1e-3 for k in range(4))
        },
    )


@dataclass(frozen=True, slots=True)
class _Row:
    base: tuple[float, ...]
    places: list[int]
    value: float
    is_kind: int
    weight: float


def _row(one: Seen, vocabulary: dict[str, int]) -> _Row:
    kind = KINDS.index(one.example.kind)
    return _Row(
        base=tuple(one.base[kind] for kind in KINDS),
        places=[place for word in one.found if (place := vocabulary.get(word)) is not None],
        value=1 / math.sqrt(len(one.found) or 1),
        is_kind=kind,
        weight=one.example.weight * (_COMPLAINT if one.example.kind is TicketKind.COMPLAINT else 1.0),
    )


def _learn(row: _Row, weights: list[list[float]], squares: list[float]) -> None:
    """One step down the slope of one example (AdaGrad: Duchi, Hazan, Singer 2011)."""
    scores = [
        base + row.value * sum(own[place] for place in row.places)
        for base, own in zip(row.base, weights, strict=True)
    ]
    most = max(scores)
    powers = [math.exp(score - most) for score in scores]
    whole = sum(powers)
    slopes = [
        row.weight * row.value * (power / whole - (at == row.is_kind)) for at, power in enumerate(powers)
    ]
    steep = sum(slope * slope for slope in slopes)
    for place in row.places:
        squares[place] += steep
        step = _STEP / math.sqrt(1.0 + squares[place])
        for own, slope in zip(weights, slopes, strict=True):
            own[place] -= step * slope


def _hold(weights: list[list[float]], squares: list[float]) -> None:
    """What the prior asks of every weight, once a round."""
    holds = [1.0 / (1.0 + PRIOR * _STEP / math.sqrt(1.0 + square)) for square in squares]
    for own in weights:
        for place, hold in enumerate(holds):
            own[place] *= hold
