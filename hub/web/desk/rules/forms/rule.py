"""A routing rule as a form. A hint is a row for each of its values; a skill is a row with the least level."""

from collections.abc import Mapping
from typing import Any

from hub.web.desk.rules.forms.fields import (
    Fields,
    lines,
    number,
    one,
    rows,
    said,
    several,
    three_ways,
    without_nothing,
)
from routing.rules import Rule, When

_LISTS = ("kind", "channel", "channel_kind", "language", "topic")
_WRITTEN = ("subject", "segment")


def fields_of(rule: Rule) -> Fields:
    then = rule.then
    hints = [(key, value) for key, values in rule.when.hint.items() for value in values]
    return {
        "name": [rule.name],
        **_when_fields(rule.when),
        "when.hint.key": [key for key, _ in hints],
        "when.hint.value": [value for _, value in hints],
        "then.queue": [then.queue or ""],
        "then.priority": [then.priority.name.lower() if then.priority else ""],
        "then.skills.name": list(then.required),
        "then.skills.level": [str(level) for level in then.required.values()],
        "then.prefer": list(then.prefer),
    }


def read(fields: Fields) -> dict[str, Any]:
    hints: dict[str, list[str]] = {}
    for key, value in rows(fields, "when.hint.key", "when.hint.value"):
        hints.setdefault(key, []).append(value)
    when = {
        **{key: several(fields, f"when.{key}") for key in _LISTS},
        **{key: lines(fields, f"when.{key}") for key in _WRITTEN},
        "key_account": three_ways(one(fields, "when.key_account")),
        "uncertain": three_ways(one(fields, "when.uncertain")),
        "hint": hints,
    }
    then = {
        "queue": one(fields, "then.queue"),
        "priority": one(fields, "then.priority"),
        "skills": {
            name: number(level) or 1 for name, level in rows(fields, "then.skills.name", "then.skills.level")
        },
        "prefer": several(fields, "then.prefer"),
    }
    return {"name": one(fields, "name"), "when": without_nothing(when), "then": without_nothing(then)}


def new() -> Fields:
    return {"name": [""]}


def _when_fields(when: When) -> Mapping[str, list[str]]:
    return {
        **{f"when.{key}": [str(value) for value in getattr(when, key)] for key in _LISTS},
        **{f"when.{key}": ["\n".join(getattr(when, key))] for key in _WRITTEN},
        "when.key_account": [said(when.key_account)],
        "when.uncertain": [said(when.uncertain)],
    }
