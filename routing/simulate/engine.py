"""The routing engine as a hub uses it, told of a simulated floor. Nothing is decided here."""

from collections.abc import Iterable, Mapping

from routing.floor import Floor
from routing.plan import AHEAD, HERE
from routing.select import give_next, place
from routing.simulate.case import Case, Span
from routing.simulate.people import Person
from routing.situation import Needs, WaitingTicket

_HOUR = 60.0


class Engine:
    """`came` and `next_for` are the engine's two questions; the rest tells it how things are."""

    def __init__(self, case: Case) -> None:
        self._floor = Floor(weights=case.weights, live_demand=case.live_demand)
        self._expected = case.expected
        self._shifts = {one.id: one.shifts for one in case.workers}

    def __contains__(self, ticket_id: int) -> bool:
        """Whether the ticket waits."""
        return ticket_id in self._floor.pool

    def see(self, people: Iterable[Person], now: float) -> None:
        """This is how they are now."""
        for person in people:
            self._floor.seat(person.state(now))

    def came(self, ticket: WaitingTicket, now: float) -> int | None:
        """Who has it now; None: it waits."""
        choice = place(self._floor, ticket, now)
        if choice is None:
            self._floor.pool.add(ticket)
            return None
        return choice.agent_id

    def next_for(self, agent_id: int, now: float) -> int | None:
        """What they have next; None: nothing."""
        self._floor.look_about()
        choice = give_next(self._floor, self._floor.agents[agent_id], now)
        return choice.ticket_id if choice is not None else None

    def gone(self, ticket_id: int) -> None:
        """It waits no longer."""
        self._floor.pool.discard(ticket_id)

    def plan(self, now: float) -> None:
        """What the next hours will bring, and who will be there: prices anew."""
        minutes = {
            agent: HERE * sum(_overlap(shift, now, now + AHEAD) for shift in shifts)
            for agent, shifts in self._shifts.items()
        }
        self._floor.reprice(_within(self._expected, now, now + AHEAD), minutes)


def _within(expected: Mapping[int, Mapping[Needs, float]], begin: float, end: float) -> dict[Needs, float]:
    """What is expected between two moments, of figures by the hour."""
    work: dict[Needs, float] = {}
    for hour in range(int(begin // _HOUR), int(end // _HOUR) + 1):
        share = _overlap((hour * _HOUR, (hour + 1) * _HOUR), begin, end) / _HOUR
        for needs, minutes in expected.get(hour, {}).items():
            work[needs] = work.get(needs, 0.0) + share * minutes
    return work


def _overlap(span: Span, begin: float, end: float) -> float:
    return max(0.0, min(span[1], end) - max(span[0], begin))
