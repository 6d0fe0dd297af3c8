"""One filled-in form: its limits, its checks, and how it is journalled. Pure.

What is wrong is named by keys of words.py: page and JSON answer say it in the customer's language.
"""

import base64
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import RawItem
from channels.clean import clean_line, clean_text
from channels.webform.settings import CHOICES, WebformSettings
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

LIMITS: Mapping[str, int] = {
    "name": 200,
    "email": 320,
    "phone": 40,
    "subject": 200,
    "kind": 20,
    "order_number": 100,
    "message": 20_000,
}
"""Characters of each field that a customer fills in."""
TRAP = "website"
"""A field that no person sees: whoever fills it in is a program."""
PASS = "submission"  # noqa: S105 - the name of a field
"""The hidden field with the signed pass that the page was given (see passes.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedFile:
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came, still unchecked. `problems` were met while it was read (a file too large)."""

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


def check(posted: Posted, settings: WebformSettings) -> list[Problem]:
    """All that a person can put right, in the order of the page."""
    given = {key: posted.fields.get(key, "") for key in LIMITS}
    email, phone = given["email"].strip(), given["phone"].strip()
    found = []
    if not email and not phone:
        found.append(Problem(field="email", word="need_contact"))
    if email and normalise_identity(IdentityKind.EMAIL, email) is None:
        found.append(Problem(field="email", word="bad_email"))
    if phone and normalise_identity(IdentityKind.PHONE, phone, region=settings.phone_region) is None:
        found.append(Problem(field="phone", word="bad_phone"))
    if given["kind"] and given["kind"] not in CHOICES:
        found.append(Problem(field="kind", word="bad_kind"))
    if not clean_text(given["message"], LIMITS["message"]):
        found.append(Problem(field="message", word="need_message"))
    for key, most in LIMITS.items():
        if len(given[key]) > most:
            found.append(Problem(field=key, word="too_long", values={"most": most}))
    return [*found, *posted.problems]


def pack(
    posted: Posted, *, external_key: str, received_at: datetime, language: str, meta: Mapping[str, Any]
) -> RawItem:
    """The raw item: one JSON object, the files in base64 within. `posted` must have passed `check`."""
    content = {
        "fields": {
            key: clean_text(value, LIMITS[key]) if key == "message" else clean_line(value, LIMITS[key])
            for key, value in posted.fields.items()
            if key in LIMITS
        },
        "language": language,
        "files": [
            {
                "filename": clean_line(file.filename, 255),
                "content_type": clean_line(file.content_type, 127),
                "data": base64.b64encode(file.data).decode("ascii"),
            }
            for file in posted.files
        ],
    }
    return RawItem(
        external_key=external_key, content=orjson.dumps(content), received_at=received_at, meta=meta
    )
