"""Many agents who take from one pool, each always what is worth most in their hands. Pure.

What a ticket is worth to an agent does not change while others take theirs, and within a lot it falls along the line of
promises (routing.pool). So each agent keeps the head of every lot in a heap, and looks at a lot again only when its head was
taken and stood first for them. The way past what was taken is remembered, as in a forest of disjoint sets (R. E. Tarjan,
"Efficiency of a good but not linear set union algorithm", 1975), so nobody walks it twice.
"""

from bisect import bisect_left
from collections.abc import Iterator
from heapq import heapify, heappop, heapreplace

from routing.fit import has_room
from routing.floor import Floor
from routing.pool import Lot
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import LOST_BELOW, minutes_for, share_preferred, urgency

_Head = tuple[float, float, int, "_Row", int, int, float, float]
"""(- worth, due, ticket, row, place, end of the part of the row, rate, minutes): what stands first of a part of a row."""
_Stand = tuple[float, float, int, _Head]
"""(- worth of their next minute, idle since, agent, what they would take)."""


class _Row:
    """The tickets of a lot in the order of their promises, that everybody may have alike."""

    def __init__(self, tickets: list[WaitingTicket]) -> None:
        self.tickets = tickets
        self.dues = [ticket.due for ticket in tickets]
        self._next = list(range(len(tickets) + 1))

    def first(self, place: int) -> int:
        """The first place from here on whose ticket is still there; the end where there is none."""
        following = self._next
        while (after := following[place]) != place:
            following[place] = following[after]
            place = after
        return place

    def take(self, place: int) -> None:
        self._next[place] = place + 1


class Line:
    """The pool of a floor while it is shared out at one moment. Iterated over, it says who takes what, whoever can make most of
    their next minute first; whoever iterates seats each agent with what they took (`Floor.seat`) before the next one."""

    def __init__(self, floor: Floor, now: float) -> None:
        self._floor = floor
        self._now = now
        self._places: dict[int, tuple[_Row, int]] = {}
        self._rows: list[tuple[Lot, _Row, float, frozenset[int]]] = []
        for lot, rows in floor.pool.lots.items():
            kept: dict[tuple[bool, frozenset[int]], list[WaitingTicket]] = {}
            for _, _, ticket in rows:
                kept.setdefault((floor.is_held(ticket, now), ticket.not_to), []).append(ticket)
            for (held, not_to), tickets in kept.items():
                row = _Row(tickets)
                self._rows.append((lot, row, floor.weights.hold if held else 1.0, not_to))
                self._places |= {ticket.id: (row, place) for place, ticket in enumerate(tickets)}
        self._heads: dict[int, list[_Head]] = {}
        self._fit: dict[Needs, frozenset[int]] = {}
        self._with_room = {agent.id for agent in floor.agents.values() if has_room(agent, live=False)}

    def __iter__(self) -> Iterator[tuple[AgentState, WaitingTicket]]:
        agents = self._floor.agents
        line: list[_Stand] = []
        for agent_id in self._with_room:
            self._heads[agent_id] = self._heads_for(agents[agent_id])
            if (head := self._first(agents[agent_id])) is not None:
                line.append(_stand(agents[agent_id], head))
        heapify(line)
        while line:
            _, _, agent_id, (_, _, _, row, place, _, _, _) = line[0]
            if row.first(place) == place:  # else somebody before them took it: they stand for their next best
                row.take(place)
                yield agents[agent_id], row.tickets[place]
                if not has_room(agents[agent_id], live=False):
                    self._with_room.discard(agent_id)
                    heappop(line)
                    continue
            if (head := self._first(agents[agent_id])) is not None:
                heapreplace(line, _stand(agents[agent_id], head))
            else:
                heappop(line)

    def others(self, agent: AgentState, ticket: WaitingTicket) -> int:
        """How many other agents could have had it now."""
        fit = self._fit.get(ticket.needs)
        if fit is None:
            everybody = self._floor.agents.values()
            fit = frozenset(one.id for one in everybody if self._floor.pace(one, ticket.needs))
            self._fit[ticket.needs] = fit
        free = (fit & self._with_room) - {agent.id}
        if ticket.units == 1:
            return len(free)
        return sum(has_room(self._floor.agents[one], live=False, units=ticket.units) for one in free)

    def _first(self, agent: AgentState) -> _Head | None:
        """What is worth most to them of what is still there and what they have room for."""
        heads, room = self._heads[agent.id], agent.capacity - agent.load
        while heads:
            head = heads[0]
            _, _, _, row, place, end, rate, minutes = head
            if row.tickets[place].units > room:
                heappop(heads)  # they get no more room here
            elif (first := row.first(place)) == place:
                return head
            elif first < end:
                heapreplace(heads, self._head(row, first, end, rate, minutes))
            else:
                heappop(heads)
        return None

    def _heads_for(self, agent: AgentState) -> list[_Head]:
        floor, now, w = self._floor, self._now, self._floor.weights
        heads: list[_Head] = []
        for lot, row, share, not_to in self._rows:
            pace = floor.pace(agent, lot.needs)
            if not pace or agent.id in not_to:
                continue
            minutes = minutes_for(lot.effort, pace, agent.live_load, w)
            rate = share * floor.rate(agent, lot.needs, lot.weight, pace, minutes)
            if lot.preferred:
                rate *= 1.0 + w.preferred * share_preferred(agent, lot.preferred)
            split = bisect_left(row.dues, now + LOST_BELOW * minutes)
            for start, end in ((0, split), (split, len(row.tickets))):
                if start < end:
                    heads.append(self._head(row, start, end, rate, minutes))
        for ticket in floor.pool.owned_by(agent.id):
            pace = floor.pace(agent, ticket.needs)
            if not pace or agent.id in ticket.not_to:
                continue
            minutes = minutes_for(ticket.effort, pace * w.owner_gain, agent.live_load, w)
            rate = floor.rate(agent, ticket.needs, ticket.weight, pace, minutes) * (1.0 + w.owner_bonus)
            if ticket.preferred:
                rate *= 1.0 + w.preferred * share_preferred(agent, ticket.preferred)
            row, place = self._places[ticket.id]
            heads.append(self._head(row, place, place + 1, rate, minutes))
        heapify(heads)
        return heads

    def _head(self, row: _Row, place: int, end: int, rate: float, minutes: float) -> _Head:
        floor, due = self._floor, row.dues[place]
        worth = rate * urgency(due, self._now, minutes, floor.look_ahead, floor.weights)
        return -worth, due, row.tickets[place].id, row, place, end, rate, minutes


def _stand(agent: AgentState, head: _Head) -> _Stand:
    return head[0] / (1.0 + agent.load), agent.idle_since, agent.id, head
