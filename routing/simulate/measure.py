"""Figures of one course: what customers got of what they were promised, and what it asked of whom."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from routing.simulate.case import Worker
from routing.simulate.course import Course
from routing.simulate.people import Fate

_SAME_MOMENT = 1e-9
_LAST_MINUTES = 15.0
"""An owner whose shift ends so soon is not counted as there."""

HIGHER_IS_BETTER: Mapping[str, bool | None] = {
    "in_time_weighted": True,
    "in_time": True,
    "live_in_time": True,
    "live_lost": False,
    "live_wait_mean": False,
    "live_wait_p95": False,
    "wait_mean": False,
    "wait_p95": False,
    "wait_longest": False,
    "late": False,
    "unserved": False,
    "fairness": True,
    "owner_kept": True,
    "put_back": False,
    "used": None,
    "overtime": False,
}
"""The figures and which way is better; None: that depends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Shares are per cent. `figures`: waits in minutes until somebody begins, those of live customers in seconds; `late`:
    minutes after the promise, weighted, on the average of all; `unserved`: errands that nobody had answered at the end;
    `overtime` hours. `by`: for each label and value how many there were and which share was in time. `agents`: name to share
    of paid time that was work, and how many errands were done."""

    errands: int
    figures: Mapping[str, float]
    by: Mapping[str, Mapping[str, tuple[int, float]]]
    agents: Mapping[str, tuple[float, int]]


@dataclass(slots=True)
class _Share:
    """Some of all."""

    part: float = 0.0
    whole: float = 0.0

    def add(self, is_part: bool, weight: float = 1.0) -> None:
        self.whole += weight
        self.part += weight * is_part

    @property
    def per_cent(self) -> float:
        return 100.0 * self.part / self.whole if self.whole else 0.0


@dataclass(slots=True)
class _Count:
    plain: _Share = field(default_factory=_Share)
    weighted: _Share = field(default_factory=_Share)
    live: _Share = field(default_factory=_Share)
    lost: _Share = field(default_factory=_Share)
    owners: _Share = field(default_factory=_Share)
    late: float = 0.0
    live_waits: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    unserved: int = 0
    put_back: int = 0
    by: dict[str, dict[str, _Share]] = field(default_factory=dict)


def measure(course: Course) -> Measured:
    """After the course has run."""
    workers = {person.worker.id: person.worker for person in course.people.values()}
    count = _Count()
    for fate in course.fates.values():
        _add(count, fate, course.now, workers)
    people = [person for person in course.people.values() if person.paid > 0.0]
    used = [person.worked / person.paid for person in people]
    waits = count.waits + count.live_waits
    return Measured(
        errands=len(course.fates),
        figures={
            "in_time_weighted": count.weighted.per_cent,
            "in_time": count.plain.per_cent,
            "live_in_time": count.live.per_cent,
            "live_lost": count.lost.per_cent,
            "live_wait_mean": 60.0 * _mean(count.live_waits),
            "live_wait_p95": 60.0 * _share_below(count.live_waits, 0.95),
            "wait_mean": _mean(count.waits),
            "wait_p95": _share_below(count.waits, 0.95),
            "wait_longest": max(waits, default=0.0),
            "late": count.late / count.weighted.whole if count.weighted.whole else 0.0,
            "unserved": float(count.unserved),
            "fairness": jain(used),
            "owner_kept": count.owners.per_cent,
            "put_back": 100.0 * count.put_back / max(len(course.fates), 1),
            "used": 100.0 * _mean(used),
            "overtime": sum(person.overtime for person in people) / 60.0,
        },
        by={
            label: {value: (int(share.whole), share.per_cent) for value, share in sorted(values.items())}
            for label, values in count.by.items()
        },
        agents={
            person.worker.name: (100.0 * person.worked / max(person.paid, 1.0), person.done)
            for person in course.people.values()
        },
    )


def jain(shares: Sequence[float]) -> float:
    """How evenly it is shared, 1/n to 1 (R. Jain, D.-M. Chiu, W. Hawe, "A quantitative measure of fairness", 1984); 1 for
    none."""
    squares = sum(one * one for one in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def _add(count: _Count, fate: Fate, end: float, workers: Mapping[int, Worker]) -> None:
    errand, live = fate.errand, fate.errand.ticket.live
    reached = errand.ticket.since + errand.patience if fate.lost else fate.answered
    in_time = not fate.lost and reached is not None and reached <= errand.due + _SAME_MOMENT
    count.plain.add(in_time)
    count.weighted.add(in_time, errand.weight)
    count.late += errand.weight * max(0.0, (end if reached is None else reached) - errand.due)
    count.put_back += fate.put_back
    if live:
        count.live.add(in_time)
        count.lost.add(fate.lost)
    if reached is None:
        count.unserved += 1
    if not fate.lost:
        wait = (end if fate.begun is None else fate.begun) - errand.ticket.since
        (count.live_waits if live else count.waits).append(wait)
    for label, value in errand.labels.items():
        count.by.setdefault(label, {}).setdefault(value, _Share()).add(in_time)
    owner = workers.get(errand.ticket.owner) if errand.ticket.owner is not None else None
    if owner is not None and not fate.lost and _is_there(owner, errand.ticket.since):
        count.owners.add(fate.agent_id == owner.id)


def _is_there(worker: Worker, at: float) -> bool:
    return any(begins <= at < ends - _LAST_MINUTES for begins, ends in worker.shifts)


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return math.fsum(known) / len(known) if known else 0.0


def _share_below(values: Iterable[float], share: float) -> float:
    """The value below which this share of them lies."""
    known = sorted(values)
    return known[min(len(known) - 1, int(share * len(known)))] if known else 0.0
