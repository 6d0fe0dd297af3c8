"""What runs in the process that finds prices (hub.actions.apart, hub.actions.floor.outlook)."""

from hub.actions.apart import serve_apart
from hub.actions.floor.outlook import Job
from routing.floor import Floor
from routing.plan import AHEAD, HERE
from routing.prices import Prices
from routing.situation import Needs


def find_prices(job: Job) -> Prices[Needs]:
    """What a minute of each sort of work, and of each agent, is worth."""
    expected, here, weights = job
    floor = Floor(here, weights=weights)
    floor.reprice(expected, {agent.id: HERE * AHEAD for agent in here})
    return floor.prices


if __name__ == "__main__":
    serve_apart(find_prices)
