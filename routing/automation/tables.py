"""`[[automation]]` in the rulebook: what a rule listens to, when it holds, what it does. Names are checked, nothing is decided.

Flat on purpose, so that it reads in TOML as on a screen: within a list one is enough, all keys of `when` must hold, none of
`unless` may.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hub.model.tags import clean_tag
from hub.model.targets import Target
from hub.model.tickets import TicketKind, TicketStatus
from routing.promises import Weekday
from routing.tables import Name, PriorityName, Table, Word, Words

_OWN_FIELD = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*(?:[=＝]\s*(\S.{0,199}?)\s*)?")


def clean_own_field(text: str) -> str:
    """Raises ValueError.

    >>> clean_own_field(" warranty= over "), clean_own_field("serial")
    ('warranty = over', 'serial')
    """
    found = _OWN_FIELD.fullmatch(text)
    if found is None:
        raise ValueError("must be the name of a field, or name = value")
    return " = ".join(one for one in found.groups() if one)


Tag = Annotated[str, AfterValidator(clean_tag)]
OwnField = Annotated[str, AfterValidator(clean_own_field)]
"""Normal form: "name = value" or "name"."""
Text = Annotated[str, Field(max_length=2000)]
Recipient = Annotated[
    str, Field(pattern=r"^(assignee|overseers|agent:\S{1,80}|role:(agent|supervisor|admin)|queue:\S{1,40})$")
]
IncidentNumber = Annotated[str, Field(pattern=r"^I-[0-9]{4,18}$")]
Assignee = Annotated[str, Field(pattern=r"^(owner|nobody|agent:\S{1,80})$")]


class Happening(StrEnum):
    """What a rule can listen to. `opened` is a ticket's first message, `customer_wrote` each further one by a person,
    `machine_wrote` one that no person wrote; `rated_low`: a score that its survey calls low, which is `rated` too."""

    OPENED = "opened"
    CUSTOMER_WROTE = "customer_wrote"
    MACHINE_WROTE = "machine_wrote"
    AGENT_REPLIED = "agent_replied"
    NOTE_ADDED = "note_added"
    STATUS_CHANGED = "status_changed"
    ASSIGNED = "assigned"
    RELEASED = "released"
    KIND_CHANGED = "kind_changed"
    PRIORITY_CHANGED = "priority_changed"
    QUEUE_CHANGED = "queue_changed"
    TAG_ADDED = "tag_added"
    TAG_REMOVED = "tag_removed"
    SLA_WARNING = "sla_warning"
    SLA_BREACHED = "sla_breached"
    OFFER_EXPIRED = "offer_expired"
    DELIVERY_FAILED = "delivery_failed"
    RATED = "rated"
    RATED_LOW = "rated_low"


class Since(StrEnum):
    """From when on a time rule counts. `unassigned`: open, and nobody's; `unanswered`: open, and the customer's first message
    without an answer; `pending`: we wait for the customer; `resolved`: it is done; `opened`: it came, and is not done."""

    UNASSIGNED = "unassigned"
    UNANSWERED = "unanswered"
    PENDING = "pending"
    RESOLVED = "resolved"
    OPENED = "opened"


class By(StrEnum):
    """Whose doing an event was. `hub`: its own, or a program's."""

    AGENT = "agent"
    CUSTOMER = "customer"
    RULE = "rule"
    HUB = "hub"


WITH_MESSAGE = frozenset(
    {
        Happening.OPENED,
        Happening.CUSTOMER_WROTE,
        Happening.MACHINE_WROTE,
        Happening.AGENT_REPLIED,
        Happening.NOTE_ADDED,
    }
)
WITH_TARGET = frozenset({Happening.SLA_WARNING, Happening.SLA_BREACHED})


