"""What a text is found by: the lexemes of a text, and those that a term that somebody types needs.

Scripts without spaces are cut into pairs of neighbouring characters, with the last of a row alone, so that one character is
found by what begins with it. Words are found by their beginning; numbers by any four digits of theirs. Whoever has
candidates looks for the term itself in the folded text: with both, what is found is what contains the term, letter by letter.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.model.folding import fold

# Han, kana, bopomofo, Hangul, Thai, Lao, Burmese, Khmer, and pictures: nothing parts their words.
_CLOSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2600-\u27bf\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<close>[{_CLOSE}]+)|(?P<digits>\d+)|(?P<word>[^\W\d_{_CLOSE}]+)")
_SPACES = re.compile(r"\s+")
_SPOKEN = re.compile(r"\d[\d\- ().]{5,30}\d")

LONGEST_WORD = 64
LONGEST_NUMBER = 24
LEAST_DIGITS = 4
"""So many digits are found anywhere in a longer number: the end of a telephone number, a part of an order's."""
MOST_BYTES = 900_000
"""A tsvector holds less than a mebibyte of lexemes."""
_LONGEST = 4 * LONGEST_WORD
"""Bytes of the longest lexeme there can be: fewer than that many of them need not be counted."""
_AT_ONCE = 4096
"""Characters of a run whose lexemes are taken together: before the next ones, it is seen whether there are too many by now."""
TOO_LONG = "\x7ftoo-long"
"""Stands for a text of more different lexemes than that: it is a candidate for every term, and looked through itself."""


@dataclass(frozen=True, slots=True)
class Lexeme:
    """`begins`: whatever begins with it will do."""

    text: str
    begins: bool = False


def comparable(text: str) -> str:
    """The text as terms are looked for in it: folded, with one space for any, and numbers that are written in groups
    ("138-0013-8000") once more in one piece below."""
    folded = _SPACES.sub(" ", fold(text)).strip()
    joined = [one for one in map(_digits, _SPOKEN.findall(folded)) if len(one) >= 7]
    return "\n".join((folded, *dict.fromkeys(joined))) if joined else folded


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def lexemes_of(comparable_text: str) -> list[str]:
    """What such a text is found by, each once; TOO_LONG alone where that would be too much for one row."""
    found: set[str] = set()
    enough = MOST_BYTES // _LONGEST
    for _ in _gather(comparable_text, found):
        if len(found) > enough:
            if _is_too_much(found):
                return [TOO_LONG]
            enough = 2 * len(found)  # counted anew for each that is added, it would take longer than all else
    return [TOO_LONG] if _is_too_much(found) else sorted(found)


def _gather(comparable_text: str, found: set[str]) -> Iterator[None]:
    """Stops by and by, within a long run too: the lexemes of a megabyte of digits are hundreds of megabytes."""
    for match in _RUN.finditer(comparable_text):
        run = match[0]
        match match.lastgroup:
            case "close":
                for start in range(0, len(run), _AT_ONCE):
                    found.update(map("".join, itertools.pairwise(run[start : start + _AT_ONCE + 1])))
                    yield
                found.add(run[-1])
            case "digits":
                found.add(run[:LONGEST_NUMBER])
                yield
                last = len(run) - LEAST_DIGITS + 1
                for start in range(1, last, _AT_ONCE):
                    end = min(start + _AT_ONCE, last)
                    found.update(run[at : at + LONGEST_NUMBER] for at in range(start, end))
                    yield
            case _:
                found.add(run[:LONGEST_WORD])
                yield


def _is_too_much(found: set[str]) -> bool:
    return len(found) * _LONGEST > MOST_BYTES and sum(len(one.encode()) for one in found) > MOST_BYTES


def lexemes_of_term(term: str) -> list[Lexeme]:
    """What every text that contains this term (`comparable`) has; nothing for a term without letters and digits.

    A word or a short number at its beginning may be the end of a longer one in the text, which no lexeme tells: it is asked
    for as a beginning unless the term has Chinese to go by.
    """
    runs = list(_RUN.finditer(term))
    has_pairs = any(run.lastgroup == "close" and len(run[0]) > 1 for run in runs)
    needed: list[Lexeme] = []
    for run in runs:
        text, ends = run[0], run.end() == len(term)
        if run.lastgroup == "close":
            needed += _of_row(text, ends)
            continue
        is_number = run.lastgroup == "digits"
        if run.start() == 0 and has_pairs and not (is_number and len(text) >= LEAST_DIGITS):
            continue
        longest = LONGEST_NUMBER if is_number else LONGEST_WORD
        needed.append(Lexeme(text[:longest], begins=ends and len(text) <= longest))
    return list(dict.fromkeys(needed))


def _of_row(row: str, ends: bool) -> Iterator[Lexeme]:
    yield from (Lexeme(row[at : at + 2]) for at in range(len(row) - 1))
    if not ends:
        yield Lexeme(row[-1])
    elif len(row) == 1:
        yield Lexeme(row, begins=True)


def number_in(term: str) -> str:
    """The digits of a term that is a number written in groups, as telephone numbers are; "" for any other term.

    >>> number_in("+65 6123-4567")
    '6561234567'
    """
    bare = term.strip().removeprefix("+")
    digits = _digits(bare)
    grouped = digits != bare and len(digits) >= 7 and _SPOKEN.fullmatch(bare)
    return digits if grouped else ""


def as_tsquery(needed: Iterable[Iterable[Lexeme]]) -> str:
    """A tsquery for `::tsquery`: every lexeme of every term. "" where nothing is needed.

    >>> as_tsquery([[Lexeme("订单")], [Lexeme("tw", begins=True)]])
    "'订单' & 'tw':*"
    """
    return " & ".join(dict.fromkeys(_quoted(one) for term in needed for one in term))


def _quoted(lexeme: Lexeme) -> str:
    text = lexeme.text.replace("\\", "\\\\").replace("'", "''")
    return f"'{text}':*" if lexeme.begins else f"'{text}'"
