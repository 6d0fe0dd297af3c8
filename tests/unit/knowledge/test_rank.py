"""What articles are found by, and which come first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from hub.actions.knowledge.rank import by_terms, by_touches, helpfulness, most_telling
from hub.actions.knowledge.words import MOST_LOOKED_FOR, article_vector, looked_for
from hub.actions.search.query import Asked, read_query
from hub.model.articles import public_path, slug
from storage.knowledge_find import MOST_TEXTS, FoundRow, TouchRow


def ask(typed: str) -> Asked:
    return read_query(typed, date(2026, 3, 4))


def row(
    number: int, title: str, *, summary: str = "", body: str = "", tags: str = "", yes: int = 0, no: int = 0
) -> FoundRow:
    return FoundRow(
        id=number, language="en", title=title, summary=summary, body=body, tags=tags.split(), helped=yes, helped_not=no
    )  # fmt: skip


def touch(number: int, place: int, in_title: bool = False) -> TouchRow:
    return TouchRow(place=place, id=number, in_title=in_title)


def words_of(text: str) -> list[str]:
    return [one.split("'")[1] for one in looked_for(text)]


def test_a_title_comes_before_a_summary_before_a_text_and_votes_decide_between_equals() -> None:
    rows = [
        row(1, "Shipping", body="a refund takes long"),
        row(2, "Money", summary="about your refund"),
        row(3, "Refund", no=9),
        row(4, "Refund", yes=9),
        row(5, "Returns", tags="refund"),
        row(6, "Nothing of it"),
    ]
    assert [one.id for one in by_terms(rows, ask("refund"))] == [4, 3, 2, 5, 1]
    assert by_terms(rows, ask("refund -your")) and 2 not in [
        one.id for one in by_terms(rows, ask("refund -your"))
    ]


def test_a_title_is_found_in_pinyin_and_by_its_initials_also_from_the_middle() -> None:
    rows = [row(1, "如何开具发票")]
    for typed in ("ruhekaijufapiao", "fapiao", "kaiju", "rhkjfp", "kjfp", "發票"):
        assert by_terms(rows, ask(typed)), typed
    vector = article_vector("如何开具发票", "", "", ())
    assert {"'~fapiao'", "'~fp'", "'发票'"} <= set(vector.split())


def test_rare_words_count_more_than_frequent_ones_and_titles_twice() -> None:
    touches = [touch(n, 1) for n in range(1, 10)] + [touch(1, 2), touch(2, 2), touch(1, 3), touch(3, 3, True)]
    found = by_touches(touches, asked=3, total=10)
    # One has all three, three has the rare one in its title; what has only the frequent word, or one by chance, is not offered.
    assert [number for number, _ in found] == [1, 3, 2]
    assert by_touches([], asked=3, total=10) == []
    assert by_touches([touch(1, 1)], asked=3, total=10) == []
    assert by_touches([touch(1, 1)], asked=1, total=10)


def test_what_everything_has_and_what_nothing_has_is_not_looked_at() -> None:
    assert most_telling(["a", "b", "c", "d"], [MOST_TEXTS, 3, 0, 1]) == ["b", "d"]
    assert most_telling(["a", "b"], [MOST_TEXTS, MOST_TEXTS]) == ["a", "b"]
    assert len(most_telling([str(n) for n in range(40)], list(range(1, 41)))) == 16


def test_of_a_sentence_only_what_says_something_is_looked_for() -> None:
    assert words_of("Hello, how do I return the kettles that I ordered?") == ["return", "kettl"]
    assert words_of("您好，请问怎么申请电子发票？谢谢") == ["申请", "请电", "电子", "子发", "发票"]
    assert words_of("Hi, thank you!") == words_of("12345 67") == words_of("") == []
    assert set(words_of("returned")) == set(words_of("returns")) == set(words_of("returning")) == {"return"}


@given(st.text(max_size=400))
def test_whatever_is_said_can_be_looked_for(text: str) -> None:
    found = looked_for(text)
    assert len(found) <= MOST_LOOKED_FOR
    assert len(set(found)) == len(found)


@given(st.text(max_size=200))
def test_addresses_are_plain(title: str) -> None:
    named = slug(title)
    assert named.isascii() and len(named) <= 60 and "--" not in named
    assert named == named.strip("-") == named.lower()
    assert slug(named) == named
    assert public_path("en", 7, title).startswith("/help/en/7")


def test_votes_are_believed_the_more_the_more_there_are() -> None:
    assert helpfulness(0, 1) < helpfulness(0, 0) < helpfulness(1, 0) < helpfulness(9, 0) < 1
