"""What texts are found by, held against what LIKE would find."""

import random
import tracemalloc
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.folding import composed, fold, fold_with_places
from hub.model.pinyin import syllables, ways_to_type
from hub.model.search_words import (
    LEAST_DIGITS,
    MOST_BYTES,
    TOO_LONG,
    Lexeme,
    as_tsquery,
    comparable,
    lexemes_of,
    lexemes_of_term,
    number_in,
)
from tests.fakes.costs import assert_grows_evenly

_HAN = "订單单货退款发票您好我的在国國茶壶，。 \n"
_MIXED = st.text(alphabet=_HAN + "abcXYZ 019-@.９ＡｂéßかなカﾅㅎทยÅ😀", max_size=60)


def has(lexemes: list[str], needed: Lexeme) -> bool:
    return any(one.startswith(needed.text) if needed.begins else one == needed.text for one in lexemes)


def is_candidate(text: str, term: str) -> bool:
    """As the database decides it."""
    lexemes = lexemes_of(comparable(text))
    return all(has(lexemes, one) for one in lexemes_of_term(comparable(term).split("\n")[0]))


@given(_MIXED, st.data())
@settings(max_examples=400, deadline=None)
def test_any_part_of_a_text_that_has_chinese_in_pairs_finds_it(text: str, data: st.DataObject) -> None:
    folded = comparable(text).split("\n")[0]
    if not folded:
        return
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    part = folded[start:end].strip()
    needed = lexemes_of_term(part)
    if not needed:
        return
    first = part[0]
    starts_word = start == 0 or not folded[start - 1].isalnum() or not first.isalnum()
    only_chinese = all(one in fold(_HAN) for one in part)
    # A word is promised by its beginning, a number too; Chinese by any character.
    if only_chinese or starts_word:
        assert all(has(lexemes_of(folded), one) for one in needed), (text, part, needed)


@given(
    st.text(alphabet="订单退款发票物流，ab1 ", min_size=0, max_size=40),
    st.text(alphabet="订单退款发票物流", min_size=1, max_size=4),
)
@settings(max_examples=600, deadline=None)
def test_chinese_is_found_exactly_where_it_stands(text: str, term: str) -> None:
    stands = term in comparable(text)
    if stands:
        assert is_candidate(text, term)
    elif len(term) <= 2:
        # One or two characters need no second look.
        assert not is_candidate(text, term)


@given(st.integers(0, 10**13), st.integers(LEAST_DIGITS, 13), st.data())
@settings(max_examples=200, deadline=None)
def test_any_four_digits_of_a_number_find_it(number: int, length: int, data: st.DataObject) -> None:
    digits = str(number)
    start = data.draw(st.integers(0, max(0, len(digits) - length)))
    assert is_candidate(f"No. SF{digits}x", digits[start : start + length])


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("訂單已經發貨", "订单"),
        ("订单已经发货", "訂單"),
        ("ＴＷ－２０５００", "tw-20500"),
        ("order TW-20500.", "Tw-205"),
        ("Refunded yesterday", "refund"),
        ("Write to Mei.Tan@Mail.Example please", "mei.tan@mail.example"),
        ("Write to Mei.Tan@Mail.Example please", "mail.example"),
        ("电话 138-0013-8000", "13800138000"),
        ("电话 13800138000。", "8000"),
        ("买了iPhone15手机壳", "15手机"),
        ("ｶﾞｽ給湯器", "ガス"),
        ("Straße", "straße"),
        ("Cafe\u0301", "café"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ab" * 100, "ab" * 50),
        ("9" * 60, "9" * 40),
    ],
)
def test_found(text: str, term: str) -> None:
    assert is_candidate(text, term)
    assert comparable(term).split("\n")[0] in comparable(text)


@pytest.mark.parametrize(("text", "term"), [("订了一单", "订单"), ("reorder", "order"), ("123 456", "345")])
def test_not_found(text: str, term: str) -> None:
    assert not is_candidate(text, term)


def test_a_telephone_number_is_one_however_it_is_grouped() -> None:
    assert number_in("+65 6123-4567") == "6561234567"
    assert number_in("6561234567") == number_in("order 12") == number_in("2026-01") == ""
    assert "6561234567" in comparable("Call +65 6123 4567, please").split("\n")


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_folding_keeps_places(text: str) -> None:
    plain = composed(text)
    folded, places = fold_with_places(plain)
    assert folded == fold(text)
    assert len(places) == len(folded)
    for character, place in zip(folded, places, strict=True):
        assert character in fold(plain[place]) or plain[place] in fold(plain)


def test_a_text_of_too_many_different_words_is_looked_through_itself() -> None:
    draw = random.Random(7)
    words = " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(60_000))
    assert lexemes_of(comparable(words)) == [TOO_LONG]
    # Fewer, but long ones: no more goes into one row.
    long = " ".join("".join(draw.choices("абвгдежзиклмнопрст", k=60)) for _ in range(10_000))
    assert lexemes_of(comparable(long)) == [TOO_LONG]
    usual = "".join(chr(0x4E00 + at % 3000) for at in range(200_000))
    assert len(lexemes_of(usual)) > 2000


def test_lexemes_take_a_time_that_grows_with_the_text() -> None:
    """Not with its square: a million digits in a row."""
    assert len(lexemes_of("1234567890" * 100_000)) < 100


@pytest.mark.parametrize("alphabet", ["0123456789", "".join(map(chr, range(0x4E00, 0x9FFF)))])
def test_too_many_lexemes_are_not_made_first_and_counted_then(alphabet: str) -> None:
    """A row of two megabytes of digits has 380 megabytes of them."""
    text = "".join(random.Random(7).choices(alphabet, k=1_000_000))
    tracemalloc.start()
    try:
        assert lexemes_of(text) == [TOO_LONG]
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_a_text_has_as_many_lexemes_as_go_into_one_row() -> None:
    words = ["".join(one) for one in islice(product("abcdefghij", repeat=6), MOST_BYTES // 6)]
    # What comes again is not counted again.
    assert lexemes_of(" ".join(words * 2)) == words
    assert lexemes_of(" ".join((*words, "k"))) == [TOO_LONG]


def test_many_marks_upon_one_letter_take_a_time_that_grows_with_their_number() -> None:
    def pile(times: int) -> str:
        return "订单 a" + "\u0301\u0327" * times

    assert_grows_evenly(pile, comparable, 20_000)
    assert lexemes_of(comparable(pile(100_000))) == ["á", "单", "订单"]
    few = "a" + "\u0323\u0301" * 15
    assert comparable(few) == fold(few)


def test_a_query_is_quoted() -> None:
    assert as_tsquery([[Lexeme("订单"), Lexeme("订单")], [Lexeme("a", begins=True)]]) == "'订单' & 'a':*"
    assert as_tsquery([]) == ""


def test_names_are_typed_in_pinyin() -> None:
    assert {"zhangwei", "zw", "zhang", "wei"} <= set(ways_to_type("张伟"))
    assert {"shantianfang", "stf", "dantianfang"} <= set(ways_to_type("单田芳"))
    assert "lvbu" in ways_to_type("吕布")
    assert ways_to_type("Anna Berg") == () and syllables("x") == ()
    assert len(ways_to_type("长" * 12)) < 60
