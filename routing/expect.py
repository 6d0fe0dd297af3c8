"""Where a waiting ticket stands in the line, and how long it may be until somebody has it. Pure.

An approximation, and meant as one. The line is that of the people who may have this ticket, as they would choose now; it is
not known who comes on line, who goes, what comes in or that customers write again. Work that others may do too counts by the
share of its people that are these. A line of n people who need m minutes a ticket moves on every m / n minutes; how far that
may be off grows with the square root of the tickets ahead.
"""

import math
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from routing.fit import has_room
from routing.floor import NO_PRICES, Floor
from routing.prices import Prices
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import Weights, minutes_for, share_preferred, urgency

QUARTILE = 0.674
"""Standard deviations from the middle to a quarter of a normal distribution."""
STEPS = (0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)
"""Minutes that are said; nothing finer is known."""
ENOUGH = 8
"""So many answers of a queue tell how long its work takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """`place` 1 is next; `of`: how many wait for the same people, this one among them; both 0 where nobody can ever have it.
    `agents`: who may have it and is here. `least`, `most`: minutes, at least half of all such tickets wait between them; None
    where nothing can be said, because nobody who may have it is here, or its queue is closed."""

    place: int
    of: int
    agents: int
    least: int | None
    most: int | None


class Sort(NamedTuple):
    """Work that an agent can tell apart by its promises alone."""

    needs: Needs
    live: bool
    weight: float
    effort: float
    preferred: frozenset[str] = frozenset()


Line = Mapping[Sort, Sequence[tuple[float, int]]]
"""What waits: (due, ticket id) of each, by sort."""


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


class Crowd:
    """Agents, and who of them can do what: worked out once for each kind of need."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._paces: dict[Needs, Mapping[int, float]] = {}
        self._here = {agent.id for agent in floor.agents.values() if agent.here}

    def paces(self, needs: Needs) -> Mapping[int, float]:
        """The pace at such work of everybody who may have it."""
        found = self._paces.get(needs)
        if found is None:
            pace = self.floor.pace
            found = self._paces[needs] = {
                agent.id: own for agent in self.floor.agents.values() if (own := pace(agent, needs))
            }
        return found

    def who_may(self, needs: Needs, but: Container[int] = ()) -> "_People":
        """Those who may have a ticket that needs this."""
        return _People(self, [number for number in self.paces(needs) if number not in but])

    def here(self, numbers: Iterable[int]) -> set[int]:
        """Those of them who are here."""
        return self._here.intersection(numbers)


class _People:
    """Those who may have a ticket. `able`: who are here; where nobody is, whoever might be."""

    def __init__(self, crowd: Crowd, able: Iterable[int]) -> None:
        self._crowd = crowd
        self._here = crowd.here(able)
        self.able = self._here or set(able)
        self._known: dict[Needs, tuple[float, float]] = {}

    @property
    def here(self) -> list[AgentState]:
        return [self._crowd.floor.agents[number] for number in self._here]

    def paces(self, needs: Needs) -> list[tuple[AgentState, float]]:
        """Those of them who may have such work too, and their pace at it."""
        paces = self._crowd.paces(needs)
        agents = self._crowd.floor.agents
        return [(agents[number], paces[number]) for number in self.able if number in paces]

    def can(self, needs: Needs) -> bool:
        """Whether any of them may have such work too."""
        return not self.able.isdisjoint(self._crowd.paces(needs))

    def theirs(self, needs: Needs) -> tuple[float, float]:
        """(of those here who may do such work, the share that these are; their mean pace at it)."""
        if needs not in self._known:
            paces = self._crowd.paces(needs)
            own = [paces[number] for number in self._here if number in paces]
            everybody = len(self._crowd.here(paces))
            self._known[needs] = (len(own) / everybody, sum(own) / len(own)) if own else (0.0, 1.0)
        return self._known[needs]

    def speed(self, live: bool) -> float:
        """Minutes of such work that they do in a minute together, level of skill apart."""
        return sum(_speed(agent, live, self._crowd.floor.weights) for agent in self.here)

    def free_places(self, live: bool) -> int:
        """How many more they could be given now."""
        free = [agent for agent in self.here if has_room(agent, live)]
        if live:
            return sum(agent.live_capacity - agent.live_load for agent in free)
        return sum(agent.capacity - agent.load for agent in free)


def sort_of(ticket: WaitingTicket) -> Sort:
    """The sort of one ticket."""
    return Sort(ticket.needs, ticket.live, ticket.weight, ticket.effort, ticket.preferred)


