"""Texts of strangers that cost the square or the cube of their length to read. Each here is about as long as its door takes,
and is read where nothing else runs meanwhile: on the loop, or in a mailbox's own thread."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

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
from hub.web.desk.letters.clean import clean
from hub.web.desk.say.render import _environment, linked


@contextmanager
def quickly(seconds: float) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


# ── links in what was written ────────────────────────────────────────────────────────────────────────────────────────
LONG = 100_000
BAITS = [
    "," * 19_998 + "x.", ")" * 19_998 + "x.", "www." + "," * LONG, "https://x.example/" + "(" * LONG + ")" * LONG,
    "https://" * (LONG // 8), "www.a" * (LONG // 5), "a@" * (LONG // 2), "a@b." * (LONG // 4), "ab." * (LONG // 3), "a" * LONG,
    "a@" + "-." * (LONG // 2) + "!", "a@b.cd-" * (LONG // 7), "mailto:" * (LONG // 7), "ab.com@" * (LONG // 7),
    "aa.aa.aa.aa.aa.aa.aa.com:" * (LONG // 25), "aa.com:1" * (LONG // 8), "'a@" * (LONG // 3), "中" * LONG,
    "https://x.example/" + "(.)" * (LONG // 3) + "[." * (LONG // 2) + "])" * (LONG // 2),
]  # fmt: skip


@pytest.mark.parametrize("bait", BAITS, ids=lambda bait: bait[:20])
def test_no_text_takes_long_to_be_searched_for_links(bait: str) -> None:
    """The first took 7 s."""
    page = _environment("en").from_string("{{ text|urlize }}")
    with quickly(1):
        page.render(text=bait)
    assert "".join(words for words, _ in with_links(bait)) == bait


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
    """1.3 s, of a letter that is cleaned within the process."""
    with quickly(0.4):
        clean(f'<a href="http://e.example">{words * 150}</a>' * 900)


# ── to whom a copy goes ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("text", [" " * 19_990 + "x", "x <" + " " * 19_990 + "x", "<" * 19_990 + ">"])
def test_a_field_of_copies_is_soon_refused(text: str) -> None:
    """A thousand blanks took 0.3 s, two thousand 2.5 s."""
    with quickly(0.5), pytest.raises(NotPossible):
        read_copies(text)


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
    "words",
    [
        "@." * 2046 + " x",
        "a@" + "." * 4094,
        "a@b" + ".c" * 2046 + "@",
        "a@b" + ".c" * 158 + " x",
        "@" * 4096,
        "a" * 4096,
    ],
    ids=lambda words: words[:8],
)
def test_what_is_said_instead_of_an_address_is_soon_a_word_for_the_agents(words: str) -> None:
    """The first took 14 s."""
    with quickly(0.5):
        assert _step(words) is None


@pytest.mark.parametrize("words", ["mei@example.cn", " Mei.Li+x@mail.Example.CN ", "a@例子.公司", "a@b.c."])
def test_an_address_is_an_address(words: str) -> None:
    assert _step(words) is send_code


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_picture_that_is_nothing_but_fill_is_no_picture() -> None:
    """0.075 s a megabyte."""
    with quickly(0.5):
        assert picture_type(b"\xff\xd8" + b"\xff" * 40_000_000) == ""


def test_a_picture_may_be_filled_up() -> None:
    frame = b"\xff\xc0\x00\x11\x08" + (48).to_bytes(2, "big") + (64).to_bytes(2, "big") + b"\x03"
    comment = b"\xff\xfe\xff\xff" + b"c" * 65_533
    assert picture_type(b"\xff\xd8" + comment * 20 + b"\xff" * 1000 + frame) == "image/jpeg"


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
    "value", ["\nz" * 250_000, "x" + "\n" * 500_000 + "x", "v0\n" * 160_000], ids=["short", "empty", "often"]
)


@LONG_ANSWERS
def test_no_choices_take_long_to_be_refused(value: str) -> None:
    """2 s a post."""
    with quickly(0.3):
        found = check(Posted(fields={"a": value}), CHOICES, region="CN")
        page = PageState(language="en", new_pass="x")
        show_form("f", WebformSettings(form=CHOICES), page, {"a": value}, found)
    assert "too_long" in {one.word for one in found}


@LONG_ANSWERS
def test_no_answer_takes_long_for_all_the_fields_that_wait_for_it(value: str) -> None:
    with quickly(0.05):
        asked(ASKED_OF, {"a": value})


def test_all_choices_together_are_no_longer_than_any_answer() -> None:
    longest = _field("a", Kind.CHOICES, options=tuple(Option(value=f"{n:080}") for n in range(100)))
    everything = "\n".join(one.value for one in longest.options)
    assert len(everything) <= longest.longest <= MOST_ANSWER
    assert check(Posted(fields={"a": everything}), FormDefinition(fields=(longest,)), region="CN") == []


def test_choices_are_put_together_once() -> None:
    many = FormDefinition(fields=tuple(_field(f"f{n}", Kind.CHOICES, options=OPTIONS) for n in range(60)))
    with quickly(0.15):
        posted = _read_encoded(b"f0=" + b"x" * 480_000 + b"&f0=" * 6_000, many)
    assert len(posted.fields["f0"]) == 486_000


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("line", [b"From \n", b"From x\r\n"])
def test_lines_of_old_mailboxes_make_no_endless_headers(line: bytes) -> None:
    """Outside the reader's process: 4.4 s."""
    letter = b"Subject: x\n" + line * (36_000_000 // len(line))
    with quickly(1.5):
        content_key(letter)
    _, body, cut = split_headers(letter[: 2 * MAX_HEADER_BLOCK] + b"\n\nbody", top=True)
    assert cut
    assert body == b"body"
