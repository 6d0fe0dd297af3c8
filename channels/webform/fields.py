"""What a form asks: its fields in order, when each is asked, and what each means. Values that are checked when they are made;
nothing is read from outside and nothing is shown here.

A condition names a field further up, so that no two wait for each other. Order numbers have a mask and not a pattern: a mask is
read once from left to right, whatever is typed.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MOST_FIELDS = 60
MOST_OPTIONS = 100
MOST_ANSWER = 20_000
"""Characters: no field takes more, and all values of all options together are fewer."""
RATINGS = ("1", "2", "3", "4", "5")
AGREED = "yes"
"""What a ticked consent is posted as."""
RESERVED = frozenset({"website", "submission", "altcha", "lang", "trial", "offers", "dataset"})
"""Names that the page and its script use themselves."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MEANINGS = re.compile(r"(ticket|customer)\.[a-z][a-z0-9_]{0,39}")


class Kind(StrEnum):
    SHORT = "short"
    LONG = "long"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    ORDER = "order"
    PRODUCT = "product"
    RATING = "rating"
    FILE = "file"
    CONSENT = "consent"
    HEADING = "heading"
    PARAGRAPH = "paragraph"


SHOWN_ONLY = frozenset({Kind.HEADING, Kind.PARAGRAPH})
"""Nothing is filled in there."""
LISTED = frozenset({Kind.CHOICE, Kind.CHOICES})
"""Cannot be without options."""
MEANINGS = ("subject", "message", "name", "email", "phone", "order_number", "kind", "language", "topic")
"""What an answer may be to the hub, beside an answer; and `ticket.NAME`, `customer.NAME`: a field of the company's own."""
_ONLY_FOR = {"email": {Kind.EMAIL}, "phone": {Kind.PHONE}, "message": {Kind.LONG, Kind.SHORT}}
HINTS = ("queue", "priority", "skill", "topic")
"""What a whole form may say to routing."""
TICKET_KINDS = ("complaint", "feedback", "enquiry", "request")
LANGUAGES = ("en", "zh_CN")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Part):
    """A text in both languages; one that is missing is said in the other."""

    en: str = Field(default="", max_length=4000)
    zh: str = Field(default="", max_length=4000)

    def say(self, language: str) -> str:
        return (self.zh or self.en) if language == "zh_CN" else (self.en or self.zh)

    def __bool__(self) -> bool:
        return bool(self.en.strip() or self.zh.strip())


class Option(_Part):
    """One answer of a choice. `value` is what is posted and kept; the labels may change."""

    value: str = Field(min_length=1, max_length=80)
    label: Said = Said()

    @field_validator("value")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if value != value.strip() or not value.isprintable():
            raise ValueError("option_value")
        return value

    def say(self, language: str) -> str:
        return self.label.say(language) or self.value


class When(_Part):
    """Asked only where the answer to `field` is, is not or contains `value`, or is there at all (filled)."""

    field: str
    test: Literal["is", "is_not", "contains", "filled"] = "is"
    value: str = Field(default="", max_length=200)


