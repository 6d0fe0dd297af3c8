"""What a form holds: names with the values that were typed; and reading them without judging them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Sequence[str]]
"""All the values of each name, in order, as a browser sends them."""

YES, NO = "yes", "no"
_MOST_TYPED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it is shown: what stands in it, and what is wrong, by the name of the field ("" for the whole; `name:2` for the
    third row of a group)."""

    fields: Fields
    troubles: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str) -> str:
        return next(iter(self.fields.get(name, ())), "")

    def has(self, name: str, value: str) -> bool:
        return value in self.fields.get(name, ())

    def opens(self, prefix: str, keys: Iterable[str]) -> bool:
        """Whether anything stands in one of these fields, or is wrong with it."""
        names = [f"{prefix}.{key}" for key in keys]
        return any(self.trouble(name) or any(self.fields.get(name, ())) for name in names)

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        """The rows of a group as `rows` reads them, and an empty one to go on with."""
        return [*rows(self.fields, *names), ("",) * len(names)]

    def trouble(self, name: str, row: int | None = None) -> str:
        return self.troubles.get(name if row is None else f"{name}:{row}", "")


def one(fields: Fields, name: str) -> str:
    """The first value, without blanks around it; "" for none."""
    return next(iter(fields.get(name, ())), "").strip()


def several(fields: Fields, name: str) -> list[str]:
    """Every value once, without empty ones."""
    return list(dict.fromkeys(value for given in fields.get(name, ()) if (value := given.strip())))


def lines(fields: Fields, name: str) -> list[str]:
    """The lines of a text, each once, without empty ones."""
    return list(dict.fromkeys(line for text in one(fields, name).splitlines() if (line := text.strip())))


def rows(fields: Fields, *names: str) -> list[tuple[str, ...]]:
    """Rows of fields with the same names; those whose first field is empty are none."""
    columns = [[value.strip() for value in fields.get(name, ())] for name in names]
    longest = max((len(column) for column in columns), default=0)
    filled = [column + [""] * (longest - len(column)) for column in columns]
    return [row for row in zip(*filled, strict=True) if row[0]]


def number(text: str) -> str:
    """A number, of few characters, as a keyboard of the East may have written it: ３０ is 30. Anything else stays as it is."""
    return (unicodedata.normalize("NFKC", text) if len(text) <= _MOST_TYPED else text).strip()


def number_or_none(text: str) -> str:
    """A field left empty is a nought."""
    return number(text) or "0"


def three_ways(text: str) -> bool | None:
    """Yes, no, or not asked."""
    return {YES: True, NO: False}.get(text)


def said(value: bool | None) -> str:
    """The other way round."""
    return "" if value is None else YES if value else NO


def without_nothing(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without keys that say nothing: none, "" and empty lists and tables. False and 0 say something."""
    return {
        key: value
        for key, value in table.items()
        if value is not None and value != "" and value not in ([], {}, ())
    }
