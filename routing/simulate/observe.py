"""How long work took, as far as a record of answers tells."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.model.tickets import TicketKind
from routing.simulate.past import PastTurn

MOST_MINUTES = 60.0
"""Nobody works longer on one thing; what seems so lay beside a closed laptop."""
LEAST_MINUTES = 0.25
SAME_TALK = timedelta(minutes=30)
"""A live customer who writes again so soon after an answer goes on with the same conversation."""

_PRIOR = 10
"""What is usual counts as so many observations."""
_USUAL_SPREAD, _LEAST_SPREAD, _MOST_SPREAD = 0.6, 0.2, 1.2


@dataclass(frozen=True, slots=True)
class WorkClass:
    """Work of one sort takes about as long."""

    live: bool
    kind: TicketKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Minutes on the average, the deviation of their logarithm, and on how many observations that rests."""

    mean: float
    spread: float
    seen: int


def join_talks(turns: Iterable[PastTurn]) -> list[PastTurn]:
    """Live conversations as one turn each; everything else as it is. In order of time."""
    joined: list[PastTurn] = []
    talking: dict[int, int] = {}
    for turn in sorted(turns, key=lambda one: (one.at, one.ticket_id, one.turn)):
        place = talking.get(turn.ticket_id) if turn.live else None
        if place is not None:
            last = joined[place].last_answer_at
            if last is None or turn.at - last <= SAME_TALK:
                known = joined[place]
                joined[place] = replace(
                    known,
                    answered_at=known.answered_at or turn.answered_at,
                    answered_by=known.answered_by or turn.answered_by,
                    assigned_at=known.assigned_at or turn.assigned_at,
                    last_answer_at=turn.last_answer_at or last,
                )
                continue
        if turn.live:
            talking[turn.ticket_id] = len(joined)
        joined.append(turn)
    return joined


def how_long(
    turns: Sequence[PastTurn], usual: Mapping[TicketKind, float], usual_live: Mapping[TicketKind, float]
) -> dict[WorkClass, Took]:
    """What each class of work took. An answer was worked on from when the ticket was given to its agent, but not before that
    agent had written their answer before; a conversation from its beginning to its last answer. `usual`: minutes by kind,
    which count for what was hardly seen."""
    seen: dict[WorkClass, list[float]] = {}
    answered_before: dict[int, datetime] = {}
    for turn in sorted(turns, key=lambda one: one.answered_at or one.at):
        if turn.answered_at is None or turn.answered_by is None:
            continue
        begun = max(turn.at, turn.assigned_at or turn.at)
        if turn.live:
            ended = turn.last_answer_at or turn.answered_at
        else:
            ended = turn.answered_at
            begun = max(begun, answered_before.get(turn.answered_by, begun))
            answered_before[turn.answered_by] = ended
        minutes = (ended - begun).total_seconds() / 60.0
        if minutes > 0.0:
            kept = min(max(minutes, LEAST_MINUTES), MOST_MINUTES)
            seen.setdefault(WorkClass(turn.live, turn.kind), []).append(kept)
    return {
        work: _took(seen.get(work, []), (usual_live if live else usual)[kind])
        for live in (False, True)
        for kind in TicketKind
        for work in [WorkClass(live, kind)]
    }


def _took(minutes: Sequence[float], usual: float) -> Took:
    number = len(minutes)
    mean = (math.fsum(minutes) + _PRIOR * usual) / (number + _PRIOR)
    spread = _USUAL_SPREAD
    if number > _PRIOR:
        seen = statistics.stdev(math.log(one) for one in minutes)
        spread = min(max(seen, _LEAST_SPREAD), _MOST_SPREAD)
    return Took(mean=mean, spread=spread, seen=number)
