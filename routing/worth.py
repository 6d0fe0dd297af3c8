"""How much it is worth that this agent does this ticket now. Pure.

The index is that of apparent tardiness cost (A. P. J. Vepsalainen and T. E. Morton, "Priority rules for job shops with weighted
tardiness costs", 1987) for the generalised c-mu rule (J. A. Van Mieghem, 1995): importance per minute of this agent's time,
falling off with the slack until the promise; what is late already is worth less than what can still be in time, but more with
every hour, so nothing starves. It is then scaled by who had the customer before and by what else the agent could do.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from routing.situation import AgentState, Needs

LOST_BELOW = 0.3
"""Of the work's minutes: with less than that left a ticket can hardly be in time any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The numbers that the engine goes by; minutes where a time is meant. Found by search over simulated weeks
    (docs/routing.md says how to repeat it), not by theory.

    `paces`: work done in a minute by the level of skill, 1 to 5, level 3 being usual; they and `owner_gain` are what most
    companies assume, until a hub has measured its own (routing.measure_pace).
    A live ticket takes `live_share` of an agent's attention. Whoever had the customer last needs the time divided by
    `owner_gain`; the ticket is worth `owner_bonus` more to them and, while there is time (`hold_until` before the promise),
    only `hold` of it to others. An estimate of effort is multiplied by `safety` before it is believed.
    `look_ahead` bounds how early a promise begins to press: longer with more work waiting for each agent (`look_share`).
    `importance` is the power to which a ticket's weight is raised: where not all can be in time, what matters most comes a
    little more often. `late` is what a ticket that cannot be in time keeps of its worth. `advantage` is the power to which
    the price of skills is raised. For live tickets: the costs of one more at once, of the last free places of a skill, of
    interrupting, of pace.
    Having every skill that a ticket prefers makes it worth `preferred` more.
    """

    paces: tuple[float, ...] = (0.72, 0.86, 1.0, 1.12, 1.25)
    live_share: float = 1.0 / 3.0
    least_attention: float = 0.34
    owner_gain: float = 1.25
    owner_bonus: float = 0.8
    hold: float = 0.4
    hold_until: float = 45.0
    safety: float = 1.8
    late: float = 0.15
    late_grows_in: float = 240.0
    late_most: float = 5.0
    look_ahead: tuple[float, float] = (30.0, 50.0)
    look_share: float = 0.5
    importance: float = 1.13
    advantage: float = 5.0
    one_more_live: float = 0.2
    last_places: float = 16.0
    place_ratio: float = 0.6
    interrupt: float = 0.3
    pace: float = 1.5
    best_use: float = 0.5
    evenness: float = 0.2
    preferred: float = 0.5


def pace_of(agent: AgentState, needs: Needs, paces: Sequence[float]) -> float:
    """How quickly an agent does such work: the mean over the skills it needs; 1 where it needs none."""
    if not needs.skills:
        return 1.0
    return sum(paces[_rung(agent.skills, name) - 1] for name, _ in needs.skills) / len(needs.skills)


def level_of(skills: Mapping[str, int], needs: Needs) -> int:
    """The mean level over the skills that such work needs (at least one), to the nearest."""
    return round(sum(_rung(skills, name) for name, _ in needs.skills) / len(needs.skills))


def _rung(skills: Mapping[str, int], name: str) -> int:
    return min(max(skills.get(name, 0), 1), 5)


def share_preferred(agent: AgentState, preferred: Set[str]) -> float:
    """How many of the preferred skills the agent has, from 0 to 1; 0 where none is."""
    if not preferred:
        return 0.0
    return sum(agent.skills.get(name, 0) > 0 for name in preferred) / len(preferred)


def minutes_for(effort: float, pace: float, live_load: int, weights: Weights) -> float:
    """How long the work takes beside so many live tickets."""
    attention = max(1.0 - live_load * weights.live_share, weights.least_attention)
    return effort / (pace * attention)


def urgency(due: float, now: float, minutes: float, look_ahead: float, weights: Weights) -> float:
    """In (0, 1] for what can be in time: 1 when it must be begun now. What cannot has `late` of that, and more by and by."""
    if due - now < LOST_BELOW * minutes:
        return weights.late * min(1.0 + max(now - due, 0.0) / weights.late_grows_in, weights.late_most)
    slack = due - now - minutes * weights.safety
    return math.exp(-slack / look_ahead) if slack > 0.0 else 1.0
