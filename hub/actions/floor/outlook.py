"""What is expected of the next hours, and what that makes people's time worth. Found anew every half hour by each hub."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from hub.actions.floor.as_facts import EFFORT, LIVE_EFFORT, as_agents, needs_of
from hub.model.tickets import TicketKind
from routing.floor import NO_PRICES, Floor
from routing.plan import AHEAD, EVERY, HERE
from routing.prices import Prices
from routing.rules import RoutingRules
from routing.situation import Needs
from routing.worth import Weights
from storage import work
from storage.database import Connection, Database, DatabaseUnavailable
from storage.work import AgentNow, ExpectedRow

log = structlog.get_logger(__name__)


class Outlook:
    """One per hub process. `prices` may be old, and are empty at first: then nobody has an advantage. `live_demand`: what share
    of the conversations expected is of each sort. `looked_at`: the moment, by the database, as of which work was last given
    out."""

    def __init__(self) -> None:
        self.prices: Prices[Needs] = NO_PRICES
        self.live_demand: Mapping[Needs, float] = {}
        self.looked_at: datetime | None = None
        self._found_at = -float("inf")

    async def look_ahead(self, database: Database, rules: RoutingRules) -> None:
        """Find the prices anew where they are old. Expected is what came in the same hours of the last four weeks; here are
        those who are on line now. A database that does not answer leaves them as they are."""
        now = time.monotonic()
        if now - self._found_at < EVERY * 60.0:
            return
        self._found_at = now
        try:
            expected, agents = await database.read(lambda c: _look(c, rules.work.live))
        except DatabaseUnavailable as away:
            log.warning("outlook.old", error=str(away))
            return
        self.live_demand = _shares_of_live(expected)
        self.prices = await asyncio.to_thread(_find_prices, expected, agents, rules)


async def _look(
    connection: Connection, live_kinds: Sequence[str]
) -> tuple[Sequence[ExpectedRow], Sequence[AgentNow]]:
    return await work.expected(connection, AHEAD, live_kinds), await work.look_at_agents(connection)


def _shares_of_live(rows: Sequence[ExpectedRow]) -> Mapping[Needs, float]:
    live: dict[Needs, float] = {}
    for row in rows:
        if row.live:
            needs = needs_of(row.queue, row.language, tuple(row.skills))
            live[needs] = live.get(needs, 0.0) + row.tickets
    total = sum(live.values())
    return {needs: tickets / total for needs, tickets in live.items()}


def _find_prices(
    rows: Sequence[ExpectedRow], present: Sequence[AgentNow], rules: RoutingRules
) -> Prices[Needs]:
    share = Weights().live_share
    expected: dict[Needs, float] = {}
    for row in rows:
        needs, kind = needs_of(row.queue, row.language, tuple(row.skills)), TicketKind(row.kind)
        minutes = row.tickets * (LIVE_EFFORT[kind] * share if row.live else EFFORT[kind])
        expected[needs] = expected.get(needs, 0.0) + minutes
    if not present:
        return NO_PRICES
    floor = Floor(as_agents(present, {needs.queue for needs in expected}, present[0].now, rules))
    here = [agent for agent in floor.agents.values() if agent.here]
    floor.reprice(expected, {agent.id: HERE * AHEAD for agent in here})
    return floor.prices
