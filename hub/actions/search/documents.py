"""What each thing is found by, as one comparable text. The same text makes its lexemes and decides whether a term is in it."""

from collections.abc import Iterable, Sequence
from typing import Any

from hub.model.codes import CUSTOMER, ORGANISATION, TICKET, show_code
from hub.model.pinyin import ways_to_type
from hub.model.search_words import comparable

_DEEPEST = 4
_NAMES = ("key", "labels")
"""Of an answer: what it answers."""
_OF_A_TASK = ("task", "task_step", "queue_en", "queue_zh")
"""Of a note that a step of a task has left: only what the task is called is somebody's words."""


def entry_text(subject: str, text: str, fields: Any = None, files: Iterable[str] = ()) -> str:
    """An entry of a timeline: what it says, the answers of a form, the names of its files."""
    parts = [subject, text, *field_values(fields), *files]
    return comparable("\n".join(filter(None, parts))) if len(parts) > 2 or subject else comparable(text)


def ticket_text(subject: str, code: int, tags: Sequence[str]) -> str:
    return comparable("\n".join((subject, show_code(TICKET, code), *tags)))


def customer_text(name: str, code: int, identities: Iterable[str]) -> str:
    """Name, also as it is typed in pinyin, number, and every address."""
    return comparable("\n".join((name, *ways_to_type(name), show_code(CUSTOMER, code), *identities)))


def organisation_text(name: str, code: int) -> str:
    return comparable("\n".join((name, *ways_to_type(name), show_code(ORGANISATION, code))))


def field_values(fields: Any) -> list[str]:
    """The values of a form's fields, however they are nested. What they are called is the form's own and finds nothing: it
    stands in every entry of that form."""
    return list(_values(fields, 0))


def _values(fields: Any, depth: int) -> Iterable[str]:
    if isinstance(fields, str):
        yield fields
    elif isinstance(fields, int | float) and not isinstance(fields, bool):
        yield str(fields)
    elif depth < _DEEPEST and isinstance(fields, dict):
        for name, value in fields.items():
            if name in _NAMES and "said" in fields:
                continue
            if name in _OF_A_TASK and "task_title" in fields:
                continue
            yield from _values(value, depth + 1)
    elif depth < _DEEPEST and isinstance(fields, list):
        for value in fields:
            yield from _values(value, depth + 1)
