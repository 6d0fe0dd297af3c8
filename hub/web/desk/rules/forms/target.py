"""A target as a form. An empty field leaves it to the targets below; a nought promises nothing."""

from typing import Any

from hub.model.targets import Target
from hub.web.desk.rules.forms.fields import (
    Fields,
    lines,
    number,
    one,
    said,
    several,
    three_ways,
    without_nothing,
)
from hub.web.desk.rules.forms.spans import as_span, read_span
from routing.promises import TargetTable

_LISTS = ("kind", "queue", "channel", "channel_kind")


def fields_of(target: TargetTable) -> Fields:
    spans = {kind.value: as_span(target.minutes(kind)) for kind in Target}
    when = target.when
    return {
        "name": [target.name],
        "title_en": [target.title_en],
        "title_zh": [target.title_zh],
        **{f"when.{key}": [str(value) for value in getattr(when, key)] for key in _LISTS},
        "when.priority": [one.name.lower() for one in when.priority],
        "when.segment": ["\n".join(when.segment)],
        "when.key_account": [said(when.key_account)],
        "calendar": [target.calendar or ""],
        **{name: [amount] for name, (amount, _) in spans.items()},
        **{f"{name}.unit": [unit] for name, (_, unit) in spans.items()},
        "warn_at": ["" if target.warn_at is None else str(target.warn_at)],
        "escalate": [said(target.escalate)],
    }


def read(fields: Fields) -> dict[str, Any]:
    when = {
        **{key: several(fields, f"when.{key}") for key in (*_LISTS, "priority")},
        "segment": lines(fields, "when.segment"),
        "key_account": three_ways(one(fields, "when.key_account")),
    }
    table = {
        "name": one(fields, "name"),
        "title_en": one(fields, "title_en"),
        "title_zh": one(fields, "title_zh"),
        "when": without_nothing(when),
        "calendar": one(fields, "calendar"),
        **{
            kind.value: read_span(one(fields, kind.value), one(fields, f"{kind.value}.unit"))
            for kind in Target
        },
        "warn_at": number(one(fields, "warn_at")),
        "escalate": three_ways(one(fields, "escalate")),
    }
    return {"name": table["name"], **without_nothing(table)}


def new() -> Fields:
    return {"name": [""], **{f"{kind.value}.unit": ["hours"] for kind in Target}}
