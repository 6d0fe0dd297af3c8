"""The part of a text in which something was found, with the places marked. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hub.actions.search.query import Term
from hub.model.folding import composed, fold_with_places

WIDTH = 160
_BEFORE = 40
_LOOKED_AT = 200_000
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    text: str
    hit: bool = False


def marked(text: str, terms: Iterable[Term], *, width: int = WIDTH) -> tuple[Piece, ...]:
    """At most about `width` characters of the text around the first place where a term stands; its beginning where none does.
    Line breaks become spaces. "…" where something is left out."""
    plain = _SPACE.sub(" ", composed(text[:_LOOKED_AT])).strip()
    places = _places(plain, [one for one in terms if not one.without])
    before = min(_BEFORE, width // 4)
    start = max(0, places[0][0] - before) if places else 0
    if len(plain) - start < width:
        start = max(0, len(plain) - width)
    if start:
        # Not in the middle of a word, where there are any.
        space = plain.find(" ", start, start + before // 2)
        if space >= 0 and (not places or space < places[0][0]):
            start = space + 1
    end = min(len(plain), start + width)
    pieces = list(_cut(plain, start, end, places))
    if start:
        pieces.insert(0, Piece(text="…"))
    if end < len(plain):
        pieces.append(Piece(text="…"))
    return tuple(pieces)


def has_hit(pieces: Iterable[Piece]) -> bool:
    return any(piece.hit for piece in pieces)


def _places(plain: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """(from, to) of every place, in order, none inside another."""
    if not terms:
        return []
    folded, origin = fold_with_places(plain)
    digits = [at for at, character in enumerate(folded) if character.isdigit()]
    joined = "".join(folded[at] for at in digits)
    found: list[tuple[int, int]] = []
    for term in terms:
        found.extend((origin[at], origin[at + len(term.text) - 1] + 1) for at in _all(folded, term.text))
        # A telephone number, however it is grouped on either side.
        number = term.number or (term.text if term.text.isdigit() and len(term.text) >= 7 else "")
        found.extend(
            (origin[digits[at]], origin[digits[at + len(number) - 1]] + 1)
            for at in (_all(joined, number) if number else ())
        )
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _all(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def _cut(plain: str, start: int, end: int, places: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    for low, high in places:
        low, high = max(low, start), min(high, end)
        if low >= high:
            continue
        if low > at:
            yield Piece(text=plain[at:low])
        yield Piece(text=plain[low:high], hit=True)
        at = high
    if at < end:
        yield Piece(text=plain[at:end])
