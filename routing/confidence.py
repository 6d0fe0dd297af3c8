"""How sure the scores of a message make us: a share for each kind, which add up to one. Pure.

Two numbers were looked for on the part `measured` of tests/unit/routing/samples.toml, on which no word was tuned. They are more
careful than what fits it best, because letters that say it without the usual words are harder: one usual word alone
makes nobody sure.
"""

import math
from collections.abc import Mapping

from hub.model.tickets import TicketKind

STEEPNESS = 1.0
"""By how much one point of score more makes a kind likelier (as a logarithm)."""
LEAD = 0.2
"""A complaint that was chosen although another kind scored more is ahead by so little."""
MOST = 8.0
"""Points beyond this make nobody surer."""


def logits(scores: Mapping[TicketKind, float], chosen: TicketKind) -> dict[TicketKind, float]:
    """The scores as logarithms of likelihoods, with `chosen` in front."""
    found = {kind: STEEPNESS * min(scores.get(kind, 0.0), MOST) for kind in TicketKind}
    ahead = max(found[kind] for kind in TicketKind if kind is not chosen)
    if any(scores.values()) and found[chosen] < ahead:
        found[chosen] = ahead + LEAD
    return found


def shares(found: Mapping[TicketKind, float]) -> dict[TicketKind, float]:
    """What adds up to one."""
    most = max(found.values())
    powers = {kind: math.exp(value - most) for kind, value in found.items()}
    total = sum(powers.values())
    return {kind: power / total for kind, power in powers.items()}
