"""What people and programs are shown of a ticket's clocks: how each stands, and what its time is made of. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.actions.targets import clock_of
from hub.model.targets import Because, ClockState, Target
from routing.calendars import is_open, next_change, working_time
from routing.promises import Policies
from routing.targets import used
from storage import targets
from storage.database import Connection
from storage.side_by_side import side_by_side
from storage.targets import ClockRow, SegmentRow

_ORDER = {target: place for place, target in enumerate(Target)}


class Rests(StrEnum):
    """Why no time is counted now."""

    WAITS_FOR_CUSTOMER = "waits_for_customer"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockNow:
    """One clock, as it stands. `rests`: why it counts no time now, though it has not ended. `warned`: the time is nearly used
    up."""

    target: Target
    state: ClockState
    due_at: datetime | None
    rests: Rests | None
    warned: bool
    breached: bool

    @property
    def lives(self) -> bool:
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of time. `until` None: it goes on. `counted`: how much of it was working time, and ran."""

    since: datetime
    until: datetime | None
    running: bool
    because: Because
    counted: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLedger:
    """A clock with all its parts. `promised` and `used` are working time of `calendar`, by the target `named_by` of the rules.
    `opens_at`: when counting goes on, outside working hours."""

    now: ClockNow
    started_at: datetime
    ended_at: datetime | None
    promised: timedelta
    used: timedelta
    calendar: str
    named_by: str
    opens_at: datetime | None
    parts: tuple[Part, ...]


async def clocks_of(
    connection: Connection, policies: Policies, ticket_ids: Sequence[int], now: datetime
) -> dict[int, list[ClockNow]]:
    """The last clock for each target of each of these tickets, as far as it was promised."""
    found: dict[int, list[ClockNow]] = {ticket_id: [] for ticket_id in ticket_ids}
    if found:
        for row in await targets.clocks(connection, ticket_ids):
            found[row.ticket_id].append(_now(policies, row, now))
    for clocks in found.values():
        clocks.sort(key=lambda clock: _ORDER[clock.target])
    return found


async def ledger_of(
    connection: Connection, policies: Policies, ticket_id: int, now: datetime
) -> list[ClockLedger]:
    """The same of one ticket, with what each clock's time is made of."""
    async with side_by_side(connection) as also:
        asked = also.ask(targets.clocks(also.connection, [ticket_id]))
        over = also.ask(targets.segments(also.connection, [ticket_id]))
    rows, parts = asked.result(), over.result()
    clocks = [
        _ledger(policies, row, [part for part in parts if part.target == row.target], now) for row in rows
    ]
    return sorted(clocks, key=lambda clock: _ORDER[clock.now.target])


def soonest(clocks: Sequence[ClockNow]) -> ClockNow | None:
    """The one to look at: what is due next, else one that rests; None where nothing goes on."""
    living = [clock for clock in clocks if clock.lives]
    due = [clock for clock in living if clock.due_at is not None]
    return (
        min(due, key=lambda clock: (clock.due_at, _ORDER[clock.target])) if due else next(iter(living), None)
    )


def _now(policies: Policies, row: ClockRow, now: datetime) -> ClockNow:
    state = ClockState(row.state)
    calendar = policies.calendars.get(row.calendar)
    rests = None
    if state is ClockState.PAUSED:
        rests = Rests.WAITS_FOR_CUSTOMER
    elif state is ClockState.RUNNING and calendar is not None and not is_open(calendar, now):
        rests = Rests.OUTSIDE_HOURS
    return ClockNow(
        target=Target(row.target),
        state=state,
        due_at=row.due_at,
        rests=rests,
        warned=row.warned_at is not None,
        breached=state is ClockState.MISSED or row.breached_at is not None or _is_over(row, now),
    )


def _is_over(row: ClockRow, now: datetime) -> bool:
    """Also before anybody has said so."""
    return row.ended_at is None and row.due_at is not None and row.due_at <= now


def _ledger(policies: Policies, row: ClockRow, segments: Sequence[SegmentRow], now: datetime) -> ClockLedger:
    clock = clock_of(policies, row, segments)
    shown = _now(policies, row, now)
    calendar = clock.promise.calendar
    parts = [
        Part(
            since=part.since,
            until=part.until,
            running=part.state is ClockState.RUNNING,
            because=part.because,
            counted=working_time(calendar, part.since, part.until)
            if part.state is ClockState.RUNNING
            else timedelta(),
        )
        for part in clock.segments
    ]
    if clock.lives:
        running = clock.state is ClockState.RUNNING
        parts.append(
            Part(
                since=clock.since,
                until=None,
                running=running,
                because=clock.because,
                counted=working_time(calendar, clock.since, now) if running else timedelta(),
            )
        )
    return ClockLedger(
        now=shown,
        started_at=clock.started_at,
        ended_at=clock.ended_at,
        promised=clock.promise.amount,
        used=used(clock, now),
        calendar=row.calendar,
        named_by=row.named_by,
        opens_at=next_change(calendar, now) if shown.rests is Rests.OUTSIDE_HOURS else None,
        parts=tuple(parts),
    )
