"""When "later" is: moments to choose from, and a moment that somebody wrote, by the clock on their own wall. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from hub.actions.failures import NotPossible

FURTHEST = timedelta(days=366)
SOONEST = timedelta(seconds=30)
_MORNING, _AFTERNOON, _EVENING = time(9), time(15), time(18)
_LEAD = timedelta(minutes=30)
_MOST_DAYS = 60


class Preset(StrEnum):
    """What a moment is called."""

    AFTERNOON = "afternoon"
    EVENING = "evening"
    TOMORROW = "tomorrow"
    WORKDAY = "workday"
    MONDAY = "monday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment to choose, in UTC."""

    preset: Preset
    at: datetime


def moments(now: datetime, zone: tzinfo, works: Callable[[date], bool]) -> list[Moment]:
    """What is offered at `now`: this afternoon (later in the day: this evening), tomorrow at nine, the next working day where
    tomorrow is none, the next Monday that is one. `works`: whether the agent works on a day."""
    today = now.astimezone(zone).date()
    found: list[Moment] = []

    def offer(preset: Preset, day: date, hour: time) -> None:
        at = datetime.combine(day, hour, zone).astimezone(UTC)
        if at - now >= _LEAD and all(at != one.at for one in found):
            found.append(Moment(preset=preset, at=at))

    offer(Preset.AFTERNOON, today, _AFTERNOON)
    if not found:
        offer(Preset.EVENING, today, _EVENING)
    offer(Preset.TOMORROW, today + timedelta(days=1), _MORNING)
    days = [today + timedelta(days=ahead) for ahead in range(1, _MOST_DAYS)]
    for preset, day in (
        (Preset.MONDAY, next((day for day in days if day.weekday() == 0 and works(day)), None)),
        (Preset.WORKDAY, next((day for day in days if works(day)), None)),
    ):
        if day is not None:
            offer(preset, day, _MORNING)
    return sorted(found, key=lambda one: one.at)


def read_moment(given: str, zone: tzinfo) -> datetime:
    """What a field for day and time holds (local time without a zone, that of the writer), or a time with its offset. In UTC.
    Raises NotPossible: bad_moment; no_such_time, of an hour that the clocks leave out that day."""
    try:
        said = datetime.fromisoformat(given.strip())
    except ValueError as error:
        raise NotPossible("This is no day and time.", code="bad_moment") from error
    if not 2000 <= said.year < 9000:
        raise NotPossible("This is no day and time.", code="bad_moment")
    if said.tzinfo is not None:
        return said.astimezone(UTC)
    at = said.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != said:
        raise NotPossible("The clocks leave this hour out that day.", code="no_such_time")
    return at


def check_moment(at: datetime, now: datetime) -> None:
    """Raises NotPossible: in_the_past, too_far."""
    if at - now < SOONEST:
        raise NotPossible("This time is over already.", code="in_the_past")
    if at - now > FURTHEST:
        raise NotPossible("A reply waits for a year at the most.", code="too_far")
