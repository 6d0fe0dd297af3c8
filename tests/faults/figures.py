"""What a fault run comes to in figures: rates, times, recoveries, take-overs, memory, and what of it must hold. Pure."""

import bisect
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.settings import Database
from tests.faults.inject import Injected
from tests.faults.ledger import Operation
from tests.faults.run import Result
from tests.faults.watch import ANSWERS, KINDS, TAKE_OVER_SECONDS, Gone, TakeOver, take_overs

GROWTH = 0.10
MESSAGES = 100_000
LONG_ENOUGH_SECONDS = 600.0
"""Below that the growth of memory says little: a hub that has just begun fills its caches."""
LEASE_SECONDS = 17.0
"""A hub that is away for less is not taken over: its leases end later (hub.actions.leases: 15 s, asked for every two)."""
LATE_SECONDS = 5.0
"""So soon after it was due, and what was broken had healed, a timer fires (I8)."""
FILED_SECONDS = 60.0
"""As soon as everything comes to its end after a fault (I10): 95 of 100 things that customers say are on their timeline by
then, faults or none. No other bound of time is named for such a run."""
BEHIND_SECONDS = 1.0
"""As much later, in the middle, may be what came right behind a letter that cannot be read (I11)."""
ENOUGH = 20
"""Of fewer than so many the middle says nothing."""
LINES_OF_A_HUB = Database().pool_size + 6
"""Sessions that one hub may have: those of its pool, one to listen on, one for the lease of each of the five channels."""
LINES_BESIDE = 12
"""Those of the harness: its own pool, who looks on, who checks, who breaks things."""
PAUSED_SECONDS = 2.0
"""For so long at the most the run itself does nothing for anybody."""
HELD_UP = ("stop", "silence", "late", "sessions_end", "restart")
"""Faults during which a hub, or all, cannot reach Postgres."""


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
    late_after_heal: Spread
    """The same from the moment at which nothing stood in the way of the database any more, where that was later."""
    latest_timers: list[tuple[float, float, float]]
    """Those that fired latest after that: when they were due, in seconds of the run, and both."""
    behind_poison_ms: Spread
    """Milliseconds from the first attempt to the timeline, of each letter that came next after one that nobody can read."""
    full: float
    """In what part of the looks somebody had no room for something."""
    growth: float | None
    """Of the memory of the hub that was never killed: its last quarter over its second, less one. None: it lived too short."""
    most_sessions: int
    paused: float
    """Seconds for which the run itself, and with it every line, stood still at the longest."""
    kills: int
    crashes: int


def work_out(result: Result) -> Figures:
    operations = [one for one in result.ledger.operations.values() if one.what != "resolve"]
    filed = result.verdict.timelines.filed
    waits: dict[str, list[float]] = {}
    for one in operations:
        if one.what != "answer" and one.key in filed:
            waits.setdefault(one.channel, []).append(1000 * max(0.0, filed[one.key] - one.invoked))
    timers = [
        (due - result.began, late, late_after_heal(due, late, result.injected)) for due, late in result.late
    ]
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
        timers_late=spread(late for _, late, _ in timers),
        late_after_heal=spread(after for *_, after in timers),
        latest_timers=sorted(timers, key=lambda timer: timer[2])[:-11:-1],
        behind_poison_ms=spread(_behind_poison(operations, filed)),
        full=_full(result),
        growth=_growth(result),
        most_sessions=max((look.sessions for look in result.looks), default=0),
        paused=result.paused,
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
    found += [*_in_time(figures), _bounded(result, figures), _all_met(result), _awake(figures)]
    long_enough = figures.growth is not None and figures.seconds >= LONG_ENOUGH_SECONDS
    found.append(
        Bound(
            what="growth of memory", wanted=f"less than {GROWTH:.0%}",
            found="no hub lived long enough" if figures.growth is None else f"{figures.growth:+.1%}",
            holds=figures.growth < GROWTH if long_enough and figures.growth is not None else None,
        )
    )  # fmt: skip
    return found


