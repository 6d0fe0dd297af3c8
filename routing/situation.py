"""What a decision is made from, and the reasons it gives: values only.

No decision is taken here and nothing is read from anywhere; whoever calls the engine fills these in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.model.people import Presence
from hub.model.tickets import Priority, TicketKind

LANGUAGE_UNKNOWN = "other"
"""The language code of a text we cannot place. It demands no language of an agent."""


class ReasonCode(StrEnum):
    """Why something was decided. Stored with every decision, so a code is never renamed or reused."""

    # Why this agent.
    LAST_AGENT = "last_agent"
    LONGEST_IDLE = "longest_idle"
    ONLY_FREE = "only_free"
    MEMBER = "member"
    SPEAKS = "speaks"
    HAS_SKILL = "has_skill"
    # Why not this agent.
    NOT_ON_LINE = "not_on_line"
    NOT_MEMBER = "not_member"
    LACKS_SKILL = "lacks_skill"
    LACKS_LANGUAGE = "lacks_language"
    AT_CAPACITY = "at_capacity"
    # Why nobody yet.
    NO_MEMBERS = "no_members"
    NOBODY_ON_LINE = "nobody_on_line"
    NOBODY_SPEAKS = "nobody_speaks"
    NOBODY_HAS_SKILL = "nobody_has_skill"
    NO_COMBINATION = "no_combination"
    ALL_AT_CAPACITY = "all_at_capacity"
    FIT_BUT_ABSENT = "fit_but_absent"
    # Why this queue.
    RULE_MATCHED = "rule_matched"
    HINT_HONOURED = "hint_honoured"
    HINT_IGNORED = "hint_ignored"
    DEFAULT_QUEUE = "default_queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason: a stable code and the words and numbers it speaks of."""

    code: ReasonCode
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTicket:
    """Needs a person. `language` and `skills` are what its agent must have; the language `""` or
    `other` demands none. `waiting_since` is aware and survives a return to the queue."""

    id: int
    queue: str
    priority: Priority
    waiting_since: datetime
    language: str = ""
    skills: frozenset[str] = frozenset()
    last_agent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """An agent at one moment. `load` counts open tickets held, `capacity` how many may be. `idle_since` is
    when they were last given work (or came on line). `skills` maps a skill to its level; level 0 is none."""

    id: int
    name: str
    presence: Presence
    capacity: int
    load: int
    idle_since: datetime
    languages: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a queue is chosen by. `channel` is the channel's name ("support"), `channel_kind` its kind
    ("email"). `hints` come from a form's settings or an API caller, see InboundInteraction."""

    kind: TicketKind
    channel: str = ""
    channel_kind: str = ""
    language: str = LANGUAGE_UNKNOWN
    topics: tuple[str, ...] = ()
    key_account: bool = False
    uncertain: bool = False
    subject: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
