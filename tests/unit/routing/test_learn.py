"""What is learned from corrections: little from few, much from many, nothing that would be worse, and the same every time."""

import dataclasses
import itertools
import math
import random
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.tickets import TicketKind
from routing.classify import LEARNED_RULE, classify
from routing.confidence import logits
from routing.explain import explain, to_data
from routing.learn import tfidf, train
from routing.learn.features import GROUP, words
from routing.learn.judge import LEAST_SAID, Verdict, guess, judge, score
from routing.learn.model import Model, NotAModel, from_bytes, refine, to_bytes
from routing.learn.train import Example
from routing.retell import retell
from tests.fakes import loom

SAMPLES = tomllib.loads((Path(__file__).parent / "samples.toml").read_text(encoding="utf-8"))
COMPLAINT, REQUEST, ENQUIRY = TicketKind.COMPLAINT, TicketKind.REQUEST, TicketKind.ENQUIRY


def _examples(rows: Sequence[Sequence[str]]) -> list[Example]:
    return [
        Example(text=text, subject=subject, kind=TicketKind(kind), number=number)
        for number, (kind, subject, text) in enumerate(rows, 1)
    ]


def test_a_model_that_knows_nothing_changes_nothing() -> None:
    nothing = Model(method="words")
    for part in SAMPLES.values():
        for _, subject, text in part:
            result = classify(text, subject)
            assert refine(result, text, subject, nothing, 0) == result


def test_what_the_rules_do_not_know_is_learned_and_found_in_what_was_not_seen() -> None:
    taught, new = loom.examples(1, 80), loom.examples(2, 200)
    before = score(new, [classify(one.text, "").kind for one in new])
    model = train.train(train.look(taught, "words"))
    after = score(new, [guess(model, one) for one in new])
    assert before.recall < 0.2
    assert after.recall > 0.95
    assert after.accuracy > before.accuracy + 0.3


def test_the_decision_names_the_words_that_were_learned() -> None:
    model = train.train(train.look(loom.examples(1, 80), "words"))
    text = "Could you arrange a visit, the bobbin skips a pick."
    result = refine(classify(text, ""), text, "", model, 7)
    assert (result.kind, result.model) == (COMPLAINT, 7)
    learned = [one for one in result.evidence if one.rule == LEARNED_RULE]
    assert 3 <= len(learned) <= 5
    assert all(one.matched in text.lower() and one.weight > 0 and one.kind == COMPLAINT for one in learned)
    assert "learned from corrections: “" in explain(result, "en")
    assert "从更正中学到：“" in explain(result, "zh_CN")
    # As it is stored and told again later.
    (told,) = retell(to_data(result), "en")
    assert told.head == explain(result, "en")


def test_one_correction_changes_nothing_and_few_change_only_what_is_alike() -> None:
    text = "请问你们周末几点开门？"
    other = "请问这个型号的保修期是多久？"
    once = train.train(train.look([Example(text=text, subject="", kind=COMPLAINT)], "words"))
    assert guess(once, Example(text=text, subject="", kind=ENQUIRY)) is ENQUIRY
    twice = train.train(train.look([Example(text=text, subject="", kind=COMPLAINT)] * 2, "words"))
    assert refine(classify(text, ""), text, "", twice, 1).confidence < 0.75
    several = train.train(train.look([Example(text=text, subject="", kind=COMPLAINT)] * 4, "words"))
    assert guess(several, Example(text=text, subject="", kind=ENQUIRY)) is COMPLAINT
    before = classify(other, "")
    after = refine(before, other, "", several, 1)
    assert after.kind is before.kind and abs(after.confidence - before.confidence) < 0.08


@pytest.mark.parametrize(("times", "kind"), [(1.5, COMPLAINT), (3.0, ENQUIRY)])
def test_what_the_rules_take_for_a_complaint_must_be_far_likelier_something_else(
    times: float, kind: TicketKind
) -> None:
    text = "I want to lodge a complaint, this is unacceptable."
    found = logits(classify(text, "").scores, COMPLAINT)
    ahead = found[COMPLAINT] - found[ENQUIRY] + math.log(times)
    model = Model(method="words", bias=(0.0, 0.0, ahead, 0.0))
    assert refine(classify(text, ""), text, "", model, 1).kind is kind


