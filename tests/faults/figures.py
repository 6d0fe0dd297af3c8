"""What a fault run comes to in figures: rates, times, recoveries, take-overs, memory. Pure."""

import bisect
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.faults.run import Result
from tests.faults.watch import ANSWERS, KINDS, TAKE_OVER_SECONDS, Gone, TakeOver, take_overs

GROWTH = 0.10
MESSAGES = 100_000
LONG_ENOUGH_SECONDS = 600.0
"""Below that the growth of memory says little: a hub that has just begun fills its caches."""
LEASE_SECONDS = 17.0
"""A hub that is away for less is not taken over: its leases end later (hub.actions.leases: 15 s, asked for every two)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Seconds from the end of a fault until everything that had been said while it lasted stood on a timeline."""

    row: str
    kind: str
    at: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One line of the gate. `holds` is None where the run was too short to say."""

    what: str
    wanted: str
    found: str
    holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of how many: the median, what 95 of 100 are below, the longest."""

    count: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    seconds: float
    said: int
    rate: float
    """Operations a second, while load was put on."""
    outcomes: dict[str, int]
    by_channel: dict[str, int]
    filed_ms: dict[str, Spread]
    """By channel: milliseconds from the first attempt to the timeline."""
    answered_ms: Spread
    """The same for answers of agents: until the hub had them."""
    recoveries: list[Recovery]
    take_overs: list[TakeOver]
    timers_late: Spread
    """Seconds from the moment at which a timer was due until it fired."""
    growth: float | None
    """Of the memory of the hub that was never killed: its last quarter over its second, less one. None: it lived too short."""
    most_sessions: int
    kills: int
    crashes: int


def work_out(result: Result) -> Figures:
    operations = [one for one in result.ledger.operations.values() if one.what != "resolve"]
    filed = result.verdict.timelines.filed
    waits: dict[str, list[float]] = {}
    for one in operations:
        if one.what != "answer" and one.key in filed:
            waits.setdefault(one.channel, []).append(1000 * max(0.0, filed[one.key] - one.invoked))
    loaded = max((one.invoked for one in operations), default=result.began) - result.began
    return Figures(
        seconds=result.ended - result.began,
        said=len(operations),
        rate=len(operations) / max(loaded, 1.0),
        outcomes=dict(Counter(one.outcome for one in operations)),
        by_channel=dict(
            Counter(
                one.channel if one.what != "answer" else f"answers by {one.channel}" for one in operations
            )
        ),
        filed_ms={channel: spread(found) for channel, found in sorted(waits.items())},
        answered_ms=spread(
            1000 * (one.settled - one.invoked)
            for one in operations
            if one.what == "answer" and one.outcome == "ok"
        ),
        recoveries=_recoveries(result),
        take_overs=take_overs(result.looks, _gone(result)),
        timers_late=spread(late for _, late in result.late),
        growth=_growth(result),
        most_sessions=max((look.sessions for look in result.looks), default=0),
        kills=sum(code == -9 for seat in result.seats for *_, code in seat.ends),
        crashes=sum(code == 86 for seat in result.seats for *_, code in seat.ends),
    )


def gate(result: Result, figures: Figures) -> list[Bound]:
    """What a run must show, beside the invariants (reliability: the gate)."""
    verdict = result.verdict
    found = [
        Bound(
            what="invariants that broke", wanted="none", found=str(len(verdict.wrong)), holds=not verdict.wrong
        ),
        Bound(
            what="operations", wanted=f"{MESSAGES:,}", found=f"{figures.said:,}",
            holds=True if figures.said >= MESSAGES else None,
        ),
        Bound(
            what="answers in doubt", wanted=f"at the most {verdict.doubtful:,}, by what was injected",
            found=f"{verdict.uncertain:,}", holds=verdict.uncertain <= verdict.doubtful,
        ),
    ]  # fmt: skip
    for what in (*KINDS.values(), ANSWERS):
        of_it = spread(one.seconds for one in figures.take_overs if one.what == what)
        found.append(
            Bound(
                what=f"take-over: {what}", wanted=f"{TAKE_OVER_SECONDS:.0f} s at the most",
                found=f"{of_it.longest:.1f} s ({of_it.count} times)" if of_it.count else "never had to be",
                holds=of_it.longest <= TAKE_OVER_SECONDS if of_it.count else None,
            )
        )  # fmt: skip
    long_enough = figures.growth is not None and figures.seconds >= LONG_ENOUGH_SECONDS
    found.append(
        Bound(
            what="growth of memory", wanted=f"less than {GROWTH:.0%}",
            found="no hub lived long enough" if figures.growth is None else f"{figures.growth:+.1%}",
            holds=figures.growth < GROWTH if long_enough and figures.growth is not None else None,
        )
    )  # fmt: skip
    return found


def spread(found: Iterable[float]) -> Spread:
    ordered = sorted(found)
    if not ordered:
        return Spread(count=0, p50=0.0, p95=0.0, longest=0.0)
    return Spread(
        count=len(ordered),
        p50=statistics.median(ordered),
        p95=ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        longest=ordered[-1],
    )


def _gone(result: Result) -> list[Gone]:
    """Hubs that died, and those that were paused or cut off from Postgres for longer than their leases run."""
    dead = [
        Gone(at=when, pid=pid)
        for seat in result.seats
        for when, pid, code in seat.ends
        if code not in (0, -15)
    ]
    away = [
        Gone(at=one.began, pid=one.pid, until=one.ended)
        for one in result.injected
        if one.pid and one.ended - one.began > LEASE_SECONDS
    ]
    return sorted(dead + away, key=lambda one: one.at)


def _recoveries(result: Result) -> list[Recovery]:
    filed = result.verdict.timelines.filed
    said = sorted(
        (one.invoked, filed[one.key]) for one in result.ledger.operations.values() if one.key in filed
    )
    found = []
    for one in result.injected:
        since = bisect.bisect_left(said, (one.began - 1, 0.0))
        until = bisect.bisect_right(said, (one.ended, float("inf")))
        last = max((at for _, at in said[since:until]), default=one.ended)
        found.append(
            Recovery(
                row=one.row,
                kind=one.fault.kind,
                at=one.began - result.began,
                seconds=max(0.0, last - one.ended),
            )
        )
    return found


def _growth(result: Result) -> float | None:
    """Between processes nothing can be compared: only hubs that lived from the second quarter to the end count."""
    looks = [look for look in result.looks if look.at <= result.ended]
    quarter = len(looks) // 4
    found = []
    for number, seat in enumerate(result.seats):
        if quarter < 4 or any(code not in (0, -15) for _, _, code in seat.ends):
            continue
        early = statistics.median(look.rss[number] for look in looks[quarter : 2 * quarter])
        late = statistics.median(look.rss[number] for look in looks[-quarter:])
        if early:
            found.append(late / early - 1)
    return max(found) if found else None
