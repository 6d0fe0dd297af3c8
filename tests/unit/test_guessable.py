"""Which passwords others would try first."""

import pytest

from hub.actions.people.guessable import holds_word, is_common
from tests.fakes.costs import assert_grows_evenly


@pytest.mark.parametrize(
    "password",
    [
        "1234567890", "qwertyuiop", "1qaz2wsx3edc", "password123", "P@ssw0rd1234", "Password2024!", "iloveyou2023",
        "summer2024!", "aaaaaaaaaaaa", "abcabcabcabc", "drowssap123", "woaini1314",
        "woaini1314520", "zhongguo2025", "01.01.1990", "x" * 256,
    ],
)  # fmt: skip
def test_what_many_have_is_common_also_with_a_tail_or_signs_for_letters(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "a long password", "bcdf-ghjk-mnpq-2345", "四个互不相关的词语就很好", "4@8({[<36&9!1|7$5+%2z",
        "lila Kachel Montag Wind",
    ],
)  # fmt: skip
def test_unrelated_words_and_chance_are_not(password: str) -> None:
    assert not is_common(password)


def test_signs_that_may_be_many_letters_do_not_take_for_ever() -> None:
    """Some thousandths of a second; hundreds of them where every way to read each sign is tried, or each sign is looked at."""
    signs = "4@8({[<36&9!1|7$5+%2z" * 12
    assert not is_common(signs)
    for long in (24, len(signs)):
        assert_grows_evenly(lambda n: signs[:n], is_common, long)


@pytest.mark.parametrize(
    ("password", "words", "holds"),
    [
        ("mei.chen-19 and tea", ["Chen"], True),
        ("ＣＯＮＴＡＣＴ＿ＨＵＢ!", ["contact hub"], True),
        ("we sell at Shop.Example", ["shop.example"], True),
        ("王芳的密码很长很长", ["王芳"], True),
        ("joanne drinks tea", ["ann", ""], False),
        ("correct horse battery", ["chen", "王芳", "shop.example"], False),
    ],
)
def test_words_that_stand_around_a_password_are_found_in_it(
    password: str, words: list[str], holds: bool
) -> None:
    assert holds_word(password, words) is holds
