"""Letters that count as the same when people look for something: full and half width, great and small, traditional and
simplified Chinese.

Each character is folded by itself, so that a place in the folded text can be led back to the text as it was written.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files


class _Folds(dict[int, str]):
    """A table for `str.translate` that learns each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        folded = "".join(map(_fold_one, unicodedata.normalize("NFKC", chr(code))))
        self[code] = folded
        return folded


def _fold_one(character: str) -> str:
    category = unicodedata.category(character)
    # What is not seen (joiners, soft hyphens, variation selectors) parts no word.
    if category == "Cf" or character in "\ufe0e\ufe0f":
        return ""
    if category in ("Zs", "Zl", "Zp", "Cc"):
        return " "
    folded = character.lower()
    return "".join(_simplified().get(one, one) for one in folded)


@cache
def _simplified() -> dict[str, str]:
    """Traditional characters and the simplified one that each is first taken for (OpenCC, TSCharacters.txt)."""
    text = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {one: others.split(" ")[0] for one, others in pairs}


_FOLDS = _Folds()
_VOICED = re.compile("[ｦ-ﾝ][ﾞﾟ]")
_PILE = 30
"""So many marks upon one letter are left as they are."""


def composed(text: str) -> str:
    """NFC, and half-width kana with their sound marks in one: so that one character is all that is folded at a time."""
    if not _marks().isdisjoint(text[::_PILE]):
        text = _piles().sub("\\g<0>\u034f", text)
    whole = unicodedata.normalize("NFC", text)
    return _VOICED.sub(lambda pair: unicodedata.normalize("NFKC", pair[0]), whole)


@cache
def _marks() -> frozenset[str]:
    """What is put above, below or into the letter before it, itself or what it is taken apart into (U+0F73 is two of them)."""
    apart = ((one, unicodedata.normalize("NFD", one)) for one in map(chr, range(0x300, 0x20000)))
    return frozenset(one for one, parts in apart if unicodedata.combining(parts[0]))


@cache
def _piles() -> re.Pattern[str]:
    """To bring the marks of a letter in order takes a time that grows with the square of their number, many minutes for a
    megabyte, and nothing else runs meanwhile. No script needs so many: an unseen joiner parts them (UAX #15, Stream-Safe)."""
    marks = "".join(sorted(_marks()))
    return re.compile(f"[{marks}]{{{_PILE}}}(?=[{marks}])")


def fold(text: str) -> str:
    """The text as it is compared.

    >>> fold("ＴＷ－20500 訂單")
    'tw-20500 订单'
    """
    return composed(text).translate(_FOLDS)


def fold_with_places(whole: str) -> tuple[str, list[int]]:
    """A composed text folded and, for each character of that, the place in `whole` of the one that it was made of."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(whole):
        made = _FOLDS[ord(character)]
        folded.append(made)
        places.extend([place] * len(made))
    return "".join(folded), places