def expect(
    ticket: WaitingTicket,
    line: Line,
    agents: Sequence[AgentState],
    now: float,
    *,
    tempo: Mapping[str, float] | None = None,
    prices: Prices[Needs] = NO_PRICES,
    weights: Weights | None = None,
    closed: Container[str] = (),
) -> Expected:
    """For a ticket that waits; `line`: everything that does, it may be in it. `closed`: queues of which nothing is given out
    now. `tempo`: see `tempo_of`."""
    floor = Floor(agents, weights=weights, prices=prices)
    people = Crowd(floor).who_may(ticket.needs, ticket.not_to)
    if not people.able:
        return Expected(place=0, of=0, agents=0, least=None, most=None)
    shut = ticket.needs.queue in closed
    floor.pool.backlog = sum(sort.effort * len(rows) for sort, rows in line.items() if not sort.live)
    floor.look_about()
    # As it stands in the line: what came after hours is due at one moment, and no two ways to reckon it agree to the last bit.
    kind = sort_of(ticket)
    due = next((due for due, number in line.get(kind, ()) if number == ticket.id), ticket.due)
    own = _rank(kind, people, floor, now)(due, ticket.id)
    ahead: Counter[Sort] = Counter()
    of = 1
    for sort, rows in line.items():
        if (
            sort.live != ticket.live
            or (not shut and sort.needs.queue in closed)
            or not people.can(sort.needs)
        ):
            continue
        rank = _rank(sort, people, floor, now)
        others = [one for one in rows if one[1] != ticket.id]
        of += len(others)
        ahead[sort] = sum(rank(due, number) < own for due, number in others)
    found = _estimate(kind, ahead, of, people, tempo or {})
    return replace(found, least=None, most=None) if shut else found


def expect_new(
    sort: Sort, waiting: Mapping[Sort, int], crowd: Crowd, *, tempo: Mapping[str, float] | None = None
) -> Expected:
    """For a ticket of this sort that would come now and matter no more than others: after everything that waits for the same
    people. Several questions are answered quicker by the same crowd."""
    people = crowd.who_may(sort.needs)
    if not people.able:
        return Expected(place=0, of=0, agents=0, least=None, most=None)
    ahead = Counter(
        {
            other: tickets
            for other, tickets in waiting.items()
            if other.live == sort.live and people.can(other.needs)
        }
    )
    return _estimate(sort, ahead, sum(ahead.values()) + 1, people, tempo or {})


def _rank(
    sort: Sort, people: _People, floor: Floor, now: float
) -> Callable[[float, int], tuple[float, float, int]]:
    """The place in the order in which these people would take tickets of a sort, by due and id: smaller is earlier. What is
    worth more to them on the average comes first."""
    w = floor.weights
    if sort.live:  # as routing.floor joins them: what can still be in time, then by weight
        return lambda due, number: (-sort.weight - 1000.0 * (due >= now), due, number)
    rates, times = [], []
    for agent, pace in people.paces(sort.needs):
        minutes = minutes_for(sort.effort, pace, agent.live_load, w)
        liked = 1.0 + w.preferred * share_preferred(agent, sort.preferred)
        rates.append(floor.rate(agent, sort.needs, sort.weight, pace, minutes) * liked)
        times.append(minutes)
    rate, mean = sum(rates) / len(rates), sum(times) / len(times)
    return lambda due, number: (-rate * urgency(due, now, mean, floor.look_ahead, w), due, number)


def _estimate(
    sort: Sort, ahead: Counter[Sort], of: int, people: _People, tempo: Mapping[str, float]
) -> Expected:
    place = sum(ahead.values()) + 1
    speed = people.speed(sort.live)
    if not speed:
        return Expected(place=place, of=of, agents=len(people.here), least=None, most=None)

    def minutes(one: Sort) -> float:
        return one.effort * tempo.get(one.needs.queue, 1.0) / people.theirs(one.needs)[1]

    tickets = sum(count * people.theirs(one.needs)[0] for one, count in ahead.items())
    work = sum(count * people.theirs(one.needs)[0] * minutes(one) for one, count in ahead.items())
    # What is done before somebody is free for this one, less the places that are free already.
    turns = tickets + 1.0 - people.free_places(sort.live)
    if turns <= 0.0:
        return Expected(place=place, of=of, agents=len(people.here), least=0, most=0)
    turn = (work + minutes(sort)) / (tickets + 1.0) / speed
    least, most = _said(_spread(turns, -QUARTILE) * turn, _spread(turns, QUARTILE) * turn)
    return Expected(place=place, of=of, agents=len(people.here), least=least, most=most)


def _speed(agent: AgentState, live: bool, w: Weights) -> float:
    """Minutes of such work that the agent does in a minute, level of skill apart."""
    if live:
        return float(agent.live_capacity)
    return max(1.0 - agent.live_load * w.live_share, w.least_attention) if agent.capacity else 0.0


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
