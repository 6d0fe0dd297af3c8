"""The shelf: letters written for one pitfall each (`tests/letters/NN-what.eml`), and what each must give (`expected.toml`)."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channels.email.parse import Letter, parse_letter
from channels.email.parts.html_text import clean_html

SHELF = Path(__file__).parents[2] / "letters"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((SHELF / "expected.toml").read_text("utf-8"))
LETTERS = sorted(path.stem for path in SHELF.glob("*.eml"))


def _people(people: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name} <{address}>" if name else address for name, address in people]


READ: dict[str, Callable[[Letter], Any]] = {
    "from": lambda letter: _people(((letter.from_name, letter.from_address),))[0],
    "reply_to": lambda letter: _people(letter.reply_to),
    "to": lambda letter: _people(letter.to),
    "cc": lambda letter: _people(letter.cc),
    "delivered_to": lambda letter: list(letter.delivered_to),
    "original_sender": lambda letter: _people((letter.original_sender,))[0],
    "attachments": lambda letter: [
        f"{a.filename} | {a.content_type} | {len(a.data)}" for a in letter.attachments
    ],
    "inline": lambda letter: [a.filename for a in letter.attachments if a.inline],
    "signatures": lambda letter: [a.filename for a in letter.signatures],
    "in_reply_to": lambda letter: list(letter.in_reply_to),
    "references": lambda letter: list(letter.references),
    "authentication_results": lambda letter: list(letter.authentication_results),
    "forwarded": lambda letter: _fields(letter.forwarded, ("name", "address", "subject", "sent")),
    "invite": lambda letter: _fields(
        letter.invite, ("method", "summary", "starts_at", "ends_at", "place", "organiser")
    ),
    "bounce_recipients": lambda letter: list(letter.bounce.recipients) if letter.bounce else [],
    "is_delayed": lambda letter: letter.bounce is not None and letter.bounce.delayed,
    "html": lambda letter: clean_html(letter.html),
}
"""How a key of expected.toml is read where it is not simply the letter's own field of that name."""


def _fields(found: object, names: tuple[str, ...]) -> dict[str, str]:
    return {name: getattr(found, name) for name in names if getattr(found, name, "")}


def test_every_letter_has_its_entry() -> None:
    assert sorted(EXPECTED) == LETTERS
    assert all(re.fullmatch(r"\d\d-[a-z0-9-]+", name) for name in LETTERS)


@pytest.mark.parametrize("name", LETTERS)
def test_shelf(name: str) -> None:
    letter = parse_letter((SHELF / f"{name}.eml").read_bytes())
    expected = EXPECTED[name]
    found = {key: READ[key](letter) if key in READ else getattr(letter, key) for key in expected}
    assert found == expected


@pytest.mark.parametrize("name", LETTERS)
def test_shelf_with_other_line_ends(name: str) -> None:
    """A file on disk has `\\n`; nothing that people see may depend on it."""
    raw = (SHELF / f"{name}.eml").read_bytes()
    dos, unix = parse_letter(raw), parse_letter(raw.replace(b"\r\n", b"\n"))
    assert (dos.subject, dos.text, dos.reply_text, dos.from_name) == (
        unix.subject,
        unix.text,
        unix.reply_text,
        unix.from_name,
    )
    assert [a.filename for a in dos.attachments] == [a.filename for a in unix.attachments]
