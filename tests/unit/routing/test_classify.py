"""Classification against labelled messages, and the properties that must hold for any text."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.tickets import TicketKind
from routing.classify import HEAD, TAIL, classify, detect_language
from routing.lexicon import load_lexicon
from tests.fakes.costs import assert_grows_evenly

SAMPLES: dict[str, list[list[str]]] = tomllib.loads(
    (Path(__file__).parent / "samples.toml").read_text(encoding="utf-8")
)


def _score(half: str) -> tuple[float, float, float]:
    """Share of right kinds, recall of complaints, share of other messages taken for complaints."""
    pairs = [(kind, classify(text, subject).kind) for kind, subject, text in SAMPLES[half]]
    complaints = [got for want, got in pairs if want == "complaint"]
    others = [got for want, got in pairs if want != "complaint"]
    return (
        sum(want == got for want, got in pairs) / len(pairs),
        complaints.count(TicketKind.COMPLAINT) / len(complaints),
        others.count(TicketKind.COMPLAINT) / max(1, len(others)),
    )


@pytest.mark.parametrize(
    ("half", "accuracy", "recall", "false_alarms"),
    [
        ("tuned", 0.96, 0.99, 0.04),
        ("held_out", 0.95, 0.96, 0.04),
        ("tuned_hard", 0.95, 0.95, 0.04),
        ("tuned_third", 0.97, 0.99, 0.02),
        ("tuned_polite", 0.95, 0.95, 0),
        ("tuned_sarcasm", 0.85, 0.85, 0),
        ("tuned_hidden", 0.95, 0.95, 0),
        ("tuned_traditional", 0.9, 0.95, 0.1),
        ("tuned_mixed", 0.9, 0.95, 0.1),
        ("tuned_chat", 0.9, 0.95, 0.1),
        ("tuned_letters", 0.8, 0.7, 0.2),
        ("measured", 0.8, 0.85, 0.2),
        ("blind", 0.7, 0.68, 0.1),
    ],
)
def test_samples(half: str, accuracy: float, recall: float, false_alarms: float) -> None:
    right, found, alarms = _score(half)
    assert right >= accuracy
    assert found >= recall
    assert alarms <= false_alarms


def test_every_part_of_the_samples_is_scored() -> None:
    scored = {arguments[0] for arguments in test_samples.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert scored == set(SAMPLES)


def test_mistakes_come_flagged() -> None:
    """Of the mistakes on messages that nothing was tuned on, most must carry the flag that sends them past a person."""
    results = [
        (kind, classify(text, subject))
        for part in ("measured", "blind")
        for kind, subject, text in SAMPLES[part]
    ]
    mistakes = [result for kind, result in results if result.kind != kind]
    assert sum(result.uncertain for result in mistakes) >= 0.6 * len(mistakes)


def test_what_is_said_to_be_certain_is_right_more_often() -> None:
    """Where nothing was tuned; what is flagged is doubtful indeed."""
    sure, unsure = [], []
    for part in ("measured", "blind"):
        for kind, subject, text in SAMPLES[part]:
            result = classify(text, subject)
            (unsure if result.uncertain else sure).append(result.kind == kind)
    assert sum(sure) / len(sure) > 0.8 > 0.75 > sum(unsure) / len(unsure)


@pytest.mark.parametrize("text", ["?", "在吗", "hello", "有人吗", "??", "hi", "在不在", "人呢"])
def test_who_only_knocks_is_an_uncertain_enquiry(text: str) -> None:
    result = classify(text, "")
    assert (result.kind, result.uncertain) == (TicketKind.ENQUIRY, True)


@pytest.mark.parametrize(
    "closing",
    [
        "Kind regards\nMartin Hale",
        "Many thanks in advance\nDana",
        "此致\n敬礼\n王建国",
        "祝工作顺利\n客服部 刘敏",
    ],
)
def test_how_a_letter_ends_says_nothing_of_its_kind(closing: str) -> None:
    bare = classify("The kettle leaks.", "")
    whole = classify(f"The kettle leaks.\n\n{closing}", "")
    assert (whole.scores, whole.evidence) == (bare.scores, bare.evidence)


def test_one_sign_of_a_complaint_is_stronger_than_politeness_and_flagged() -> None:
    result = classify("谢谢上次的协助，可惜冷气昨晚又滴水了。", "")
    assert result.kind is TicketKind.COMPLAINT
    asked = classify(
        "Is it normal that the lamp flickers? What is the guarantee, and how do I return it again?", ""
    )
    assert asked.uncertain or asked.kind is TicketKind.COMPLAINT


def test_traditional_characters_say_the_same() -> None:
    for simplified, traditional in (
        ("还没收到，太过分了", "還沒收到，太過分了"),
        ("抽屉拉不开，台面松动", "抽屜拉不開，檯面鬆動"),
        ("赞，师傅很细心", "讚，師傅很細心"),
        ("请问营业到几点？", "請問營業到幾點？"),
    ):
        assert classify(simplified, "").scores == classify(traditional, "").scores, traditional


def test_a_story_without_a_known_word_is_an_uncertain_complaint() -> None:
    result = classify("The walls of this room turned green and purple", "")
    assert (result.kind, result.uncertain) == (TicketKind.COMPLAINT, True)
    assert [e.rule for e in result.evidence] == ["statement"]
    assert classify("La maison est verte et le jardin aussi", "").kind is TicketKind.ENQUIRY


def test_evidence_shows_the_words_as_written() -> None:
    result = classify("我要投訴，太離譜了！", "Ｂｉｌｌ")
    assert result.kind is TicketKind.COMPLAINT
    assert {(e.rule, e.matched) for e in result.evidence} >= {
        ("zh.complaint.said", "投訴"),
        ("zh.complaint.anger", "離譜"),
    }
    assert result.topics == ("billing",)


def test_a_negated_complaint_is_shown_but_does_not_count() -> None:
    result = classify("I am not complaining, just a suggestion: larger print.", "")
    assert result.kind is TicketKind.FEEDBACK
    assert [(e.rule, e.weight) for e in result.evidence if e.kind == "complaint"] == [
        ("en.complaint.said.negated", 0.0)
    ]


def test_negated_praise_speaks_for_a_complaint() -> None:
    assert classify("I would not recommend this.", "").kind is TicketKind.COMPLAINT
    assert classify("完全不推荐。", "").kind is TicketKind.COMPLAINT


def test_a_negation_does_not_cross_the_end_of_a_clause() -> None:
    assert classify("没有。我要投诉", "").kind is TicketKind.COMPLAINT
    assert classify("No. I want to lodge a complaint", "").kind is TicketKind.COMPLAINT


def test_a_doubtful_complaint_is_a_complaint_and_flagged() -> None:
    result = classify("Could you please send me the invoice? The last one was damaged.", "")
    assert result.kind is TicketKind.COMPLAINT
    assert result.uncertain
    assert result.runner_up is TicketKind.REQUEST


def test_words_are_matched_whole() -> None:
    assert classify("I went to Rudesheim", "").evidence == ()


def test_a_hint_counts_but_does_not_hide_a_complaint() -> None:
    assert classify("blue, size 12", "", "request").kind is TicketKind.REQUEST
    angry = "This is unacceptable, nobody answers, I want my money back"
    assert classify(angry, "", "feedback").kind is TicketKind.COMPLAINT
    assert classify("blue, size 12", "", "nonsense").evidence == ()


@pytest.mark.parametrize("text", ["", "   \n", "👍", "12345"])
def test_nothing_to_go_by_is_an_uncertain_enquiry(text: str) -> None:
    result = classify(text, "")
    assert (result.kind, result.uncertain, result.language) == (TicketKind.ENQUIRY, True, "other")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我的MacBook Pro订单什么时候能到", "zh"),
        ("我覺得很好", "zh"),
        ("注文した商品がまだ届きません", "ja"),
        ("주문한 상품이 아직 도착하지 않았습니다", "ko"),
        ("Где мой заказ?", "other"),
        ("Where is my order?", "en"),
        ("Bonjour, je n'ai pas reçu ma commande, merci de vérifier", "fr"),
        ("Ich habe die Lieferung noch nicht bekommen", "de"),
        ("Hola, no he recibido mi pedido, gracias", "es"),
        ("Tack", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect_language(text) == language
    assert classify(text, "").language == language


def test_hard_line_breaks_do_not_hide_a_phrase() -> None:
    assert classify("this is not\n  acceptable", "").kind is TicketKind.COMPLAINT


def test_a_complaint_at_the_end_of_a_very_long_text_is_found() -> None:
    assert classify("lorem " * (HEAD + TAIL) + "this is unacceptable", "").kind is TicketKind.COMPLAINT


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.text(max_size=40))
def test_any_text_gets_a_sound_answer(text: str, subject: str) -> None:
    result = classify(text, subject)
    assert 0 <= result.confidence <= 1
    assert result.kind is not result.runner_up
    assert result == classify(text, subject)


@pytest.mark.parametrize(
    "bait",
    [
        lambda n: "still " * (n // 6),
        lambda n: "都" * n,
        lambda n: " " * n + "x",
        lambda n: "?" * n,
        lambda n: "扣了我" * (n // 3),
    ],
)
def test_hostile_texts_take_no_time(bait: Callable[[int], str]) -> None:
    """Neither what is read of a text nor the whole of it takes a time that grows with the square."""
    for long in (HEAD + TAIL, 500_000):
        assert_grows_evenly(bait, lambda text: classify(text, text), long)


def test_every_phrase_can_be_reached() -> None:
    """A phrase written in traditional characters or capitals would never match the folded text."""
    lexicon = load_lexicon()
    for phrase in lexicon.phrases:
        for piece in phrase.pieces:
            assert piece.translate(lexicon.fold).lower() == piece, (phrase.rule, piece)
