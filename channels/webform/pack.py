"""A checked form as a raw item: one JSON object that says everything by itself, so that it can be read whatever becomes of the
form: the labels as they were, the version of what was agreed to, the files in base64. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import RawItem
from channels.carried import carry_file
from channels.webform.check import clean
from channels.webform.conditions import asked
from channels.webform.fields import FormDefinition, FormField, Kind
from channels.webform.submission import Posted, PostedFile

MOST_TEXT = 20_000
FLAT = ("kind", "phone", "email", "order_number")
"""Answers that are known by what they mean: rules and programs find them under these names, whatever the form calls them."""
_SPOKEN = ("subject", "message", "name")
"""Answers that have a place of their own in an entry."""
_HINTS = ("kind", "language", "topic")


def pack(
    posted: Posted,
    form: FormDefinition,
    *,
    external_key: str,
    received_at: datetime,
    language: str,
    meta: Mapping[str, Any],
    ticket_kind: str = "",
    trial: bool = False,
) -> RawItem:
    """`posted` must have passed `check`. `trial`: somebody tries the form."""
    said = [
        (field, value)
        for field in asked(form, posted.fields)
        if field.asks and (value := clean(field, posted.fields.get(field.key, "")))
    ]
    meant = {field.means: value for field, value in said if field.means}
    hints = {**form.hints, **{one: meant[one] for one in _HINTS if one in meant}}
    if ticket_kind:
        hints["kind"] = ticket_kind
    answers = [_answer(field, value) for field, value in said if field.means not in (*FLAT, *_SPOKEN)]
    content = {
        "answers": answers,
        "text": meant.get("message") or _as_text(said, language),
        "subject": meant.get("subject", ""),
        "name": meant.get("name", ""),
        "email": meant.get("email", ""),
        "phone": meant.get("phone", ""),
        "fields": {one: meant[one] for one in FLAT if one in meant} | ({"trial": "1"} if trial else {}),
        "hints": hints,
        "own": {one: value for one, value in meant.items() if "." in one},
        "language": language,
        "files": [carry_file(one.filename, one.content_type, one.data) for one in posted.files],
    }
    return RawItem(
        external_key=external_key, content=orjson.dumps(content), received_at=received_at, meta=meta
    )


def pack_more(
    text: str, files: Sequence[PostedFile], *, thread: str, external_key: str, name: str, received_at: datetime,
    meta: Mapping[str, Any],
) -> RawItem:  # fmt: skip
    """What somebody adds later, on the page that follows their case. `thread`: the key of the form that they sent first."""
    content = {
        "more_of": thread,
        "text": text,
        "name": name,
        "files": [carry_file(one.filename, one.content_type, one.data) for one in files],
    }
    return RawItem(
        external_key=external_key, content=orjson.dumps(content), received_at=received_at, meta=meta
    )


def mark_of(text: str, files: Iterable[tuple[str, bytes]]) -> str:
    """Of what somebody wrote, and of their files (name, bytes): who goes back in their browser and writes something else has
    not pressed twice."""
    parts = [
        text.encode("utf-8", "replace"),
        *(part for name, data in files for part in (name.encode("utf-8", "replace"), data)),
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]


def _answer(field: FormField, value: str) -> dict[str, Any]:
    english, chinese = field.say_value(value, "en"), field.say_value(value, "zh_CN")
    answer: dict[str, Any] = {
        "key": field.key,
        "labels": {"en": field.label.say("en"), "zh": field.label.say("zh_CN")},
        "said": english if english == chinese else {"en": english, "zh": chinese},
    }
    return {**answer, "consent": field.version} if field.kind is Kind.CONSENT else answer


def _as_text(said: Sequence[tuple[FormField, str]], language: str) -> str:
    """For a form without a message: its answers, as somebody would read them out."""
    lines = [
        f"{field.label.say(language)}: {field.say_value(value, language)}"
        for field, value in said
        if field.kind is not Kind.CONSENT and field.means not in ("name", "email", "phone", "subject")
    ]
    return "\n".join(lines)[:MOST_TEXT]
