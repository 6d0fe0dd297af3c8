"""Made-up customers and tickets, the same for the same seed. Pure: what is drawn here is written down by `fill`."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.sandbox.seeding import words
from hub.sandbox.seeding.words import Subject

DAYS = 730
"""So far back the made-up past reaches."""
_PER_TICKET = 3.4
"""Entries of a ticket, on average."""
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 20, 34, 36, 30, 24, 28, 34, 34, 30, 26, 22, 20, 18, 12, 6, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer. `company` is a place in the list of companies, or None."""

    name: str
    language: str
    email: str
    phone: str
    company: int | None
    key_account: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`by_agent` is a place in the list of agents, or None: the customer."""

    at: datetime
    kind: str
    direction: str
    by_agent: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A ticket with all its entries, first to last. `agent` is a place in the list of agents; None: nobody has it."""

    person: int
    subject: str
    kind: str
    queue_words: tuple[str, ...]
    channel_kind: str
    language: str
    priority: int
    status: str
    agent: int | None
    tags: tuple[str, ...]
    entries: tuple[Entry, ...]


def companies(draw: random.Random, many: int) -> list[str]:
    """Names, some of them alike: as in life."""
    made = []
    for number in range(many):
        if draw.random() < 0.6:
            made.append(
                draw.choice(words.PLACES_ZH)[:2]
                + draw.choice(words.COMPANY_ZH)
                + draw.choice(words.COMPANY_ZH_KIND)
            )
        else:
            made.append(f"{draw.choice(words.COMPANY_EN)} {draw.choice(words.COMPANY_EN_KIND)} {number}")
    return made


def people(draw: random.Random, many: int, companies: int, first: int = 0) -> list[Person]:
    """Customers, their addresses numbered from `first` on: no two have the same."""
    made = []
    for number in range(first, first + many):
        zh = draw.random() < 0.62
        if zh:
            name = draw.choice(words.SURNAMES) + "".join(draw.choices(words.GIVEN, k=draw.choice((1, 2, 2))))
            phone = f"+861{draw.choice('35789')}{draw.randrange(10**9):09d}"
            box = f"u{draw.randrange(10**6):06d}"
        else:
            given, family = draw.choice(words.FIRST), draw.choice(words.LAST)
            name, phone = f"{given} {family}", f"+4477{draw.randrange(10**8):08d}"
            box = f"{given}.{family}".lower().replace(" ", "").replace("'", "")
        made.append(
            Person(
                name=name,
                language="zh" if zh else "en",
                email=f"{box}{number}@{draw.choice(words.MAIL_HOSTS)}",
                phone=phone,
                company=draw.randrange(companies) if companies and draw.random() < 0.12 else None,
                key_account=draw.random() < 0.02,
            )
        )
    return made