class FormField(_Part):
    """One line of a form. `key` is its name in posts, for ever. `mask` (order numbers): # a digit, @ a letter, * either, other
    characters as they are. `half`: beside its neighbour where there is room. `link`: the policy that a consent is to.
    `version`: of a consent's text."""

    key: str
    kind: Kind
    label: Said
    help: Said = Said()
    options: tuple[Option, ...] = Field(default=(), max_length=MOST_OPTIONS)
    required: bool = False
    when: When | None = None
    means: str = ""
    mask: str = Field(default="", max_length=40)
    most: int = Field(default=0, ge=0, le=MOST_ANSWER)
    half: bool = False
    link: str = Field(default="", max_length=500)
    version: int = Field(default=1, ge=1)

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if not _KEY.fullmatch(value) or value in RESERVED:
            raise ValueError("key")
        return value

    @field_validator("link")
    @classmethod
    def _is_a_page(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("link")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "FormField":
        if not self.label:
            raise ValueError("label")
        if self.kind in LISTED and not self.options:
            raise ValueError("options")
        values = [one.value for one in self.options]
        if len(set(values)) < len(values):
            raise ValueError("option_twice")
        if self.means and self.means not in MEANINGS and not _MEANINGS.fullmatch(self.means):
            raise ValueError("means")
        if self.kind not in _ONLY_FOR.get(self.means, {self.kind}) or (
            self.means and self.kind in SHOWN_ONLY | {Kind.FILE, Kind.CONSENT}
        ):
            raise ValueError("means_other")
        known = {"kind": TICKET_KINDS, "language": LANGUAGES}.get(self.means)
        if known and (self.kind is not Kind.CHOICE or not set(values) <= set(known)):
            raise ValueError("means_values")
        return self

    @property
    def asks(self) -> bool:
        """Whether something is filled in."""
        return self.kind not in SHOWN_ONLY

    @property
    def listed(self) -> tuple[Option, ...]:
        """What can be chosen; nothing where anything can be typed."""
        if self.kind is Kind.RATING:
            return tuple(Option(value=one) for one in RATINGS)
        return self.options if self.kind in LISTED | {Kind.PRODUCT} else ()

    @property
    def longest(self) -> int:
        """Characters that may be typed, or posted of all choices together."""
        if self.kind is Kind.CHOICES:
            return sum(len(one.value) + 1 for one in self.options)
        usual = {
            Kind.LONG: MOST_ANSWER,
            Kind.EMAIL: 320,
            Kind.PHONE: 40,
            Kind.NUMBER: 30,
            Kind.DATE: 10,
            Kind.ORDER: 100,
        }
        return (
            min(self.most or usual[self.kind], usual[self.kind]) if self.kind in usual else self.most or 200
        )

    def chosen(self, value: str) -> set[str]:
        """What is said in an answer: of several choices each on its own line. What is longer than any answer is refused (see
        check.py); more of it is not looked at."""
        return set(value[: self.longest + 1].split("\n"))

    def say_value(self, value: str, language: str) -> str:
        """An answer as people read it. Of several choices each on its own line in `value`."""
        if self.kind is Kind.CONSENT:
            return {"zh_CN": f"已同意（第 {self.version} 版）"}.get(
                language, f"Agreed (version {self.version})"
            )
        if self.kind is Kind.RATING:
            return f"{value} / {len(RATINGS)}"
        labels = {one.value: one.say(language) for one in self.listed}
        comma = "、" if language == "zh_CN" else ", "
        return comma.join(labels.get(one, one) for one in value.split("\n")) if labels else value


class FormDefinition(_Part):
    """A whole form. `contact`: which way of answering a customer has to give. `next`: what they are told when it has been
    received. `hints`: what every post of it says to routing (queue, priority, skill, topic). `retired`: the last version of
    each consent that was taken out, by its key: one that takes its place goes on from there."""

    fields: tuple[FormField, ...] = Field(min_length=1, max_length=MOST_FIELDS)
    contact: Literal["either", "email", "phone", "none"] = "none"
    next: Said = Said()
    hints: dict[str, str] = Field(default_factory=dict)
    retired: dict[str, int] = Field(default_factory=dict)

    @field_validator("hints")
    @classmethod
    def _are_words(cls, value: dict[str, str]) -> dict[str, str]:
        words_fit = all(one.strip() and len(one) <= 80 and one.isprintable() for one in value.values())
        if not words_fit or not value.keys() <= set(HINTS):
            raise ValueError("hint")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "FormDefinition":
        above: dict[str, FormField] = {}
        meant: set[str] = set()
        for field in self.fields:
            if field.key in above:
                raise ValueError(f"{field.key}: key_twice")
            if field.means in meant:
                raise ValueError(f"{field.key}: means_twice")
            if field.when is not None:
                other = above.get(field.when.field)
                if other is None or not other.asks or other.kind is Kind.FILE:
                    raise ValueError(f"{field.key}: when_above")
                listed = {one.value for one in other.listed}
                if field.when.test in ("is", "is_not") and listed and field.when.value not in listed:
                    raise ValueError(f"{field.key}: when_value")
            above[field.key] = field
            meant |= {field.means} - {""}
        wanted = {"either": ("email", "phone"), "email": ("email",), "phone": ("phone",), "none": ()}[
            self.contact
        ]
        if any(one not in meant for one in wanted):
            raise ValueError("contact")
        if not any(one.asks for one in self.fields):
            raise ValueError("nothing_asked")
        return self

    def meaning(self, means: str) -> FormField | None:
        """The field that is this to the hub."""
        return next((one for one in self.fields if one.means == means), None)

    @property
    def takes_files(self) -> bool:
        return any(one.kind is Kind.FILE for one in self.fields)


def fits_mask(mask: str, value: str) -> bool:
    """Whether an order number has this shape; letters of either case.

    >>> fits_mask("@@-####", "hz-2041"), fits_mask("@@-####", "hz-20411")
    (True, False)
    """
    return len(mask) == len(value) and all(map(_fits, mask, value))


def _fits(sign: str, character: str) -> bool:
    digit, letter = character.isascii() and character.isdigit(), character.isascii() and character.isalpha()
    match sign:
        case "#":
            return digit
        case "@":
            return letter
        case "*":
            return digit or letter
    return sign.casefold() == character.casefold()


def free_key(label: str, kind: Kind, taken: Sequence[str]) -> str:
    """A key for a new field.

    >>> free_key("What happened?", Kind.LONG, ["what_happened"]), free_key("怎么了", Kind.LONG, [])
    ('what_happened_2', 'long')
    """
    first = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:32]
    first = first if _KEY.fullmatch(first) and first not in RESERVED else kind.value
    key, number = first, 1
    while key in taken:
        number += 1
        key = f"{first}_{number}"
    return key
