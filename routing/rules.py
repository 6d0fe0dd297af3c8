"""The rules of config/routing.toml: reading them, and choosing a queue by them.

A rule is a name and a predicate; their order is data; every hit is recorded. Pure: the caller reads the file.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, ValidationError, model_validator

from hub.model.tickets import Priority, TicketKind
from routing.automation.book import Book
from routing.automation.tables import AutomationRule, check_automation
from routing.promises import CalendarTable, Policies, TargetTable, TargetWhen
from routing.queues import QueueRule, Work, check_queues
from routing.situation import LANGUAGE_UNKNOWN, Reason, ReasonCode, Situation
from routing.tables import PriorityName, Table, Word, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One thing that is wrong. `where`: the way to its key, () for how tables go together; `kind`: pydantic's name of the error
    ("value_error" for our own sentences); `said`: in English; `limits`: what it was measured against."""

    where: tuple[int | str, ...]
    kind: str
    said: str
    limits: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _in_words(self.where, self.kind, self.said)


class RulesError(ValueError):
    """The rules cannot be used. The message names each key and says what was expected; `wrong` has each by itself."""

    def __init__(self, message: str, wrong: Sequence[Wrong] = ()) -> None:
        super().__init__(message)
        self.wrong = tuple(wrong)


class When(Table):
    """A predicate: all the conditions given must hold; within a list, one is enough. Empty: always holds."""

    kind: tuple[TicketKind, ...] = ()
    channel: Words = ()
    channel_kind: Words = ()
    language: Words = ()
    topic: Words = ()
    subject: Words = ()
    key_account: bool | None = None
    segment: Words = ()
    uncertain: bool | None = None
    hint: Mapping[str, Words] = Field(default_factory=dict)

    def holds(self, s: Situation) -> bool:
        return (
            (not self.kind or s.kind in self.kind)
            and (not self.channel or s.channel in self.channel)
            and (not self.channel_kind or s.channel_kind in self.channel_kind)
            and (not self.language or s.language in self.language)
            and (not self.topic or any(topic in self.topic for topic in s.topics))
            and (self.key_account is None or s.key_account is self.key_account)
            and (not self.segment or s.segment in self.segment)
            and (self.uncertain is None or s.uncertain is self.uncertain)
            and all(s.hints.get(key) in values for key, values in self.hint.items())
            and (not self.subject or _any_word(self.subject, s.subject))
        )


class Then(Table):
    """What a rule decides. The first rule to name a queue or a priority wins; skills add up: `skill` at any level, `skills`
    at the level named (1 to 5), `prefer` where there is a choice."""

    queue: Word | None = None
    priority: PriorityName | None = None
    skill: Word | None = None
    skills: Mapping[Word, Annotated[int, Field(ge=1, le=5)]] = Field(default_factory=dict)
    prefer: Words = ()

    @property
    def required(self) -> Mapping[str, int]:
        """Skills and the least level of each."""
        return {**({self.skill: 1} if self.skill is not None else {}), **self.skills}

    @model_validator(mode="after")
    def _decides_something(self) -> Self:
        if self.queue is None and self.priority is None and not self.required and not self.prefer:
            raise ValueError("expected at least one of queue, priority, skill, skills, prefer")
        return self


class Rule(Table):
    name: Word
    when: When = Field(default_factory=When)
    then: Then


class Languages(Table):
    """`offered`: what the company answers in; such a text needs an agent who speaks it. A text in any other
    language goes to somebody who speaks `fallback`; "" demands nothing."""

    offered: Words = ()
    fallback: str = ""


class RoutingRules(Table):
    """The whole file. `honour` lists the hints that are obeyed before any rule is asked."""

    default_queue: Word
    skills: Words = ()
    honour: tuple[Literal["queue", "priority", "skill", "language"], ...] = ()
    languages: Languages = Field(default_factory=Languages)
    work: Work = Field(default_factory=Work)
    queue: Annotated[tuple[QueueRule, ...], Field(min_length=1)]
    rule: tuple[Rule, ...] = ()
    calendar: tuple[CalendarTable, ...] = ()
    target: tuple[TargetTable, ...] = ()
    automation: tuple[AutomationRule, ...] = ()

    @cached_property
    def _queues(self) -> Mapping[str, QueueRule]:
        return {queue.name: queue for queue in self.queue}

    def queue_named(self, name: str) -> QueueRule | None:
        """The queue's settings; None for one that is in use no more."""
        return self._queues.get(name)

    @cached_property
    def policies(self) -> Policies:
        """What is promised, ready to be asked."""
        return Policies(self.calendar, self.target)

    @cached_property
    def automations(self) -> Book:
        """What happens by itself, ready to be asked."""
        return Book(self.automation, self.calendar, self.policies)

    @model_validator(mode="after")
    def _names_fit_together(self) -> Self:
        queues = [q.name for q in self.queue]
        _refuse_doubles("queue", queues)
        _refuse_doubles("rule", [r.name for r in self.rule])
        if self.default_queue not in queues:
            raise ValueError(f"default_queue: no queue is called {self.default_queue!r}")
        for rule in self.rule:
            if rule.then.queue is not None and rule.then.queue not in queues:
                raise ValueError(f"rule {rule.name!r}: no queue is called {rule.then.queue!r}")
            for skill in (*rule.then.required, *rule.then.prefer):
                if skill not in self.skills:
                    raise ValueError(f"rule {rule.name!r}: the skill {skill!r} is not listed in skills")
        calendars = [c.name for c in self.calendar]
        check_queues(self.queue, calendars)
        _check_targets(self.target, calendars, queues)
        check_automation(self.automation, calendars, queues)
        return self

    @cached_property
    def fingerprint(self) -> str:
        """The same for rules that say the same, however they were written."""
        plain = self.model_dump(mode="json")
        return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChoice:
    """Where a ticket goes and what its agent must have. `skills`: as `name` or `name:least level`, see `skill_text`. `rules`
    are the names of all rules that matched, in order, also those whose decision an earlier one had taken already."""

    queue: str
    priority: Priority
    skills: tuple[str, ...]
    preferred: tuple[str, ...] = ()
    languages_required: tuple[str, ...]
    rules: tuple[str, ...]
    reasons: tuple[Reason, ...]