class AutomationWhen(Table):
    """Conditions; what is left out is not asked. `organisation`: whole names; `subject` and `words`: words in it; these three
    whatever the case. `open_tickets`: the customer has at least so many that are open or pending, this one too.
    `ticket_fields`, `customer_fields`: fields of the company's own as "name = value", or the name alone where any value will
    do; of one field one is enough, and every field that is named must fit. `during`, `outside`: calendars that are open, or
    shut, at the moment; `weekday` goes by that calendar's zone."""

    kind: tuple[TicketKind, ...] = ()
    priority: tuple[PriorityName, ...] = ()
    queue: Words = ()
    status: tuple[TicketStatus, ...] = ()
    tags: tuple[Tag, ...] = ()
    language: Words = ()
    channel: Words = ()
    channel_kind: Words = ()
    subject: Words = ()
    assigned: bool | None = None
    uncertain: bool | None = None
    key_account: bool | None = None
    segment: Words = ()
    organisation: Words = ()
    customer_language: Words = ()
    open_tickets: Annotated[int, Field(ge=0, le=1000)] = 0
    ticket_fields: tuple[OwnField, ...] = ()
    customer_fields: tuple[OwnField, ...] = ()
    words: Words = ()
    attachment: bool | None = None
    direction: tuple[Literal["in", "out", "internal"], ...] = ()
    automatic: bool | None = None
    target: tuple[Target, ...] = ()
    by: tuple[By, ...] = ()
    during: Name | Literal[""] = ""
    outside: Name | Literal[""] = ""
    weekday: tuple[Weekday, ...] = ()

    GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ticket": (
            "kind", "priority", "queue", "status", "tags", "language", "channel", "channel_kind", "subject", "assigned",
            "uncertain",
        ),
        "customer": ("key_account", "segment", "organisation", "customer_language", "open_tickets"),
        "fields": ("ticket_fields", "customer_fields"),
        "message": ("words", "attachment", "direction", "automatic"),
        "event": ("target", "by"),
        "time": ("during", "outside", "weekday"),
    }  # fmt: skip

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The conditions that are given, by name."""
        return tuple(
            name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default
        )

    def asks(self, group: str) -> bool:
        """Whether any condition of a group is given."""
        return any(name in self.GROUPS[group] for name in self.asked)


class Action(Table):
    """One thing to do: exactly one of VERBS. Beside it `text` (what a notice says; what a task is called), `due_minutes` (of a
    task), `even_if_manual`: also where a person decided it."""

    queue: Name | None = None
    priority: PriorityName | None = None
    kind: TicketKind | None = None
    status: TicketStatus | None = None
    assign: Assignee | None = None
    add_tags: tuple[Tag, ...] = ()
    remove_tags: tuple[Tag, ...] = ()
    notify: tuple[Recipient, ...] = ()
    reply: Word | None = None
    note: Text | None = None
    task: Name | None = None
    webhook: Word | None = None
    incident: IncidentNumber | None = None
    text: Text = ""
    due_minutes: Annotated[int, Field(ge=0, le=527_040)] = 0
    even_if_manual: bool = False

    VERBS: ClassVar[tuple[str, ...]] = (
        "queue", "priority", "kind", "status", "assign", "add_tags", "remove_tags", "notify", "reply", "note", "task",
        "webhook", "incident",
    )  # fmt: skip
    MANUAL: ClassVar[frozenset[str]] = frozenset({"queue", "priority", "kind", "assign"})

    @property
    def verb(self) -> str:
        """The one that is given."""
        return next(verb for verb in self.VERBS if getattr(self, verb) not in (None, ()))

    @property
    def value(self) -> Any:
        """What it is given, as JSON has it."""
        return self.model_dump(mode="json", include={self.verb})[self.verb]

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        verbs = [verb for verb in self.VERBS if getattr(self, verb) not in (None, ())]
        if len(verbs) != 1:
            said = ", ".join(verbs) if verbs else "none"
            raise ValueError(f"expected exactly one of {', '.join(self.VERBS)}; got {said}")
        verb = verbs[0]
        if verb == "note" and not (self.note or "").strip():
            raise ValueError("note: expected a text")
        if verb == "task" and not self.text.strip():
            raise ValueError("task: expected text, which says what is to be done")
        if self.text and verb not in ("notify", "task"):
            raise ValueError(f"text: has no meaning beside {verb}")
        if self.due_minutes and verb != "task":
            raise ValueError(f"due_minutes: has no meaning beside {verb}")
        if self.even_if_manual and verb not in self.MANUAL:
            raise ValueError(f"even_if_manual: has no meaning beside {verb}")
        return self


class AutomationRule(Table):
    """Listens to what happens (`on`), or waits (`after` so many minutes `of` something, in working time of `calendar` where one
    is named); then, if the conditions hold, does what `then` says, in that order. What has no title in a language is shown by
    its name."""

    name: Word
    title_en: Annotated[str, Field(max_length=100)] = ""
    title_zh: Annotated[str, Field(max_length=100)] = ""
    enabled: bool = True
    note: Annotated[str, Field(max_length=500)] = ""
    on: tuple[Happening, ...] = ()
    after: Annotated[int, Field(ge=0, le=527_040)] = 0
    of: Since | None = None
    calendar: Name | Literal[""] = ""
    when: AutomationWhen = Field(default_factory=AutomationWhen)
    unless: AutomationWhen = Field(default_factory=AutomationWhen)
    then: Annotated[tuple[Action, ...], Field(min_length=1, max_length=20)]

    @property
    def timed(self) -> bool:
        return self.of is not None

    @property
    def leaves(self) -> bool:
        """Whether something goes to the outside, or the work on a ticket ends."""
        ends = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        return any(one.reply or one.webhook or one.status in ends for one in self.then)

    @property
    def needs_certainty(self) -> bool:
        """Nothing goes out, and no work ends, because of a kind of which the hub is not sure, unless the rule says so."""
        named = self.when.kind or self.unless.kind
        return bool(named) and self.leaves and self.when.uncertain is None and self.unless.uncertain is None

    @model_validator(mode="after")
    def _begins_somehow(self) -> Self:
        if bool(self.on) == (self.of is not None):
            raise ValueError("expected either on (events), or after (minutes) and of (since when)")
        if (self.of is not None) != (self.after > 0):
            raise ValueError("a time rule needs both after (minutes) and of (since when)")
        if self.calendar and self.of is None:
            raise ValueError("calendar: has a meaning beside after only")
        if sum(one.reply is not None for one in self.then) > 1:
            raise ValueError("then: a rule answers once")
        heard = set(self.on)
        for name, asked in (("when", self.when), ("unless", self.unless)):
            for group, able in (
                ("message", WITH_MESSAGE),
                ("target", WITH_TARGET),
                ("event", frozenset(Happening)),
            ):
                given = [key for key in asked.asked if key in _GROUP[group]]
                if given and (not heard or not heard <= able):
                    raise ValueError(f"{name}.{given[0]}: {_NEEDS[group]}")
        return self


_GROUP: Mapping[str, tuple[str, ...]] = {
    "message": AutomationWhen.GROUPS["message"],
    "target": ("target",),
    "event": ("by",),
}
_NEEDS = {
    "message": f"has a meaning only where every event of on is one of {', '.join(sorted(WITH_MESSAGE))}",
    "target": "has a meaning only where every event of on is sla_warning or sla_breached",
    "event": "has a meaning only with events (on)",
}


def check_automation(
    rules: Sequence[AutomationRule], calendars: Sequence[str], queues: Sequence[str]
) -> None:
    """Every name that a rule uses is known, as far as the rulebook knows names. Raises ValueError."""
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            raise ValueError(f"two automations are called {rule.name!r}")
        used = [rule.calendar, *(c for w in (rule.when, rule.unless) for c in (w.during, w.outside))]
        for calendar in used:
            if calendar and calendar not in calendars:
                raise ValueError(f"automation {rule.name!r}: no calendar is called {calendar!r}")
        for queue in _queues(rule):
            if queue not in queues:
                raise ValueError(f"automation {rule.name!r}: no queue is called {queue!r}")


def _queues(rule: AutomationRule) -> list[str]:
    told = [
        one.removeprefix("queue:")
        for action in rule.then
        for one in action.notify
        if one.startswith("queue:")
    ]
    done = [one for action in rule.then for one in (action.queue, action.task) if one is not None]
    return [*rule.when.queue, *rule.unless.queue, *done, *told]
