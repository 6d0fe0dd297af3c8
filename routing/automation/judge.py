"""Whether a rule's conditions hold. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from routing.automation.facts import Facts, Message
from routing.automation.tables import AutomationRule, AutomationWhen, By
from routing.calendars import Calendar, is_open
from routing.promises import WEEKDAYS
from routing.tables import Words

Calendars = Mapping[str, Calendar]


def holds(rule: AutomationRule, facts: Facts, calendars: Calendars) -> bool:
    """Every condition of `when`, and none of `unless`. Does not ask whether the rule listens to what happened."""
    return (
        not (rule.needs_certainty and facts.uncertain)
        and all(_TESTS[name](rule.when, facts, calendars) for name in rule.when.asked)
        and not any(_TESTS[name](rule.unless, facts, calendars) for name in rule.unless.asked)
    )


def may_hold(rule: AutomationRule, facts: Facts, calendars: Calendars) -> bool:
    """The same by the conditions that change with the ticket alone: those of its customer and of the moment are asked when the
    time has come."""
    settled = (*AutomationWhen.GROUPS["ticket"],)
    return (
        not (rule.needs_certainty and facts.uncertain)
        and all(_TESTS[name](rule.when, facts, calendars) for name in rule.when.asked if name in settled)
        and not any(
            _TESTS[name](rule.unless, facts, calendars) for name in rule.unless.asked if name in settled
        )
    )


def listens(rule: AutomationRule, facts: Facts) -> bool:
    """Whether the rule listens to what happened here."""
    return facts.told is not None and not facts.told.happenings.isdisjoint(rule.on)


def _any_word(words: Words, text: str) -> bool:
    low = text.casefold()
    return any(word.casefold() in low for word in words)


def _fields_fit(wanted: Words, said: Mapping[str, Any]) -> bool:
    """Of one field one value is enough; every field that is named must fit."""
    fits: dict[str, bool] = {}
    for one in wanted:
        name, _, value = one.partition(" = ")
        there = said.get(name)
        fits[name] = fits.get(name, False) or (there is not None and (not value or _is_value(value, there)))
    return all(fits.values())


def _is_value(wanted: str, there: object) -> bool:
    """As people write it: whatever the case, a number in any of its forms, yes or no."""
    if isinstance(there, bool):
        return wanted.casefold() in (("yes", "true", "是") if there else ("no", "false", "否"))
    if isinstance(there, int | float):
        try:
            return float(wanted.replace(",", "")) == there
        except ValueError:
            return False
    return wanted.casefold() == str(there).casefold()


def _said(facts: Facts) -> Message | None:
    return facts.told.message if facts.told is not None else None


def _weekday(when: AutomationWhen, facts: Facts, calendars: Calendars) -> bool:
    calendar = calendars.get(when.during or when.outside) or next(iter(calendars.values()), None)
    at = facts.now.astimezone(calendar.zone) if calendar is not None else facts.now
    return WEEKDAYS[at.weekday()] in when.weekday


_TESTS: Mapping[str, Callable[[AutomationWhen, Facts, Calendars], bool]] = {
    "kind": lambda w, f, _: f.kind in w.kind,
    "priority": lambda w, f, _: f.priority in w.priority,
    "queue": lambda w, f, _: f.queue in w.queue,
    "status": lambda w, f, _: f.status in w.status,
    "tags": lambda w, f, _: not f.tags.isdisjoint(w.tags),
    "language": lambda w, f, _: f.language in w.language,
    "channel": lambda w, f, _: f.channel in w.channel,
    "channel_kind": lambda w, f, _: f.channel_kind in w.channel_kind,
    "subject": lambda w, f, _: _any_word(w.subject, f.subject),
    "assigned": lambda w, f, _: f.assigned is w.assigned,
    "uncertain": lambda w, f, _: f.uncertain is w.uncertain,
    "key_account": lambda w, f, _: f.key_account is w.key_account,
    "segment": lambda w, f, _: f.segment in w.segment,
    "organisation": lambda w, f, _: f.organisation.casefold() in {one.casefold() for one in w.organisation},
    "customer_language": lambda w, f, _: f.customer_language in w.customer_language,
    "open_tickets": lambda w, f, _: f.open_tickets >= w.open_tickets,
    "ticket_fields": lambda w, f, _: _fields_fit(w.ticket_fields, f.ticket_fields),
    "customer_fields": lambda w, f, _: _fields_fit(w.customer_fields, f.customer_fields),
    "words": lambda w, f, _: (said := _said(f)) is not None and _any_word(w.words, said.text),
    "attachment": lambda w, f, _: (said := _said(f)) is not None and said.attachment is w.attachment,
    "direction": lambda w, f, _: (said := _said(f)) is not None and said.direction in w.direction,
    "automatic": lambda w, f, _: (said := _said(f)) is not None and said.automatic is w.automatic,
    "target": lambda w, f, _: f.told is not None and f.told.target in w.target,
    "by": lambda w, f, _: f.told is not None and By(f.told.by) in w.by,
    "during": lambda w, f, c: w.during in c and is_open(c[w.during], f.now),
    "outside": lambda w, f, c: w.outside in c and not is_open(c[w.outside], f.now),
    "weekday": _weekday,
}