def moments(draw: random.Random, many: int, until: datetime) -> list[datetime]:
    """When tickets were opened, in order: more of late than long ago, by day more than by night, fewer at week-ends."""
    found: list[datetime] = []
    while len(found) < many:
        back = DAYS * (1 - draw.random() ** 0.75)
        day = (until - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        if day.weekday() > 4 and draw.random() < 0.45:
            continue
        at = day + timedelta(
            hours=draw.choices(range(24), _HOURS)[0],
            seconds=draw.randrange(3600),
            milliseconds=draw.randrange(1000),
        )
        if at < until:
            found.append(at)
    return sorted(found)


def tickets_of(interactions: int) -> int:
    """How many tickets so many entries make."""
    return max(1, round(interactions / _PER_TICKET))


def stories(
    draw: random.Random, interactions: int, persons: Sequence[Person], agents: int, until: datetime
) -> Iterator[Story]:
    """Tickets in the order in which they were opened, with exactly so many entries in all."""
    opened = moments(draw, tickets_of(interactions), until)
    for at, entries in zip(opened, _lengths(draw, interactions, len(opened)), strict=True):
        yield _story(draw, at, entries, persons, agents, until)


def _lengths(draw: random.Random, interactions: int, tickets: int) -> list[int]:
    """How many entries each ticket has: most few, some many, so many in all."""
    lengths = [1 + min(int(draw.expovariate(1 / (_PER_TICKET - 0.6))), 24) for _ in range(tickets)]
    while (missing := interactions - sum(lengths)) != 0:
        step = 1 if missing > 0 else -1
        for place in draw.sample(range(tickets), min(abs(missing), tickets)):
            if lengths[place] + step > 0:
                lengths[place] += step
    return lengths


def _story(
    draw: random.Random, at: datetime, many: int, persons: Sequence[Person], agents: int, until: datetime
) -> Story:
    # Some write often: the square of an even draw falls on the first of them.
    place = int(len(persons) * draw.random() ** 2)
    person = persons[place]
    zh = person.language == "zh"
    about = draw.choice(words.ZH if zh else words.EN)
    slots = _slots(draw, person, zh)
    age = until - at
    status = _status(draw, age)
    if many == 1 and status in ("pending", "resolved"):
        status = "open" if age < timedelta(days=10) else "closed"
    waits_unseen = status == "open" and age < timedelta(hours=20) and draw.random() < 0.4
    agent = None if waits_unseen or agents == 0 else draw.randrange(agents)
    channel = draw.choices(("email", "webform", "webchat", "telegram", "api"), (46, 18, 22, 6, 8))[0]
    return Story(
        person=place,
        subject=_say(draw.choice(about.titles), slots),
        kind=about.kind,
        queue_words=about.queue_words,
        channel_kind=channel,
        language=person.language,
        priority=draw.choices((1, 2, 3, 4), (6, 78, 12, 4))[0],
        status=status,
        agent=agent,
        tags=(about.tag,) if draw.random() < 0.06 else (),
        entries=tuple(_entries(draw, about, slots, zh, at, many, agent, status, until)),
    )


def _status(draw: random.Random, age: timedelta) -> str:
    days = age.total_seconds() / 86400
    if days < 2:
        return draw.choices(("open", "pending", "resolved"), (45, 25, 30))[0]
    if days < 12:
        return draw.choices(("open", "pending", "resolved", "closed"), (5, 8, 50, 37))[0]
    return draw.choices(("open", "pending", "closed"), (0.1, 0.1, 99.8))[0]


def _entries(
    draw: random.Random, about: Subject, slots: dict[str, str], zh: bool, at: datetime, many: int, agent: int | None,
    status: str, until: datetime,
) -> Iterator[Entry]:  # fmt: skip
    more, notes = (words.ZH_MORE, words.ZH_NOTES) if zh else (words.EN_MORE, words.EN_NOTES)
    room = max((until - at) / many, timedelta(milliseconds=many))
    for number in range(many):
        last = number == many - 1
        if number == 0:
            kind, direction, text = "message", "in", _opening(draw, about, slots, more)
        elif agent is not None and (number % 2 or (last and status == "pending")):
            if draw.random() < 0.14 and not last:
                kind, direction, text = "note", "internal", _say(draw.choice(notes), slots)
            else:
                greeting = draw.choice(words.ZH_ABOUT if zh else words.EN_ABOUT)
                text = _say(greeting + draw.choice(about.answers), slots)
                kind, direction = "message", "out"
        else:
            kind, direction, text = "message", "in", _say(draw.choice(more), slots)
        yield Entry(
            at=at, kind=kind, direction=direction, by_agent=None if direction == "in" else agent, text=text
        )
        at += min(room * draw.uniform(0.1, 0.9), timedelta(hours=draw.expovariate(1 / 5)))


def _opening(draw: random.Random, about: Subject, slots: dict[str, str], more: Sequence[str]) -> str:
    parts = [draw.choice(about.openings), *draw.sample(more, draw.choice((0, 0, 1, 1, 2)))]
    return "\n".join(_say(one, slots) for one in parts)


def _slots(draw: random.Random, person: Person, zh: bool) -> dict[str, str]:
    return {
        "order": f"TW-{draw.randrange(10**7):07d}",
        "track": f"SF{draw.randrange(10**12):012d}",
        "product": draw.choice(words.PRODUCTS_ZH if zh else words.PRODUCTS_EN),
        "place": draw.choice(words.PLACES_ZH if zh else words.PLACES_EN),
        "day": draw.choice(words.DAYS_ZH if zh else words.DAYS_EN),
        "money": f"{draw.randrange(20, 4000)}.{draw.randrange(100):02d}",
        "small": str(draw.randrange(2, 60)),
        "phone": person.phone.removeprefix("+86"),
        "email": person.email,
        "company": (
            draw.choice(words.COMPANY_ZH) + draw.choice(words.COMPANY_ZH_KIND)
            if zh
            else f"{draw.choice(words.COMPANY_EN)} {draw.choice(words.COMPANY_EN_KIND)}"
        ),
    }


def _say(sentence: str, slots: dict[str, str]) -> str:
    return sentence.format_map(slots)
