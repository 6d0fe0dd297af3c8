"""Pictures in the text of an article: named by a token, shown where they are known, told in words everywhere else."""

from html.parser import HTMLParser

import pytest

from hub.actions.knowledge.words import article_vector
from hub.model.article_pictures import is_token, lacks_words, pictures_in, without_addresses
from hub.web.article_text import Measured, Pictures, article_as_text, render_article
from tests.fakes.pictures import named
from tests.security.payloads import payloads

A, B = "a1" * 16, "b2" * 16
SHOWN = Pictures(
    path="/help/pictures",
    shown=(
        Measured(token=A, width=1200, height=900, small_width=800),
        Measured(token=B, width=40, height=30, small_width=0),
    ),
)


def test_which_pictures_a_text_names() -> None:
    body = f"{named(A)} {named(B)}\n\n{named(A, '')} [x]: picture:{B}"
    assert pictures_in(body) == [A, B]
    for other in ("picture:", f"picture:{A}0", f"picture:{A[:-1]}", f"picture:{A.upper()}", f"pictures:{A}"):
        assert pictures_in(f"![x]({other})") == [], other
    assert is_token(A) and not is_token(A + "0") and not is_token(f"{A}\n")


@pytest.mark.parametrize(
    ("body", "lacking"),
    [
        (named(A), False),
        (named(A, ""), True),
        (named(A, "  "), True),
        (f"text\n\n{named(A)} and ![](<picture:{B}>)", True),
        ("![](https://elsewhere.example/x.png)", False),
    ],
)
def test_words_are_asked_for(body: str, lacking: bool) -> None:
    assert lacks_words(body) == lacking


def test_a_picture_that_is_known_is_shown_as_large_as_it_is() -> None:
    html = str(render_article(f"{named(A, 'The <lid> & more')}\n\n{named(B)}", SHOWN))
    assert (
        f'<img src="/help/pictures/{A}" srcset="/help/pictures/{A}/small 800w, /help/pictures/{A} 1200w"'
        in html
    )
    assert 'alt="The &lt;lid&gt; &amp; more"' in html and 'width="1200" height="900"' in html
    assert f'<img src="/help/pictures/{B}" alt="The lid" width="40" height="30" loading="lazy"' in html


def test_any_other_picture_is_told_in_words() -> None:
    for address in (
        f"picture:{'c3' * 16}",
        "https://evil.example/x.png",
        f"/help/pictures/{A}",
        f"x-picture:{A}",
    ):
        assert render_article(f"![a cat]({address})", SHOWN) == "<p>a cat</p>\n", address
    for payload in payloads("http://canary.example"):
        found = _Shown()
        found.feed(str(render_article(f"{named(A, payload)} ![x](picture:{A}{payload})", SHOWN)))
        for attributes in found.pictures:
            assert set(attributes) <= {
                "src",
                "srcset",
                "sizes",
                "alt",
                "width",
                "height",
                "loading",
                "decoding",
            }
            assert attributes["src"] == f"/help/pictures/{A}", payload


class _Shown(HTMLParser):
    """The pictures of a page, by their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs))


def test_in_an_answer_it_is_what_it_shows_and_in_a_search_too() -> None:
    body = f"Open it:\n\n{named(A, 'The lid')}\n\nThen pour."
    assert article_as_text(body) == "Open it:\n\n[The lid]\n\nThen pour."
    assert without_addresses(body) == "Open it:\n\n![The lid]\n\nThen pour."
    vector = article_vector("T", "", body, ())
    assert "'lid'" in vector and A[:6] not in vector and "picture" not in vector
