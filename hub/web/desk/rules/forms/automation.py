"""An automation rule as a form. What it does is a row each: `do` is the verb with its value ("priority=high"), or the verb
alone where the value is the text beside it."""

import re
from collections.abc import Iterable
from typing import Any

from hub.web.desk.rules.forms.fields import (
    YES,
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
from hub.web.desk.rules.forms.spans import as_span, read_span
from routing.automation.tables import Action, AutomationRule, AutomationWhen

EVENTS, TIME = "events", "time"

CHOSEN = (
    "kind", "priority", "queue", "status", "language", "channel", "channel_kind", "customer_language", "direction", "target",
    "by", "weekday",
)  # fmt: skip
"""Conditions that are chosen from a list; the others are written, a line each, or are yes or no."""
WRITTEN = ("tags", "subject", "segment", "organisation", "ticket_fields", "customer_fields", "words")
OWN = ("ticket_fields", "customer_fields")
ASKED = ("assigned", "uncertain", "key_account", "attachment", "automatic")
CALENDARS = ("during", "outside")

_UNITS = ("hours", "days")
_TAGS = ("add_tags", "remove_tags")
_BETWEEN = re.compile(r"[,，\n]+")


def fields_of(rule: AutomationRule) -> Fields:
    after, unit = as_span(rule.after or None, _UNITS)
    actions = [row for action in rule.then for row in _rows(action)]
    return {
        "name": [rule.name],
        "title_en": [rule.title_en],
        "title_zh": [rule.title_zh],
        "enabled": [YES] if rule.enabled else [],
        "note": [rule.note],
        "begins": [TIME if rule.timed else EVENTS],
        "on": [one.value for one in rule.on],
        "after": [after],
        "after.unit": [unit],
        "of": [rule.of.value] if rule.of else [],
        "calendar": [rule.calendar],
        **_when_fields("when", rule.when),
        **_when_fields("unless", rule.unless),
        **{f"then.{name}": [row[n] for row in actions] for n, name in enumerate(_COLUMNS)},
    }


def read(fields: Fields) -> dict[str, Any]:
    timed = one(fields, "begins") == TIME
    begins = {
        "after": read_span(one(fields, "after"), one(fields, "after.unit")) or 0,
        "of": one(fields, "of"),
        "calendar": one(fields, "calendar"),
    }
    table = {
        "title_en": one(fields, "title_en"),
        "title_zh": one(fields, "title_zh"),
        "note": _text(one(fields, "note")),
        **(begins if timed else {"on": several(fields, "on")}),
        "when": _when("when", fields),
        "unless": _when("unless", fields),
    }
    actions = [_action(*row) for row in rows(fields, *(f"then.{name}" for name in _COLUMNS))]
    return {
        "name": one(fields, "name"),
        "enabled": one(fields, "enabled") == YES,
        **without_nothing(table),
        "then": list(_together(actions)),
    }


def new() -> Fields:
    return {"name": [""], "enabled": [YES], "begins": [EVENTS], "after.unit": ["hours"]}


_COLUMNS = ("do", "text", "due", "due.unit", "manual")


def _rows(action: Action) -> list[tuple[str, ...]]:
    due, unit = as_span(action.due_minutes or None, _UNITS)
    manual = YES if action.even_if_manual else ""
    if action.verb in _TAGS:
        return [(action.verb, ", ".join(action.value), "", unit, "")]
    if action.verb == "note":
        return [("note", action.value, "", unit, "")]
    values = action.value if action.verb == "notify" else [action.value]
    return [(f"{action.verb}={value}", action.text, due, unit, manual) for value in values]


def _action(do: str, text: str, due: str, unit: str, manual: str) -> dict[str, Any]:
    verb, _, value = do.partition("=")
    if verb in _TAGS:
        return {verb: [tag for part in _BETWEEN.split(text) if (tag := part.strip())]}
    if verb == "note":
        return {verb: _text(text)}
    if verb == "notify":
        return without_nothing({verb: [value], "text": _text(text)})
    if verb == "task":
        return without_nothing({verb: value, "text": _text(text), "due_minutes": read_span(due, unit)})
    marked = {"even_if_manual": True} if verb in Action.MANUAL and manual == YES else {}
    return {verb: value, **marked}


def _together(actions: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Those who are told the same at the same moment are told by one action."""
    last: dict[str, Any] | None = None
    for action in actions:
        if (
            last is not None
            and "notify" in action
            and "notify" in last
            and action.get("text") == last.get("text")
        ):
            last["notify"] += [one for one in action["notify"] if one not in last["notify"]]
            continue
        if last is not None:
            yield last
        last = action
    if last is not None:
        yield last


def _when_fields(prefix: str, when: AutomationWhen) -> dict[str, list[str]]:
    table = when.model_dump(mode="json")
    return {
        **{f"{prefix}.{key}": list(table[key]) for key in CHOSEN},
        **{f"{prefix}.{key}": ["\n".join(table[key])] for key in WRITTEN},
        **{f"{prefix}.{key}": [said(table[key])] for key in ASKED},
        **{f"{prefix}.{key}": [table[key]] for key in CALENDARS},
        f"{prefix}.open_tickets": [str(when.open_tickets or "")],
    }


def _when(prefix: str, fields: Fields) -> dict[str, Any]:
    asked = {
        **{key: several(fields, f"{prefix}.{key}") for key in CHOSEN},
        **{key: lines(fields, f"{prefix}.{key}") for key in WRITTEN},
        **{key: three_ways(one(fields, f"{prefix}.{key}")) for key in ASKED},
        **{key: one(fields, f"{prefix}.{key}") for key in CALENDARS},
        "open_tickets": number(one(fields, f"{prefix}.open_tickets")),
    }
    return without_nothing(asked)


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
