"""Changes of staff that somebody wants to try: reading them, and applying them."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, ValidationError

from routing.calendars import read_shift
from routing.simulate.case import Span, Worker
from routing.simulate.trouble import CannotSimulate, told
from routing.tables import Table, Word, Words


class More(Table):
    """So many more agents who can do what this one can, at the same times."""

    like: Word
    count: Annotated[int, Field(ge=1, le=100)] = 1


class Change(Table):
    """What is different about an agent. `skills`: levels from now on, 0 takes one away. `languages` and `queues` replace what
    is; an empty list of queues means all. `hours`: shifts of each working day ("07:00-15:00"); `calendar`: the shifts of a
    calendar."""

    name: Word
    skills: Mapping[Word, Annotated[int, Field(ge=0, le=5)]] = Field(default_factory=dict)
    languages: Words | None = None
    queues: Words | None = None
    capacity: Annotated[int, Field(ge=0, le=1000)] | None = None
    live_capacity: Annotated[int, Field(ge=0, le=100)] | None = None
    hours: Words = ()
    calendar: str = ""


class Sick(Table):
    """Who is not there. `days`: which, the first is 1; none: all."""

    name: Word
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=400)], ...], Field(max_length=400)] = ()


class StaffChanges(Table):
    """All that is to be tried about staff."""

    add: Annotated[tuple[More, ...], Field(max_length=20)] = ()
    agent: Annotated[tuple[Change, ...], Field(max_length=500)] = ()
    sick: Annotated[tuple[Sick, ...], Field(max_length=500)] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.agent or self.sick)


Shifts = Callable[[Change], tuple[Span, ...]]
"""The shifts that a change asks for, in the minutes of what is simulated. Raises CannotSimulate."""


def load_staff(source: bytes | Mapping[str, Any]) -> StaffChanges:
    """From the bytes of a TOML file, or from its tables. Raises CannotSimulate."""
    try:
        tables = tomllib.loads(source.decode("utf-8")) if isinstance(source, bytes) else source
        return StaffChanges.model_validate(tables)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotSimulate("not_toml", detail=str(error)) from error
    except ValidationError as error:
        raise told(error) from error


def apply_staff(
    changes: StaffChanges,
    workers: Sequence[Worker],
    *,
    shifts: Shifts,
    day_of: Callable[[float], int],
    all_queues: frozenset[str],
) -> list[Worker]:
    """The staff with the changes made. `day_of`: the day, from 1, on which a moment lies. Raises CannotSimulate."""
    staff = {worker.name: worker for worker in workers}
    number = max((worker.id for worker in workers), default=0)
    for change in changes.agent:
        worker = _named(staff, change.name)
        staff[change.name] = replace(
            worker,
            skills={s: level for s, level in {**worker.skills, **change.skills}.items() if level},
            languages=worker.languages if change.languages is None else frozenset(change.languages),
            queues=worker.queues if change.queues is None else frozenset(change.queues) or all_queues,
            capacity=worker.capacity if change.capacity is None else change.capacity,
            live_capacity=worker.live_capacity if change.live_capacity is None else change.live_capacity,
            shifts=shifts(change) if change.hours or change.calendar else worker.shifts,
        )
    for more in changes.add:
        model = _named(staff, more.like)
        for _ in range(more.count):
            number += 1
            name = next(text for n in range(2, number + 3) if (text := f"{more.like} ({n})") not in staff)
            staff[name] = replace(model, id=number, name=name)
    for away in changes.sick:
        worker = _named(staff, away.name)
        there = tuple(s for s in worker.shifts if away.days and day_of(s[0]) not in away.days)
        staff[away.name] = replace(worker, shifts=there)
    return list(staff.values())


def daily_hours(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Shifts of a day in minutes after midnight. Raises CannotSimulate."""
    try:
        return sorted(read_shift(text) for text in texts)
    except ValueError as error:
        raise CannotSimulate("wrong_hours", detail=str(error)) from error


def _named(staff: Mapping[str, Worker], name: str) -> Worker:
    if name not in staff:
        raise CannotSimulate("unknown_agent", name=name)
    return staff[name]
