"""A hub's own past as it is handed over: what customers waited for, who answered, who was on line. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.model.tickets import Priority, TicketKind
from routing.worth import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A customer's message or messages and the answer that they got. `turn`: how many answers the ticket had before. `queue`
    and what follows to `live`: as the ticket stands on record. `topics` and `hints`: what the queue was chosen by, beside the
    rest. `assigned_at`: when it was last given to somebody before the answer. `last_answer_at`: of the ticket's talk without a
    break, for live conversations; else the answer itself."""

    ticket_id: int
    turn: int
    at: datetime
    customer_id: int
    kind: TicketKind
    uncertain: bool
    priority: Priority
    subject: str
    channel: str
    channel_kind: str
    language: str
    key_account: bool
    queue: str
    required_language: str
    required_skills: tuple[str, ...]
    preferred_skills: tuple[str, ...] = ()
    units: int = 1
    live: bool = False
    looked_after_by: int | None = None
    topics: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    assigned_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None
    last_answer_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAgent:
    """An agent as they are now. `queues` empty: works on all. `calendar`: their shifts, "" none. `presence`: (since when,
    what), in order, beginning with what they were when the time began."""

    id: int
    name: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]
    queues: tuple[str, ...]
    capacity: int
    live_capacity: int
    calendar: str = ""
    presence: tuple[tuple[datetime, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """From `since` to `until`, in order of time. `weights`: the engine's numbers as measured by then."""

    since: datetime
    until: datetime
    turns: tuple[PastTurn, ...]
    agents: tuple[PastAgent, ...]
    weights: Weights = field(default_factory=Weights)
