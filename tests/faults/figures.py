"""What a fault run comes to in figures: rates, times, recoveries, take-overs, memory. Pure."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.run import Result
from tests.faults.watch import take_overs


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Seconds from the end of a fault until everything that had been said while it lasted stood on a timeline."""

    row: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    seconds: float
    said: int
    outcomes: dict[str, int]
    by_channel: dict[str, int]
    filed_ms: dict[str, tuple[float, float, float]]
    """By channel: p50, p95 and the longest, milliseconds from the first attempt to the timeline."""
    answered_ms: tuple[float, float, float]
    """The same for answers of agents: until the hub had them."""
    recoveries: list[Recovery]
    take_overs: list[float]
    growth: float | None
    """Of the memory of the hub that was never killed: its last quarter over its second, less one. None: it lived too short."""
    most_sessions: int
    kills: int
    crashes: int


def work_out(result: Result) -> Figures:
    operations = [one for one in result.ledger.operations.values() if one.what != "resolve"]
    inbound = [one for one in operations if one.what != "answer"]
    waits: dict[str, list[float]] = {}
    for one in inbound:
        if one.key in result.filed:
            waits.setdefault(one.channel, []).append(1000 * max(0.0, result.filed[one.key] - one.invoked))
    answers = [
        1000 * (one.settled - one.invoked)
        for one in operations
        if one.what == "answer" and one.outcome == "ok"
    ]
    deaths = [(when, pid) for seat in result.seats for when, pid, code in seat.ends if code not in (0, -15)]
    return Figures(
        seconds=result.ended - result.began,
        said=len(operations),
        outcomes=dict(Counter(one.outcome for one in operations)),
        by_channel=dict(
            Counter(
                one.channel if one.what != "answer" else f"answers by {one.channel}" for one in operations
            )
        ),
        filed_ms={channel: _spread(found) for channel, found in sorted(waits.items())},
        answered_ms=_spread(answers),
        recoveries=_recoveries(result),
        take_overs=take_overs(result.looks, deaths),
        growth=_growth(result),
        most_sessions=max((look.sessions for look in result.looks), default=0),
        kills=sum(code == -9 for seat in result.seats for *_, code in seat.ends),
        crashes=sum(code == 86 for seat in result.seats for *_, code in seat.ends),
    )


def _spread(found: Sequence[float]) -> tuple[float, float, float]:
    if not found:
        return (0.0, 0.0, 0.0)
    ordered = sorted(found)
    return (statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], ordered[-1])


def _recoveries(result: Result) -> list[Recovery]:
    found = []
    for one in result.injected:
        during = [
            result.filed[said.key]
            for said in result.ledger.operations.values()
            if one.began - 1 <= said.invoked <= one.ended and said.key in result.filed
        ]
        found.append(
            Recovery(row=one.row, kind=one.fault.kind, seconds=max([0.0, *(at - one.ended for at in during)]))
        )
    return found


def _growth(result: Result) -> float | None:
    """Between processes nothing can be compared: only hubs that lived from the second quarter to the end count."""
    looks = [look for look in result.looks if look.at <= result.ended]
    quarter = len(looks) // 4
    found = []
    for number, seat in enumerate(result.seats):
        if quarter < 4 or any(code != 0 and code != -15 for _, _, code in seat.ends):
            continue
        early = statistics.median(look.rss[number] for look in looks[quarter : 2 * quarter])
        late = statistics.median(look.rss[number] for look in looks[-quarter:])
        if early:
            found.append(late / early - 1)
    return max(found) if found else None
