"""Who gets what: the agents on the floor, the tickets in the pool, one decision at a time. Pure.

Two questions, one yardstick (routing.worth): a ticket came, who should have it; an agent came free, what should they have.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routing.fit import fits, has_room
from routing.pool import Pool, first_in_time
from routing.prices import Prices, find_prices
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import LOST_BELOW, Weights, minutes_for, pace_of, share_preferred, urgency

NO_PRICES: Prices[Needs] = Prices(of_work={}, of_agent={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """What speaks for giving one ticket to one agent; only comparisons mean something, larger is better."""

    agent: AgentState
    owner: float
    preferred: float
    pace: float
    quiet: float
    free_places: float
    undisturbed: float
    best_use: float
    even: float

    @property
    def total(self) -> float:
        return (
            self.owner
            + self.preferred
            + self.pace
            + self.quiet
            + self.free_places
            + self.undisturbed
            + self.best_use
            + self.even
        )


class Floor:
    """Agents as they are now (`seat` says how they changed) and what waits for them.

    `live_demand`: how much live work of each class is expected, as shares of all of it.
    """

    def __init__(
        self,
        agents: Iterable[AgentState] = (),
        *,
        weights: Weights | None = None,
        prices: Prices[Needs] = NO_PRICES,
        live_demand: Mapping[Needs, float] | None = None,
    ) -> None:
        self.pool = Pool()
        self.weights = weights or Weights()
        self.prices = prices
        self.look_ahead = self.weights.look_ahead[0]
        self.agents: dict[int, AgentState] = {}
        self._live_demand = dict(live_demand or {})
        self._pace: dict[int, dict[Needs, float]] = {}
        for agent in agents:
            self.seat(agent)

    def seat(self, agent: AgentState) -> None:
        """This is how the agent is now."""
        known = self.agents.get(agent.id)
        self.agents[agent.id] = agent
        if known is None or _abilities(known) != _abilities(agent):
            self._pace[agent.id] = {}

    def look_about(self) -> None:
        """Set how far ahead promises press: further, the more work waits for each agent who is here."""
        here = sum(one.here for one in self.agents.values())
        least, most = self.weights.look_ahead
        self.look_ahead = min(most, max(least, self.weights.look_share * self.pool.backlog / max(here, 1)))

    def reprice(self, expected: Mapping[Needs, float], minutes: Mapping[int, float]) -> None:
        """Find the prices of skills anew, for what waits here and what is expected (minutes of work at usual pace), with so
        many minutes of each agent's time ahead. Where nothing can be said the old prices stay."""
        work = dict(expected)
        for ticket in self.pool:
            share = self.weights.live_share if ticket.live else 1.0
            work[ticket.needs] = work.get(ticket.needs, 0.0) + ticket.effort * share
        pace = {
            agent.id: {needs: found for needs in work if (found := self.pace(agent, needs))}
            for agent in self.agents.values()
        }
        prices = find_prices(work, minutes, pace)
        if prices.of_work:
            self.prices = prices

    def pace(self, agent: AgentState, needs: Needs) -> float:
        """The agent's pace at such work; 0 where they are not fit for it."""
        known = self._pace[agent.id]
        found = known.get(needs)
        if found is None:
            fit = fits(agent, needs)
            found = known[needs] = pace_of(agent, needs, self.weights.paces) if fit else 0.0
        return found

    # ── a ticket came ────────────────────────────────────────────────────────────────────────────────────────────────
    def bids(self, ticket: WaitingTicket, now: float) -> list[Bid]:
        """Everybody who is fit and free for it, the best first; of equals whoever has been idle longest."""
        free = [
            (agent, pace)
            for agent in self.agents.values()
            if has_room(agent, ticket.live, ticket.units)
            and agent.id not in ticket.not_to
            and (pace := self.pace(agent, ticket.needs))
        ]
        places = self._free_places() if ticket.live and len(free) > 1 else {}
        made = [self._bid(ticket, agent, pace, places, now) for agent, pace in free]
        made.sort(key=lambda one: (-round(one.total, 9), one.agent.idle_since, one.agent.load, one.agent.id))
        return made

    def _bid(
        self, ticket: WaitingTicket, agent: AgentState, pace: float, places: Mapping[Needs, int], now: float
    ) -> Bid:
        w = self.weights
        theirs = ticket.owner == agent.id
        held = 0.0 if ticket.live else agent.load / max(agent.capacity, 1)
        return Bid(
            agent=agent,
            owner=2.0 * w.owner_bonus if theirs else 0.0,
            preferred=w.preferred * share_preferred(agent, ticket.preferred),
            pace=w.pace * pace * (w.owner_gain if theirs else 1.0),
            quiet=-w.one_more_live * agent.live_load - held,
            free_places=-w.last_places * self._price_of_place(agent, places),
            undisturbed=-w.interrupt * self._disturbance(agent, now) if ticket.live else 0.0,
            best_use=0.0 if ticket.live else w.best_use * self.prices.advantage(ticket.needs, agent.id, pace),
            even=-w.evenness * agent.used,
        )

    def _free_places(self) -> dict[Needs, int]:
        """Places for live work by class, over everybody who is here."""
        places: dict[Needs, int] = {}
        for agent in self.agents.values():
            if has_room(agent, live=True):
                room = agent.live_capacity - agent.live_load
                for needs in self._live_demand:
                    if self.pace(agent, needs):
                        places[needs] = places.get(needs, 0) + room
        return places

    def _price_of_place(self, agent: AgentState, places: Mapping[Needs, int]) -> float:
        """How much likelier it becomes that customers find every place taken, when one of this agent's is used."""
        ratio = self.weights.place_ratio
        return sum(
            self._live_demand[needs] * (ratio ** (free - 1) - ratio**free)
            for needs, free in places.items()
            if self.pace(agent, needs)
        )

    def _disturbance(self, agent: AgentState, now: float) -> float:
        """How much the work in hand would miss the attention."""
        work = agent.in_hand
        if work is None:
            return 0.0
        pace = (self.pace(agent, work.needs) or 1.0) * (
            self.weights.owner_gain if work.owner == agent.id else 1.0
        )
        slack = work.due - now - work.effort / pace * (1.5 + agent.live_load)
        return math.exp(-max(slack, 0.0) / 30.0) * work.weight / 4.0

    # ── an agent came free ───────────────────────────────────────────────────────────────────────────────────────────
    def best_for(self, agent: AgentState, now: float) -> tuple[WaitingTicket, float] | None:
        """What this agent should have next and its worth, infinite for live work, which comes first. None: nothing waits that
        they may have."""
        if has_room(agent, live=True) and (live := self._best_live(agent, now)) is not None:
            return live, math.inf
        return self._best_deferred(agent, now) if has_room(agent, live=False) else None

    def _best_live(self, agent: AgentState, now: float) -> WaitingTicket | None:
        """Whoever can still be joined in time first; of these the weightiest, then the earliest promise."""
        best: WaitingTicket | None = None
        highest = (-1, 0.0, 0.0)
        for lot, rows in self.pool.live_lots.items():
            if not self.pace(agent, lot.needs):
                continue
            for due, _, ticket in rows:
                rank = (int(due >= now), lot.weight, -due)
                if rank > highest and agent.id not in ticket.not_to:
                    best, highest = ticket, rank
        return best

    def _best_deferred(self, agent: AgentState, now: float) -> tuple[WaitingTicket, float] | None:
        w = self.weights
        best: WaitingTicket | None = None
        most = -1.0
        room = agent.capacity - agent.load
        for ticket in self.pool.owned_by(agent.id):
            pace = self.pace(agent, ticket.needs)
            if not pace or ticket.units > room or agent.id in ticket.not_to:
                continue
            minutes = minutes_for(ticket.effort, pace * w.owner_gain, agent.live_load, w)
            worth = self.rate(agent, ticket.needs, ticket.weight, pace, minutes) * (1.0 + w.owner_bonus)
            if ticket.preferred:
                worth *= 1.0 + w.preferred * share_preferred(agent, ticket.preferred)
            worth *= urgency(ticket.due, now, minutes, self.look_ahead, w)
            if worth > most:
                best, most = ticket, worth
        for lot, rows in self.pool.lots.items():
            pace = self.pace(agent, lot.needs)
            if not pace or lot.units > room:
                continue
            minutes = minutes_for(lot.effort, pace, agent.live_load, w)
            rate = self.rate(agent, lot.needs, lot.weight, pace, minutes)
            if lot.preferred:
                rate *= 1.0 + w.preferred * share_preferred(agent, lot.preferred)
            if rate <= most:
                continue  # no urgency is above 1
            split = first_in_time(rows, now + LOST_BELOW * minutes)
            for start, end in ((0, split), (split, len(rows))):
                for place in range(start, end):
                    due, _, ticket = rows[place]
                    bound = rate * urgency(due, now, minutes, self.look_ahead, w)
                    if bound <= most:
                        break
                    if ticket.owner == agent.id or agent.id in ticket.not_to:
                        continue  # the agent's own were looked at above
                    held = self.is_held(ticket, now)
                    worth = bound * w.hold if held else bound
                    if worth > most:
                        best, most = ticket, worth
                    if not held:
                        break
        return (best, most) if best is not None else None

    def rate(self, agent: AgentState, needs: Needs, weight: float, pace: float, minutes: float) -> float:
        """Importance per minute of the agent's time, less where others should do it."""
        advantage = self.prices.advantage(needs, agent.id, pace)
        w = self.weights
        return math.pow(weight, w.importance) / minutes * math.pow(advantage, w.advantage)

    def is_held(self, ticket: WaitingTicket, now: float) -> bool:
        """Whether the one who knows the customer is here and there is time until they get to it."""
        owner = self.agents.get(ticket.owner) if ticket.owner is not None else None
        return (
            owner is not None
            and owner.here
            and ticket.due - now > self.weights.hold_until
            and owner.id not in ticket.not_to
        )


def _abilities(agent: AgentState) -> tuple[object, ...]:
    return agent.skills, agent.languages, agent.queues
