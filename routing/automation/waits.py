"""Time rules: from when on they count, and when their time has come. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from hub.model.tickets import EventKind
from routing.automation.facts import Facts
from routing.automation.judge import Calendars, may_hold
from routing.automation.tables import AutomationRule, Since
from routing.calendars import NeverOpen, add_working

Anchors = Mapping[Since, datetime]
"""Since when each thing is so; without those that are not so now."""

_CHANGES = (
    EventKind.STATUS_CHANGED,
    EventKind.KIND_CHANGED,
    EventKind.PRIORITY_CHANGED,
    EventKind.QUEUE_CHANGED,
    EventKind.TAGS_CHANGED,
    EventKind.MOVE_UNDONE,
    EventKind.ENTRIES_MOVED,
)
_BEGINS: Mapping[Since, tuple[str, ...]] = {
    Since.UNASSIGNED: (EventKind.TICKET_OPENED, EventKind.TICKET_ASSIGNED, EventKind.TICKET_RELEASED),
    Since.UNANSWERED: (
        EventKind.TICKET_OPENED,
        f"{EventKind.INTERACTION_ADDED}:in",
        f"{EventKind.INTERACTION_ADDED}:out",
    ),
    Since.PENDING: (),
    Since.RESOLVED: (EventKind.TICKET_OPENED,),
    Since.OPENED: (EventKind.TICKET_OPENED,),
}


def watched(rules: Sequence[AutomationRule]) -> frozenset[str]:
    """Entries of the ledger after which the waits of these rules may be others, as `facts.LISTENED` has them."""
    since = {rule.of for rule in rules if rule.of is not None}
    if not since:
        return frozenset()
    assigned = [EventKind.TICKET_ASSIGNED, EventKind.TICKET_RELEASED]
    asked = any("assigned" in (*rule.when.asked, *rule.unless.asked) for rule in rules if rule.timed)
    return frozenset(
        [*_CHANGES, *(assigned if asked else ()), *(kind for one in since for kind in _BEGINS[one])]
    )


def waits(
    rules: Sequence[AutomationRule], facts: Facts, anchors: Anchors, calendars: Calendars
) -> Iterator[tuple[AutomationRule, datetime, datetime]]:
    """Rules that wait for something about this ticket, from when on, and when their time comes."""
    for rule in rules:
        if (
            rule.of is None
            or (anchor := anchors.get(rule.of)) is None
            or not may_hold(rule, facts, calendars)
        ):
            continue
        due = due_at(rule, anchor, calendars)
        if due is not None:
            yield rule, anchor, due


def due_at(rule: AutomationRule, anchor: datetime, calendars: Calendars) -> datetime | None:
    """When a time rule's time has come; None where its calendar is not open so long in years."""
    amount = timedelta(minutes=rule.after)
    if not rule.calendar:
        return anchor + amount
    try:
        return add_working(calendars[rule.calendar], anchor, amount)
    except NeverOpen:
        return None
