"""The template language of canned replies and macros: Liquid without loaders, with a short list of tags and filters and with
bounds on what a text may do. Pure.

A value is text that is put in; it is never read as a template, whatever stands in it. python-liquid is loaded when the
first text with braces is read, for it is large.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from channels.clean import clean_line
from hub.actions.answers.placeholders import PLACEHOLDERS, fill_in

TAGS = ("if", "unless", "case", "for", "break", "continue", "assign", "capture", "comment")
FILTERS = (
    "default", "upcase", "downcase", "capitalize", "strip", "truncate", "truncatewords", "append", "prepend", "remove", "split",
    "first", "last", "size",
)  # fmt: skip
"""None of them makes its input longer than it and its arguments together."""
MOST_LOOPS = 100
MOST_MEMORY = 50_000
MOST_FILTERED = 2_000_000
"""Characters that go through filters while one text is filled in: thousands of filters in a row, each on a long text, would
keep the whole hub busy for minutes."""
MOST_OUTPUT = 400_000
"""Bytes; no channel takes that much text."""
_MOST_VALUE = 300
_NEAR = 40
_PATH = re.compile(r"\w[\w.-]*")
_INSIDE = frozenset(("#", "content", "illegal", "output"))
"""What Liquid itself is made of."""


_FILTERED: ContextVar[int] = ContextVar("filtered")
"""How much has gone through filters in the text that is being filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with a text: `unreadable` (near what), `unknown_name`, `unknown_filter`, `unknown_tag` (which), or
    `too_much`: it loops or grows beyond the bounds. `line` from 1, 0 where nobody can say."""

    code: str
    line: int = 0
    what: str = ""


def find_troubles(body: str) -> list[Trouble]:
    """Everything for which an editor should refuse a text: what cannot be read, and names and filters that there are not."""
    if not _is_special(body):
        return []
    errors = _errors()
    try:
        template = _environment().from_string(body)
        names = {".".join(str(part) for part in parts) for parts in template.global_variable_segments()}
    except errors as error:
        return [_trouble_of(error)]
    unknown = sorted(name for name in names if name not in PLACEHOLDERS)
    if unknown:
        return [Trouble(code="unknown_name", line=_line_of(body, one), what=one) for one in unknown]
    try:
        _render(template, dict.fromkeys(PLACEHOLDERS, "x" * 20))
    except errors as error:
        return [_trouble_of(error)]
    return []


def fill_in_liquid(body: str, values: Mapping[str, str]) -> str:
    """The text for one ticket; `values` by the names of PLACEHOLDERS. A text that is not Liquid, or goes beyond the
    bounds, has its plain placeholders filled in and stays as it is otherwise: it was kept before anybody looked."""
    if not _is_special(body):
        return body
    cleaned = {name: clean_line(value, _MOST_VALUE) for name, value in values.items()}
    try:
        return _render(_environment().from_string(body), cleaned)
    except _errors():
        return fill_in(body, values)


def _render(template: Any, values: Mapping[str, str]) -> str:
    _FILTERED.set(0)
    return str(template.render(**_nested(values)))


def _metered(use: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, as long as no more than MOST_FILTERED has gone through all of them."""
    from liquid.exceptions import OutputStreamLimitError

    @wraps(use)
    def metered(value: Any, *arguments: Any, **more: Any) -> Any:
        passed = (
            _FILTERED.get() + sum(len(one) for one in (value, *arguments) if isinstance(one, str | list)) + 1
        )
        if passed > MOST_FILTERED:
            raise OutputStreamLimitError("too much goes through filters", token=None)
        _FILTERED.set(passed)
        return use(value, *arguments, **more)

    return metered


def _is_special(body: str) -> bool:
    return "{{" in body or "{%" in body


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """customer.name to {customer: {name}}. What is empty is nothing to Liquid, whose conditions hold for an empty text."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        room, _, last = name.rpartition(".")
        (nested.setdefault(room, _Room(room)) if room else nested)[last] = value or None
    return nested


class _Room(dict[str, str | None]):
    """Values of one kind. By itself it stands for nothing, and stays as it was written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __str__(self) -> str:
        return "{{" + self._name + "}}"


@cache
def _environment() -> Any:
    import liquid

    class Named(liquid.Undefined):
        """Stands as it was written, so that whoever sends it sees it; a fall-back replaces it."""

        __slots__ = ()

        def __str__(self) -> str:
            written = _PATH.match(self.token.source, self.token.start_index) if self.token else None
            return "{{" + (written[0] if written else self.name) + "}}"

    class Bounded(liquid.Environment):
        loop_iteration_limit = MOST_LOOPS
        local_namespace_limit = MOST_MEMORY
        output_stream_limit = MOST_OUTPUT
        block_nesting_limit = 20

    made = Bounded(undefined=Named)
    made.tags = {name: tag for name, tag in made.tags.items() if name in TAGS or name in _INSIDE}
    made.filters = {name: _metered(made.filters[name]) for name in FILTERS}
    return made


@cache
def _errors() -> tuple[type[Exception], ...]:
    from liquid.exceptions import LiquidError

    # The others come of numbers and types that a text writes down: Python's own limits on them.
    return (LiquidError, ValueError, TypeError, OverflowError, RecursionError)


def _trouble_of(error: Exception) -> Trouble:
    from liquid.exceptions import LiquidError, ResourceLimitError, UnknownFilterError

    if not isinstance(error, LiquidError):
        return Trouble(code="unreadable")
    found = error.context()
    line = int(found[0]) if found else 0
    near = error.token.value.strip() if error.token is not None and error.token.start_index >= 0 else ""
    if isinstance(error, ResourceLimitError):
        return Trouble(code="too_much", line=line)
    if isinstance(error, UnknownFilterError):
        return Trouble(code="unknown_filter", line=line, what=near)
    if "unexpected tag" in str(error) or "unknown tag" in str(error):
        return Trouble(code="unknown_tag", line=line, what=near.split()[0] if near else "")
    return Trouble(code="unreadable", line=line, what=near[:_NEAR])


def _line_of(body: str, name: str) -> int:
    at = body.find(name)
    return body.count("\n", 0, at) + 1 if at >= 0 else 0
