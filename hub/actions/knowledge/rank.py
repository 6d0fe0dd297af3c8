"""Which of the articles that were found come first. Pure.

Found by terms: where they stand (title before summary before body), then how often it helped. Found by what a text has in
common with them: words that few articles have count more than words that many have, twice as much in a title.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.actions.knowledge.words import article_text, title_text
from hub.actions.search.query import Asked, Term
from hub.model.search_words import comparable
from storage.knowledge_find import MOST_TEXTS, FoundRow, TouchRow

_TITLE, _SUMMARY, _BODY = 3.0, 1.5, 1.0
_TITLE_TOUCH = 2.0
_OF_THE_BEST = 0.35
"""What has less than this part of the best one's weight is not worth being offered."""
_LEAST_TOUCHES = 2
_MOST_TELLING = 16
_HELPS = 0.5
"""How far votes raise or lower what fits: by a quarter either way at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`language`: the one in which it was found best."""

    id: int
    language: str
    weight: float


def helpfulness(helped: int, helped_not: int) -> float:
    """Between 0 and 1; 0.5 while nobody has said anything (Laplace's rule of succession).

    >>> helpfulness(0, 0), helpfulness(3, 0)
    (0.5, 0.8)
    """
    return (helped + 1) / (helped + helped_not + 2)


def by_terms(rows: Iterable[FoundRow], asked: Asked) -> list[Found]:
    """Those that have every term and none that they must not have, the best first; each article once."""
    best: dict[int, Found] = {}
    for row in rows:
        if not asked.fits(article_text(row.title, row.summary, row.body, row.tags)):
            continue
        found = Found(id=row.id, language=row.language, weight=_weight(row, asked.terms))
        if row.id not in best or found.weight > best[row.id].weight:
            best[row.id] = found
    return sorted(best.values(), key=lambda one: (-one.weight, one.id))


def _weight(row: FoundRow, terms: Sequence[Term]) -> float:
    title, summary = title_text(row.title), comparable("\n".join((row.summary, " ".join(row.tags))))
    weight = sum(
        _TITLE if term.is_in(title) else _SUMMARY if term.is_in(summary) else _BODY
        for term in terms
        if not term.without
    )
    return weight * _lifted(row.helped, row.helped_not)


def _lifted(helped: int, helped_not: int) -> float:
    return 1 - _HELPS / 2 + _HELPS * helpfulness(helped, helped_not)


def most_telling(lexemes: Sequence[str], texts: Sequence[int]) -> list[str]:
    """Of the lexemes of a text the rarest, in their order; `texts`: how many have each. What none has is left out, and, as
    long as there is anything rarer, what so many have that it tells nothing."""
    there = [(many, place) for place, many in enumerate(texts) if many]
    rare = [one for one in there if one[0] < MOST_TEXTS] or there
    return [lexemes[place] for _, place in sorted(sorted(rare)[:_MOST_TELLING], key=lambda one: one[1])]


def by_touches(touches: Sequence[TouchRow], *, asked: int, total: int) -> list[tuple[int, float]]:
    """(article, weight) of those that have enough in common with a text, the best first. `asked`: how many lexemes of it were
    looked for; `total`: how many articles there are."""
    spread: dict[int, int] = defaultdict(int)
    for touch in touches:
        spread[touch.place] += 1
    weights: dict[int, float] = defaultdict(float)
    many: dict[int, int] = defaultdict(int)
    titled: set[int] = set()
    for touch in touches:
        rare = math.log(1 + total / spread[touch.place])
        weights[touch.id] += rare * (_TITLE_TOUCH if touch.in_title else 1)
        many[touch.id] += 1
        if touch.in_title:
            titled.add(touch.id)
    least = min(asked, _LEAST_TOUCHES)
    # One word in a text may be by chance; one in a title is what the article is about.
    fits = {one: weight for one, weight in weights.items() if one in titled or many[one] >= least}
    if not fits:
        return []
    bar = max(fits.values()) * _OF_THE_BEST
    return sorted(
        ((one, weight) for one, weight in fits.items() if weight >= bar), key=lambda pair: (-pair[1], pair[0])
    )


def lifted(weight: float, helped: int, helped_not: int) -> float:
    """A weight with what readers said of the article."""
    return weight * _lifted(helped, helped_not)
