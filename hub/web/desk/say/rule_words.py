"""The rules in words: what their values say, conditions and decisions as short phrases."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_datetime, get_day_names

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.moments import write_amount, write_day
from hub.web.desk.say.rule_names import (
    DIRECTIONS,
    DOERS,
    DROPS,
    EVERY,
    HAPPENINGS,
    HINTS,
    KEYS,
    PEOPLE,
    PRIORITY_NAMES,
    SINCE,
    TARGETS,
    TOPICS,
    VERBS,
)
from hub.web.desk.say.targets import say_span
from hub.web.desk.say.words import CHANNEL_KINDS, KINDS, STATUSES
from routing.promises import WEEKDAYS
from routing.rules import RoutingRules

_MIXED = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u4e00-\u9fff])")
"""Where Latin letters touch Chinese ones."""

_NAMES: Mapping[str, Mapping[str, str]] = {
    "kind": KINDS,
    "priority": PRIORITY_NAMES,
    "status": STATUSES,
    "channel_kind": CHANNEL_KINDS,
    "live": CHANNEL_KINDS,
    "topic": TOPICS,
    "skills": TOPICS,
    "skill": TOPICS,
    "prefer": TOPICS,
    "honour": HINTS,
    "on": HAPPENINGS,
    "of": SINCE,
    "direction": DIRECTIONS,
    "target": TARGETS,
    "by": DOERS,
}
_LANGUAGES = ("language", "customer_language", "offered", "fallback")
_QUEUES = ("queue", "default_queue", "task")
_CALENDARS = ("calendar", "during", "outside")
_MINUTES = (
    "leave_minutes", "silent_minutes", "silence_minutes", "first_response", "next_response", "resolution",
)  # fmt: skip
_NEVER = ("leave_minutes", "silent_minutes", "stick_hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """How rules are told to one person. `rules`: where the titles of queues and calendars are looked up; `agents`: names by
    login."""

    voice: Voice
    rules: RoutingRules
    agents: Mapping[str, str] = field(default_factory=dict)

    def queue(self, name: str) -> str:
        return self._title(self.rules.queue, name)

    def calendar(self, name: str) -> str:
        return self._title(self.rules.calendar, name) if name else self.voice.say(N_("always"))

    def target(self, name: str) -> str:
        return self._title(self.rules.target, name)

    def automation(self, name: str) -> str:
        return self._title(self.rules.automation, name)

    def key(self, key: str) -> str:
        """What a key is called; the last part of one with dots, where that is known."""
        first, _, last = key.rpartition(".")
        if first in ("hours", "other_days"):
            return self.pair(self.key(first), self.day(last))
        if first in ("skills", "weight") or (first == "then" and last in VERBS and last not in KEYS):
            return self.pair(
                self.key(first), self.value("skills" if first == "skills" else "channel_kind", last)
            )
        return self.voice.say(KEYS.get(last, "")) or key

    def value(self, key: str, value: Any) -> str:
        """A value of a key, for people."""
        say, last = self.voice.say, key.rpartition(".")[2]
        if value is None or value == [] or value == {}:
            return say(N_("closed")) if key.startswith(("hours.", "other_days.")) else "–"
        if isinstance(value, bool):
            return say(N_("yes")) if value else say(N_("no"))
        if isinstance(value, int):
            return self.number(key, value)
        if isinstance(value, Mapping):
            return self._table(last, value)
        if isinstance(value, (list, tuple)):
            return self.several([self.value(key, one) for one in value])
        if key in ("hours", "make_up_day") or key.startswith("other_days."):
            return (
                self.day(value)
                if value in WEEKDAYS
                else say(N_("round the clock"))
                if key == "hours"
                else value
            )
        return self._name(last, str(value))

    def several(self, parts: Iterable[str]) -> str:
        return ("、" if self.voice.chinese else ", ").join(parts)

    def number(self, key: str, value: int) -> str:
        """A number with its unit."""
        last = key.rpartition(".")[2]
        if last in _NEVER and value == 0:
            return self.voice.say(N_("never"))
        if last in ("first_response", "next_response", "resolution") and value == 0:
            return self.voice.say(N_("nothing promised"))
        if last == "offer_seconds" and value == 0:
            return self.voice.say(N_("given at once"))
        if last == "after":
            return self.long_span(value)
        if last in _MINUTES:
            return self.span(value)
        if last.endswith("_seconds"):
            return write_amount(value, "second", self.voice.locale)
        if last.endswith("_hours"):
            return self.span(value * 60)
        return self.voice.percent(value / 100) if last == "warn_at" else self.voice.number(value)

    def span(self, minutes: int) -> str:
        """So much time."""
        return say_span(self.voice, timedelta(minutes=minutes))

    def long_span(self, minutes: int, *, working: bool = False) -> str:
        """In days, where it is so many whole ones. Working time has no days."""
        if working or minutes % 1440:
            return self.span(minutes)
        return write_amount(minutes // 1440, "day", self.voice.locale)

    def moment(self, at: datetime) -> str:
        """Day and time, with the weekday: what lies a few days ahead."""
        pattern = "M月d日 EEE HH:mm" if self.voice.chinese else "EEE d MMM, HH:mm"
        return str(format_datetime(at, pattern, tzinfo=self.voice.zone, locale=self.voice.babel))

    def day(self, name: str) -> str:
        """A weekday, or a date."""
        if name in WEEKDAYS:
            return str(get_day_names("wide", "stand-alone", self.voice.locale)[WEEKDAYS.index(name)])
        return write_day(date.fromisoformat(name), "medium", self.voice.locale)

    def place(self, code: str) -> str:
        """A country, or a part of one, by its code."""
        country, _, part = code.partition("-")
        name = self.voice.babel.territories.get(country, country)
        if not part:
            return str(name)
        return f"{name}（{part}）" if self.voice.chinese else f"{name} ({part})"

    def conditions(self, when: Mapping[str, Any]) -> list[str]:
        """Each as a phrase; none where it always holds."""
        return [self.condition(key, value) for key, value in when.items() if value not in (None, [], {}, (), "", 0)
                or value is False]  # fmt: skip

    def condition(self, key: str, value: Any) -> str:
        say = self.voice.say
        if value is True:
            return self.key(key)
        if value is False:
            return say(N_("not: %(what)s"), what=self.key(key))
        if key == "hint":
            hints = [f"{name} = {self.several(values)}" for name, values in value.items()]
            return self.pair(self.key(key), self.several(hints))
        if key in ("subject", "words"):  # as they stand in a text
            value = [f"“{word}”" for word in value]
        if isinstance(value, (list, tuple)):
            told = say(N_(" or ")).join(self.value(key, one) for one in value)
            told = _MIXED.sub(" ", told) if self.voice.chinese else told
        else:
            told = self.value(key, value)
        return self.pair(self.key(key), told)

    def decisions(self, then: Mapping[str, Any]) -> list[str]:
        """What a routing rule decides, each as a phrase."""
        say, told = self.voice.say, []
        if then.get("queue"):
            told.append(
                say(N_("%(what)s: %(values)s"), what=self.key("queue"), values=self.queue(then["queue"]))
            )
        if then.get("priority"):
            told.append(
                say(
                    N_("%(what)s: %(values)s"),
                    what=self.key("priority"),
                    values=self.value("priority", then["priority"]),
                )
            )
        required = {**({then["skill"]: 1} if then.get("skill") else {}), **(then.get("skills") or {})}
        if required:
            told.append(say(N_("needs %(skills)s"), skills=self.skills(required)))
        if then.get("prefer"):
            told.append(say(N_("rather with %(skills)s"), skills=self.value("prefer", then["prefer"])))
        return told

    def action(self, action: Mapping[str, Any]) -> str:
        """One thing that an automation does."""
        verb = next(verb for verb in VERBS if action.get(verb) not in (None, [], ()))
        value, text = action[verb], action.get("text") or ""
        if verb in ("notify", "assign"):
            value = self.several(self.person(one) for one in ([value] if isinstance(value, str) else value))
        told = self.voice.say(
            N_("%(what)s: %(values)s"), what=self.voice.say(VERBS[verb]), values=self.value(verb, value)
        )
        due = self.span(action["due_minutes"]) if action.get("due_minutes") else ""
        parts = [
            told,
            f"“{text}”" if text else "",
            self.voice.say(N_("within %(time)s"), time=due) if due else "",
        ]
        if action.get("even_if_manual"):
            parts.append(self.voice.say(N_("also where a person decided it")))
        return (" " if not self.voice.chinese else "，").join(part for part in parts if part)

    def person(self, code: str) -> str:
        """Who is told, or gets something."""
        sort, _, name = code.partition(":")
        if sort == "role":
            return self.voice.say(EVERY[name])
        if sort == "agent":
            return self.agents.get(name, name)
        if sort == "queue":
            return self.voice.say(N_("the members of %(queue)s"), queue=self.queue(name))
        return self.voice.say(PEOPLE.get(code, "")) or code

    def begins(self, rule: Mapping[str, Any]) -> str:
        """When an automation is asked."""
        if rule.get("of"):
            told = self.voice.say(
                N_("%(time)s after: %(since)s"),
                time=self.long_span(rule["after"], working=bool(rule.get("calendar"))),
                since=self.value("of", rule["of"]),
            )
            if rule.get("calendar"):
                return self.voice.say(
                    N_("%(told)s (%(calendar)s)"), told=told, calendar=self.calendar(rule["calendar"])
                )
            return told
        return self.voice.say(N_(" or ")).join(self.value("on", one) for one in rule.get("on") or ())

    def skills(self, required: Mapping[str, int]) -> str:
        """Skills with the least level of each; "" for none."""
        return self.several(
            self.voice.say(
                N_("%(skill)s from level %(level)s on"), skill=self.value("skill", name), level=level
            )
            if level > 1
            else self.value("skill", name)
            for name, level in required.items()
        )

    def pair(self, what: str, values: str) -> str:
        """Something and what it is."""
        return self.voice.say(N_("%(what)s: %(values)s"), what=what, values=values)

    def _table(self, key: str, value: Mapping[str, Any]) -> str:
        say = self.voice.say
        if key == "relax":
            return say(
                N_("after %(time)s: %(what)s"), time=self.span(value["after"]), what=say(DROPS[value["drop"]])
            )
        if key == "overflow":
            if value.get("closed"):
                return say(N_("to %(queue)s while shut"), queue=self.queue(value["queue"]))
            return say(
                N_("to %(queue)s after %(time)s"),
                queue=self.queue(value["queue"]),
                time=self.span(value["after"]),
            )
        if key == "then":
            return self.action(value)
        if key == "hint":
            return self.condition("hint", value)
        if key == "hours":
            return self.several(f"{self.day(day)} {self.several(shifts)}" for day, shifts in value.items())
        return self.several(self.pair(name, self.value(name, one)) for name, one in value.items())

    def _name(self, key: str, value: str) -> str:
        if key in _QUEUES:
            return self.queue(value)
        if key in _CALENDARS:
            return self.calendar(value)
        if key in _LANGUAGES:
            return self.voice.language_name(value) or value
        if key == "weekday":
            return self.day(value)
        if key == "holidays":
            return self.place(value)
        return self.voice.say(_NAMES.get(key, {}).get(value, "")) or value or "–"

    def _title(self, tables: Sequence[Any], name: str) -> str:
        for table in tables:
            if table.name == name:
                return str(table.title_zh if self.voice.chinese else table.title_en) or name
        return name
