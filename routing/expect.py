"""Where a waiting ticket stands in the line, and how long it may be until somebody has it. Pure.

An approximation, and meant as one. The line is that of the people who may have this ticket, as they would choose now; it is
not known who comes on line, who goes, what comes in or that customers write again. Work that others may do too counts by the
share of its people that are these. A line of n people who need m minutes a ticket moves on every m / n minutes; how far that
may be off grows with the square root of the tickets ahead.
"""

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from routing.fit import fits, has_room
from routing.floor import NO_PRICES, Floor
from routing.prices import Prices
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import Weights, minutes_for, pace_of, share_preferred, urgency

QUARTILE = 0.674
"""Standard deviations from the middle to a quarter of a normal distribution: half of all tickets wait within the range."""
STEPS = (0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)
"""Minutes that are said; nothing finer is known."""
ENOUGH = 8
"""So many answers of a queue tell how long its work takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """`place` 1 is next; `of`: how many wait for the same people, this one among them; both 0 where nobody can ever have it.
    `agents`: who may have it and is here. `least`, `most`: minutes, half of all such tickets wait between them; None where
    nothing can be said, because nobody who may have it is here, or its queue is closed."""

    place: int
    of: int
    agents: int
    least: int | None
    most: int | None


class Lot(NamedTuple):
    """Work of one sort."""

    needs: Needs
    live: bool
    effort: float


class Answered(NamedTuple):
    """One piece of work that was done: `minutes` it took, `effort` minutes that such work takes on the average."""

    queue: str
    effort: float
    minutes: float


def tempo_of(answered: Iterable[Answered]) -> dict[str, float]:
    """How much longer than on the average the work of each queue took lately: 1 is as usual. Queues with too few answers are
    left out. One that took more than three times the middle (somebody was at lunch) counts as that."""
    by_queue: dict[str, list[Answered]] = {}
    for one in answered:
        by_queue.setdefault(one.queue, []).append(one)
    tempo = {}
    for queue, done in by_queue.items():
        if len(done) < ENOUGH:
            continue
        ratios = sorted(one.minutes / one.effort for one in done)
        most = 3.0 * ratios[len(ratios) // 2]
        found = sum(min(ratio, most) for ratio in ratios) / len(ratios)
        if found > 0.0:
            tempo[queue] = found
    return tempo


def expect(
    ticket: WaitingTicket,
    waiting: Sequence[WaitingTicket],
    agents: Sequence[AgentState],
    now: float,
    *,
    tempo: Mapping[str, float] | None = None,
    prices: Prices[Needs] = NO_PRICES,
    weights: Weights | None = None,
    closed: Container[str] = (),
) -> Expected:
    """For a ticket that waits; `waiting`: everything that does, it may be among them. `closed`: queues of which nothing is
    given out now. `tempo`: see `tempo_of`."""
    w = weights or Weights()
    able = [agent for agent in agents if fits(agent, ticket.needs) and agent.id not in ticket.not_to]
    people = [agent for agent in able if agent.here] or able
    if not people:
        return Expected(place=0, of=0, agents=0, least=None, most=None)
    shut = ticket.needs.queue in closed
    others = [
        one
        for one in waiting
        if one.live == ticket.live and one.id != ticket.id and (shut or one.needs.queue not in closed)
    ]
    floor = Floor(agents, weights=w, prices=prices)
    for one in (*others, ticket):
        floor.pool.add(one)
    floor.look_about()
    worth = _Worth(people, floor, now)
    own = worth.rank(ticket)
    ahead: Counter[Lot] = Counter()
    competing = 0
    for one in others:
        rank = worth.rank(one)
        if rank is not None:
            competing += 1
            if own is not None and rank < own:
                ahead[Lot(one.needs, one.live, one.effort)] += 1
    found = _estimate(
        Lot(ticket.needs, ticket.live, ticket.effort), ahead, competing + 1, people, agents, tempo or {}, w
    )
    return replace(found, least=None, most=None) if shut else found


def expect_new(
    lot: Lot,
    waiting: Mapping[Lot, int],
    agents: Sequence[AgentState],
    *,
    tempo: Mapping[str, float] | None = None,
    weights: Weights | None = None,
) -> Expected:
    """For a ticket that would come now and matter no more than others: after everything that waits for the same people."""
    able = [agent for agent in agents if fits(agent, lot.needs)]
    people = [agent for agent in able if agent.here] or able
    if not people:
        return Expected(place=0, of=0, agents=0, least=None, most=None)
    ahead = Counter(
        {
            other: tickets
            for other, tickets in waiting.items()
            if other.live == lot.live and any(fits(agent, other.needs) for agent in people)
        }
    )
    of = sum(ahead.values()) + 1
    return _estimate(lot, ahead, of, people, agents, tempo or {}, weights or Weights())


class _Worth:
    """In which order these people would take what waits: what is worth more to them on the average comes first."""

    def __init__(self, people: Sequence[AgentState], floor: Floor, now: float) -> None:
        self._people = people
        self._floor = floor
        self._now = now
        self._lots: dict[tuple[Needs, float, float, frozenset[str]], tuple[float, float] | None] = {}

    def rank(self, ticket: WaitingTicket) -> tuple[float, float, int] | None:
        """Smaller is earlier; None where none of these people may have it."""
        key = (ticket.needs, ticket.weight, ticket.effort, ticket.preferred)
        if key not in self._lots:
            self._lots[key] = self._look(*key)
        found = self._lots[key]
        if found is None:
            return None
        rate, minutes = found
        if ticket.live:  # as routing.floor joins them: what can still be in time, then by weight
            worth = ticket.weight + (1000.0 if ticket.due >= self._now else 0.0)
        else:
            worth = rate * urgency(
                ticket.due, self._now, minutes, self._floor.look_ahead, self._floor.weights
            )
        return -worth, ticket.due, ticket.id

    def _look(
        self, needs: Needs, weight: float, effort: float, preferred: frozenset[str]
    ) -> tuple[float, float] | None:
        """The mean rate at which these people's time counts on such work, and the minutes they need."""
        w = self._floor.weights
        rates, times = [], []
        for agent in self._people:
            if pace := self._floor.pace(agent, needs):
                minutes = minutes_for(effort, pace, agent.live_load, w)
                advantage = self._floor.prices.advantage(needs, agent.id, pace)
                liked = 1.0 + w.preferred * share_preferred(agent, preferred)
                rates.append(weight / minutes * liked * math.pow(advantage, w.advantage))
                times.append(minutes)
        return (sum(rates) / len(rates), sum(times) / len(times)) if rates else None


