"""Keeps what customers were promised: the clocks of tickets, in the transaction of whatever happens to them.

`touch` is the only way to a clock. It costs the same few round trips for one ticket as for a hundred, and says what is to be
said about a clock once, whoever comes first: a timer, or a person who answers too late. All moments are the database's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import PUT_OFF_SECONDS, in_short
from hub.model.targets import Because, ClockState, Target
from hub.model.tickets import EventKind, Priority, TicketKind, TicketStatus
from routing.calendars import ALWAYS, Calendar
from routing.promises import Facts, Policies
from routing.rules import RoutingRules
from routing.targets import Clock, Happened, Promise, Segment, Word, speak, step
from storage import targets
from storage.database import Connection, as_json, in_halves
from storage.side_by_side import side_by_side
from storage.targets import ClockRow, FactsRow, SegmentRow

log = structlog.get_logger(__name__)

LATE_SECONDS = 5.0
"""A breach that is said so long after it happened is marked as late: no hub was there to say it."""
_BATCH = 500

_Key = tuple[int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """What happened to one ticket (routing.targets.Happened). Nothing of the four: its status may have changed, or what is
    promised."""

    ticket_id: int
    opened: bool = False
    customer_wrote: bool = False
    answered: bool = False
    unanswered: bool = False


async def touch(connection: Connection, rules: RoutingRules, touches: Sequence[Touch]) -> int:
    """Bring the clocks of these tickets up to date; returns how many words were said. Comes last in a transaction: the tickets
    are locked, their rows are as they will be, and the numbers of their ledgers may move on."""
    happened = _merged(touches)
    if not happened:
        return 0
    facts, rows, parts = await _look(connection, rules, happened)
    ledger = _Ledger(rules.policies, rows, parts)
    for row in facts:
        ledger.advance(row, happened)
    if ledger.alike:
        await targets.write_alike(connection, ledger.places, ledger.alike)
    if ledger.clock_rows:
        await targets.write(connection, ledger.clock_rows, ledger.segment_rows)
    waits = False
    if ledger.escalated:
        for raised in await targets.raise_priority(connection, sorted(ledger.escalated)):
            waits = waits or raised.waits
            ledger.tell(
                raised.id, EventKind.PRIORITY_CHANGED, **{"from": raised.priority - 1, "to": raised.priority}
            )
    if ledger.told:
        await targets.tell(connection, ledger.told)
        await announce(connection, EVENTS, *([ROUTE] if waits else []))
    if ledger.late:
        log.warning("targets.late", breached=len(ledger.late), seconds=round(max(ledger.late)))
    return ledger.said


async def _look(
    connection: Connection, rules: RoutingRules, happened: Mapping[int, Touch]
) -> tuple[list[FactsRow], list[ClockRow], list[SegmentRow]]:
    fingerprint = rules.policies.fingerprint
    # A ticket that is opened in this transaction has no clocks yet.
    known = sorted(number for number, one in happened.items() if not one.opened)
    if not known:
        return await targets.facts(connection, sorted(happened), fingerprint), [], []
    async with side_by_side(connection) as also:
        facts = also.ask(targets.facts(also.connection, sorted(happened), fingerprint))
        rows = also.ask(targets.clocks(also.connection, known))
        parts = also.ask(targets.segments(also.connection, known))
    return facts.result(), rows.result(), parts.result()


async def keep_targets(ctx: Context) -> int:
    """Say what is due to be said, then work out again what older rules promised; returns how much there was of both."""

    async def say(connection: Connection) -> int:
        said = 0

        async def bring_up_to_date(tickets: Sequence[int]) -> None:
            nonlocal said
            said += await touch(connection, ctx.rules, [Touch(ticket_id=number) for number in tickets])

        if due := await targets.lock_due(connection, _BATCH):
            await in_halves(connection, due, bring_up_to_date, partial(_put_off, connection))
        return said

    async def work_out_again(connection: Connection) -> int:
        fingerprint = ctx.rules.policies.fingerprint
        old = await targets.lock_promised_by_older_rules(connection, fingerprint, _BATCH)
        await touch(connection, ctx.rules, [Touch(ticket_id=number) for number in old])
        return len(old)

    return await ctx.database.run(say) + await ctx.database.run(work_out_again)


async def _put_off(connection: Connection, ticket_id: int, error: Exception) -> None:
    log.error("targets.put_off", ticket=ticket_id, error=in_short(error))
    await targets.put_off(connection, ticket_id, PUT_OFF_SECONDS)


async def agree_on_targets(connection: Connection, rules: RoutingRules) -> None:
    """From now on every hub goes by these calendars and targets; deadlines that others promised are worked out again soon."""
    if await targets.agree_on_rules(connection, rules.policies.fingerprint):
        log.info("targets.changed", targets=len(rules.target), calendars=len(rules.calendar))


class _Ledger:
    """The clocks of a few tickets, while something happens to them."""

    def __init__(self, policies: Policies, rows: Sequence[ClockRow], segments: Sequence[SegmentRow]) -> None:
        self._policies = policies
        self._rows: dict[_Key, ClockRow] = {(row.ticket_id, row.target, row.cycle): row for row in rows}
        self._segments: dict[_Key, list[SegmentRow]] = defaultdict(list)
        for part in segments:
            self._segments[part.ticket_id, part.target, part.cycle].append(part)
        self._of_ticket: dict[int, list[Clock]] = defaultdict(list)
        for row in rows:
            self._of_ticket[row.ticket_id].append(self._clock(row))
        self.alike: list[ClockRow] = []
        self.places: list[tuple[int, int]] = []
        self.clock_rows: list[ClockRow] = []
        self.segment_rows: list[SegmentRow] = []
        self.told: list[tuple[int, str, str]] = []
        self.escalated: set[int] = set()
        self.late: list[float] = []
        self.said = 0

    def advance(self, facts: FactsRow, happened: Mapping[int, Touch]) -> None:
        """All tickets of which the same is true."""
        promises = self._policies.promises(
            Facts(
                kind=TicketKind(facts.kind),
                priority=Priority(facts.priority),
                queue=facts.queue,
                channel=facts.channel,
                channel_kind=facts.channel_kind,
                key_account=facts.key_account,
                segment=facts.segment,
            )
        )
        fresh: defaultdict[Happened, list[int]] = defaultdict(list)
        for ticket_id in facts.ticket_ids:
            told = _told(facts, happened[ticket_id])
            if told.opened:
                fresh[told].append(ticket_id)
                continue
            before = {(clock.target, clock.cycle): clock for clock in self._of_ticket[ticket_id]}
            for clock in step(list(before.values()), told, promises):
                self._tell_moved(ticket_id, before.get((clock.target, clock.cycle)), clock)
                self._keep(ticket_id, facts, self._speak(ticket_id, facts.now, clock))
        for told, ticket_ids in fresh.items():
            self._begin(ticket_ids, facts, step((), told, promises))

    def _begin(self, ticket_ids: Sequence[int], facts: FactsRow, clocks: Sequence[Clock]) -> None:
        """Tickets that are opened at the same moment, and to whom the same is promised, have the same clocks; nothing is to be
        said about them yet."""
        if not clocks:
            return
        group = len(self.alike)
        self.places += [(ticket_id, group) for ticket_id in ticket_ids]
        self.alike += [_row(group, clock, facts.rules_version) for clock in clocks]

    def tell(self, ticket_id: int, kind: EventKind, **data: Any) -> None:
        self.told.append((ticket_id, kind, as_json(data)))

    def _tell_moved(self, ticket_id: int, before: Clock | None, clock: Clock) -> None:
        """A deadline that moved although nothing happened to the clock: something else is promised."""
        same = before is not None and before.state is clock.state and before.since == clock.since
        if before is not None and same and before.due_at != clock.due_at:
            moved = {"from": _text(before.due_at), "to": _text(clock.due_at)}
            self.tell(ticket_id, EventKind.SLA_RECOMPUTED, target=clock.target.value, **moved)

    def _speak(self, ticket_id: int, now: datetime, clock: Clock) -> Clock:
        clock, word = speak(clock, now)
        if word is None:
            return clock
        self.said += 1
        data: dict[str, Any] = {
            "target": clock.target.value, "cycle": clock.cycle, "version": clock.version, "due": _text(clock.due_at),
        }  # fmt: skip
        if word is Word.WARNING:
            self.tell(ticket_id, EventKind.SLA_WARNING, **data)
            return clock
        assert clock.due_at is not None
        late = (now - clock.due_at).total_seconds()
        if late > LATE_SECONDS:
            self.late.append(late)
            data["late_seconds"] = round(late)
        self.tell(ticket_id, EventKind.SLA_BREACHED, **data)
        if clock.lives and clock.promise.escalates:
            self.escalated.add(ticket_id)
        return clock

    def _keep(self, ticket_id: int, facts: FactsRow, clock: Clock) -> None:
        key = (ticket_id, clock.target.value, clock.cycle)
        old = self._rows.get(key)
        row = _row(ticket_id, clock, facts.rules_version if clock.lives or old is None else old.rules_version)
        if row != old:
            self.clock_rows.append(row)
        for place, part in enumerate(
            clock.segments[len(self._segments[key]) :], len(self._segments[key]) + 1
        ):
            self.segment_rows.append(
                SegmentRow(
                    ticket_id=ticket_id,
                    target=clock.target,
                    cycle=clock.cycle,
                    place=place,
                    since=part.since,
                    until=part.until,
                    state=part.state,
                    because=part.because,
                )
            )

    def _clock(self, row: ClockRow) -> Clock:
        return clock_of(self._policies, row, self._segments.get((row.ticket_id, row.target, row.cycle), ()))


def clock_of(policies: Policies, row: ClockRow, segments: Sequence[SegmentRow]) -> Clock:
    """A clock as it was written down, with its calendar as it is now."""
    return Clock(
        target=Target(row.target),
        cycle=row.cycle,
        state=ClockState(row.state),
        started_at=row.started_at,
        since=row.since,
        because=Because(row.because),
        segments=tuple(
            Segment(
                since=part.since,
                until=part.until,
                state=ClockState(part.state),
                because=Because(part.because),
            )
            for part in segments
        ),
        promise=Promise(
            amount=timedelta(minutes=row.minutes),
            calendar=policies.calendars.get(row.calendar) or _forgotten(row.calendar),
            warn_at=row.warn_share,
            escalates=row.escalates,
            named_by=row.named_by,
        ),
        due_at=row.due_at,
        warn_at=row.warn_at,
        version=row.version,
        warned_at=row.warned_at,
        breached_at=row.breached_at,
        ended_at=row.ended_at,
    )


def _told(facts: FactsRow, happened: Touch) -> Happened:
    return Happened(
        at=facts.now,
        status=TicketStatus(facts.status),
        opened=happened.opened,
        # It is how it came to be opened.
        customer_wrote=happened.customer_wrote and not happened.opened,
        answered=happened.answered,
        unanswered=happened.unanswered,
        merged=facts.merged,
    )


@cache
def _forgotten(name: str) -> Calendar:
    """In place of a calendar that the rules do not name any more. Nothing is reckoned by it: what lives goes by what is
    promised now."""
    return Calendar(name=name, zone=ZoneInfo("UTC"), week=[ALWAYS] * 7)


def _row(ticket_id: int, clock: Clock, rules_version: int) -> ClockRow:
    return ClockRow(
        ticket_id=ticket_id,
        target=clock.target,
        cycle=clock.cycle,
        state=clock.state,
        because=clock.because,
        started_at=clock.started_at,
        since=clock.since,
        ended_at=clock.ended_at,
        minutes=clock.promise.amount // timedelta(minutes=1),
        calendar=clock.promise.calendar.name,
        warn_share=clock.promise.warn_at,
        escalates=clock.promise.escalates,
        named_by=clock.promise.named_by,
        rules_version=rules_version,
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        next_at=clock.next_at,
        version=clock.version,
        warned_at=clock.warned_at,
        breached_at=clock.breached_at,
    )


def _merged(touches: Sequence[Touch]) -> dict[int, Touch]:
    """One of each ticket: what happened to it, however often."""
    merged: dict[int, Touch] = {}
    for one in touches:
        other = merged.get(one.ticket_id, one)
        merged[one.ticket_id] = replace(
            other,
            opened=one.opened or other.opened,
            customer_wrote=one.customer_wrote or other.customer_wrote,
            answered=one.answered or other.answered,
            unanswered=one.unanswered or other.unanswered,
        )
    return merged


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at is not None else None
