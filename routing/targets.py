"""The ledger of a ticket's clocks: what happened, folded into segments that ran or rested, and when each target is due.

Pure. A clock is a row of segments; everything else follows from them and from what was promised: how much of the promise is
used up, when it is due, when to warn. So a deadline can be worked out again from the same segments when a calendar changes, and
says why it is what it is.

* first_response runs from the opening until somebody answers. next_response runs from the customer's first message after that
  until the next answer. Both run on while the ticket waits for the customer, for an answer is owed; a ticket that is resolved
  without one owes none any more, and the clock is dropped.
* resolution runs until the ticket is resolved or closed and rests while it waits for the customer. When it is opened again, the
  same clock goes on, and the time between was rest: a solution that did not hold was none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.model.targets import LIVE, Because, ClockState, Target
from hub.model.tickets import TicketStatus
from routing.calendars import Calendar, add_working, working_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """So much working time of a calendar. `warn_at`: the share of it, in per cent, after which a warning is given; 0: none.
    `escalates`: whether missing it raises the ticket's priority. `named_by`: which entry of the rules promised it."""

    amount: timedelta
    calendar: Calendar
    warn_at: int = 80
    escalates: bool = False
    named_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a clock's life that is over. Never of no length."""

    since: datetime
    until: datetime
    state: ClockState
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One target of one ticket, once. `segments` are over, in order and without gaps; the present one began at `since`,
    `because` of what is said, and goes on while the clock lives. `version` counts the times that `due_at` changed.

    `due_at`: when the promise is, or was, used up; None while it rests with some left, and when it ended at rest.
    """

    target: Target
    cycle: int
    state: ClockState
    started_at: datetime
    since: datetime
    because: Because
    segments: tuple[Segment, ...] = ()
    promise: Promise
    due_at: datetime | None = None
    warn_at: datetime | None = None
    version: int = 0
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def lives(self) -> bool:
        return self.state in LIVE

    @property
    def next_at(self) -> datetime | None:
        """When something is to be said about it: the warning, then the breach; None where nothing is."""
        if self.state is not ClockState.RUNNING or self.breached_at is not None:
            return None
        if self.warned_at is None and self.warn_at is not None:
            return self.warn_at
        return self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened to a ticket, and its status afterwards. None of the four: only the status may have changed, or
    what is promised. `unanswered`: the last answer was taken back, or did not arrive. `merged`: it goes on as another ticket,
    so that it was closed keeps no promise."""

    at: datetime
    status: TicketStatus
    opened: bool = False
    customer_wrote: bool = False
    answered: bool = False
    unanswered: bool = False
    merged: bool = False


DONE = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class Word(StrEnum):
    """What there is to say about a clock."""

    WARNING = "warning"
    BREACHED = "breached"


Promises = Mapping[Target, Promise]
"""What a ticket's customer is promised now; a target that is not there is not promised."""


def step(clocks: Sequence[Clock], happened: Happened, promises: Promises) -> tuple[Clock, ...]:
    """The clocks afterwards: those given, changed or not, and those that begin. `clocks`: of each target the last cycle, or all
    of them. What is promised now counts from a clock's beginning. A moment before the ledger's last one counts as that one."""
    was = {clock.target: clock for clock in sorted(clocks, key=lambda clock: clock.cycle)}
    at = max([happened.at, *(moment for clock in was.values() for moment in _moments(clock))])
    now = {target: _promised(clock, promises, at) for target, clock in was.items()}
    _respond(now, happened, at, promises)
    _solve(now, happened, at, promises)
    kept = [clock for clock in clocks if clock.cycle != now[clock.target].cycle]
    return (*kept, *(_reckon(now[target], at) for target in Target if target in now))


def _moments(clock: Clock) -> list[datetime]:
    moments = (clock.since, clock.ended_at, clock.warned_at, clock.breached_at)
    return [moment for moment in moments if moment is not None]


def _promised(clock: Clock, promises: Promises, at: datetime) -> Clock:
    """A clock that lives, with what is promised now."""
    if not clock.lives:
        return clock
    promise = promises.get(clock.target)
    if promise is None:
        return _end(clock, at, Because.NOT_PROMISED)
    return _reckon(replace(clock, promise=promise), at)


def _respond(now: dict[Target, Clock], happened: Happened, at: datetime, promises: Promises) -> None:
    """An answer ends both clocks, and so does a solution; else the customer's words begin one where none runs."""
    done = happened.status in DONE
    for target in (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE):
        clock = now.get(target)
        if clock is not None and clock.lives:
            if not happened.answered and not done:
                return
            now[target] = _end(clock, at, Because.ANSWERED if happened.answered else _done(happened))
    if done or happened.answered:
        return
    if happened.unanswered:
        _unanswer(now, at, promises)
    elif happened.opened and happened.status is TicketStatus.PENDING:
        return  # opened with what was said before, and the company spoke last
    elif happened.opened:
        _begin(now, Target.FIRST_RESPONSE, at, Because.OPENED, promises)
    elif happened.customer_wrote:
        _begin(now, Target.NEXT_RESPONSE, at, Because.CUSTOMER_WROTE, promises)


def _unanswer(now: dict[Target, Clock], at: datetime, promises: Promises) -> None:
    """The clock that the last answer ended goes on; meanwhile it rested."""
    ended = [
        clock
        for target in (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE)
        if (clock := now.get(target)) is not None and clock.because is Because.ANSWERED and target in promises
    ]
    if ended:
        clock = max(ended, key=lambda clock: clock.since)
        promised = replace(clock, promise=promises[clock.target])
        now[clock.target] = _turn(promised, at, ClockState.RUNNING, Because.NOT_ANSWERED)