def load_rules(source: bytes | Mapping[str, Any]) -> RoutingRules:
    """Read rules from the bytes of a TOML file, or from its tables. Raises RulesError."""
    if isinstance(source, bytes):
        try:
            source = tomllib.loads(source.decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RulesError(f"routing rules are not valid TOML: {error}") from error
    try:
        return RoutingRules.model_validate(source)
    except ValidationError as error:
        wrong = [
            Wrong(
                where=e["loc"],
                kind=e["type"],
                said=e["msg"].removeprefix("Value error, "),
                limits={key: value for key, value in e.get("ctx", {}).items() if key != "error"},
            )
            for e in error.errors(include_url=False)
        ]
        raise RulesError("; ".join(map(str, wrong)), wrong) from error


def choose_queue(rules: RoutingRules, situation: Situation) -> QueueChoice:
    """Ask the hints that are honoured, then every rule in order. Always finds a queue."""
    queues = {q.name: q for q in rules.queue}
    queue: str | None = None
    priority: Priority | None = None
    skills: dict[str, int] = {}
    preferred: dict[str, None] = {}
    language = situation.language
    reasons: list[Reason] = []

    for key in rules.honour:
        value = situation.hints.get(key, "")
        if not value:
            continue
        known = True
        if key == "queue" and value in queues:
            queue = value
        elif key == "priority" and value.upper() in Priority.__members__:
            priority = Priority[value.upper()]
        elif key == "skill" and value in rules.skills:
            skills[value] = 1
        elif key == "language" and value in rules.languages.offered:
            language = value
        else:
            known = False
        code = ReasonCode.HINT_HONOURED if known else ReasonCode.HINT_IGNORED
        reasons.append(Reason(code=code, params={"hint": key, "value": value[:80]}))

    matched: list[str] = []
    for rule in rules.rule:
        if not rule.when.holds(situation):
            continue
        matched.append(rule.name)
        params: dict[str, str | int] = {"rule": rule.name}
        if rule.then.queue is not None and queue is None:
            queue = params["queue"] = rule.then.queue
        if rule.then.priority is not None and priority is None:
            priority = rule.then.priority
            params["priority"] = priority.name.lower()
        stronger = {name: least for name, least in rule.then.required.items() if least > skills.get(name, 0)}
        if stronger:
            skills |= stronger
            params["skill"] = ", ".join(map(skill_text, stronger, stronger.values()))
        if fresh := [name for name in rule.then.prefer if name not in preferred]:
            preferred |= dict.fromkeys(fresh)
            params["prefers"] = ", ".join(fresh)
        if len(params) > 1:
            reasons.append(Reason(code=ReasonCode.RULE_MATCHED, params=params))

    if queue is None:
        queue = rules.default_queue
        reasons.append(Reason(code=ReasonCode.DEFAULT_QUEUE, params={"queue": queue}))
    return QueueChoice(
        queue=queue,
        priority=queues[queue].priority if priority is None else priority,
        skills=tuple(map(skill_text, skills, skills.values())),
        preferred=tuple(preferred),
        languages_required=_languages(rules.languages, language),
        rules=tuple(matched),
        reasons=tuple(reasons),
    )


def skill_text(name: str, least: int) -> str:
    """A skill asked for, as it is stored and shown: `billing`, or `billing:3` from level 3 on."""
    return name if least <= 1 else f"{name}:{least}"


def read_skill(text: str) -> tuple[str, int]:
    """The name and the least level of a stored skill."""
    name, _, least = text.partition(":")
    return name, int(least or 1)


def _languages(offered: Languages, language: str) -> tuple[str, ...]:
    if language in offered.offered and language != LANGUAGE_UNKNOWN:
        return (language,)
    return (offered.fallback,) if offered.fallback and language != LANGUAGE_UNKNOWN else ()


def _any_word(words: Words, subject: str) -> bool:
    low = subject.casefold()
    return any(word.casefold() in low for word in words)


def _check_targets(targets: tuple[TargetTable, ...], calendars: list[str], queues: list[str]) -> None:
    _refuse_doubles("calendar", calendars)
    _refuse_doubles("target", [target.name for target in targets])
    for target in targets:
        if target.calendar is not None and target.calendar not in calendars:
            raise ValueError(f"target {target.name!r}: no calendar is called {target.calendar!r}")
        for queue in target.when.queue:
            if queue not in queues:
                raise ValueError(f"target {target.name!r}: no queue is called {queue!r}")
    always = [target for target in targets if target.when == TargetWhen()]
    if targets and all(target.calendar is None for target in always):
        raise ValueError(
            "no target without conditions names the calendar that counts where no other is named"
        )


def _refuse_doubles(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two {what}s are called {name!r}")


def _in_words(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    if kind == "extra_forbidden":
        return f"{where}: unknown key"
    if kind == "missing":
        return f"{where}: is missing"
    return f"{where}: {message}" if where else message
