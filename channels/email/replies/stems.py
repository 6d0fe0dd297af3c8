"""Whether a text can match an expression of many words at all: a piece of each is looked for first. Pure; linear."""

from collections.abc import Iterable


def holds_any(text: str, stems: Iterable[str]) -> bool:
    """Whether one of these (lower case) is in the text, in whatever case it is written. The Turkish I with its dot counts as an
    i, as it does for expressions that ignore case.

    >>> holds_any("GİZLİ", ["gizli"]), holds_any("open", ["gizli"])
    (True, False)
    """
    folded = text.replace("İ", "i").lower()
    return any(stem in folded for stem in stems)
