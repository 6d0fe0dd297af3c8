"""Weights of words, and a second look at what the scored rules found. A model that knows nothing changes nothing."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import Any, TypeAlias

import orjson

from hub.model.tickets import TicketKind
from routing.classify import LEARNED_RULE, SIGN, SURE, Classification, Evidence
from routing.confidence import logits, shares
from routing.learn.features import ANALYSERS, GROUP, features
from routing.lexicon import load_lexicon

KINDS = tuple(TicketKind)
_IDENTITY = tuple(tuple(float(a is b) for b in KINDS) for a in KINDS)
_AWAY_FROM_COMPLAINT = 2.0
"""What the rules take for a complaint stays one unless another kind is so many times as likely."""
_CLEARLY_AGAINST = 0.5
_SHOWN, _LEAST_SHOWN, _MOST_LOOKED_AT = 5, 0.01, 40
_FORMAT = 1

Four: TypeAlias = tuple[float, float, float, float]


class NotAModel(ValueError):
    """These bytes are no model that this program can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """`terms`: what each word speaks for, by kind in the order of TicketKind, and how much the word counts. `base` and
    `bias`: how the rules' own finding is taken over. `dilutes`: words that are not known make those that are count less."""

    method: str
    analyser: str = "words"
    terms: Mapping[str, tuple[float, Four]] = field(default_factory=dict)
    base: Sequence[Sequence[float]] = _IDENTITY
    bias: Four = (0.0, 0.0, 0.0, 0.0)
    dilutes: bool = True

    def weigh(self, found: Mapping[str, None]) -> dict[str, Four]:
        """What each known word of a message adds to each kind."""
        # Sorted, so that sums come out the same in every process.
        known = [(word, self.terms[word]) for word in sorted(self.terms.keys() & found.keys())]
        if not known:
            return {}
        length = math.sqrt(len(found) if self.dilutes else sum(scale * scale for _, (scale, _) in known))
        return {
            word: (w[0] * scale / length, w[1] * scale / length, w[2] * scale / length, w[3] * scale / length)
            for word, (scale, w) in known
        }

    def find(self, base: Mapping[TicketKind, float], added: Mapping[str, Four]) -> dict[TicketKind, float]:
        """The rules' finding and the words together, as logarithms of likelihoods."""
        own = [base[kind] for kind in KINDS]
        sums = [sum(column) for column in zip(*added.values(), strict=True)] or [0.0] * len(KINDS)
        return {
            kind: sum(map(float.__mul__, row, own)) + bias + more
            for kind, row, bias, more in zip(KINDS, self.base, self.bias, sums, strict=True)
        }


def refine(result: Classification, text: str, subject: str, model: Model, version: int) -> Classification:
    """A second look at what the rules found in this very text. The words that counted are added to the evidence."""
    added = model.weigh(features(model.analyser, text, subject, result))
    scores = result.scores
    base = logits(scores, result.kind)
    likely = shares(model.find(base, added))
    # Where nothing tells two kinds apart, the rules have the say.
    first = (result.kind, result.runner_up)
    ranked = sorted(KINDS, key=lambda kind: (-likely[kind], kind is not first[0], kind is not first[1]))
    if (
        result.kind is TicketKind.COMPLAINT
        and likely[ranked[0]] < _AWAY_FROM_COMPLAINT * likely[TicketKind.COMPLAINT]
    ):
        ranked.remove(TicketKind.COMPLAINT)
        ranked.insert(0, TicketKind.COMPLAINT)
    kind = ranked[0]
    confidence = round(likely[kind], 3)
    # A sign of a complaint leaves a doubt, unless what was learned speaks clearly against it.
    before = shares(logits(result.scores, result.kind))[TicketKind.COMPLAINT]
    doubt = (
        result.scores[TicketKind.COMPLAINT] >= SIGN
        and likely[TicketKind.COMPLAINT] >= _CLEARLY_AGAINST * before
    )
    return replace(
        result,
        kind=kind,
        runner_up=ranked[1],
        confidence=confidence,
        uncertain=confidence < SURE or (kind is not TicketKind.COMPLAINT and doubt),
        evidence=(*result.evidence, *_spoke(added, kind)),
        model=version,
    )


def _spoke(added: Mapping[str, Four], kind: TicketKind) -> list[Evidence]:
    """The words that spoke most clearly for this kind rather than for the others. Small words and groups of the lexicon
    count too, but say nothing to a reader; of overlapping ones the more telling, and longer ones tell more."""
    at = KINDS.index(kind)
    small = load_lexicon().stop_words
    clear = [
        (share, word)
        for word, four in added.items()
        if (share := four[at] - sum(four) / 4) >= _LEAST_SHOWN and word not in small and word[0] != GROUP
    ]
    telling = nlargest(_MOST_LOOKED_AT, clear, key=lambda one: (one[0] * math.sqrt(len(one[1])), one[1]))
    shown: list[tuple[float, str]] = []
    for share, word in telling:
        if len(shown) < _SHOWN and not any(_overlap(word, other) for _, other in shown):
            shown.append((share, word))
    return [
        Evidence(rule=LEARNED_RULE, matched=word.strip(), weight=round(share, 3), kind=kind)
        for share, word in shown
    ]


def _overlap(one: str, other: str) -> bool:
    """Whether one is within the other; a letter or two of Latin script are so by chance."""
    short, long = sorted((one.strip(), other.strip()), key=len)
    return short in long if len(short) > 2 or not short.isascii() else f" {short} " in f" {long} "


def to_bytes(model: Model) -> bytes:
    """For keeping. Weights are rounded to what matters."""
    document = {
        "format": _FORMAT,
        "method": model.method,
        "analyser": model.analyser,
        "dilutes": model.dilutes,
        "base": [[round(value, 5) for value in row] for row in model.base],
        "bias": [round(value, 5) for value in model.bias],
        "terms": {
            word: [round(scale, 4), *(round(value, 4) for value in weights)]
            for word, (scale, weights) in model.terms.items()
        },
    }
    return zlib.compress(orjson.dumps(document), 9)


def from_bytes(data: bytes) -> Model:
    """As it was kept. Raises NotAModel."""
    try:
        document: Any = orjson.loads(zlib.decompress(data))
        if document["format"] != _FORMAT or document["analyser"] not in ANALYSERS:
            raise NotAModel("it was made by a newer program")
        return Model(
            method=str(document["method"]),
            analyser=document["analyser"],
            dilutes=bool(document["dilutes"]),
            base=tuple(tuple(float(value) for value in row) for row in document["base"]),
            bias=_four(document["bias"]),
            terms={
                word: (float(scale), _four(weights)) for word, (scale, *weights) in document["terms"].items()
            },
        )
    except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise NotAModel(f"it cannot be read: {error}") from error


def _four(values: Sequence[Any]) -> Four:
    a, b, c, d = (float(value) for value in values)
    return a, b, c, d
