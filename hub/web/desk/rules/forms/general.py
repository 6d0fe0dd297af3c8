"""What stands in the rules beside their lists, as a form: where the rest goes, skills, hints, languages, what work weighs."""

from typing import Any

from hub.web.desk.rules.forms.fields import Fields, number, one, rows, several
from routing.rules import RoutingRules

KEYS = ("default_queue", "skills", "honour", "languages", "work")
"""The keys of the document that this form has."""


def fields_of(rules: RoutingRules) -> Fields:
    return {
        "default_queue": [rules.default_queue],
        "skills": list(rules.skills),
        "honour": list(rules.honour),
        "offered": list(rules.languages.offered),
        "fallback": [rules.languages.fallback],
        "live": list(rules.work.live),
        "silence_minutes": [str(rules.work.silence_minutes)],
        "weight.kind": list(rules.work.weight),
        "weight.units": [str(units) for units in rules.work.weight.values()],
    }


def read(fields: Fields) -> dict[str, Any]:
    return {
        "default_queue": one(fields, "default_queue"),
        "skills": several(fields, "skills"),
        "honour": several(fields, "honour"),
        "languages": {"offered": several(fields, "offered"), "fallback": one(fields, "fallback")},
        "work": {
            "live": several(fields, "live"),
            "silence_minutes": number(one(fields, "silence_minutes")),
            "weight": {
                kind: number(units) or 1 for kind, units in rows(fields, "weight.kind", "weight.units")
            },
        },
    }
