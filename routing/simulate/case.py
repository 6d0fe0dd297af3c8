"""What is simulated: what customers bring, who works on it, and how work goes. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from routing.situation import Needs, WaitingTicket
from routing.worth import Weights

Span = tuple[float, float]
"""From, until; or from, for so many minutes, where that is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing that a customer waits for: a conversation, or an answer to a message.

    `ticket`: as the engine is told of it. `work`: minutes it takes somebody of usual pace who does not know the customer.
    `weight` and `due` are the truth, which the ticket may have wrong. `patience`: a live customer leaves after so many
    minutes. `offer`: an agent has so long to accept; 0: it is theirs at once. `leave`: where its agent went home before
    beginning, it goes back to the queue after so long. `wrap_up`: what the agent has afterwards before anything new comes.
    `later`: what is asked of an agent once it has waited so many minutes. `labels`: what it is, for the figures ("channel":
    "email")."""

    ticket: WaitingTicket
    work: float
    weight: float
    due: float
    patience: float = inf
    offer: float = 0.0
    leave: float = 0.0
    wrap_up: float = 0.0
    later: tuple[tuple[float, Needs], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return self.ticket.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An agent with their shifts (from, until), breaks (from, minutes) and absences (from, minutes) that nobody is told of:
    they seem to be there."""

    id: int
    name: str
    languages: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: frozenset[str] = frozenset()
    capacity: int = 1
    live_capacity: int = 3
    shifts: tuple[Span, ...] = ()
    breaks: tuple[Span, ...] = ()
    absences: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How work goes. A live conversation takes `live_share` of an agent's attention; each one more makes all of them slower by
    `slowed_by`. To accept takes a moment. `paces`: work done in a minute by the level of skill,
    1 to 5. Whoever had the customer last saves `owner_saves` of the work. `silent_means_away`:
    who lets an offer run out counts as away until they are back."""

    live_share: float = 1.0 / 3.0
    slowed_by: float = 0.10
    paces: tuple[float, ...] = Weights().paces
    accept_live: float = 5.0 / 60.0
    accept_deferred: float = 3.0 / 60.0
    owner_saves: float = 0.20
    silent_means_away: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One course of days. `expected`: minutes of work (at usual pace) by hour from the beginning; `live_demand`: of which
    classes live work is, as shares; `weights`: the engine's numbers; all are what a company knows from its records. `hours`:
    when work of a queue is given out (from, until), where not always."""

    errands: tuple[Errand, ...]
    workers: tuple[Worker, ...]
    habits: Habits = field(default_factory=Habits)
    expected: Mapping[int, Mapping[Needs, float]] = field(default_factory=dict)
    live_demand: Mapping[Needs, float] = field(default_factory=dict)
    weights: Weights = field(default_factory=Weights)
    hours: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
