"""What a decision is made from, and the reasons it gives: values only.

No decision is taken here and nothing is read from anywhere; whoever calls the engine fills these in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hub.model.people import Presence
from hub.model.tickets import TicketKind

LANGUAGE_UNKNOWN = "other"
"""The language code of a text we cannot place. It demands no language of an agent."""


class ReasonCode(StrEnum):
    """Why something was decided. Stored with every decision, so a code is never renamed or reused."""

    # Why this agent.
    LAST_AGENT = "last_agent"
    LOOKS_AFTER = "looks_after"
    LONGEST_IDLE = "longest_idle"
    ONLY_FREE = "only_free"
    MEMBER = "member"
    SPEAKS = "speaks"
    HAS_SKILL = "has_skill"
    ALSO_HAS = "also_has"
    MOST_PREFERRED = "most_preferred"
    BEST_PACE = "best_pace"
    FEWEST_AT_ONCE = "fewest_at_once"
    KEEPS_OTHERS_FREE = "keeps_others_free"
    LEAST_DISTURBED = "least_disturbed"
    BEST_USE = "best_use"
    LEAST_USED = "least_used"
    MOST_URGENT = "most_urgent"
    OVERDUE = "overdue"
    # What is asked for no more.
    ANY_LEVEL_WILL_DO = "any_level_will_do"
    NO_SKILL_NEEDED = "no_skill_needed"
    ANY_LANGUAGE_WILL_DO = "any_language_will_do"
    # Why not this agent.
    NOT_ON_LINE = "not_on_line"
    OFF_SHIFT = "off_shift"
    WRAPPING_UP = "wrapping_up"
    NOT_MEMBER = "not_member"
    LACKS_SKILL = "lacks_skill"
    LACKS_LANGUAGE = "lacks_language"
    LACKS_LEVEL = "lacks_level"
    TAKEN_BACK = "taken_back"
    NO_LIVE_WORK = "no_live_work"
    AT_LIVE_CAPACITY = "at_live_capacity"
    AT_CAPACITY = "at_capacity"
    # Why nobody yet.
    NO_MEMBERS = "no_members"
    NOBODY_ON_LINE = "nobody_on_line"
    NOBODY_ON_SHIFT = "nobody_on_shift"
    NOBODY_SPEAKS = "nobody_speaks"
    NOBODY_HAS_SKILL = "nobody_has_skill"
    NO_COMBINATION = "no_combination"
    ALL_AT_CAPACITY = "all_at_capacity"
    FIT_BUT_ABSENT = "fit_but_absent"
    FIT_BUT_OFF_SHIFT = "fit_but_off_shift"
    FIT_BUT_WRAPPING_UP = "fit_but_wrapping_up"
    NOT_SO_SOON = "not_so_soon"
    QUEUE_CLOSED = "queue_closed"
    QUEUE_CLOSED_FOR_GOOD = "queue_closed_for_good"
    # Why it went on.
    AGENT_GONE = "agent_gone"
    AGENT_LEFT = "agent_left"
    AGENT_SILENT = "agent_silent"
    WAITED_TOO_LONG = "waited_too_long"
    CAME_WHILE_SHUT = "came_while_shut"
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


class Needs(NamedTuple):
    """What an agent must be to have a ticket. `language`: `""` or `other` demands none. `skills`: names and least levels."""

    queue: str
    language: str = ""
    skills: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTicket:
    """Needs a person. All times are minutes of working time on one clock, the caller's; only differences matter.

    `live`: somebody sits at the other end now (chat). `weight`: how much being in time matters beside other tickets (a low
    priority is 1). `effort`: minutes that the work takes an agent of usual pace. `units`: of capacity, that it takes where it
    can be put aside. `since` survives a return to the queue; `due` is when the answer is promised. `owner`: the agent who had
    this customer last, or who looks after them; `tie` says which. `preferred`: skills that it is better to have. `not_to`: whom
    it was taken from by hand, and who did not take it. `relaxed`: what was asked for at first and is no more, and why.
    """

    id: int
    needs: Needs
    since: float
    due: float
    weight: float = 2.0
    effort: float = 6.0
    live: bool = False
    units: int = 1
    owner: int | None = None
    tie: ReasonCode = ReasonCode.LAST_AGENT
    preferred: frozenset[str] = frozenset()
    not_to: frozenset[int] = frozenset()
    relaxed: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """An agent at one moment. `load` and `capacity` count units of work that can be put aside, `live_load` and
    `live_capacity` tickets that cannot. `idle_since`: when they were last given work, or came on line, on the clock of the
    tickets. `used`: the share of their time today that was work. `in_hand`: the most urgent ticket that a live one would
    interrupt. `skills` maps a skill to its level, 1 to 5; level 0 is none. `on_shift`: whether this is a time at which they
    work. `wrapping_up`: they finish a conversation, and nothing new comes meanwhile.
    """

    id: int
    name: str
    presence: Presence
    capacity: int
    load: int
    idle_since: float
    live_capacity: int = 0
    live_load: int = 0
    languages: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: frozenset[str] = frozenset()
    used: float = 0.0
    in_hand: WaitingTicket | None = None
    on_shift: bool = True
    wrapping_up: bool = False

    @property
    def here(self) -> bool:
        """At work: on line, and not beyond their hours."""
        return self.presence is Presence.ONLINE and self.on_shift


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
    segment: str = ""
    uncertain: bool = False
    subject: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
