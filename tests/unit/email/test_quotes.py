"""What is new in a letter, program by program and language by language, and what must never be taken away."""

# ruff: noqa: E501 - wire text reads better unbroken

import re
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.parse import parse_letter
from channels.email.replies.quotes import FORWARD_SUBJECT, new_text
from channels.email.replies.signatures import Sender
from tests.fakes.costs import assert_grows_evenly
from tests.unit.email.quote_samples import FOOTERS, HISTORY, HTML, OWN

WORDS = "The tea has not come.\n请帮忙查一下，谢谢！"
BO = Sender("Bo Hansen", "bo@mail.example")
HONG = Sender("王小红", "hong@qq.example")
REPLY = HISTORY["gmail-en"]


def _without_marks(text: str) -> str:
    return "\n".join(re.sub(r"^> ?", "", line) for line in text.split("\n"))


@pytest.mark.parametrize("name", HISTORY)
def test_history_goes(name: str) -> None:
    history = HISTORY[name]
    assert new_text(f"{WORDS}\n\n{history}", BO) == WORDS
    assert new_text(f"{WORDS}\n\n-- \nBo Hansen\nHavnegade 3\n\n{history}", BO) == WORDS
    assert new_text(f"{WORDS}\r\n\r\n{history}".replace("\n", "\r\n"), BO) == WORDS
    assert new_text(f"{WORDS}\n\n{history}\n\n-- \nBo Hansen\nHavnegade 3\n", BO) == WORDS
    assert new_text(f"{WORDS}\n\n{textwrap.indent(history, '  ')}", BO) == WORDS


NEEDS_MARKS = {"weak-name-only", "orange-fr", "all-quoted-trailing"}
"""What is told from a person's own words by nothing but the marks on the lines below."""


@pytest.mark.parametrize("name", sorted(set(HISTORY) - NEEDS_MARKS))
def test_history_goes_where_the_marks_are_lost(name: str) -> None:
    assert new_text(f"{WORDS}\n\n{_without_marks(HISTORY[name])}", BO) == WORDS


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, h in HISTORY.items()
        if not h.startswith(">") and "\n" not in h.split("\n\n")[0] and " " in h[20:60]
    ],
)
@pytest.mark.parametrize("width", [50, 60, 68])
def test_broken_attributions_are_known(name: str, width: int) -> None:
    line, *rest = HISTORY[name].split("\n\n")
    assert new_text("\n\n".join([WORDS, textwrap.fill(line, width), *rest]), BO) == WORDS


@pytest.mark.parametrize("footer", FOOTERS)
def test_footers_of_phones_go(footer: str) -> None:
    assert new_text(f"{WORDS}\n\n{footer}", BO) == WORDS
    assert new_text(f"{WORDS}\n{footer}\n\n{REPLY}", BO) == WORDS


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("sender", [BO, HONG], ids=["bo", "hong"])
def test_own_words_stay(name: str, sender: Sender) -> None:
    assert new_text(OWN[name], sender) == OWN[name]
    if name != "only-quoted":
        assert new_text(f"{OWN[name]}\n\n{REPLY}", sender) == OWN[name]


