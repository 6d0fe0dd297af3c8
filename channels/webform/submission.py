"""One filled-in form as it was posted, and what may be wrong with it. Values.

What is wrong is named by keys of words.py: page and JSON answer say it in the customer's language.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

TRAP = "website"
"""A field that no person sees: whoever fills it in is a program."""
PASS = "submission"  # noqa: S105 - the name of a field
"""The hidden field with the signed pass that the page was given (see passes.py)."""
PROOF = "altcha"
"""The field with the work that the visitor's browser has done (see proof.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedFile:
    """`field`: the key of the field that it was posted in."""

    filename: str
    content_type: str
    data: bytes
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came, still unchecked. Of several choices each is on its own line. `problems` were met while it was read (a file
    too large)."""

    fields: Mapping[str, str]
    files: tuple[PostedFile, ...] = ()
    problems: tuple["Problem", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`field` is "" where it concerns the whole; `word` is a key of words.py, `values` fill it."""

    field: str
    word: str
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)

    def say(self, words: Mapping[str, str]) -> str:
        return words[self.word].format(**self.values)