def _estimate(
    lot: Lot,
    ahead: Counter[Lot],
    of: int,
    people: Sequence[AgentState],
    agents: Sequence[AgentState],
    tempo: Mapping[str, float],
    w: Weights,
) -> Expected:
    place = sum(ahead.values()) + 1
    here = [agent for agent in people if agent.here]
    speed = sum(_speed(agent, lot.live, w) for agent in here)
    if not speed:
        return Expected(place=place, of=of, agents=len(here), least=None, most=None)
    work, tickets = 0.0, 0.0
    for other, count in ahead.items():
        share, minutes = _theirs(other, here, agents, tempo)
        work += count * share * minutes
        tickets += count * share
    _, own = _theirs(lot, here, agents, tempo)
    each = (work + own) / (tickets + 1.0)
    # What is done before somebody is free for this one, less the places that are free already.
    turns = tickets + 1.0 - _free_places(here, lot.live)
    if turns <= 0.0:
        return Expected(place=place, of=of, agents=len(here), least=0, most=0)
    turn = each / speed
    least, most = _said(_spread(turns, -QUARTILE) * turn, _spread(turns, QUARTILE) * turn)
    return Expected(place=place, of=of, agents=len(here), least=least, most=most)


def _speed(agent: AgentState, live: bool, w: Weights) -> float:
    """Minutes of such work that the agent does in a minute, level of skill apart."""
    if live:
        return float(agent.live_capacity)
    return max(1.0 - agent.live_load * w.live_share, w.least_attention) if agent.capacity else 0.0


def _theirs(
    lot: Lot, here: Sequence[AgentState], agents: Sequence[AgentState], tempo: Mapping[str, float]
) -> tuple[float, float]:
    """(the share of those on line who may do such work that these are, minutes that these need for it)."""
    paces = [pace_of(agent, lot.needs) for agent in here if fits(agent, lot.needs)]
    able = sum(agent.here and fits(agent, lot.needs) for agent in agents)
    if not paces:
        return 0.0, 0.0
    return len(paces) / able, lot.effort * tempo.get(lot.needs.queue, 1.0) * len(paces) / sum(paces)


def _free_places(here: Sequence[AgentState], live: bool) -> int:
    """How many more these could be given now."""
    free = [agent for agent in here if has_room(agent, live)]
    if live:
        return sum(agent.live_capacity - agent.live_load for agent in free)
    return sum(agent.capacity - agent.load for agent in free)


def _spread(turns: float, deviations: float) -> float:
    """A quantile of the sum of so many exponential times of mean 1, by the cube root of E. B. Wilson and M. M. Hilferty
    ("The distribution of chi-square", 1931)."""
    root = 1.0 - 1.0 / (9.0 * turns) + deviations / (3.0 * math.sqrt(turns))
    return turns * max(root, 0.0) ** 3


def _said(least: float, most: float) -> tuple[int, int]:
    """Both as steps that one would say, the lower one down and the upper one up."""
    low = max(step for step in STEPS if step <= least)
    high = min((step for step in STEPS if step >= most), default=STEPS[-1])
    return low, high