def _solve(now: dict[Target, Clock], happened: Happened, at: datetime, promises: Promises) -> None:
    clock, target = now.get(Target.RESOLUTION), Target.RESOLUTION
    if happened.status in DONE:
        if clock is not None and clock.lives:
            now[target] = _end(clock, at, _done(happened))
        return
    because = Because.CUSTOMER_WROTE if happened.customer_wrote else Because.GOES_ON
    if clock is None:
        _begin(now, target, at, Because.OPENED if happened.opened else because, promises)
    elif not clock.lives and target in promises:
        now[target] = replace(clock, promise=promises[target])
    if target not in now or target not in promises:
        return
    if happened.status is TicketStatus.PENDING:
        now[target] = _turn(now[target], at, ClockState.PAUSED, Because.WAITS_FOR_CUSTOMER)
    else:
        now[target] = _turn(now[target], at, ClockState.RUNNING, because)


def _begin(
    now: dict[Target, Clock], target: Target, at: datetime, because: Because, promises: Promises
) -> None:
    if target in promises:
        now[target] = Clock(
            target=target,
            cycle=now[target].cycle + 1 if target in now else 1,
            state=ClockState.RUNNING,
            started_at=at,
            since=at,
            because=because,
            promise=promises[target],
        )


def _turn(clock: Clock, at: datetime, state: ClockState, because: Because) -> Clock:
    """The present segment ends, another begins; nothing where the clock is in that state already."""
    if clock.state is state:
        return clock
    return replace(_closed(clock, at), state=state, since=at, because=because, ended_at=None)


def _end(clock: Clock, at: datetime, because: Because) -> Clock:
    """Missed where it was due before; else met, or dropped where nobody answered who should have."""
    if clock.due_at is not None and clock.due_at < at:
        state = ClockState.MISSED
    elif because in (Because.NOT_PROMISED, Because.MERGED) or (
        because is Because.RESOLVED and clock.target is not Target.RESOLUTION
    ):
        state = ClockState.DROPPED
    else:
        state = ClockState.MET
    return replace(_closed(clock, at), state=state, since=at, because=because, ended_at=at)


def _done(happened: Happened) -> Because:
    return Because.MERGED if happened.merged else Because.RESOLVED


def _closed(clock: Clock, at: datetime) -> Clock:
    """With its present segment among those that are over, unless that has no length. Since it ended it rested."""
    if at <= clock.since:
        return clock
    state = clock.state if clock.lives else ClockState.PAUSED
    over = Segment(since=clock.since, until=at, state=state, because=clock.because)
    return replace(clock, segments=(*clock.segments, over), since=at)


def _reckon(clock: Clock, at: datetime) -> Clock:
    """The deadline as promise and segments have it. One that moved ahead again, because something else is promised, may be
    warned of and missed anew."""
    if not clock.lives:
        return clock
    promise = clock.promise
    due = _reached(clock, promise.amount)
    warn = _reached(clock, promise.amount * promise.warn_at / 100) if promise.warn_at else None
    missed = due is not None and due <= at
    warned = missed or warn is None or warn <= at
    return replace(
        clock,
        due_at=due,
        warn_at=warn,
        version=clock.version + (due != clock.due_at),
        breached_at=clock.breached_at if missed else None,
        warned_at=clock.warned_at if warned else None,
    )


def _reached(clock: Clock, amount: timedelta) -> datetime | None:
    """When so much has run: in a segment that is over if there was enough, else in the present one if it runs."""
    calendar, left = clock.promise.calendar, amount
    for segment in clock.segments:
        if segment.state is ClockState.RUNNING:
            worked = working_time(calendar, segment.since, segment.until)
            if left <= worked:
                return add_working(calendar, segment.since, left)
            left -= worked
    return add_working(calendar, clock.since, left) if clock.state is ClockState.RUNNING else None


def used(clock: Clock, now: datetime) -> timedelta:
    """How much working time has run on the clock by `now`."""
    calendar = clock.promise.calendar
    ran = [(part.since, part.until) for part in clock.segments if part.state is ClockState.RUNNING]
    if clock.state is ClockState.RUNNING:
        ran.append((clock.since, now))
    return sum((working_time(calendar, since, until) for since, until in ran), timedelta())


def speak(clock: Clock, now: datetime) -> tuple[Clock, Word | None]:
    """What is to be said about it now, and the clock to which it was said; each once for each promise. A breach is also said of
    a clock that has ended, or rests, since; a warning only while it runs. After a breach nobody needs a warning."""
    due = clock.due_at
    missed = due is not None and (due <= now if clock.lives else clock.state is ClockState.MISSED)
    if missed and clock.breached_at is None:
        return replace(clock, breached_at=due), Word.BREACHED
    if clock.next_at is not None and clock.next_at <= now:
        return replace(clock, warned_at=now), Word.WARNING
    return clock, None


def fold(happenings: Iterable[tuple[Happened, Promises]]) -> tuple[Clock, ...]:
    """All that happened, in order, from nothing; every cycle of every clock."""
    clocks: tuple[Clock, ...] = ()
    for happened, promises in happenings:
        clocks = step(clocks, happened, promises)
    return clocks
