"""A hub's own past, to be lived through again: the same customers, with other rules, other people or more of everybody."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from hub.model.targets import Target
from hub.model.tickets import Priority, TicketKind
from routing.agenda import will_have_waited
from routing.calendars import Calendar
from routing.promises import Facts
from routing.rules import QueueChoice, RoutingRules, choose_queue, read_skill
from routing.simulate import chance as draw
from routing.simulate.case import Case, Errand, Habits, Span, Worker
from routing.simulate.observe import WorkClass, how_long, join_talks
from routing.simulate.past import Past, PastAgent, PastTurn
from routing.simulate.spans import (
    day_number,
    every_working_day,
    go_on_weekly,
    minutes_from,
    open_spans,
    spans_on_line,
)
from routing.simulate.staff import Change, StaffChanges, apply_staff, daily_hours
from routing.simulate.trouble import CannotSimulate
from routing.simulate.waits import steps_of
from routing.situation import Needs, Situation, WaitingTicket

DAYS_AFTER = 7
"""So long after the last customer of the record people work on."""
LEAST_PATIENCE, MORE_PATIENCE = 1.0, 6.0
"""A record does not tell how long live customers would have waited: at least a minute, six more on the average."""
MOVED = 30.0
"""Where there are more customers than there were, the others come within so many minutes of one who did."""
_HOUR, _WEEK_HOURS = 60.0, 168


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What the hub goes by where nothing else is known: minutes promised and weight by priority, minutes of work by kind, of a
    live conversation too. A live customer is promised `live_promised` minutes, unless something else that is not later than
    `soon`."""

    promised: Mapping[Priority, float]
    weight: Mapping[Priority, float]
    effort: Mapping[TicketKind, float]
    live_effort: Mapping[TicketKind, float]
    live_promised: float
    soon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A turn with everything that no chance decides."""

    turn: PastTurn
    errand: Errand

    @property
    def needs(self) -> Needs:
        return self.errand.ticket.needs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """Where a turn goes and what its agent must have."""

    priority: Priority
    needs: Needs
    preferred: frozenset[str]


class Bygone:
    """The past under some rules. `rules`: what is tried; `in_use`: what is on record came about by these. Raises
    CannotSimulate."""

    def __init__(
        self,
        past: Past,
        usual: Usual,
        *,
        rules: RoutingRules,
        in_use: RoutingRules,
        staff: StaffChanges,
        load: float = 1.0,
    ) -> None:
        if not past.turns:
            raise CannotSimulate("nothing_happened")
        self._past, self._usual, self._rules, self._in_use, self._load = past, usual, rules, in_use, load
        self._queues = {queue.name: queue for queue in rules.queue}
        self._end = past.until + timedelta(days=DAYS_AFTER)
        self._workers = self._make_workers(staff)
        if not any(worker.shifts for worker in self._workers):
            raise CannotSimulate("nobody_worked")
        turns = join_talks(past.turns)
        self._took = how_long(turns, usual.effort, usual.live_effort)
        self._prepared = self._prepare(turns)

    def case(self, seed: int) -> Case:
        """The days of a seed: chance decides how long work takes, how patient live customers are, and who comes twice or not.
        Each turn has chances of its own, so that with another load the others stay as they are."""
        errands: list[Errand] = []
        for one in self._prepared:
            for time in range(self._times(one.turn, seed)):
                errands.append(self._errand(len(errands), one, _chance(one.turn, seed, time), again=time > 0))
        weights = self._past.weights
        return Case(
            errands=tuple(errands),
            workers=self._workers,
            expected=self._expected,
            live_demand=self._live_demand,
            weights=weights,
            habits=Habits(paces=weights.paces, owner_saves=1.0 - 1.0 / weights.owner_gain),
            hours=self._hours,
        )

    # ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _times(self, turn: PastTurn, seed: int) -> int:
        """How often it happens."""
        return int(self._load) + (_chance(turn, seed, -1).random() < self._load % 1.0)

    def _errand(self, number: int, one: _Prepared, chance: random.Random, *, again: bool) -> Errand:
        took = self._took[WorkClass(one.turn.live, one.turn.kind)]
        work = draw.lognormal(chance, took.mean, took.spread)
        patience = LEAST_PATIENCE + draw.exponential(chance, MORE_PATIENCE)
        known = one.errand
        since = known.ticket.since
        if again:
            since = max(0.0, since + draw.uniform(chance, -MOVED, MOVED))
        ticket = replace(
            known.ticket, id=number, since=since, due=known.ticket.due + since - known.ticket.since
        )
        return replace(
            known,
            ticket=ticket,
            due=ticket.due,
            work=work,
            patience=patience if one.turn.live else known.patience,
        )

    def _prepare(self, turns: Sequence[PastTurn]) -> list[_Prepared]:
        knew: dict[int, tuple[int, datetime]] = {}
        prepared = []
        for turn in turns:
            found = self._sorted(turn)
            stick = timedelta(hours=self._queues[found.needs.queue].stick_hours)
            known = knew.get(turn.customer_id)
            lately = known is not None and turn.at - known[1] < stick
            owner = known[0] if known is not None and lately else turn.looked_after_by
            prepared.append(self._as_errand(turn, found, owner))
            if turn.answered_by is not None and turn.answered_at is not None:
                knew[turn.customer_id] = (turn.answered_by, turn.answered_at)
        return prepared

    def _sorted(self, turn: PastTurn) -> _Sorted:
        """Where it goes: as on record, unless the rules that are tried say otherwise than those in use."""
        situation = Situation(
            kind=turn.kind,
            channel=turn.channel,
            channel_kind=turn.channel_kind,
            language=turn.language,
            topics=turn.topics,
            key_account=turn.key_account,
            uncertain=turn.uncertain,
            subject=turn.subject,
            hints=turn.hints,
        )
        tried = choose_queue(self._rules, situation)
        if turn.queue in self._queues and _same(tried, choose_queue(self._in_use, situation)):
            return _Sorted(
                priority=turn.priority,
                needs=_needs(turn.queue, turn.required_language, turn.required_skills),
                preferred=_names(turn.preferred_skills),
            )
        language = tried.languages_required[0] if tried.languages_required else ""
        return _Sorted(
            priority=tried.priority,
            needs=_needs(tried.queue, language, tried.skills),
            preferred=_names(tried.preferred),
        )

    def _as_errand(self, turn: PastTurn, found: _Sorted, owner: int | None) -> _Prepared:
        steps = steps_of(found.needs, turn.at, self._queues, self._calendar_of)
        at_once = [needs for minutes, needs in steps if minutes <= 0.0]
        needs = at_once[-1] if at_once else found.needs
        queue = self._queues[needs.queue]
        since = minutes_from(self._past.since, turn.at)
        ticket = WaitingTicket(
            id=0,
            needs=needs,
            since=since,
            due=self._due(turn, found.priority, found.needs.queue, since),
            weight=self._usual.weight[found.priority],
            effort=(self._usual.live_effort if turn.live else self._usual.effort)[turn.kind],
            live=turn.live,
            units=turn.units,
            owner=owner,
            preferred=found.preferred,
        )
        return _Prepared(
            turn=turn,
            errand=Errand(
                ticket=ticket,
                work=0.0,
                weight=ticket.weight,
                due=ticket.due,
                offer=queue.offer_seconds / 60.0,
                leave=float(queue.leave_minutes) or float("inf"),
                wrap_up=queue.wrap_up_seconds / 60.0 if turn.live else 0.0,
                later=tuple(step for step in steps if step[0] > 0.0),
                labels={
                    "channel": turn.channel,
                    "kind": turn.kind.value,
                    "queue": found.needs.queue,
                    "priority": Priority(found.priority).name.lower(),
                    "key_account": "yes" if turn.key_account else "no",
                },
            ),
        )

    def _due(self, turn: PastTurn, priority: Priority, queue: str, since: float) -> float:
        """As the engine is told of it (hub.actions.floor.as_facts): what was promised, else what is usual."""
        facts = Facts(
            kind=turn.kind,
            priority=priority,
            queue=queue,
            channel=turn.channel,
            channel_kind=turn.channel_kind,
            key_account=turn.key_account,
        )
        target = Target.NEXT_RESPONSE if turn.turn else Target.FIRST_RESPONSE
        promise = self._rules.policies.promises(facts).get(target)
        due = float("inf")
        if promise is not None:
            moment = will_have_waited(promise.calendar, turn.at, promise.amount)
            if moment is not None:
                due = minutes_from(self._past.since, moment)
        if turn.live:
            return due if due - since <= self._usual.soon else since + self._usual.live_promised
        return due if promise is not None else since + self._usual.promised[priority]

    def _calendar_of(self, queue: str) -> Calendar | None:
        rule = self._queues.get(queue)
        return (
            self._rules.policies.calendars.get(rule.calendar) if rule is not None and rule.calendar else None
        )

    # ── what is known beforehand ─────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def _hours(self) -> dict[str, tuple[Span, ...]]:
        calendars = self._rules.policies.calendars
        return {
            queue.name: open_spans(calendars[queue.calendar], self._past.since, self._end)
            for queue in self._rules.queue
            if queue.calendar
        }

    @cached_property
    def _expected(self) -> dict[int, dict[Needs, float]]:
        """Minutes of work by hour: what came at this hour of the week, on the average of the weeks on record."""
        hours = max(1, int(minutes_from(self._past.since, self._past.until) // _HOUR))
        weekly: dict[int, dict[Needs, float]] = {}
        for one in self._prepared:
            ticket = one.errand.ticket
            minutes = self._load * ticket.effort * (1.0 / 3.0 if ticket.live else 1.0)
            slot = weekly.setdefault(int(ticket.since // _HOUR) % _WEEK_HOURS, {})
            slot[one.needs] = slot.get(one.needs, 0.0) + minutes
        expected = {}
        for hour in range(hours):
            slot = weekly.get(hour % _WEEK_HOURS, {})
            weeks = -(-(hours - hour % _WEEK_HOURS) // _WEEK_HOURS)
            expected[hour] = {needs: minutes / weeks for needs, minutes in slot.items()}
        return expected

    @cached_property
    def _live_demand(self) -> dict[Needs, float]:
        count: dict[Needs, float] = {}
        for one in self._prepared:
            if one.turn.live:
                count[one.needs] = count.get(one.needs, 0.0) + 1.0
        whole = sum(count.values())
        return {needs: number / whole for needs, number in count.items()}

    # ── staff ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _make_workers(self, changes: StaffChanges) -> tuple[Worker, ...]:
        everywhere = frozenset(self._queues)
        zone = self._zone
        staff = [self._worker(agent, everywhere) for agent in self._past.agents]
        changed = apply_staff(
            changes,
            staff,
            shifts=self._shifts_of,
            day_of=lambda moment: day_number(self._past.since, zone, moment),
            all_queues=everywhere,
        )
        return tuple(changed)

    def _worker(self, agent: PastAgent, everywhere: frozenset[str]) -> Worker:
        past = self._past
        if agent.calendar in self._rules.policies.calendars:
            shifts = open_spans(self._rules.policies.calendars[agent.calendar], past.since, self._end)
        else:
            seen = spans_on_line(agent.presence, past.since, past.until)
            shifts = go_on_weekly(seen, minutes_from(past.since, past.until), DAYS_AFTER)
        return Worker(
            id=agent.id,
            name=agent.name,
            languages=frozenset(agent.languages),
            skills=dict(agent.skills),
            queues=frozenset(agent.queues) or everywhere,
            capacity=agent.capacity,
            live_capacity=agent.live_capacity,
            shifts=shifts,
        )

    def _shifts_of(self, change: Change) -> tuple[Span, ...]:
        if not change.calendar:
            return every_working_day(
                tuple(daily_hours(change.hours)), self._zone, self._past.since, self._end
            )
        calendars = self._rules.policies.calendars
        if change.calendar not in calendars:
            raise CannotSimulate("unknown_calendar", name=change.name, calendar=change.calendar)
        return open_spans(calendars[change.calendar], self._past.since, self._end)

    @property
    def _zone(self) -> ZoneInfo:
        calendars = self._rules.policies.calendars
        return next(iter(calendars.values())).zone if calendars else ZoneInfo("UTC")


def _chance(turn: PastTurn, seed: int, time: int) -> random.Random:
    return random.Random(f"{seed} {turn.ticket_id} {turn.turn} {time}")  # noqa: S311 - a simulation, not a secret


def _same(one: QueueChoice, other: QueueChoice) -> bool:
    return (one.queue, one.priority, one.skills, one.preferred, one.languages_required) == (
        other.queue, other.priority, other.skills, other.preferred, other.languages_required,
    )  # fmt: skip


def _needs(queue: str, language: str, skills: Iterable[str]) -> Needs:
    return Needs(queue, language, frozenset(map(read_skill, skills)))


def _names(skills: Iterable[str]) -> frozenset[str]:
    return frozenset(read_skill(skill)[0] for skill in skills)