def test_the_same_examples_give_the_same_bytes() -> None:
    examples = _examples(SAMPLES["tuned"])
    first = to_bytes(train.train(train.look(examples, "words")))
    assert first == to_bytes(train.train(train.look(examples, "words")))
    assert to_bytes(from_bytes(first)) == first


def test_size_is_bounded_and_what_was_seen_once_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Example(text="My name is Zebulon Quagmire and I complain", subject="", kind=COMPLAINT)
    model = train.train(train.look([secret, *loom.examples(1, 40)], "words"))
    assert not [word for word in model.terms if "zebulon" in word or "quagmire" in word]
    monkeypatch.setattr(train, "MOST_TERMS", 20)
    assert len(train.train(train.look(loom.examples(1, 40), "words")).terms) <= 20


def test_figures_are_nobodys_business() -> None:
    found = words("Order 4711-0815 of 13800000000, card 4111 1111", "")
    assert not [word for word in found if any(char.isdigit() for char in word)]


def test_judging_never_looks_at_what_was_learned_from() -> None:
    """Labels that follow from nothing cannot be found again: whoever looked at them would have them right."""
    chance = random.Random(5)
    noise = [
        Example(
            text=" ".join(chance.choice(["apple", "pear", "plum", "fig", "date", "lime"]) for _ in range(6)),
            subject="",
            kind=chance.choice([COMPLAINT, REQUEST]),
            number=number + 1,
        )
        for number in range(120)
    ]
    found = judge(train.look(noise, "words"), train.train)
    assert found.learned.accuracy < 0.65
    # The very same words twice lie in one fold.
    twice = [
        dataclasses.replace(one, number=2 * one.number + again) for one in noise[:60] for again in (0, 1)
    ]
    assert judge(train.look(twice, "words"), train.train).learned.accuracy < 0.65


def test_what_is_better_is_called_so_and_what_is_worse_is_not_used() -> None:
    good = judge(train.look(loom.examples(3, 100), "words"), train.train)
    assert (good.verdict, good.rules.recall < 0.2, good.learned.recall > 0.9) == (Verdict.BETTER, True, True)
    # Taught the opposite of what it is tried on: every complaint is said to be a request.
    wrong = _examples(SAMPLES["tuned"])
    liar = Model(method="words", bias=(-30.0, 0.0, 0.0, 30.0))
    bad = judge(train.look(wrong, "words"), lambda _seen: liar)
    assert bad.verdict is Verdict.WORSE and bad.learned.recall < bad.rules.recall
    # More right on the whole, but fewer complaints found: not used.
    shy = Model(method="words", base=((0.0,) * 4,) * 4, bias=(0.0, 0.0, 0.0, 9.0))
    broken = [
        Example(text=f"The {part} of loom {hall} is broken.", subject="", kind=kind, number=number)
        for number, (part, hall) in enumerate(itertools.product(loom.PARTS, "ABCDE"), 1)
        for kind in [REQUEST if number % 5 else COMPLAINT]
    ]
    poor = judge(train.look(broken, "words"), lambda _seen: shy)
    assert poor.learned.accuracy > poor.rules.accuracy
    assert poor.learned.recall < poor.rules.recall == 1.0
    assert poor.verdict is Verdict.WORSE


def test_too_few_answers_are_said_to_be_too_few() -> None:
    few = judge(train.look(loom.examples(1, LEAST_SAID - 1), "words"), train.train)
    assert few.verdict is Verdict.TOO_FEW


def test_what_is_in_use_is_asked_only_what_it_had_not_seen_either() -> None:
    examples = loom.examples(1, 120)
    in_use = train.train(train.look(examples[:60], "words"))
    found = judge(train.look(examples, "words"), train.train, in_use=in_use, learned_until=60)
    assert found.unseen is not None
    ours, theirs = found.unseen
    assert ours.examples == theirs.examples == 60
    rival = Model(method="words", terms=train.train(train.look(loom.examples(1, 120), "words")).terms)
    weak = judge(
        train.look(examples, "words"), lambda _seen: Model(method="words"), in_use=rival, learned_until=60
    )
    assert weak.verdict is Verdict.WORSE
    assert judge(train.look(examples, "words"), train.train, in_use=in_use, learned_until=110).unseen is None


