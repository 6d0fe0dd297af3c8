"""What is expected of the next hours, and what that makes people's time worth. Found anew every half hour by each hub."""

import asyncio
import time
from collections.abc import Sequence

import structlog

from hub.actions.as_facts import EFFORT, as_agents
from hub.model.people import Presence
from hub.model.tickets import TicketKind
from routing.floor import NO_PRICES, Floor
from routing.plan import AHEAD, EVERY, HERE
from routing.prices import Prices
from routing.situation import Needs
from storage import work
from storage.database import Connection, Database, DatabaseUnavailable
from storage.work import AgentNow, ExpectedRow

log = structlog.get_logger(__name__)


class Outlook:
    """One per hub process. `prices` may be old, and are empty at first: then nobody has an advantage."""

    def __init__(self) -> None:
        self.prices: Prices[Needs] = NO_PRICES
        self._found_at = -float("inf")

    async def look_ahead(self, database: Database) -> None:
        """Find the prices anew where they are old. Expected is what came in the same hours of the last four weeks; here are
        those who are on line now. A database that does not answer leaves them as they are."""
        now = time.monotonic()
        if now - self._found_at < EVERY * 60.0:
            return
        self._found_at = now
        try:
            expected, agents = await database.read(_look)
        except DatabaseUnavailable as away:
            log.warning("outlook.old", error=str(away))
            return
        self.prices = await asyncio.to_thread(_find_prices, expected, agents)


async def _look(connection: Connection) -> tuple[Sequence[ExpectedRow], Sequence[AgentNow]]:
    return await work.expected(connection, AHEAD, []), await work.look_at_agents(connection)


def _find_prices(rows: Sequence[ExpectedRow], present: Sequence[AgentNow]) -> Prices[Needs]:
    expected: dict[Needs, float] = {}
    for row in rows:
        needs = Needs(row.queue, row.language, frozenset((skill, 1) for skill in row.skills))
        minutes = row.tickets * EFFORT[TicketKind(row.kind)]
        expected[needs] = expected.get(needs, 0.0) + minutes
    if not present:
        return NO_PRICES
    floor = Floor(as_agents(present, {needs.queue for needs in expected}, present[0].now))
    here = [agent for agent in floor.agents.values() if agent.presence is Presence.ONLINE]
    floor.reprice(expected, {agent.id: HERE * AHEAD for agent in here})
    return floor.prices
