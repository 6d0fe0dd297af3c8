"""Fields of the company's own, on tickets, customers and organisations: what they hold and how it is kept. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

MOST_TEXT = 1000
_MOST_TYPED = 4 * MOST_TEXT
"""Before what was typed in parts is composed: Hangul and Vietnamese may have so many."""
MOST_CHOICES = 200
MOST_LABEL = 60
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGITS = 15
_LARGEST = Decimal(10) ** _DIGITS


class About(StrEnum):
    TICKET = "ticket"
    CUSTOMER = "customer"
    ORGANISATION = "organisation"


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`value` is what is kept; the labels may change."""

    value: str
    en: str
    zh: str


Value = str | bool | int | float


def clean_value(kind: FieldKind, choices: Sequence[Choice], given: object) -> Value | None:
    """As it is kept; None for nothing. Raises ValueError with a code: bad_number, bad_date, bad_choice, too_long.

    >>> clean_value(FieldKind.NUMBER, (), " 1,200.50 "), clean_value(FieldKind.DATE, (), "2026-02-30 ")
    Traceback (most recent call last):
    ValueError: bad_date
    >>> clean_value(FieldKind.NUMBER, (), " 1200.50 "), clean_value(FieldKind.YES_NO, (), "yes")
    (1200.5, True)
    """
    if given is None or given == "":
        return None
    if isinstance(given, bool):
        given = "yes" if given else "no"
    text = str(given)
    if len(text) > _MOST_TYPED:
        raise ValueError("too_long")
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        return None
    match kind:
        case FieldKind.NUMBER:
            return _number(text)
        case FieldKind.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError as error:
                raise ValueError("bad_date") from error
        case FieldKind.YES_NO:
            if text not in ("yes", "no"):
                raise ValueError("bad_choice")
            return text == "yes"
        case FieldKind.CHOICE:
            if text not in {one.value for one in choices}:
                raise ValueError("bad_choice")
            return text
    if len(text) > MOST_TEXT or any(unicodedata.category(one) == "Cc" and one != "\n" for one in text):
        raise ValueError("too_long")
    return text


def _number(text: str) -> int | float:
    try:
        found = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation as error:
        raise ValueError("bad_number") from error
    # Asked of its digits first: to take the value of 1e999999999 overflows.
    if not found.is_finite() or found.adjusted() > _DIGITS or abs(found) > _LARGEST:
        raise ValueError("bad_number")
    return int(found) if found == found.to_integral_value() else float(found)


def name_for(label: str, taken: Sequence[str]) -> str:
    """What programs call a field of this label.

    >>> name_for("Serial no.", []), name_for("序列号", []), name_for("Serial no.", ["serial_no"])
    ('serial_no', 'field', 'serial_no_2')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:34]
    first = plain if _NAME.fullmatch(plain) else "field"
    name, number = first, 1
    while name in taken:
        number += 1
        name = f"{first}_{number}"
    return name


def read_choices(lines: str, before: Sequence[Choice] = ()) -> tuple[Choice, ...]:
    """One a line, "English = 中文", or one word for both. A line of which one label was there before keeps its value. Raises
    ValueError (bad_choices): none, too many, the same twice.

    >>> read_choices("Gold = 金卡\\nSilver")[0]
    Choice(value='gold', en='Gold', zh='金卡')
    """
    made: list[Choice] = []
    for line in lines.splitlines():
        if not line.strip():
            continue
        en, _, zh = (one.strip() for one in line.replace("＝", "=").partition("="))
        en = en or zh
        zh = zh or en
        known = next((one for one in before if one.en == en or one.zh == zh), None)
        value = known.value if known is not None else name_for(en, [one.value for one in (*before, *made)])
        made.append(Choice(value=value, en=en[:MOST_LABEL], zh=zh[:MOST_LABEL]))
    if not made or len(made) > MOST_CHOICES or len({one.en.casefold() for one in made}) < len(made):
        raise ValueError("bad_choices")
    return tuple(made)


def missing(required: Sequence[str], said: Mapping[str, object]) -> list[str]:
    """The names of those that are asked for and empty."""
    return [name for name in required if said.get(name) in (None, "")]
