"""Many marks upon one letter: to bring them in order takes a time that grows with the square of their number, ten minutes for a
megabyte, and nothing else runs meanwhile. Wherever strangers' text is composed they are parted or cut first."""

import unicodedata
from collections.abc import Callable

import pytest

from channels.clean import safe_filename
from hub.actions.search.snippet import marked
from hub.model.folding import composed, fold, fold_with_places
from hub.model.own_fields import FieldKind, clean_value
from hub.model.search_words import comparable
from hub.model.tags import clean_tag
from hub.web.desk.letters.clean import real_host
from hub.web.desk.rules.forms.fields import number
from tests.fakes.costs import assert_grows_evenly

HIGH = 20_000
"""A second where it is composed as it stands, and 26 where it is five times as high."""


def _pile(marks: int) -> str:
    return "a" + "\u0301\u0327" * (marks // 2)


def _refused(work: Callable[[str], object]) -> Callable[[str], object]:
    def refuses(text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            work(text)

    return refuses


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(composed, id="composed"),
        pytest.param(fold, id="fold"),
        pytest.param(lambda text: fold_with_places(composed(text)), id="places"),
        pytest.param(comparable, id="comparable"),
        pytest.param(lambda text: marked(text, []), id="snippet"),
        pytest.param(safe_filename, id="file name"),
        pytest.param(lambda text: real_host(f"https://{text}.example/"), id="link"),
        pytest.param(lambda text: real_host(f"https:/\n/{text}.example/"), id="link with a break"),
        pytest.param(_refused(clean_tag), id="tag"),
        pytest.param(_refused(lambda text: clean_value(FieldKind.TEXT, (), text)), id="own field"),
        pytest.param(number, id="number"),
    ],
)
def test_many_marks_upon_one_letter_take_no_time_to_speak_of(work: Callable[[str], object]) -> None:
    assert_grows_evenly(_pile, work, 2 * HIGH)


@pytest.mark.parametrize("mark", ["\u0f73", "\u0f75", "\u0f81", "\u0301\u0327" * 14 + "\u0f73", "\u0344"])
def test_a_mark_that_is_taken_apart_into_several_is_one(mark: str) -> None:
    """Their own combining class is none; that of what they are made of counts."""
    assert_grows_evenly(lambda marks: "a" + mark * (marks // len(mark)), composed, 2 * HIGH)


def test_as_many_as_any_script_has_are_composed_as_ever() -> None:
    """A vowel with two marks of Vietnamese, pointed Hebrew, a syllable of Hangul in parts."""
    text = "e\u0302\u0323 \u05e9\u05bc\u05c1\u05b8 \u1112\u1161\u11ab"
    assert composed(text) == unicodedata.normalize("NFC", text)
    assert real_host("https://bücher.example/") == "xn--bcher-kva.example"
    assert safe_filename("re\u0301sume\u0301.pdf") == "résumé.pdf"
