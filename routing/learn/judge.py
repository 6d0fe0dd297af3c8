"""How good something learned is: on examples that it has not seen, beside the rules alone and beside what is in use."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from hub.model.tickets import TicketKind
from routing.classify import classify
from routing.learn.model import Model, refine
from routing.learn.train import Example, Seen

FOLDS = 5
LEAST_SAID, LEAST_COMPLAINTS = 20, 5
"""With fewer answers of people, or fewer complaints among the examples, nothing can be said of what was learned."""
_SAME = 1e-9

Trainer = Callable[[Sequence[Seen]], Model]


class Verdict(StrEnum):
    BETTER = "better"
    NO_WORSE = "no_worse"
    WORSE = "worse"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """By weight of the examples. `right`: of the right kind. `complaints`: there were; `found` of them; `alarms`: others
    that were taken for complaints."""

    examples: float
    right: float
    complaints: float
    found: float
    alarms: float

    @property
    def accuracy(self) -> float:
        return self.right / self.examples if self.examples else 0.0

    @property
    def recall(self) -> float:
        """Share of the complaints that were found; 1 where there were none."""
        return self.found / self.complaints if self.complaints else 1.0

    @property
    def precision(self) -> float:
        """Share of what was taken for a complaint that was one; 1 where nothing was."""
        taken = self.found + self.alarms
        return self.found / taken if taken else 1.0

    def to_data(self) -> dict[str, float]:
        return {
            **{name: round(value, 3) for name, value in asdict(self).items()},
            "accuracy": round(self.accuracy, 4),
            "recall": round(self.recall, 4),
            "precision": round(self.precision, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`learned` and `rules` on all examples, each judged by a model that was made without it. `unseen`: (what was
    learned, what is in use) on those that the model in use has not learned from either; None where these are too few."""

    verdict: Verdict
    learned: Scores
    rules: Scores
    unseen: tuple[Scores, Scores] | None = None


def judge(
    seen: Sequence[Seen], trainer: Trainer, *, in_use: Model | None = None, learned_until: int = 0
) -> Judgement:
    """Cross-validation. `learned_until`: the last correction that the model in use has learned from."""
    guessed = _guess_unseen(seen, trainer)
    examples = [one.example for one in seen]
    learned = score(examples, guessed)
    rules = score(examples, [classify(one.text, one.subject, one.hint).kind for one in examples])
    said = [one for one in examples if one.said]
    complaints = sum(one.kind is TicketKind.COMPLAINT for one in examples)
    unseen = None
    rivals = [(learned, rules)]
    if in_use is not None:
        fresh = [at for at, one in enumerate(examples) if one.said and one.number > learned_until]
        if len(fresh) >= LEAST_SAID:
            new = [examples[at] for at in fresh]
            unseen = (
                score(new, [guessed[at] for at in fresh]),
                score(new, [guess(in_use, one) for one in new]),
            )
            rivals.append(unseen)
    enough = len(said) >= LEAST_SAID and complaints >= LEAST_COMPLAINTS
    verdict = _verdict(rivals) if enough else Verdict.TOO_FEW
    return Judgement(verdict=verdict, learned=learned, rules=rules, unseen=unseen)


def _verdict(rivals: Sequence[tuple[Scores, Scores]]) -> Verdict:
    """Not worse in the complaints that are found, nor in what is right."""
    gains = [
        gain
        for ours, theirs in rivals
        for gain in (ours.recall - theirs.recall, ours.accuracy - theirs.accuracy)
    ]
    if min(gains) < -_SAME:
        return Verdict.WORSE
    return Verdict.BETTER if max(gains) > _SAME else Verdict.NO_WORSE


def guess(model: Model, one: Example) -> TicketKind:
    """What the rules and this model together take it for."""
    return refine(classify(one.text, one.subject, one.hint), one.text, one.subject, model, 0).kind


def score(examples: Sequence[Example], guessed: Sequence[TicketKind]) -> Scores:
    """What was guessed against what is so."""
    complaint = TicketKind.COMPLAINT
    pairs = [(one.weight, one.kind, kind) for one, kind in zip(examples, guessed, strict=True)]
    return Scores(
        examples=sum(weight for weight, _, _ in pairs),
        right=sum(weight for weight, want, got in pairs if want is got),
        complaints=sum(weight for weight, want, _ in pairs if want is complaint),
        found=sum(weight for weight, want, got in pairs if want is complaint is got),
        alarms=sum(weight for weight, want, got in pairs if got is complaint is not want),
    )


def _guess_unseen(seen: Sequence[Seen], trainer: Trainer) -> list[TicketKind]:
    """Each example by a model that was made without it, and without any of the same words."""
    folds = [_fold(one.example) for one in seen]
    guessed: dict[int, TicketKind] = {}
    for fold in range(FOLDS):
        model = trainer([one for one, its in zip(seen, folds, strict=True) if its != fold])
        for at, (one, its) in enumerate(zip(seen, folds, strict=True)):
            if its == fold:
                guessed[at] = guess(model, one.example)
    return [guessed[at] for at in range(len(seen))]


def _fold(one: Example) -> int:
    plain = " ".join(f"{one.subject} {one.text}".split()).lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()[0] % FOLDS
