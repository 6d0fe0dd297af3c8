"""Waiting tickets, kept so that the best one for an agent is found without looking at all of them. Pure.

Tickets that ask for the same, matter the same and take as long are one lot, in the order of their promises. Within a lot the
worth falls with the slack, so the first that nobody else should rather have is the best of it; a lot whose bound is below what
was found already is not opened at all. A choice costs about one step a lot, however many wait.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from routing.situation import Needs, WaitingTicket


class Lot(NamedTuple):
    """What the tickets of a lot have in common."""

    needs: Needs
    live: bool
    weight: float
    effort: float
    units: int
    preferred: frozenset[str]


_Row = tuple[float, int, WaitingTicket]


class Pool:
    """Add and discard tickets; ask for a lot's rows. `backlog`: minutes of work that can be put aside."""

    def __init__(self) -> None:
        self._lots: dict[Lot, list[_Row]] = {}
        self._live: dict[Lot, list[_Row]] = {}
        self._tickets: dict[int, WaitingTicket] = {}
        self._owned: dict[int, dict[int, WaitingTicket]] = {}
        self.backlog = 0.0

    def __len__(self) -> int:
        return len(self._tickets)

    def __contains__(self, ticket_id: int) -> bool:
        return ticket_id in self._tickets

    def __iter__(self) -> Iterator[WaitingTicket]:
        return iter(self._tickets.values())

    @property
    def lots(self) -> Mapping[Lot, list[_Row]]:
        """Work that can be put aside: (due, id, ticket) in order, by what the tickets have in common."""
        return self._lots

    @property
    def live_lots(self) -> Mapping[Lot, list[_Row]]:
        """The same of live tickets."""
        return self._live

    def owned_by(self, agent_id: int) -> Iterator[WaitingTicket]:
        """Tickets of customers whom this agent had last, live ones left out."""
        return iter(self._owned.get(agent_id, {}).values())

    def add(self, ticket: WaitingTicket) -> None:
        """Let it wait here; one that waits already stays as it is."""
        if ticket.id in self._tickets:
            return
        self._tickets[ticket.id] = ticket
        insort(self._side(ticket).setdefault(_lot(ticket), []), (ticket.due, ticket.id, ticket))
        if not ticket.live:
            self.backlog += ticket.effort
            if ticket.owner is not None:
                self._owned.setdefault(ticket.owner, {})[ticket.id] = ticket

    def discard(self, ticket_id: int) -> None:
        """It waits no longer."""
        ticket = self._tickets.pop(ticket_id, None)
        if ticket is None:
            return
        side, lot = self._side(ticket), _lot(ticket)
        rows = side[lot]
        del rows[bisect_left(rows, (ticket.due, ticket.id))]
        if not rows:
            del side[lot]
        if not ticket.live:
            self.backlog -= ticket.effort
            if ticket.owner is not None:
                del self._owned[ticket.owner][ticket.id]

    def _side(self, ticket: WaitingTicket) -> dict[Lot, list[_Row]]:
        return self._live if ticket.live else self._lots


def _lot(ticket: WaitingTicket) -> Lot:
    return Lot(ticket.needs, ticket.live, ticket.weight, ticket.effort, ticket.units, ticket.preferred)


def first_in_time(rows: list[_Row], moment: float) -> int:
    """The place of the first ticket of a lot whose promise is not before `moment`."""
    return bisect_left(rows, (moment,))
