"""A form while it is being built: what stands in the builder's page, changed act by act, and made a form at last. Pure.

The page itself holds the draft; nothing is kept until it is saved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from channels.webform.fields import (
    HINTS,
    MOST_FIELDS,
    FormDefinition,
    FormField,
    Kind,
    Option,
    free_key,
)
from hub.model.own_fields import name_for

_TEXTS = (
    "key", "kind", "label_en", "label_zh", "help_en", "help_zh", "options", "means", "mask", "most", "link", "when_field",
    "when_test", "when_value", "version",
)  # fmt: skip
_TICKS = ("required", "half")
_CODE = re.compile(r"[a-z_]+")
_OF_FIELD = re.compile(r"(?:([a-z0-9_]+): )?([a-z_]+)")


@dataclass(slots=True, kw_only=True)
class Draft:
    """Texts as they were typed. `contact`, `next_en`, `next_zh`, `hints` and `ticket_kind` are the form's as a whole."""

    fields: list[dict[str, str]]
    contact: str = "none"
    next_en: str = ""
    next_zh: str = ""
    hints: dict[str, str] = field(default_factory=dict)
    ticket_kind: str = ""


Troubles = dict[int, str]
"""What is wrong with a field, by its place; -1: with the form."""


def draft_of(form: FormDefinition, ticket_kind: str) -> Draft:
    """A form as the page shows it."""
    return Draft(
        fields=[_shown(one) for one in form.fields],
        contact=form.contact,
        next_en=form.next.en,
        next_zh=form.next.zh,
        hints=dict(form.hints),
        ticket_kind=ticket_kind,
    )


def read_draft(posted: Mapping[str, Any]) -> Draft:
    """As it was sent back, whatever was typed."""
    count = str(posted.get("count", "0"))
    places = range(min(int(count), MOST_FIELDS + 1) if count.isascii() and count.isdigit() else 0)
    return Draft(
        fields=[
            {name: _text(posted, f"f{place}.{name}") for name in _TEXTS}
            | {name: "1" if f"f{place}.{name}" in posted else "" for name in _TICKS}
            for place in places
        ],
        contact=_text(posted, "contact"),
        next_en=_text(posted, "next_en"),
        next_zh=_text(posted, "next_zh"),
        hints={name: value for name in HINTS if (value := _text(posted, f"hint.{name}").strip())},
        ticket_kind=_text(posted, "ticket_kind"),
    )


def add(draft: Draft, kind: str) -> int:
    """A new field at the end; its place."""
    key = free_key("", Kind(kind), [one["key"] for one in draft.fields])
    empty = dict.fromkeys((*_TEXTS, *_TICKS), "")
    draft.fields.append({**empty, "key": key, "kind": kind, "when_test": "is", "version": "1"})
    return len(draft.fields) - 1


def move(draft: Draft, place: int, to: int) -> int:
    """To another place, as near as there is; the place it has then."""
    if not 0 <= place < len(draft.fields):
        return -1
    to = max(0, min(to, len(draft.fields) - 1))
    draft.fields.insert(to, draft.fields.pop(place))
    return to


def remove(draft: Draft, place: int) -> None:
    if 0 <= place < len(draft.fields):
        del draft.fields[place]


def as_form(draft: Draft, before: FormDefinition | None) -> tuple[FormDefinition | None, Troubles]:
    """The form, or what is wrong. The text of a consent that is another than `before` has the next version."""
    troubles: Troubles = {}
    fields: list[FormField] = []
    for place, given in enumerate(draft.fields):
        try:
            fields.append(FormField.model_validate(_table(given)))
        except ValidationError as error:
            troubles[place] = _code(error)
    if troubles:
        return None, troubles
    kept = {one.key: one for one in before.fields if one.kind is Kind.CONSENT} if before is not None else {}
    retired = (before.retired if before is not None else {}) | {key: one.version for key, one in kept.items()}
    consents = {one.key for one in fields if one.kind is Kind.CONSENT}
    try:
        return (
            FormDefinition.model_validate(
                {
                    "fields": [_versioned(one, kept.get(one.key), retired.get(one.key, 0)) for one in fields],
                    "retired": {key: last for key, last in retired.items() if key not in consents},
                    "contact": draft.contact,
                    "next": {"en": draft.next_en, "zh": draft.next_zh},
                    "hints": draft.hints,
                }
            ),
            {},
        )
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]
        found = _OF_FIELD.fullmatch(str(said.get("ctx", {}).get("error", "")))
        key, code = (found[1], found[2]) if found else (None, "not_right")
        if said["type"] in ("too_long", "too_short"):
            code = "too_many" if fields else "nothing_asked"
        places = {one.key: place for place, one in enumerate(fields)}
        return None, {places.get(key or "", -1): code}


