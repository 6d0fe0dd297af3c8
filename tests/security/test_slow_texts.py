"""Texts of strangers that cost the square or the cube of their length to read. Each here is about as long as its door takes,
and is read where nothing else runs meanwhile: on the loop, or in a mailbox's own thread."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, SupportsIndex, cast

import pytest
from jinja2.utils import urlize

from channels.email.limits import MAX_HEADER_BLOCK
from channels.email.mailbox.items import content_key
from channels.email.parts.headers import split_headers
from channels.webform.check import check
from channels.webform.conditions import asked
from channels.webform.fields import MOST_ANSWER, FormDefinition, FormField, Kind, Option, Said, When
from channels.webform.page import PageState, show_form
from channels.webform.read import _read_encoded
from channels.webform.settings import WebformSettings
from channels.webform.submission import Posted
from hub.actions.answers.copies import read_copies
from hub.actions.counter.link import send_code
from hub.actions.counter.serve import _step_of
from hub.actions.failures import NotPossible
from hub.model.interactions import Mailbox
from hub.model.links import with_links
from hub.model.picture_types import picture_type
from hub.web.desk.letters.clean import MOST_WORDS, clean
from hub.web.desk.say.render import _environment, linked
from tests.fakes.costs import assert_grows_evenly

# ── links in what was written ────────────────────────────────────────────────────────────────────────────────────────
LONG = 100_000
BAITS: dict[str, Callable[[int], str]] = {
    "commas": lambda n: "," * (n // 5) + "x.",
    "brackets": lambda n: ")" * (n // 5) + "x.",
    "www. and commas": lambda n: "www." + "," * n,
    "an address of brackets": lambda n: "https://x.example/" + "(" * n + ")" * n,
    "https://": lambda n: "https://" * (n // 8),
    "www.a": lambda n: "www.a" * (n // 5),
    "a@": lambda n: "a@" * (n // 2),
    "a@b.": lambda n: "a@b." * (n // 4),
    "ab.": lambda n: "ab." * (n // 3),
    "a": lambda n: "a" * n,
    "a@-.-.": lambda n: "a@" + "-." * (n // 2) + "!",
    "a@b.cd-": lambda n: "a@b.cd-" * (n // 7),
    "mailto:": lambda n: "mailto:" * (n // 7),
    "ab.com@": lambda n: "ab.com@" * (n // 7),
    "aa.aa.com:": lambda n: "aa.aa.aa.aa.aa.aa.aa.com:" * (n // 25),
    "aa.com:1": lambda n: "aa.com:1" * (n // 8),
    "'a@": lambda n: "'a@" * (n // 3),
    "中": lambda n: "中" * n,
    "brackets of two kinds": lambda n: (
        "https://x.example/" + "(.)" * (n // 3) + "[." * (n // 2) + "])" * (n // 2)
    ),
}


@pytest.mark.parametrize("bait", BAITS.values(), ids=BAITS)
def test_no_text_takes_long_to_be_searched_for_links(bait: Callable[[int], str]) -> None:
    """The first took 7 s."""
    page = _environment("en").from_string("{{ text|urlize }}")
    assert_grows_evenly(bait, lambda text: page.render(text=text), LONG)
    assert "".join(words for words, _ in with_links(bait(LONG))) == bait(LONG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "See https://shop.example/a?b=1&c=%20#d, or (http://b.example/x_(y)).\nThanks & <bye>",
        "www.shop.com and shop.com/returns?nr=7, shop.com:8080. but not shop.com.cn, e.g. or 3.14",
        "https://shop.example. https://shop.example/, <https://shop.example/x> (see www.a.example/x)",
        "http://127.0.0.1:8080/x http://[::1]:80/ http://localhost/ https://xn--80ak6aa92e.example/",
        "Write to ann.b+c@shop.example, <li@example.cn> or mailto:x@y.example.",
        "@ann @ann@social.example a@b ftp://a.example javascript:alert(1) https://me:secret@shop.example/",
        'https://zh.wikipedia.org/wiki/中文 你好 "quoted" it\'s <b>bold</b> &amp;',
        "a@b.example\r\n\thttps://a.example/x\u00a0https://b.example/y",
    ],
)
def test_links_are_found_as_they_always_were(text: str) -> None:
    assert linked(text) == urlize(text, rel="nofollow noopener noreferrer", target="_blank")


def test_an_address_ends_where_the_sentence_goes_on() -> None:
    said = "请看https://a.example/x。谢谢 写信到ann@b.example谢谢 “www.c.example”？ Is it [https://d.example/]? 'https://e.example/'!"
    assert [words for words, address in with_links(said) if address] == [
        "https://a.example/x", "ann@b.example", "www.c.example", "https://d.example/", "https://e.example/",
    ]  # fmt: skip


def test_an_address_is_no_markup() -> None:
    assert linked("https://a.example/'onclick='x") == (
        '<a href="https://a.example/&#39;onclick=&#39;x" rel="nofollow noopener noreferrer" target="_blank">'
        "https://a.example/&#39;onclick=&#39;x</a>"
    )


@pytest.mark.parametrize("words", ["a-", "a.", "1."])
def test_no_links_of_a_letter_take_long_to_be_looked_at(words: str) -> None:
    """1.3 s of nine hundred, of a letter that is cleaned within the process."""
    assert_grows_evenly(lambda n: f'<a href="http://e.example">{words * n}</a>' * 300, clean, MOST_WORDS // 2)


# ── to whom a copy goes ──────────────────────────────────────────────────────────────────────────────────────────────
def _refused(text: str) -> None:
    with pytest.raises(NotPossible):
        read_copies(text)


@pytest.mark.parametrize(
    "bait",
    [lambda n: " " * n + "x", lambda n: "x <" + " " * n + "x", lambda n: "<" * n + ">"],
    ids=["blanks", "blanks in brackets", "brackets"],
)
def test_a_field_of_copies_is_soon_refused(bait: Callable[[int], str]) -> None:
    """A thousand blanks took 0.3 s, two thousand 2.5 s: so many come first, and what is wrong is soon seen."""
    for long in (1_600, 19_990):
        assert_grows_evenly(bait, _refused, long)


def test_a_copy_goes_to_an_address_with_a_name_or_without() -> None:
    assert read_copies(' "Li, Mei" <li@b.example> ; a@c.example\n <d@e.example>,O<o <f@g.example> ') == (
        Mailbox(address="li@b.example", name="Li, Mei"),
        Mailbox(address="a@c.example", name=""),
        Mailbox(address="d@e.example", name=""),
        Mailbox(address="f@g.example", name="O<o"),
    )


@pytest.mark.parametrize(
    "text", ["Li <a@b.example", "a@b.example>", "Li <a@b.example> x", "a <b>c@d.example>"]
)
def test_what_is_half_an_address_is_none(text: str) -> None:
    with pytest.raises(NotPossible):
        read_copies(text)


# ── words to the counter ─────────────────────────────────────────────────────────────────────────────────────────────
def _step(words: str) -> object:
    asking = SimpleNamespace(shut=None, too_large=(), pressed="", phone="", command="", words=words)
    talk = SimpleNamespace(waits=True, waits_for="email")
    return _step_of(cast("Any", SimpleNamespace(asking=asking, talk=talk)))


@pytest.mark.parametrize(
    "bait",
    [
        lambda n: "@." * (n // 2 - 2) + " x",
        lambda n: "a@" + "." * (n - 2),
        lambda n: "a@b" + ".c" * (n // 2 - 2) + "@",
        lambda n: "a@b" + ".c" * (n // 26) + " x",
        lambda n: "@" * n,
        lambda n: "a" * n,
    ],
    ids=["@.", "dots", "labels", "few labels", "@", "a"],
)
def test_what_is_said_instead_of_an_address_is_soon_a_word_for_the_agents(bait: Callable[[int], str]) -> None:
    """The first took 14 s."""
    assert_grows_evenly(bait, _step, 4096)
    assert _step(bait(4096)) is None


@pytest.mark.parametrize("words", ["mei@example.cn", " Mei.Li+x@mail.Example.CN ", "a@例子.公司", "a@b.c."])
def test_an_address_is_an_address(words: str) -> None:
    assert _step(words) is send_code


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
FRAME = b"\xff\xc0\x00\x11\x08" + (48).to_bytes(2, "big") + (64).to_bytes(2, "big") + b"\x03"


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\xfe\x00\x02"], ids=["fill", "comments"])
def test_a_picture_that_is_nothing_but_fill_is_no_picture(fill: bytes) -> None:
    """0.075 s a megabyte. So it is walked only so far: the frame behind it is not found."""
    assert picture_type(b"\xff\xd8" + fill * 3_000 + FRAME) == ""


def test_a_picture_may_be_filled_up() -> None:
    comment = b"\xff\xfe\xff\xff" + b"c" * 65_533
    assert picture_type(b"\xff\xd8" + comment * 20 + b"\xff" * 1000 + FRAME) == "image/jpeg"


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _field(key: str, kind: Kind, **more: Any) -> FormField:
    return FormField(key=key, kind=kind, label=Said(en=key), **more)


OPTIONS = tuple(Option(value=f"v{n}") for n in range(100))
CHOICES = FormDefinition(fields=(_field("a", Kind.CHOICES, options=OPTIONS),))
ASKED_OF = FormDefinition(
    fields=(
        _field("a", Kind.LONG),
        *(_field(f"b{n}", Kind.SHORT, when=When(field="a", test="is", value="x")) for n in range(59)),
    )
)
LONG_ANSWERS = pytest.mark.parametrize(
    "answer",
    [lambda n: "\nz" * (n // 2), lambda n: "x" + "\n" * n + "x", lambda n: "v0\n" * (n // 3)],
    ids=["short", "empty", "often"],
)
ANSWER = 500_000


class Watched(str):
    """A text that keeps how long each piece of it was that was taken apart: what costs too much by being done once for each of
    a hundred options or fields grows evenly, too."""

    __slots__ = ("parted",)
    parted: list[int]

    @classmethod
    def of(cls, text: str, parted: list[int]) -> "Watched":
        made = cls(text)
        made.parted = parted
        return made

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        return Watched.of(super().__getitem__(key), self.parted)

    def strip(self, chars: str | None = None, /) -> str:
        return Watched.of(super().strip(chars), self.parted)

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        self.parted.append(len(self))
        return list(super().split(sep, maxsplit))


def _refuse_choices(value: str) -> None:
    found = check(Posted(fields={"a": value}), CHOICES, region="CN")
    page = PageState(language="en", new_pass="x")
    show_form("f", WebformSettings(form=CHOICES), page, {"a": value}, found)
    assert "too_long" in {one.word for one in found}


@LONG_ANSWERS
def test_no_choices_take_long_to_be_refused(answer: Callable[[int], str]) -> None:
    """2 s a post: all of it was taken apart, and again for each option."""
    parted: list[int] = []
    _refuse_choices(Watched.of(answer(ANSWER), parted))
    assert parted and max(parted) <= CHOICES.fields[0].longest + 1
    assert_grows_evenly(answer, _refuse_choices, ANSWER)


@LONG_ANSWERS
def test_no_answer_takes_long_for_all_the_fields_that_wait_for_it(answer: Callable[[int], str]) -> None:
    """Each of them takes it apart, but no more of it than any answer may have."""
    parted: list[int] = []
    asked(ASKED_OF, {"a": Watched.of(answer(ANSWER), parted)})
    assert len(parted) == len(ASKED_OF.fields) - 1
    assert max(parted) <= MOST_ANSWER


def test_all_choices_together_are_no_longer_than_any_answer() -> None:
    longest = _field("a", Kind.CHOICES, options=tuple(Option(value=f"{n:080}") for n in range(100)))
    everything = "\n".join(one.value for one in longest.options)
    assert len(everything) <= longest.longest <= MOST_ANSWER
    assert check(Posted(fields={"a": everything}), FormDefinition(fields=(longest,)), region="CN") == []


def test_choices_are_put_together_once() -> None:
    many = FormDefinition(fields=tuple(_field(f"f{n}", Kind.CHOICES, options=OPTIONS) for n in range(60)))

    def posts(times: int) -> bytes:
        return b"f0=" + b"x" * (80 * times) + b"&f0=" * times

    assert_grows_evenly(posts, lambda post: _read_encoded(post, many), 6_000)
    assert len(_read_encoded(posts(6_000), many).fields["f0"]) == 486_000


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("line", [b"From \n", b"From x\r\n"])
def test_lines_of_old_mailboxes_make_no_endless_headers(line: bytes) -> None:
    """Outside the reader's process: 4.4 s, of 36 megabytes. They are no more than other lines of headers may be."""

    def letter(long: int) -> bytes:
        return b"Subject: x\n" + line * (long // len(line))

    _, body, cut = split_headers(letter(2 * MAX_HEADER_BLOCK) + b"\nbody", top=True)
    assert cut
    assert body == b"body"
    assert_grows_evenly(letter, content_key, 8 * MAX_HEADER_BLOCK)
