"""What there is to choose from in the forms of the rules: (value, what it is called)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import available_timezones

import holidays
from babel import Locale

from hub.model.codes import INCIDENT, show_code
from hub.model.pinyin import sort_key
from hub.model.tickets import TicketKind, TicketStatus
from hub.web.desk.rules.view import Seen
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_names import (
    DIRECTIONS,
    DOERS,
    DROPS,
    HAPPENINGS,
    HINTS,
    PRIORITY_NAMES,
    SINCE,
    TARGETS,
    TOPICS,
    VERBS,
)
from hub.web.desk.say.words import CHANNEL_KINDS, KINDS, ROLES, STATUSES
from hub.web.desk.visit import Visit
from routing.promises import WEEKDAYS
from storage import incidents, templates, webhooks
from storage.database import Connection

Choices: TypeAlias = Sequence[tuple[str, str]]

_MOST_INCIDENTS = 100
LANGUAGE_CODES = ("zh", "en", "ja", "ko", "fr", "de", "es", "other")
"""Those that the hub tells apart; "other" is all the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Everything that can be chosen on these pages, in the reader's words. What the rules name already and the hub does not
    know (any more) can be chosen too, so that no form loses it."""

    lists: Mapping[str, Choices]
    actions: Sequence[tuple[str, Choices]]

    def of(self, name: str, chosen: Iterable[str] = ()) -> Choices:
        """The list of a field, with what is chosen in it."""
        known = self.lists[name]
        there = {value for value, _ in known}
        return [*known, *((value, value) for value in chosen if value and value not in there)]

    def verbs(self, chosen: str) -> Sequence[tuple[str, Choices]]:
        """Groups of things to do, with the one that is chosen."""
        if not chosen or any(chosen == value for _, group in self.actions for value, _ in group):
            return self.actions
        return [*self.actions, ("", [(chosen, chosen.partition("=")[2])])]


async def chooser(visit: Visit, seen: Seen) -> Chooser:
    """Of this hub as it is now."""

    async def look(c: Connection) -> tuple[list[str], list[str], Choices]:
        rows = await templates.list_templates(c, "", None)
        trouble = [
            (number := show_code(INCIDENT, one.code), f"{number} · {one.title}")
            for one in await incidents.list_(c, resolved=False, limit=_MOST_INCIDENTS)
        ]
        return list(dict.fromkeys(row.name for row in rows)), await webhooks.names(c), trouble

    answers, calls, trouble = await visit.ctx.database.read(look)
    say, words, rules = visit.voice.say, seen.words, seen.desk.rules
    queues = [(one.name, words.queue(one.name)) for one in rules.queue]
    agents = [(f"agent:{one.login}", one.name) for one in seen.agents if one.active]

    def named(names: Mapping[str, str]) -> Choices:
        return [(code, say(text)) for code, text in names.items()]

    def plain(values: Iterable[str]) -> Choices:
        return [(value, value) for value in values]

    languages = [(code, visit.voice.language_name(code) or say(N_("Other"))) for code in LANGUAGE_CODES]
    weekdays = [(day, words.day(day)) for day in WEEKDAYS]
    kinds = [(kind, say(CHANNEL_KINDS.get(kind, "")) or kind) for kind in sorted(visit.ctx.kinds)]
    lists: dict[str, Choices] = {
        "kind": [(one.value, say(KINDS[one])) for one in TicketKind],
        "priority": named(PRIORITY_NAMES),
        "status": [(one.value, say(STATUSES[one])) for one in TicketStatus],
        "queue": queues,
        "channel": plain(sorted(visit.ctx.channels)),
        "channel_kind": kinds,
        "live": kinds,
        "weight": kinds,
        "language": languages,
        "customer_language": languages,
        "offered": [one for one in languages if one[0] != "other"],
        "fallback": [one for one in languages if one[0] != "other"],
        "topic": named(TOPICS),
        "skill": [(name, words.value("skill", name)) for name in rules.skills],
        "honour": named(HINTS),
        "drop": named(DROPS),
        "calendar": [(one.name, words.calendar(one.name)) for one in rules.calendar],
        "weekday": weekdays,
        "on": named(HAPPENINGS),
        "of": named(SINCE),
        "direction": named(DIRECTIONS),
        "target": named(TARGETS),
        "by": named(DOERS),
        "zone": plain(_zones()),
        "country": _countries(visit.voice.locale),
    }
    people = [
        (code, words.person(code)) for code in ("assignee", "overseers", *(f"role:{role}" for role in ROLES))
    ]
    people += [(f"queue:{name}", words.person(f"queue:{name}")) for name, _ in queues]
    values: dict[str, Choices] = {
        "queue": queues,
        "priority": lists["priority"],
        "kind": lists["kind"],
        "status": lists["status"],
        "assign": [(code, words.person(code)) for code in ("owner", "nobody")] + agents,
        "notify": people + agents,
        "reply": plain(answers),
        "task": queues,
        "webhook": plain(calls),
        "incident": trouble,
    }
    actions = []
    for verb, text in VERBS.items():
        if verb not in values:
            actions.append((say(text), [(verb, say(text))]))
        elif values[verb]:
            actions.append(
                (
                    say(text),
                    [(f"{verb}={value}", words.pair(say(text), name)) for value, name in values[verb]],
                )
            )
    return Chooser(lists=lists, actions=actions)


def parts_of(country: str) -> Sequence[str]:
    """The parts of a country that have holidays of their own, by code."""
    found: Mapping[str, Sequence[str]] = _supported()
    return sorted(found.get(country, ()))


@cache
def _supported() -> Mapping[str, Any]:
    return holidays.list_supported_countries(include_aliases=False)


@cache
def _countries(locale: str) -> Choices:
    names = Locale.parse(locale).territories
    order = sort_key if locale.startswith("zh") else str.casefold
    return sorted(
        ((code, str(names.get(code, code))) for code in _supported()),
        key=lambda one: (one[0] != "CN", order(one[1])),
    )


@cache
def _zones() -> Sequence[str]:
    return sorted(
        zone
        for zone in available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    )