STRUCTURE = [
    ("below the quote", f"{REPLY}\nLast Monday.", "Last Monday."),
    ("below the quote, without attribution", "> When?\n\nLast Monday.", "> When?\n\nLast Monday."),
    ("answers between", "On 2 Mar 2026, Tea House <care@tea.example> wrote:\n> When?\n\nOn Monday.\n\n> Which tea?\n\nThe green one.", "> When?\n\nOn Monday.\n\n> Which tea?\n\nThe green one."),
    ("answers between, and words above", "Hello, see below.\n\nOn 2 Mar 2026, Tea House <care@tea.example> wrote:\n> When?\nOn Monday.\n> Which tea?\nThe green one.\n> Thank you\n>\n> Your tea house", "Hello, see below.\n\n> When?\nOn Monday.\n> Which tea?\nThe green one."),
    ("an answer that begins with thanks", "Hello,\n\nOn 2 Mar 2026, Tea House <care@tea.example> wrote:\n> It was 1234?\n\nThanks, yes it was 1235", "Hello,\n\n> It was 1234?\n\nThanks, yes it was 1235"),
    ("a sign-off below the quote", f"Last Monday.\n\n{REPLY}\n\nRegards, Bo", "Last Monday."),
    ("attribution above, words below", "On 2 Mar 2026 10:20, \"Tea House\" <care@tea.example> wrote:\n\nLast Monday, I think.", "Last Monday, I think."),
    ("nothing but history", REPLY, REPLY.strip()),
    ("nothing but heads", HISTORY["outlook-en"], HISTORY["outlook-en"].strip()),
    ("a quoted line broken by a program", "Last Monday.\n\nOn 2 Mar 2026, Tea House <care@tea.example> wrote:\n> When did you order this, and which of the many teas was it you\nmeant to have\n> then?", "Last Monday."),
    ("on one line with the attribution", "Last Monday. On Mon, Mar 2, 2026 at 10:20 AM, care@tea.example wrote:\n> When?", "Last Monday."),
    ("on one line, in Chinese", "上周一。在2026年3月2日 10:20，茶馆 <care@tea.example> 写道：\n> 哪天？", "上周一。"),
    ("forwarded without a word", "---------- Forwarded message ---------\nFrom: Carrier <c@carrier.example>\nDate: Mon, Mar 2, 2026\nSubject: Your parcel\nTo: Bo\n\nIt was lost.\n\nOn 1 Mar 2026, Bo <bo@mail.example> wrote:\n> Where?", "It was lost.\n\nOn 1 Mar 2026, Bo <bo@mail.example> wrote:\n> Where?"),
    ("forwarded with a word", "See below.\n\n---------- Forwarded message ---------\nFrom: Carrier <c@carrier.example>\nDate: Mon, Mar 2, 2026\nSubject: Your parcel\n\nIt was lost.", "See below.\n\n---------- Forwarded message ---------\nFrom: Carrier <c@carrier.example>\nDate: Mon, Mar 2, 2026\nSubject: Your parcel\n\nIt was lost."),
    ("a reply to a forwarded letter", "Thank you.\n\n-----Original Message-----\nFrom: Tea House <care@tea.example>\nSubject: x\n\nFYI\n\n---------- Forwarded message ---------\nFrom: Carrier <c@carrier.example>", "Thank you."),
    ("table lines below an attribution", "Last Monday.\n\n2026/3/2 Tea House <care@tea.example>\n\n| When?\n|\n| Your tea house", "Last Monday."),
    ("an address right above", f"Please write to <bo@new.example>\n{REPLY}", "Please write to <bo@new.example>"),
    ("a date right above", f"On Monday, 2 March 2026, I was away.\n{REPLY}", "On Monday, 2 March 2026, I was away."),
    ("a footer above the answer", "Sent from my iPhone\n\nLast Monday.", "Last Monday."),
    ("empty", "", ""),
    ("blank", " \n\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "new"), [(t, n) for _, t, n in STRUCTURE], ids=[n for n, _, _ in STRUCTURE])
def test_where_the_answer_stands(text: str, new: str) -> None:
    assert new_text(text, BO) == new


def test_a_forwarded_letter_keeps_what_it_is_about() -> None:
    text = f"Please see below.\n\n{HISTORY['outlook-en']}"
    assert new_text(text, BO) == "Please see below."
    assert new_text(text, BO, forwarded=True) == text.strip()
    raw = "From: Bo Hansen <bo@mail.example>\r\nSubject: {}\r\n\r\n" + text.replace("\n", "\r\n")
    assert parse_letter(raw.format("WG: Bestellung").encode()).reply_text == text.strip()
    assert parse_letter(raw.format("Re: Fwd: order").encode()).reply_text == "Please see below."


@pytest.mark.parametrize(("subject", "forwarded"), [("Fwd: x", True), ("FW: x", True), ("转发：x", True), ("Re: Fwd: x", False), ("Forward planning: x", False), ("I: x", True), ("", False)])  # fmt: skip
def test_subjects_of_forwarded_letters(subject: str, forwarded: bool) -> None:
    assert bool(FORWARD_SUBJECT.match(subject)) is forwarded


def test_marks_made_of_html_are_not_shown() -> None:
    head = b"From: bo@mail.example\r\nSubject: %s\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    html = HTML["outlook-web"].format(own="See below.").encode()
    assert "Original Message" not in parse_letter(head % b"Fwd: x" + html).reply_text
    assert parse_letter(head % b"x" + b'<div class="yahoo_quoted"> </div>').reply_text == ""
    assert parse_letter(head % b"x" + b'<blockquote type="cite">When?</blockquote>').reply_text == "> When?"


@pytest.mark.parametrize("name", HTML)
def test_marks_in_html(name: str) -> None:
    html = HTML[name].format(own=WORDS.replace("\n", "<br>"))
    raw = (
        b"From: Bo Hansen <bo@mail.example>\r\nSubject: Re: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        + html.encode()
    )
    letter = parse_letter(raw)
    assert [o.strip() for o in letter.reply_text.split("\n")] == WORDS.split("\n")
    assert len(letter.text) > len(letter.reply_text)


HTML_STRUCTURE = [
    ("answers between", '<div>Hello</div><blockquote type="cite"><p>When?</p></blockquote><p>On Monday.</p><blockquote type="cite"><p>Which?</p></blockquote><p>Green.</p>', ["Hello", "> When?", "On Monday.", "> Which?", "Green."]),
    ("below the quote", '<div class="moz-cite-prefix">On 02/03/2026 10:20, Tea House wrote:<br></div><blockquote type="cite"><p>When?</p></blockquote><p>On Monday.</p>', ["On Monday."]),
    ("an indented paragraph of one's own", '<p>My list:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">two cups</blockquote>', ["My list:", "two cups"]),
    ("a citation of one's own", "<p>The courier said:</p><blockquote>No lid.</blockquote><p>Is that so?</p>", ["The courier said:", "No lid.", "Is that so?"]),
    ("nothing but history", '<div class="yahoo_quoted"><p>When did you order?</p></div>', ["When did you order?"]),
    ("a quote that never ends", '<p>On Monday.</p><blockquote type="cite"><p>When?</p>', ["On Monday."]),
    ("a quote that never began", "<p>On Monday.</p></blockquote><p>Green.</p>", ["On Monday.", "Green."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "new"), [(h, n) for _, h, n in HTML_STRUCTURE], ids=[n for n, _, _ in HTML_STRUCTURE]
)
def test_where_the_answer_stands_in_html(html: str, new: list[str]) -> None:
    letter = parse_letter(
        b"From: bo@mail.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    )
    assert [o.strip() for o in letter.reply_text.split("\n") if o.strip()] == new


PIECES = [
    "On 2 Mar 2026, Tea House <care@tea.example> wrote:", "> quoted", ">> deeper", "words of my own", "", "-- ", "--", "________________________________", "------------------",
    "From: Tea House <care@tea.example>", "Sent: Monday, March 2, 2026", "Subject: x", "To: bo@mail.example", "-----Original Message-----", "---------- Forwarded message ---------",
    "Sent from my iPhone", "Bo Hansen", "Regards,", "+45 33 12 34 56", "在 2026-03-02 10:20:30，茶馆 <care@tea.example> 写道：", "| 发件人 | 茶馆 |", "发自我的iPhone", "Which one:", "wrote:", "<",
    "\u200b", "\t", "a@b.example>", "On", "Am 2.3.2026", "I agree. On Mon, Mar 2, 2026 at 10:20 AM, a@b.example wrote:", "- one", "P.S. two",
]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=25), st.booleans())
def test_what_is_left_was_there_in_that_order(pieces: list[str], forwarded: bool) -> None:
    text = "\n".join(pieces)
    new = new_text(text, BO, forwarded=forwarded)
    there = re.sub(
        r"[\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069]", "", text.replace("\r", "\n")
    )
    position = 0
    for line in new.split("\n"):
        position = there.find(line, position)
        assert position >= 0
    assert bool(new.strip()) == bool(there.strip())


BAITS: dict[str, Callable[[int], str]] = {
    "quote marks": lambda n: ">" * n,
    "spaced quote marks": lambda n: "> " * (n // 2),
    "quoted lines": lambda n: "> a\n" * (n // 4),
    "expression": lambda n: "(a+)+" * (n // 5),
    "on without end": lambda n: "On 2 Mar 2026 " * (n // 14),
    "on in many lines": lambda n: "On 2 Mar 2026, at 10:20\n" * (n // 24),
    "on wrote": lambda n: "x\nOn 2 Mar 2026, a <a@b.example> wrote\n" * (n // 40),
    "attributions": lambda n: "a <\n" * (n // 4),
    "heads": lambda n: "From: a\n" * (n // 8),
    "more heads": lambda n: "x\nFrom: a@b\nx\nSent\n" * (n // 20),
    "unlisted heads": lambda n: "\nAb: <a@b.example>\nCd: e\n" * (n // 26),
    "rules": lambda n: "-----------\n" * (n // 12),
    "separators": lambda n: "--- Original ---\n\n" * (n // 18),
    "colons": lambda n: "a:\n" * (n // 3),
    "angles": lambda n: "<" * n,
    "addresses": lambda n: "<a@" * (n // 3),
    "dates": lambda n: "1.1.2026 " * (n // 9),
    "date letters": lambda n: "a" * 9 + " 1 " * (n // 3),
    "spaces": lambda n: " " * n + "x",
    "dashes": lambda n: "-" * n + "x",
    "long words": lambda n: "a" * n,
    "chinese": lambda n: "在2026年3月2日，茶馆写道" * (n // 15),
    "chinese verbs": lambda n: "写道：\n" * (n // 4),
    "footers without end": lambda n: ("Sent from " + "a" * 180 + "?\n") * (n // 192),
    "chinese footers": lambda n: ("从" + "华为" * 20 + "\n") * (n // 42),
    "footers": lambda n: "Sent from my iPhone\n" * (n // 20),
    "signature marks": lambda n: "--\n" * (n // 3),
    "names": lambda n: "Bo Hansen\n\n" * (n // 11),
    "regards": lambda n: "Regards,\nBo\n" * (n // 12),
    "blank lines": lambda n: "\n" * n + "x",
    "wrapped quotes": lambda n: (">" + "a" * 80 + "\nb\n") * (n // 84),
}


@pytest.mark.parametrize("name", BAITS)
def test_no_bait_takes_long(name: str) -> None:
    """What was quadratic took ten seconds and more of a hundred thousand characters."""
    assert_grows_evenly(BAITS[name], lambda bait: new_text(bait, BO), 40_000)


HTML_BAITS: dict[str, Callable[[int], str]] = {
    "quotes that open": lambda n: "<blockquote>" * (n // 12),
    "quotes that open and close": lambda n: "<blockquote type=cite>a</blockquote>b" * (n // 37),
    "divs": lambda n: "<div " * (n // 5),
    "divs with styles": lambda n: '<div style="border:none;border-top:' * (n // 35),
    "history": lambda n: "<div class=yahoo_quoted>a" * (n // 25),
    "angles": lambda n: "<" * n,
    "comments": lambda n: "<blockquote>a</blockquote>" + "<!--" * (n // 4),
    "styles": lambda n: "<blockquote>a</blockquote>" + "<style>" * (n // 7),
}


@pytest.mark.parametrize("name", HTML_BAITS)
def test_no_html_bait_takes_long(name: str) -> None:
    def letter(long: int) -> bytes:
        return b"From: bo@mail.example\r\nContent-Type: text/html\r\n\r\n" + HTML_BAITS[name](long).encode()

    assert_grows_evenly(letter, parse_letter, 100_000)
