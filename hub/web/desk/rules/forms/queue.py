"""A queue as a form."""

from collections.abc import Mapping
from typing import Any

from hub.web.desk.rules.forms.fields import Fields, number, number_or_none, one, rows
from routing.queues import QueueRule

DIRECT, OFFER = "direct", "offer"
AFTER, CLOSED = "after", "closed"
_NUMBERS = ("stick_hours", "wrap_up_seconds", "leave_minutes", "silent_minutes")


def fields_of(queue: QueueRule) -> Fields:
    return {
        "name": [queue.name],
        "title_en": [queue.title_en],
        "title_zh": [queue.title_zh],
        "priority": [queue.priority.name.lower()],
        "calendar": [queue.calendar],
        "hand_out": [OFFER if queue.offer_seconds else DIRECT],
        "offer_seconds": [str(queue.offer_seconds or 30)],
        **{name: [str(getattr(queue, name))] for name in _NUMBERS},
        "relax.after": [str(step.after) for step in queue.relax],
        "relax.drop": [step.drop for step in queue.relax],
        "overflow.queue": [step.queue for step in queue.overflow],
        "overflow.when": [CLOSED if step.closed else AFTER for step in queue.overflow],
        "overflow.after": ["" if step.closed else str(step.after) for step in queue.overflow],
    }


def read(fields: Fields) -> dict[str, Any]:
    return {
        "name": one(fields, "name"),
        "title_en": one(fields, "title_en"),
        "title_zh": one(fields, "title_zh"),
        "priority": one(fields, "priority"),
        "calendar": one(fields, "calendar"),
        "offer_seconds": number(one(fields, "offer_seconds")) if one(fields, "hand_out") == OFFER else 0,
        **{name: number_or_none(one(fields, name)) for name in _NUMBERS},
        "relax": [
            {"after": number(after), "drop": drop}
            for after, drop in rows(fields, "relax.after", "relax.drop")
        ],
        "overflow": [
            _overflow(*row) for row in rows(fields, "overflow.queue", "overflow.when", "overflow.after")
        ],
    }


def new() -> Fields:
    """An empty form. What has a usual value has it."""
    usual = QueueRule(name="new", title_en="-", title_zh="-")
    return {**fields_of(usual), "name": [""], "title_en": [""], "title_zh": [""]}


def _overflow(queue: str, when: str, after: str) -> Mapping[str, Any]:
    return (
        {"queue": queue, "closed": True}
        if when == CLOSED
        else {"queue": queue, "after": number_or_none(after)}
    )
