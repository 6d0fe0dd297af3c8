"""The production engine as one more policy of the routing benchmark: `--policy tests.benchmarks.hub_route:policy`.

Nothing is decided here. Items become tickets, the benchmark's agents become agents, its business minutes are the engine's
clock, and what the engine chose is done. What a company knows from its records is handed over as such: the daily profile, the
shares of topics, languages and channels, the mean time a class of work takes, the pace of each level and the gain of knowing
the customer (what `routing.measure_pace` finds in them), and the shifts.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.model.people import Presence
from routing.floor import Floor
from routing.plan import AHEAD, EVERY, HERE
from routing.select import give_next, place
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import Weights

QUEUE = "service"


class HubRoute:
    """A `Policy` of the benchmark (its class of that name says when each method is called)."""

    name = "contact hub"
    tick = EVERY
    cap_chat, cap_async = 3, 1
    known_owner = False

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights

    def init(self, sim: Any) -> None:
        bench = self._bench = sys.modules[type(sim).__module__]
        topics, languages = range(len(bench.TOPICS)), range(len(bench.LANGS))
        self._needs = [
            Needs(QUEUE, bench.LANGS[language], frozenset({(bench.TOPICS[topic], 1)}))
            for topic in topics
            for language in languages
        ]
        self._share = {
            self._needs[bench.cls_of(topic, language)]: bench.TOPIC_P[topic] * bench.LANG_P[language]
            for topic in topics
            for language in languages
        }
        self._skills = [
            {bench.TOPICS[topic]: level for topic, level in enumerate(a.levels) if level} for a in sim.agents
        ]
        self._languages = [frozenset(bench.LANGS[language] for language in a.spec.langs) for a in sim.agents]
        self._minutes_an_item = sum(
            bench.CH_P[channel]
            * bench.KIND_P[channel][kind]
            * bench.MEAN_WORK[channel, kind]
            * (bench.CHAT_ATT if channel == bench.CHAT else 1.0)
            for channel in range(len(bench.CH_P))
            for kind in range(len(bench.KIND_NAMES))
        )
        self._daily = len(sim.items) / bench.NDAYS
        self._tickets: dict[int, WaitingTicket] = {}
        measured = replace(
            self._weights or Weights(), paces=tuple(bench.SPEED), owner_gain=1.0 / bench.OWNER_FACTOR
        )
        self._floor = Floor(weights=measured, live_demand=self._share)
        self._look(sim)
        self._plan(sim)

    def reserve(self, item: Any) -> float:
        """Minutes until an offer that is not taken up goes back to the queue."""
        return 0.25 if item.ch == self._bench.CHAT else 0.5

    def inbox_pick(self, sim: Any, agent: Any) -> int:
        return 0  # there is never more than one

    def on_arrival(self, sim: Any, item: Any) -> None:
        self._look(sim)
        ticket = self._ticket(item)
        choice = place(self._floor, ticket, sim.now)
        if choice is not None:
            sim.assign(item, sim.agents[choice.agent_id])
        else:
            self._floor.pool.add(ticket)

    def on_free(self, sim: Any, agent: Any) -> None:
        self._look(sim)
        if len(self._floor.pool) != len(sim.queue):  # customers left
            for ticket in [one for one in self._floor.pool if one.id not in sim.queue]:
                self._floor.pool.discard(ticket.id)
        self._floor.look_about()
        while choice := give_next(self._floor, self._floor.agents[agent.id], sim.now):
            sim.assign(sim.items[choice.ticket_id], agent)
            self._seat(sim, agent)

    def on_tick(self, sim: Any) -> None:
        self._look(sim)
        self._plan(sim)

    def _plan(self, sim: Any) -> None:
        """Tell the engine what is expected until the end of the day, at most AHEAD, and who will be there."""
        bench, now = self._bench, sim.now
        day = now // bench.DAY * bench.DAY
        end = min(now + AHEAD, day + bench.DAY)
        items, at = 0.0, now
        while at < end - 1e-9:
            hour = min(len(bench.PROFILE) - 1, int((at - day) // 60))
            until = min(end, day + (hour + 1) * 60.0)
            items += self._daily * bench.PROFILE[hour] / sum(bench.PROFILE) * (until - at) / 60.0
            at = until
        expected = {needs: items * self._minutes_an_item * share for needs, share in self._share.items()}
        minutes: Mapping[int, float] = {
            a.id: HERE * max(0.0, min(end, day + shift[1]) - max(now, day + shift[0]))
            for a in sim.agents
            for shift in (bench.SHIFTS[a.spec.shift],)
        }
        self._floor.reprice(expected, minutes)

    def _look(self, sim: Any) -> None:
        for agent in sim.agents:
            self._seat(sim, agent)

    def _seat(self, sim: Any, agent: Any) -> None:
        self._floor.seat(
            AgentState(
                id=agent.id,
                name=f"agent {agent.id}",
                presence=Presence.ONLINE if agent.avail() else Presence.AWAY,
                capacity=self.cap_async,
                load=agent.async_held(),
                live_capacity=self.cap_chat,
                live_load=agent.chats_held(),
                idle_since=agent.free_since,
                languages=self._languages[agent.id],
                skills=self._skills[agent.id],
                queues=frozenset((QUEUE,)),
                used=agent.att / max(1.0, agent.onmin + sim.now - agent.on_since),
                in_hand=self._ticket(agent.cur) if agent.cur is not None else None,
            )
        )

    def _ticket(self, item: Any) -> WaitingTicket:
        known = self._tickets.get(item.id)
        if known is None:
            known = self._tickets[item.id] = WaitingTicket(
                id=item.id,
                needs=self._needs[item.cls],
                since=item.t,
                due=item.dl,
                weight=item.w,
                effort=item.mean,
                live=item.ch == self._bench.CHAT,
                owner=item.owner if item.owner >= 0 else None,
            )
        return known


def policy() -> HubRoute:
    """The factory that the benchmark asks for."""
    return HubRoute()