def test_scikit_learn_learns_the_same_and_is_not_needed_to_ask() -> None:
    taught, new = loom.examples(1, 80), loom.examples(2, 200)
    model = from_bytes(to_bytes(tfidf.train(train.look(taught, "pieces"))))
    after = score(new, [guess(model, one) for one in new])
    assert (after.recall > 0.95, after.accuracy > 0.95) == (True, True)
    assert (model.method, model.analyser) == ("tfidf", "pieces")


def test_a_model_by_scikit_learn_says_in_plain_python_what_scikit_learn_says() -> None:
    """No step was lost on the way: all that differs is by how much it was made more careful, the same for every kind."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    seen = train.look(_examples(SAMPLES["tuned"]), "pieces")
    vectoriser = TfidfVectorizer(analyzer=list, binary=True, min_df=2, max_features=tfidf.MOST_TERMS)
    terms = vectoriser.fit_transform([one.found for one in seen])
    base = [[one.base[kind] for kind in TicketKind] for one in seen]
    line = LogisticRegression(C=3.0, class_weight="balanced", max_iter=2000)
    line.fit(
        sparse.hstack([sparse.csr_matrix(base), terms]).tocsr(),
        [list(TicketKind).index(o.example.kind) for o in seen],
    )
    model = tfidf.train(seen)

    (new,) = train.look(
        [Example(text="Please cancel it, the kettle leaks.", subject="", kind=REQUEST)], "pieces"
    )
    row = sparse.hstack(
        [sparse.csr_matrix([[new.base[kind] for kind in TicketKind]]), vectoriser.transform([new.found])]
    )
    theirs = line.decision_function(row.tocsr())[0]
    found = model.find(new.base, model.weigh(new.found))
    ours = [found[kind] for kind in TicketKind]
    heats = [
        (theirs[a] - theirs[b]) / (ours[a] - ours[b]) for a, b in ((0, 1), (0, 2), (0, 3), (1, 2), (2, 3))
    ]
    assert heats == pytest.approx([heats[0]] * 5, rel=0.02)
    assert 0.4 < heats[0] < 6


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfidf, "is_installed", lambda: False)
    with pytest.raises(tfidf.NotInstalled, match="contact-hub\\[ml\\]"):
        tfidf.train([])


@pytest.mark.parametrize("learner", [train.train, tfidf.train])
@pytest.mark.parametrize("kinds", [(), (COMPLAINT,), (COMPLAINT, REQUEST)])
def test_examples_of_few_kinds_are_no_trouble(learner: object, kinds: tuple[TicketKind, ...]) -> None:
    analyser = "words" if learner is train.train else "pieces"
    examples = [
        Example(text=f"{kind} {n} loom yarn", subject="", kind=kind) for kind in kinds for n in range(6)
    ]
    model = learner(train.look(examples, analyser))  # type: ignore[operator]
    result = refine(classify("loom yarn", ""), "loom yarn", "", model, 1)
    assert 0 <= result.confidence <= 1


@pytest.mark.parametrize("data", [b"", b"not a model", to_bytes(Model(method="x"))[:-3]])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(NotAModel):
        from_bytes(data)


_MODELS = [
    train.train(train.look(_examples(SAMPLES["tuned"]), "words")),
    tfidf.train(train.look(_examples(SAMPLES["tuned"]), "pieces")),
]


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40), st.sampled_from([*TicketKind, "", "nonsense"]))
def test_any_text_gets_a_sound_second_look(text: str, subject: str, hint: str) -> None:
    for model in _MODELS:
        first = classify(text, subject, hint)
        result = refine(first, text, subject, model, 3)
        assert result == refine(first, text, subject, model, 3)
        assert 0 <= result.confidence <= 1 and result.kind is not result.runner_up
        assert result.scores == first.scores
        assert not any(one.matched.startswith(GROUP) for one in result.evidence if one.rule == LEARNED_RULE)
        assert explain(result, "en") and explain(result, "zh")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(TicketKind)), st.text(max_size=60)), max_size=12))
def test_any_examples_give_a_model_that_can_be_kept(rows: list[tuple[TicketKind, str]]) -> None:
    examples = [Example(text=text, subject="", kind=kind) for kind, text in rows]
    model = train.train(train.look(examples, "words"))
    assert to_bytes(from_bytes(to_bytes(model))) == to_bytes(model)