def read_options(lines: str) -> list[Option]:
    """One a line: "value: English = 中文". Without a value one is made of the English; without Chinese both are the same.

    >>> [one.value for one in read_options("repair: A repair = 维修\\nMoney back")]
    ['repair', 'money_back']
    """
    found: list[Option] = []
    for line in lines.splitlines():
        if not line.strip():
            continue
        head, colon, rest = line.replace("：", ":").partition(":")
        value, labels = (head.strip(), rest) if colon else ("", line)
        en, _, zh = (one.strip() for one in labels.replace("＝", "=").partition("="))
        value = value or name_for(en or zh, [one.value for one in found])
        found.append(Option(value=value, label={"en": en or zh, "zh": zh or en}))  # type: ignore[arg-type]
    return found


def _shown(one: FormField) -> dict[str, str]:
    lines = [
        f"{o.value}: {o.label.en or o.value} = {o.label.zh or o.label.en or o.value}" for o in one.options
    ]
    return {
        "key": one.key,
        "kind": one.kind.value,
        "label_en": one.label.en,
        "label_zh": one.label.zh,
        "help_en": one.help.en,
        "help_zh": one.help.zh,
        "options": "\n".join(lines),
        "means": one.means,
        "mask": one.mask,
        "most": str(one.most or ""),
        "link": one.link,
        "when_field": one.when.field if one.when else "",
        "when_test": one.when.test if one.when else "is",
        "when_value": one.when.value if one.when else "",
        "version": str(one.version),
        "required": "1" if one.required else "",
        "half": "1" if one.half else "",
    }


def _table(given: Mapping[str, str]) -> dict[str, Any]:
    """As the model wants it. What the kind has no use for is left out: it may stand there from an earlier choice."""
    kind = given["kind"]
    table: dict[str, Any] = {
        "key": given["key"].strip(),
        "kind": kind,
        "label": {"en": given["label_en"].strip(), "zh": given["label_zh"].strip()},
        "help": {"en": given["help_en"].strip(), "zh": given["help_zh"].strip()},
        "half": bool(given["half"]),
    }
    if kind not in (Kind.HEADING, Kind.PARAGRAPH):
        table |= {"required": bool(given["required"]), "means": given["means"].strip()}
    if kind in (Kind.CHOICE, Kind.CHOICES, Kind.PRODUCT):
        table["options"] = read_options(given["options"])
    if kind == Kind.ORDER:
        table["mask"] = given["mask"].strip()
    if kind == Kind.CONSENT:
        table["link"] = given["link"].strip()
    if kind in (Kind.SHORT, Kind.LONG) and given["most"].strip():
        table["most"] = given["most"].strip()
    if given["when_field"]:
        table["when"] = {
            "field": given["when_field"],
            "test": given["when_test"],
            "value": "" if given["when_test"] == "filled" else given["when_value"].strip(),
        }
    return table


def _versioned(one: FormField, before: FormField | None, last: int) -> FormField:
    """A consent with the number of its text, which is never used for another: `last` was the last one under its key."""
    if one.kind is not Kind.CONSENT:
        return one
    same = before is not None and (one.label, one.link) == (before.label, before.link)
    return one.model_copy(update={"version": last if same else last + 1})


def _code(error: ValidationError) -> str:
    said = error.errors(include_url=False, include_input=False)[0]
    code = str(said.get("ctx", {}).get("error", ""))
    return code if _CODE.fullmatch(code) else "not_right"


def _text(posted: Mapping[str, Any], name: str) -> str:
    value = posted.get(name, "")
    return value.replace("\r\n", "\n")[:8000] if isinstance(value, str) else ""
