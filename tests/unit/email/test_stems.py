"""What is looked for before an expression is asked: in whatever it finds, one of its stems is found as well, however it is
written."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from channels.email.replies import forwarded, quote_marks, signatures
from channels.email.replies.signature_words import (
    CHINESE_STEMS,
    CONFIDENTIAL,
    CONFIDENTIAL_STEMS,
    FOOTERS_CHINESE,
)
from channels.email.replies.stems import fold, holds_any

STEMS = (*CONFIDENTIAL_STEMS, *CHINESE_STEMS, *forwarded._FORWARD_ONLY)


def alternatives(expression: str) -> Iterator[str]:
    """What stands between the bars that are in no bracket."""
    depth, begun = 0, 0
    for place, letter in enumerate(expression):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            yield expression[begun:place]
            begun = place + 1
    yield expression[begun:]


def same_letters(letters: Iterable[str]) -> dict[str, str]:
    """All that an expression which ignores case takes for each of these, and takes as one of several."""
    every = "".join(
        one for one in map(chr, range(sys.maxunicode + 1)) if one.lower() != one or one.upper() != one
    )
    found = {one: "".join(re.findall(f"(?i){re.escape(one)}", every)) for one in letters}
    same: defaultdict[str, str] = defaultdict(str)
    for group in found.values():
        for one in group:
            same[one] = group
    return same


SAME = same_letters(set("".join(STEMS)))


@pytest.mark.parametrize("stem", STEMS)
def test_a_stem_is_written_as_it_is_looked_for(stem: str) -> None:
    assert fold(stem) == stem
    assert holds_any(f"… {stem.upper()} …", [stem]) and not holds_any("…", [stem])


def test_letters_that_are_the_same_to_an_expression_are_the_same_here() -> None:
    assert {"ı", "İ"} < set(SAME["i"]) and "ſ" in SAME["s"]
    assert [one for one, others in SAME.items() if {fold(other) for other in others} != {fold(one)}] == []


@pytest.mark.parametrize(
    ("expression", "stems"),
    [
        *((one, CONFIDENTIAL_STEMS) for one in alternatives(CONFIDENTIAL)),
        *((part, CHINESE_STEMS) for one in FOOTERS_CHINESE for part in alternatives(one)),
    ],
)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), dice=st.randoms(use_true_random=False))
def test_whatever_an_expression_finds_holds_one_of_its_stems(
    expression: str, stems: tuple[str, ...], data: st.DataObject, dice: Random
) -> None:
    wanted = re.compile(f"(?i){expression}")
    plain = data.draw(st.from_regex(wanted))
    for text in (plain, "".join(dice.choice(SAME.get(one) or one) for one in plain)):
        found = wanted.search(text)
        assume(found)
        assert found and holds_any(found.group(), stems), text


@settings(deadline=None)
@given(line=st.from_regex(signatures._FOOTER_CHINESE))
def test_no_footer_of_these_is_ascii(line: str) -> None:
    """Such a line is not compared with them."""
    assert not line.isascii()


@pytest.mark.parametrize("expression", [quote_marks._SHARED, quote_marks._SHARED_CHINESE])
@settings(deadline=None)
@given(data=st.data())
def test_an_attribution_behind_other_words_is_looked_for_wherever_it_may_be_found(
    expression: re.Pattern[str], data: st.DataObject
) -> None:
    line = "Yes." + data.draw(st.from_regex(expression))
    assume("\n" not in line and expression.search(line))
    assert line.rstrip().endswith((":", "："))
    assert "On" in line if expression is quote_marks._SHARED else not line.isascii()


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\t"])
def test_an_attribution_behind_other_words_is_found_by_whatever_blank_follows(blank: str) -> None:
    attribution = f"On{blank}Mon, May 3, 2021 at 10:15 AM Ann Lee <ann@mail.example> wrote:"
    assert quote_marks.split_shared(f"Yes, please. {attribution}") == ("Yes, please.", attribution)
