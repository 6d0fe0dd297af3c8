"""The reference workload: a contact centre of 32 agents and five days of some 11,900 customers. Its constants are those of
HUB-ROUTE v1, a benchmark of routing policies; staff and customers are drawn here.

The clock runs in working minutes: a day is 07:00 to 22:00, and days follow each other without a night. After the fifth nobody
comes any more, and what waits is worked off.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from routing.simulate import chance as draw
from routing.simulate.case import Case, Errand, Span, Worker
from routing.simulate.staff import Change, StaffChanges, apply_staff, daily_hours
from routing.simulate.trouble import CannotSimulate
from routing.situation import Needs, WaitingTicket

QUEUE = "service"
DAY, OPENS, DAYS, DAYS_TO_END = 900.0, 420, 5, 11
CHANNELS = {"chat": 0.36, "email": 0.40, "form": 0.24}
KINDS = {
    "chat": {"complaint": 0.22, "question": 0.66, "feedback": 0.12},
    "email": {"complaint": 0.30, "question": 0.50, "feedback": 0.20},
    "form": {"complaint": 0.30, "question": 0.20, "feedback": 0.50},
}
TOPICS = {"billing": 0.28, "delivery": 0.26, "technical": 0.22, "account": 0.14, "product": 0.10}
LANGUAGES = {"en": 0.70, "fr": 0.17, "de": 0.13}
MEAN_WORK = {
    "chat": {"complaint": 14.0, "question": 9.0, "feedback": 5.0},
    "email": {"complaint": 10.0, "question": 6.5, "feedback": 3.0},
    "form": {"complaint": 9.0, "question": 6.0, "feedback": 2.5},
}
WORK_SPREAD, LEAST_WORK, MOST_WORK = 0.6, 0.3, 8.0
PROMISED = {"complaint": 90.0, "question": 240.0, "feedback": 720.0}
PROMISED_LIVE = 1.0
WEIGHT = {"complaint": 4.0, "question": 2.0, "feedback": 1.0}
KEY_ACCOUNTS, KEY_WEIGHT, KEY_PROMISE = 0.08, 2.0, 0.5
LEAST_PATIENCE, MORE_PATIENCE = 1.0, 6.0
FOLLOW_UPS = 0.30
A_DAY, BY_DAY = 2_340.0, (1.18, 1.04, 0.96, 0.96, 0.86)
BY_HOUR = (0.35, 0.7, 1.2, 1.5, 1.45, 1.25, 1.15, 1.2, 1.25, 1.2, 1.05, 0.9, 0.75, 0.6, 0.45)
OVERNIGHT = 0.12
INCIDENT_DAY, INCIDENT_FROM, INCIDENT_UNTIL, INCIDENT_SHARE = 2, 210.0, 300.0, 0.08
INCIDENT_CHANNELS = {"chat": 0.45, "email": 0.35, "form": 0.20}
OFFER_LIVE, OFFER_DEFERRED = 0.25, 0.5

SHIFTS: tuple[tuple[Span, int], ...] = (
    ((0.0, 480.0), 9), ((120.0, 600.0), 9), ((180.0, 660.0), 5), ((420.0, 900.0), 9),
)  # fmt: skip
BREAKS: tuple[Span, ...] = ((120.0, 15.0), (240.0, 30.0), (375.0, 15.0))
BREAK_MOVES = 20.0
ABSENCES, LEAST_ABSENT, MORE_ABSENT = 1.5, 1.0, 8.0
TOPICS_EACH = {2: 0.45, 3: 0.40, 4: 0.15}
LEVELS = {1: 0.12, 2: 0.22, 3: 0.32, 4: 0.22, 5: 0.12}
ROSTER = 7
_BIG_SHIFT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One customer of the workload. `read_as`: the kind that it is taken for, where that is another."""

    at: float
    channel: str
    kind: str
    topic: str
    language: str
    key_account: bool
    work: float
    patience: float
    owner: int | None
    read_as: str = ""


def make_reference(
    seed: int,
    *,
    load: float = 1.0,
    goes_wrong: Callable[["Week"], None] | None = None,
    staff: StaffChanges | None = None,
) -> Case:
    """The week of this seed with so many times the customers. The same seed brings the same customers, whoever works. Raises
    CannotSimulate."""
    usual = make_staff()
    week = Week(seed, list(_visits(seed, load, usual)), changed_staff(staff) if staff else list(usual))
    if goes_wrong is not None:
        goes_wrong(week)
    visits = sorted(week.visits, key=lambda visit: visit.at)
    shares = {
        _needs(topic, language): a * b for topic, a in TOPICS.items() for language, b in LANGUAGES.items()
    }
    return Case(
        errands=tuple(_errand(number, visit) for number, visit in enumerate(visits)),
        workers=tuple(_with_days(worker, seed, week.sick) for worker in week.staff),
        expected=_expected(load, shares),
        live_demand=shares,
    )