def passes(bounds: Iterable[Bound], *, gated: bool) -> bool:
    """Whether nothing is broken; `gated`: and of every line it can be said."""
    return all(one.holds or (one.holds is None and not gated) for one in bounds)


def _in_time(figures: Figures) -> list[Bound]:
    late, behind = figures.late_after_heal, figures.behind_poison_ms
    slowest = max((one.p95 / 1000 for one in figures.filed_ms.values()), default=0.0)
    letters = figures.filed_ms.get("support", spread(()))
    behind_by = (behind.p50 - letters.p50) / 1000
    return [
        Bound(
            what="timers, late after what was broken had healed", wanted=f"{LATE_SECONDS:.0f} s at the most",
            found=f"{late.longest:.1f} s ({late.count:,} timers)", holds=late.longest <= LATE_SECONDS if late.count else None,
        ),
        Bound(
            what="95 of 100 on their timeline, on the slowest channel", wanted=f"after {FILED_SECONDS:.0f} s at the most",
            found=f"{slowest:.1f} s", holds=slowest <= FILED_SECONDS if figures.filed_ms else None,
        ),
        Bound(
            what="letters right behind one that nobody can read, in the middle",
            wanted=f"{BEHIND_SECONDS:.0f} s later than all at the most", found=f"{behind_by:+.2f} s ({behind.count:,} letters)",
            holds=behind_by <= BEHIND_SECONDS if behind.count >= ENOUGH else None,
        ),
    ]  # fmt: skip


def _bounded(result: Result, figures: Figures) -> Bound:
    """Of a hub that is dead Postgres learns by and by: while its lines are ended the next one begins its own."""
    most = (len(result.seats) + 1) * LINES_OF_A_HUB + LINES_BESIDE
    return Bound(
        what="sessions in Postgres", wanted=f"{most} at the most, by the hubs' settings",
        found=f"{figures.most_sessions:,}", holds=figures.most_sessions <= most if result.looks else None,
    )  # fmt: skip


def _awake(figures: Figures) -> Bound:
    """What is late because of that is nobody's fault."""
    return Bound(
        what="the run itself stood still", wanted=f"{PAUSED_SECONDS:.0f} s at the most",
        found=f"{figures.paused:.1f} s at the longest", holds=figures.paused <= PAUSED_SECONDS,
    )  # fmt: skip


def _all_met(result: Result) -> Bound:
    """A fault that met nobody has tried nothing."""
    kinds = {one.fault.kind for one in result.injected}
    idle = sorted(kinds - {one.fault.kind for one in result.injected if one.met})
    met = sum(one.met > 0 for one in result.injected)
    return Bound(
        what="kinds of fault that met nothing", wanted="none",
        found=f"{', '.join(idle) or 'none'} ({met:,} of {len(result.injected):,} faults met something)",
        holds=not idle if kinds else None,
    )  # fmt: skip


def late_after_heal(due: float, late: float, injected: Sequence[Injected]) -> float:
    """Seconds from when it was due to when it fired, without those in which a hub or all could not reach Postgres. Of faults
    that follow each other so closely that it could not have fired between them, the end of the last counts."""
    free = due
    for one in sorted(injected, key=lambda one: one.began):
        if one.fault.kind in HELD_UP and one.began <= free + LATE_SECONDS and one.ended > free:
            free = one.ended
    return max(0.0, due + late - free)


def _behind_poison(operations: Sequence[Operation], filed: Mapping[str, float]) -> list[float]:
    """Milliseconds that the next letter took, for each that cannot be read."""
    letters = sorted(
        (one.invoked, one.key) for one in operations if one.what == "letter" and one.key in filed
    )
    times = [at for at, _ in letters]
    found = []
    for one in operations:
        place = bisect.bisect_right(times, one.invoked)
        if one.what == "poison" and place < len(letters):
            at, key = letters[place]
            found.append(1000 * max(0.0, filed[key] - at))
    return found


def _full(result: Result) -> float:
    looks = [look for look in result.looks if look.answered]
    return sum(look.full > 0 for look in looks) / len(looks) if looks else 0.0


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
