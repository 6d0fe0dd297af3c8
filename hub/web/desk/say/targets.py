"""What was promised to customers, in words: when it is due, how long that is, why a clock rests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.actions.read_clocks import ClockLedger, ClockNow, Part, Rests
from hub.model.targets import Because, ClockState, Target
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.moments import write_amount
from routing.promises import CalendarTable, TargetTable

TARGETS: Mapping[Target, str] = {
    Target.FIRST_RESPONSE: N_("First answer"),
    Target.NEXT_RESPONSE: N_("Next answer"),
    Target.RESOLUTION: N_("Solution"),
}

_ENDED: Mapping[ClockState, str] = {
    ClockState.MET: N_("in time"),
    ClockState.MISSED: N_("too late"),
    ClockState.DROPPED: N_("not owed any more"),
}

_BECAUSE: Mapping[Because, str] = {
    Because.OPENED: N_("the ticket was opened"),
    Because.CUSTOMER_WROTE: N_("the customer wrote"),
    Because.GOES_ON: N_("work on the ticket went on"),
    Because.WAITS_FOR_CUSTOMER: N_("the customer has to answer"),
    Because.ANSWERED: N_("an answer was on its way"),
    Because.NOT_ANSWERED: N_("the answer was taken back, or did not arrive"),
    Because.RESOLVED: N_("the ticket was resolved"),
    Because.MERGED: N_("the ticket went on as another one"),
    Because.NOT_PROMISED: N_("it was not promised any more"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A clock as a badge. `look`: how it is coloured; `due_at`: when there is a moment to count to."""

    look: str
    icon: str
    said: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPart:
    since: datetime
    until: datetime | None
    said: str
    counted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClock:
    """One clock of a ticket with its parts, ready to be shown."""

    name: str
    due: Due
    promised: str
    opens_at: datetime | None
    parts: Sequence[ToldPart]


def say_due(voice: Voice, clock: ClockNow, now: datetime) -> Due:
    """When it is due, or how it ended."""
    if not clock.lives:
        look, icon = ("over", "alert") if clock.state is ClockState.MISSED else ("kept", "check")
        return Due(look=look, icon=icon, said=voice.say(_ENDED[clock.state]), due_at=None)
    if clock.due_at is None:
        return Due(look="rests", icon="hourglass", said=voice.say(N_("paused")), due_at=None)
    left = clock.due_at - now
    said = when_due(voice, clock.due_at, now)
    soon = clock.warned or left < timedelta(minutes=1)
    look = "over" if clock.breached else "soon" if soon else "ahead"
    # What rests counts no time: the page must not count on.
    counts = clock.due_at if clock.rests is not Rests.WAITS_FOR_CUSTOMER else None
    return Due(look=look, icon="alert" if clock.breached else "clock", said=said, due_at=counts)


def when_due(voice: Voice, due_at: datetime, now: datetime) -> str:
    """Counted to its moment, and on from there; times.js counts on in the same words."""
    left = due_at - now
    if abs(left) < timedelta(minutes=1):
        return voice.say(N_("due now"))
    if left > timedelta():
        return voice.say(N_("due in %(time)s"), time=voice.ago(now, due_at))
    return voice.say(N_("overdue %(time)s"), time=voice.ago(due_at, now))


def tell_clocks(
    voice: Voice,
    clocks: Sequence[ClockLedger],
    calendars: Sequence[CalendarTable],
    now: datetime,
    targets: Sequence[TargetTable] = (),
) -> list[ToldClock]:
    """Every clock of a ticket."""
    titles = {table.name: table.title_zh if voice.chinese else table.title_en for table in calendars}
    named = {table.name: table.title_zh if voice.chinese else table.title_en for table in targets}
    return [
        ToldClock(
            name=voice.say(TARGETS[clock.now.target]),
            due=say_due(voice, clock.now, now),
            promised=voice.say(
                N_("%(used)s used of %(promised)s (%(calendar)s), promised by “%(rule)s”"),
                used=say_span(voice, clock.used),
                promised=say_span(voice, clock.promised),
                calendar=titles.get(clock.calendar, clock.calendar),
                rule=named.get(clock.named_by) or clock.named_by,
            ),
            opens_at=clock.opens_at,
            parts=[_tell_part(voice, part) for part in clock.parts],
        )
        for clock in clocks
    ]


def _tell_part(voice: Voice, part: Part) -> ToldPart:
    because = voice.say(_BECAUSE[part.because])
    said = N_("running: %(because)s") if part.running else N_("paused: %(because)s")
    counted = voice.say(N_("%(time)s counted"), time=say_span(voice, part.counted)) if part.running else ""
    return ToldPart(
        since=part.since, until=part.until, said=voice.say(said, because=because), counted=counted
    )


def say_span(voice: Voice, span: timedelta) -> str:
    """A length of time to the minute, in hours and minutes: working time has no days."""
    minutes = int(span.total_seconds() // 60)
    parts = [(minutes // 60, "hour"), (minutes % 60, "minute")]
    shown = [(number, unit) for number, unit in parts if number] or [(0, "minute")]
    return " ".join(write_amount(number, unit, voice.locale) for number, unit in shown)
