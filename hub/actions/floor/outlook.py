"""What is expected of the next hours, and what that makes people's time worth. Found anew every half hour by each hub, and
sooner when other people are here."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.actions.apart import work_apart
from hub.actions.floor.as_facts import EFFORT, LIVE_EFFORT, as_agents, needs_of
from hub.actions.floor.own_pace import own_weights
from hub.model.tickets import TicketKind
from routing.floor import NO_PRICES
from routing.plan import AHEAD, EVERY
from routing.prices import Prices
from routing.rules import RoutingRules
from routing.situation import AgentState, Needs
from routing.worth import Weights
from storage import work
from storage.database import Connection, Database
from storage.work import ExpectedRow

Job = tuple[Mapping[Needs, float], Sequence[AgentState], Weights]
"""Minutes of work expected of each sort, who is here to do it, and the numbers to go by."""

MEASURE_SECONDS = 6 * 3600.0
"""People's pace changes with the weeks."""
OTHER_PEOPLE_SECONDS = 300.0
"""Who comes and goes changes prices, but not with every one of a shift that begins."""
LONGEST_SECONDS = 120.0
LATELY_SECONDS = 8 * 3600.0
"""What people did in a day's work decides whose turn it is."""
LEAST_MINUTES = 15.0
"""Who is here for a shorter time has not been busy or idle yet."""


class Outlook:
    """One per hub process. `prices` may be old, and are empty at first: then nobody has an advantage. `live_demand`: what share
    of the conversations expected is of each sort. `used`: what share of their time of late was work, by agent. `weights`:
    the engine's numbers, as far as measured with this company's people. `looked_at`: the moment, by the database, as of which
    work was last given out."""

    def __init__(self) -> None:
        self.prices: Prices[Needs] = NO_PRICES
        self.live_demand: Mapping[Needs, float] = {}
        self.used: Mapping[int, float] = {}
        self.weights = Weights()
        self.looked_at: datetime | None = None
        self.found_at = -float("inf")
        self._found_for: frozenset[int] = frozenset()
        self.measured_at = -float("inf")

    async def look_ahead(self, database: Database, rules: RoutingRules) -> bool:
        """Find the prices anew where they are old; returns whether it did. Expected is what came in the same hours of the
        last four weeks. Worked out in a process of its own, for it takes a good part of a second with hundreds of people.
        Raises ApartFailed and DatabaseUnavailable; the prices are then as they were."""
        if time.monotonic() - self.measured_at >= MEASURE_SECONDS:
            self.weights = await database.read(own_weights)
            self.measured_at = time.monotonic()
        present = await database.read(work.look_at_agents)
        queues = {rule.name for rule in rules.queue}
        here = (
            [one for one in as_agents(present, queues, present[0].now, rules) if one.here] if present else []
        )
        self.used = await database.read(lambda c: _used(c, [one.id for one in here]))
        age, people = time.monotonic() - self.found_at, frozenset(one.id for one in here)
        if age < (EVERY * 60.0 if people == self._found_for else OTHER_PEOPLE_SECONDS):
            return False
        expected = await database.read(lambda c: work.expected(c, AHEAD, rules.work.live))
        self.live_demand = _shares_of_live(expected)
        minutes = _minutes(expected)
        if minutes and here:
            job: Job = minutes, here, self.weights
            self.prices = await work_apart(
                "hub.actions.floor.price_process", job, longest_seconds=LONGEST_SECONDS
            )
        self.found_at, self._found_for = time.monotonic(), people
        return True


async def _used(connection: Connection, agents: Sequence[int]) -> Mapping[int, float]:
    """By what such work takes on the average, against the time that they were at their desks: above 1 for who is quicker."""
    if not agents:
        return {}
    minutes = await work.here_lately(connection, agents, LATELY_SECONDS)
    worked = dict.fromkeys(agents, 0.0)
    for row in await work.given_lately(connection, agents, LATELY_SECONDS):
        kind = TicketKind(row.kind)
        effort = LIVE_EFFORT[kind] * Weights().live_share if row.live else EFFORT[kind]
        worked[row.agent_id] += row.tickets * effort
    return {one: worked[one] / here for one in agents if (here := minutes.get(one, 0.0)) >= LEAST_MINUTES}


def _shares_of_live(rows: Sequence[ExpectedRow]) -> Mapping[Needs, float]:
    live: dict[Needs, float] = {}
    for row in rows:
        if row.live:
            needs = needs_of(row.queue, row.language, tuple(row.skills))
            live[needs] = live.get(needs, 0.0) + row.tickets
    total = sum(live.values())
    return {needs: tickets / total for needs, tickets in live.items()}


def _minutes(rows: Sequence[ExpectedRow]) -> Mapping[Needs, float]:
    share = Weights().live_share
    expected: dict[Needs, float] = {}
    for row in rows:
        needs, kind = needs_of(row.queue, row.language, tuple(row.skills)), TicketKind(row.kind)
        minutes = row.tickets * (LIVE_EFFORT[kind] * share if row.live else EFFORT[kind])
        expected[needs] = expected.get(needs, 0.0) + minutes
    return expected
