"""Whether a text can match an expression of many words at all: a piece of each is looked for first. Pure; linear."""

from collections.abc import Iterable


def holds_any(text: str, stems: Iterable[str]) -> bool:
    """Whether one of these (as `fold` leaves them) is in the text, in whatever case it is written."""
    folded = fold(text)
    return any(stem in folded for stem in stems)


def fold(text: str) -> str:
    """The text with one letter for all that an expression which ignores case takes for the same. To it the two Turkish letters,
    İ and ı, are an i; to str.casefold they are none.

    >>> fold("GİZLİ"), fold("gızlı"), fold("Diſclaimer")
    ('gizli', 'gizli', 'disclaimer')
    """
    return text.replace("İ", "i").replace("ı", "i").casefold()
