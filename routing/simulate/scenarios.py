"""Weeks of the reference workload that go wrong."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from routing.simulate import chance as draw
from routing.simulate.reference import DAY, DAYS, KINDS, SHIFTS, Visit, Week, draw_work

MISREAD = 0.08
SICK_DAY, SICK_SHARE = 1, 3
STORM_DAY, STORM_FROM, STORM_TIMES = 2, 180.0, 10
IMPORT_DAY, IMPORT_AT, IMPORTED = 3, 120.0, 1_500


def misread(week: Week) -> None:
    """8 % of the kinds are taken for another one; the truth is what is measured."""
    chance = _chance(week, "misread")
    week.visits = [
        replace(visit, read_as=chance.choice([kind for kind in KINDS[visit.channel] if kind != visit.kind]))
        if chance.random() < MISREAD
        else visit
        for visit in week.visits
    ]


def sick(week: Week) -> None:
    """A third of the early shift calls in sick on the second day."""
    (begins, ends), _ = SHIFTS[0]
    early = sorted(worker.id for worker in week.staff if (begins, ends) in worker.shifts)
    away = _chance(week, "sick").sample(early, len(early) // SICK_SHARE)
    week.sick = frozenset((agent, SICK_DAY) for agent in away)


def storm(week: Week) -> None:
    """Ten times the usual e-mail in one hour of the third day, all of it questions."""
    chance = _chance(week, "storm")
    letters = [visit for visit in week.visits if visit.channel == "email"]
    usual = len(letters) / DAYS / (DAY / 60.0)
    begins = STORM_DAY * DAY + STORM_FROM
    for _ in range(round((STORM_TIMES - 1) * usual)):
        week.visits.append(_letter(chance, letters, draw.uniform(chance, begins, begins + 60.0), "question"))


def old_letters(week: Week) -> None:
    """1,500 old e-mails come at once on the fourth morning, as feedback."""
    chance = _chance(week, "import")
    letters = [visit for visit in week.visits if visit.channel == "email"]
    at = IMPORT_DAY * DAY + IMPORT_AT
    week.visits += [_letter(chance, letters, at, "feedback") for _ in range(IMPORTED)]


SCENARIOS: Mapping[str, Callable[[Week], None]] = {
    "misread": misread,
    "sick": sick,
    "storm": storm,
    "import": old_letters,
}


def _letter(chance: random.Random, letters: list[Visit], at: float, kind: str) -> Visit:
    """One more e-mail of this kind, otherwise like another customer's."""
    work = draw_work(chance, "email", kind)
    return replace(chance.choice(letters), at=at, kind=kind, key_account=False, owner=None, work=work)


def _chance(week: Week, name: str) -> random.Random:
    return random.Random(f"{name} {week.seed}")  # noqa: S311 - a workload, not a secret
