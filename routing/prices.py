"""What a minute of each kind of work costs, given who is there to do it. Pure.

Where people are scarce, whoever can do what few can should not spend their time on what everybody can. The prices that say so
are the dual of a small planning problem: share the expected work of the next hours among the agents so that the busiest is as
little busy as possible (the fluid, or static planning, problem of queueing networks: J. M. Harrison, "Heavy traffic analysis of
a system with parallel servers", 1998). They are found by multiplicative weights (Y. Freund and R. E. Schapire, "Adaptive game
playing using multiplicative weights", 1999): agents who would be busier than others become dearer, and work goes to where it is
cheap, until nobody is.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

_Class = TypeVar("_Class", bound=Hashable)

ROUNDS = 240
SOFTNESS = 20.0
"""How strongly work prefers the cheaper agent; without some give the shares jump to and fro."""
LEAST = 0.3
"""No work is worth less than this share of the average; a forecast is no certainty."""
LEAST_MINUTES = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices(Generic[_Class]):
    """`of_work`: a minute of this class of work, 1 on the average. `of_agent`: the best that a minute of an agent can be
    used for. Both empty while nothing is known; then nobody has an advantage."""

    of_work: Mapping[_Class, float]
    of_agent: Mapping[int, float]

    def advantage(self, work: _Class, agent_id: int, pace: float) -> float:
        """In (0, 1]: how near this is to the best use of the agent's time. 1 where no price is known."""
        best = self.of_agent.get(agent_id, 0.0)
        return min(1.0, self.of_work.get(work, 1.0) * pace / best) if best > 0.0 else 1.0


def find_prices(
    work: Mapping[_Class, float],
    minutes: Mapping[int, float],
    pace: Mapping[int, Mapping[_Class, float]],
) -> Prices[_Class]:
    """Prices for `work` minutes of each class (at pace 1), when each agent has so many `minutes` and works on each class that
    they can do at their `pace` (> 0). What nobody can do has the average price. Cost: ROUNDS x (agent, class) pairs.
    """
    here = [agent for agent, time in minutes.items() if time > LEAST_MINUTES and pace.get(agent)]
    able = {
        one: hands
        for one in work
        if (hands := [(agent, 1.0 / pace[agent][one]) for agent in here if pace[agent].get(one, 0.0) > 0.0])
    }
    if not able or sum(work[one] for one in able) <= 0.0:
        return Prices(of_work={}, of_agent={})
    time = _agent_prices(work, minutes, here, able)
    cheapest = {one: min(time[agent] * needs for agent, needs in hands) for one, hands in able.items()}
    average = sum(cheapest.values()) / len(cheapest)
    of_work = {one: max(price / average, LEAST) for one, price in cheapest.items()}
    return Prices(
        of_work=of_work,
        of_agent={
            agent: max((of_work.get(one, 1.0) * speed for one, speed in does.items()), default=0.0)
            for agent, does in pace.items()
        },
    )


def _agent_prices(
    work: Mapping[_Class, float],
    minutes: Mapping[int, float],
    here: list[int],
    able: Mapping[_Class, list[tuple[int, float]]],
) -> dict[int, float]:
    """The price of each agent's minute; their average, weighted by time, is 1."""
    total = sum(minutes[agent] for agent in here)
    price = dict.fromkeys(here, 1.0)
    kept = dict.fromkeys(here, 0.0)
    for turn in range(ROUNDS):
        load = dict.fromkeys(here, 0.0)
        for one, hands in able.items():
            cheapest = min(price[agent] * needs for agent, needs in hands)
            shares = [math.exp(SOFTNESS * (1.0 - price[agent] * needs / cheapest)) for agent, needs in hands]
            each = work[one] / sum(shares)
            for (agent, needs), share in zip(hands, shares, strict=True):
                load[agent] += each * share * needs
        step = 0.5 / (1.0 + turn / 20.0)
        usual = sum(load.values()) / total
        for agent in here:
            price[agent] *= math.exp(step * min(load[agent] / minutes[agent] / usual - 1.0, 2.0))
        scale = total / sum(price[agent] * minutes[agent] for agent in here)
        for agent in here:
            price[agent] *= scale
            if turn >= ROUNDS // 2:
                kept[agent] += price[agent]
    return kept
