"""The weights by scikit-learn, where it is installed (`contact-hub[ml]`): TF-IDF of runs of characters, a calibrated
linear model.

What it finds becomes a Model like any other: it is kept as figures, asked without scikit-learn, and judged beside the others.
"""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from routing.learn.model import KINDS, Four, Model
from routing.learn.train import Seen

METHOD = "tfidf"
MOST_TERMS = 20_000
_FOLDS = 5


class NotInstalled(Exception):
    """The extra `ml` is not installed."""


def is_installed() -> bool:
    """Whether scikit-learn can be used here."""
    return find_spec("sklearn") is not None


def train(seen: Sequence[Seen]) -> Model:
    """Weights for runs of characters, and how much the rules' finding counts beside them. `seen` by the analyser
    `pieces`. Raises NotInstalled."""
    if not is_installed():
        raise NotInstalled("scikit-learn is missing: pip install 'contact-hub[ml]'")
    from threadpoolctl import threadpool_limits

    # More threads only wait for each other: the figures are small, and the hub beside needs the processor.
    with threadpool_limits(limits=1):
        return _train(seen)


def _train(seen: Sequence[Seen]) -> Model:
    import numpy
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    kinds = [KINDS.index(one.example.kind) for one in seen]
    present = sorted(set(kinds))
    if len(present) < 2:
        return Model(method=METHOD, analyser="pieces")
    weights = numpy.array([one.example.weight for one in seen])
    vectoriser = TfidfVectorizer(analyzer=list, binary=True, min_df=2, max_features=MOST_TERMS)
    words = vectoriser.fit_transform([one.found for one in seen])
    base = numpy.array([[one.base[kind] for kind in KINDS] for one in seen])
    rows = sparse.hstack([sparse.csr_matrix(base), words]).tocsr()
    line = LogisticRegression(C=3.0, class_weight="balanced", max_iter=2000)
    heat = _heat(line, rows, numpy.array(kinds), weights)
    line.fit(rows, kinds, sample_weight=weights)
    return _as_model(vectoriser, _per_kind(line, len(present)), present, heat)


def _per_kind(line: Any, kinds: int) -> tuple[Any, Any]:
    """Coefficients and intercepts, one row a kind; of two kinds scikit-learn keeps one row alone."""
    import numpy

    if kinds > 2:
        return line.coef_, line.intercept_
    return numpy.vstack([-line.coef_ / 2, line.coef_ / 2]), numpy.concatenate(
        [-line.intercept_ / 2, line.intercept_ / 2]
    )


def _heat(line: Any, rows: Any, kinds: Any, weights: Any) -> float:
    """By what to divide, so that what is said to be certain by so much is right as often (temperature scaling: Guo et
    al. 2017). Found on answers that each part of the model gave to examples that it had not seen."""
    import numpy
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    counts = numpy.bincount(kinds)
    if counts[counts > 0].min() < _FOLDS:
        return 1.0
    chances = numpy.zeros((len(kinds), len(numpy.unique(kinds))))
    for learn, look in StratifiedKFold(_FOLDS).split(rows, kinds):
        part = clone(line).fit(rows[learn], kinds[learn], sample_weight=weights[learn])
        chances[look] = part.predict_log_proba(rows[look])
    place = numpy.searchsorted(numpy.unique(kinds), kinds)

    def loss(heat: float) -> float:
        warm = chances / heat
        own = warm[numpy.arange(len(kinds)), place] - numpy.logaddexp.reduce(warm, axis=1)
        return float(-(weights * own).sum())

    return min((0.5 * 1.1**step for step in range(25)), key=loss)


def _as_model(vectoriser: Any, line: tuple[Any, Any], present: Sequence[int], heat: float) -> Model:
    """The same line as a Model. A kind that no example was of is never named by it."""
    coefficients, intercepts = line
    spread = [[0.0] * coefficients.shape[1] for _ in KINDS]
    bias = [-math.log(1e6)] * len(KINDS)
    for row, kind in enumerate(present):
        spread[kind] = [float(value) / heat for value in coefficients[row]]
        bias[kind] = float(intercepts[row]) / heat
    own = len(KINDS)
    terms: dict[str, tuple[float, Four]] = {}
    for word, place in sorted(vectoriser.vocabulary_.items()):
        a, b, c, d = (spread[kind][own + int(place)] for kind in range(own))
        terms[word] = (float(vectoriser.idf_[place]), (a, b, c, d))
    a, b, c, d = bias
    return Model(
        method=METHOD,
        analyser="pieces",
        terms=terms,
        base=tuple(tuple(row[:own]) for row in spread),
        bias=(a, b, c, d),
        dilutes=False,
    )
