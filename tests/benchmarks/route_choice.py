"""How long the engine needs to choose for one free agent out of 10,000 waiting tickets. No database.

Floor: one look at every waiting ticket for the earliest promise, which is the least that a router without an index would do.
"""

import random
import time
from collections.abc import AsyncIterator

from hub.model.people import Presence
from routing.floor import Floor
from routing.situation import AgentState, Needs, WaitingTicket
from tests.benchmarks.figure import Aim, Figure, Round, percentiles
from tests.benchmarks.stage import Stage

WAITING = 10_000
AGENTS = 200
CHOICES = 400
TOPICS = ("billing", "delivery", "technical", "account", "product")
LANGUAGES = ("zh", "en", "ja")


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    rounds: list[Round] = []
    samples: list[float] = []
    for number in range(stage.rounds):
        floor = _full_floor(random.Random(number))
        floor.look_about()
        took: list[float] = []
        agents = list(floor.agents.values())
        for place in range(CHOICES):
            agent = agents[place % AGENTS]
            begun = time.perf_counter()
            found = floor.best_for(agent, float(place))
            took.append((time.perf_counter() - begun) * 1000.0)
            if found is not None:
                floor.pool.discard(found[0].id)
        samples += took
        rounds.append(Round(value=sum(took) / len(took), floor=_one_look(floor)))
    yield Figure(
        name="route_choice",
        unit="ms a choice",
        floor="one look at every waiting ticket",
        rounds=rounds,
        n=CHOICES,
        aim=Aim(of="value", bound=1.0, low=True),
        more={"waiting": WAITING, "agents": AGENTS, **percentiles(samples)},
    )


def _full_floor(chance: random.Random) -> Floor:
    """A floor of people with some skills each, and twice as many sorts of tickets as most companies have."""
    floor = Floor(
        AgentState(
            id=number,
            name=f"agent {number}",
            presence=Presence.ONLINE,
            capacity=1,
            load=0,
            idle_since=-float(number),
            languages=frozenset(chance.sample(LANGUAGES, 2)),
            skills={topic: chance.randint(1, 5) for topic in chance.sample(TOPICS, 3)},
            queues=frozenset({"service"}),
        )
        for number in range(AGENTS)
    )
    for number in range(WAITING):
        weight = chance.choice((1.0, 2.0, 4.0, 8.0))
        floor.pool.add(
            WaitingTicket(
                id=number,
                needs=Needs("service", chance.choice(LANGUAGES), frozenset({(chance.choice(TOPICS), 1)})),
                since=-chance.uniform(0.0, 300.0),
                due=chance.uniform(-100.0, 700.0),
                weight=weight,
                effort=chance.choice((3.0, 6.5, 10.0)),
                owner=chance.randrange(AGENTS) if chance.random() < 0.3 else None,
            )
        )
    return floor


def _one_look(floor: Floor) -> float:
    waiting = list(floor.pool)
    begun = time.perf_counter()
    for _ in range(10):
        min(waiting, key=lambda ticket: ticket.due)
    return (time.perf_counter() - begun) * 100.0