@dataclass(slots=True)
class Week:
    """A week before it begins; what goes wrong changes it. `sick`: (agent, day), the first day is 0."""

    seed: int
    visits: list[Visit]
    staff: list[Worker]
    sick: frozenset[tuple[int, int]] = frozenset()


def make_staff() -> tuple[Worker, ...]:
    """The 32 of every week: two to four topics each; all speak English, a third French, a third German. In the big shifts two
    know each topic in each language, three in English."""
    chance = random.Random(ROSTER)  # noqa: S311 - a workload, not a secret
    staff: list[Worker] = []
    for (begins, ends), number in SHIFTS:
        shift = [
            Worker(
                id=len(staff) + place,
                name=f"agent {len(staff) + place + 1}",
                languages=frozenset(
                    {"en"} | ({"fr"} if place % 3 == 0 else set()) | ({"de"} if place % 3 == 1 else set())
                ),
                skills=_some_skills(chance),
                queues=frozenset({QUEUE}),
                capacity=1,
                live_capacity=3,
                shifts=tuple((day * DAY + begins, day * DAY + ends) for day in range(DAYS_TO_END)),
            )
            for place in range(number)
        ]
        staff += _covering(chance, shift)
    return tuple(staff)


def changed_staff(changes: StaffChanges) -> list[Worker]:
    """The staff of every week with these changes. Raises CannotSimulate."""
    return apply_staff(
        changes,
        make_staff(),
        shifts=_shifts_of,
        day_of=lambda moment: int(moment // DAY) + 1,
        all_queues=frozenset({QUEUE}),
    )


def _shifts_of(change: Change) -> tuple[Span, ...]:
    if change.calendar:
        raise CannotSimulate("hours_only", name=change.name)
    spans = [(begins - OPENS, ends - OPENS) for begins, ends in daily_hours(change.hours)]
    if any(begins < 0 or ends > DAY for begins, ends in spans):
        raise CannotSimulate("hours_outside", name=change.name)
    return tuple(
        (day * DAY + begins, day * DAY + ends) for day in range(DAYS_TO_END) for begins, ends in spans
    )


def _some_skills(chance: random.Random) -> dict[str, int]:
    number = draw.one_of(chance, [*TOPICS_EACH], [*TOPICS_EACH.values()])
    skills: dict[str, int] = {}
    while len(skills) < number:
        topic = draw.one_of(chance, [*TOPICS], [*TOPICS.values()])
        skills.setdefault(topic, draw.one_of(chance, [*LEVELS], [*LEVELS.values()]))
    return skills


def _covering(chance: random.Random, shift: list[Worker]) -> list[Worker]:
    """The shift, where too few knew a topic in a language some of them learned it: those who know least first."""
    for topic in TOPICS:
        for language in LANGUAGES:
            wanted = 1 if len(shift) < _BIG_SHIFT else 3 if language == "en" else 2
            speakers = [worker for worker in shift if language in worker.languages]
            able = sum(topic in worker.skills for worker in speakers)
            learners = sorted(
                (worker for worker in speakers if topic not in worker.skills),
                key=lambda worker: (len(worker.skills), worker.id),
            )
            for learner in learners[: max(wanted - able, 0)]:
                level = draw.one_of(chance, (2, 3, 4), (0.4, 0.4, 0.2))
                place = shift.index(learner)
                shift[place] = replace(learner, skills={**learner.skills, topic: level})
    return shift


def _visits(seed: int, load: float, staff: Sequence[Worker]) -> Iterator[Visit]:
    chance = random.Random(f"customers {seed}")  # noqa: S311
    able = {
        (topic, language): [w.id for w in staff if topic in w.skills and language in w.languages]
        for topic in TOPICS
        for language in LANGUAGES
    }
    written = {name: share for name, share in CHANNELS.items() if name != "chat"}
    for day, factor in enumerate(BY_DAY):
        volume, morning = A_DAY * load * factor, day * DAY
        overnight = OVERNIGHT * sum(written.values()) * volume
        for _ in range(draw.how_many(chance, overnight)):
            yield _visit(chance, morning, written, able)
        for hour, share in enumerate(BY_HOUR):
            begins = morning + hour * 60.0
            expected = (volume - overnight) * share / sum(BY_HOUR)
            for at in draw.moments(chance, begins, begins + 60.0, expected):
                yield _visit(chance, at, CHANNELS, able)
        if day == INCIDENT_DAY:
            begins, ends = morning + INCIDENT_FROM, morning + INCIDENT_UNTIL
            for at in draw.moments(chance, begins, ends, INCIDENT_SHARE * A_DAY * load):
                yield _visit(chance, at, INCIDENT_CHANNELS, able, kind="complaint", topic="delivery")


def _visit(
    chance: random.Random,
    at: float,
    channels: dict[str, float],
    able: dict[tuple[str, str], list[int]],
    *,
    kind: str = "",
    topic: str = "",
) -> Visit:
    channel = draw.one_of(chance, [*channels], [*channels.values()])
    kind = kind or draw.one_of(chance, [*KINDS[channel]], [*KINDS[channel].values()])
    topic = topic or draw.one_of(chance, [*TOPICS], [*TOPICS.values()])
    language = draw.one_of(chance, [*LANGUAGES], [*LANGUAGES.values()])
    return Visit(
        at=at,
        channel=channel,
        kind=kind,
        topic=topic,
        language=language,
        key_account=chance.random() < KEY_ACCOUNTS,
        work=draw_work(chance, channel, kind),
        patience=LEAST_PATIENCE + draw.exponential(chance, MORE_PATIENCE),
        owner=chance.choice(able[topic, language]) if chance.random() < FOLLOW_UPS else None,
    )


def draw_work(chance: random.Random, channel: str, kind: str) -> float:
    """Minutes that the work takes, by how long such work takes."""
    mean = MEAN_WORK[channel][kind]
    return min(max(draw.lognormal(chance, mean, WORK_SPREAD), LEAST_WORK), MOST_WORK * mean)


def _errand(number: int, visit: Visit) -> Errand:
    live = visit.channel == "chat"
    taken_for = visit.read_as or visit.kind
    return Errand(
        ticket=WaitingTicket(
            id=number,
            needs=_needs(visit.topic, visit.language),
            since=visit.at,
            due=visit.at + _promised(visit, taken_for),
            weight=WEIGHT[taken_for] * (KEY_WEIGHT if visit.key_account else 1.0),
            effort=MEAN_WORK[visit.channel][taken_for],
            live=live,
            owner=visit.owner,
        ),
        work=visit.work,
        weight=WEIGHT[visit.kind] * (KEY_WEIGHT if visit.key_account else 1.0),
        due=visit.at + _promised(visit, visit.kind),
        patience=visit.patience if live else float("inf"),
        offer=OFFER_LIVE if live else OFFER_DEFERRED,
        labels={
            "channel": visit.channel,
            "kind": visit.kind,
            "key_account": "yes" if visit.key_account else "no",
        },
    )


def _promised(visit: Visit, kind: str) -> float:
    minutes = PROMISED_LIVE if visit.channel == "chat" else PROMISED[kind]
    return minutes * (KEY_PROMISE if visit.key_account else 1.0)


def _needs(topic: str, language: str) -> Needs:
    return Needs(QUEUE, language, frozenset({(topic, 1)}))


def _with_days(worker: Worker, seed: int, sick: frozenset[tuple[int, int]]) -> Worker:
    """The worker with the breaks and absences of this week. Each has chances of their own: who else works changes none."""
    chance = random.Random(f"agent {worker.id} {seed}")  # noqa: S311
    breaks: list[Span] = []
    absences: list[Span] = []
    for begins, ends in worker.shifts[:DAYS]:
        for after, minutes in BREAKS:
            breaks.append((begins + after + draw.uniform(chance, -BREAK_MOVES, BREAK_MOVES), minutes))
        absences += [
            (at, LEAST_ABSENT + draw.exponential(chance, MORE_ABSENT))
            for at in draw.moments(chance, begins, ends, ABSENCES)
        ]
    shifts = tuple(span for span in worker.shifts if (worker.id, int(span[0] // DAY)) not in sick)
    return replace(worker, shifts=shifts, breaks=tuple(breaks), absences=tuple(absences))


def _expected(load: float, shares: dict[Needs, float]) -> dict[int, dict[Needs, float]]:
    """What such a company knows beforehand: minutes of attention by hour. An incident is no part of it."""
    each = sum(
        CHANNELS[channel] * share * MEAN_WORK[channel][kind] * (1.0 / 3.0 if channel == "chat" else 1.0)
        for channel, kinds in KINDS.items()
        for kind, share in kinds.items()
    )
    hours = int(DAY // 60)
    return {
        day * hours + hour: {
            needs: A_DAY * load * factor * by_hour / sum(BY_HOUR) * each * share
            for needs, share in shares.items()
        }
        for day, factor in enumerate(BY_DAY)
        for hour, by_hour in enumerate(BY_HOUR)
    }
