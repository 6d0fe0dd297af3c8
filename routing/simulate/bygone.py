"""A hub's own past, to be lived through again: the same customers, with other rules, other people or more of everybody."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from hub.model.targets import Target
from hub.model.tickets import Priority, TicketKind
from routing.calendars import NeverOpen, add_working
from routing.promises import Facts
from routing.queues import QueueRule
from routing.rules import QueueChoice, RoutingRules, choose_queue, read_skill
from routing.simulate import chance as draw
from routing.simulate.case import Case, Errand, Span, Worker
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
    """What the hub goes by where nothing else is known: minutes promised and weight by priority, minutes of work by kind."""

    promised: Mapping[Priority, float]
    weight: Mapping[Priority, float]
    effort: Mapping[TicketKind, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A turn with everything that no chance decides."""

    turn: PastTurn
    errand: Errand
    needs: Needs


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
        self._took = how_long(turns, usual.effort)
        self._prepared = self._prepare(turns)

    def case(self, seed: int) -> Case:
        """The days of a seed: chance decides how long work takes, how patient live customers are, and who comes twice or
        not."""
        chance = random.Random(f"past {seed}")  # noqa: S311 - a simulation, not a secret
        errands: list[Errand] = []
        for one in self._prepared:
            for moved in self._times(chance):
                errands.append(self._errand(len(errands), one, moved, chance))
        return Case(
            errands=tuple(errands),
            workers=self._workers,
            expected=self._expected,
            live_demand=self._live_demand,
            hours=self._hours,
        )

    # ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _times(self, chance: random.Random) -> list[float]:
        """How often a turn happens, and by how many minutes each time is moved. What chance is asked does not depend on the
        answer, so that with another load the others stay as they are."""
        luck, moved = chance.random(), draw.uniform(chance, -MOVED, MOVED)
        times = int(self._load) + (luck < self._load % 1.0)
        return [0.0, *([moved] * (times - 1))] if times else []

    def _errand(self, number: int, one: _Prepared, moved: float, chance: random.Random) -> Errand:
        took = self._took[WorkClass(one.turn.live, one.turn.kind)]
        work = draw.lognormal(chance, took.mean, took.spread)
        patience = LEAST_PATIENCE + draw.exponential(chance, MORE_PATIENCE)
        known = one.errand
        since = max(0.0, known.ticket.since + moved)
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
        owners: dict[int, tuple[int, datetime]] = {}
        prepared = []
        for turn in turns:
            queue, priority, needs = self._sorted(turn)
            owner = owners.get(turn.customer_id)
            stick = timedelta(hours=queue.stick_hours)
            knows = owner[0] if owner is not None and turn.at - owner[1] <= stick else None
            prepared.append(self._as_errand(turn, queue, priority, needs, knows))
            if turn.answered_by is not None and turn.answered_at is not None:
                owners[turn.customer_id] = (turn.answered_by, turn.answered_at)
        return prepared

    def _sorted(self, turn: PastTurn) -> tuple[QueueRule, Priority, Needs]:
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
            queue, priority = turn.queue, turn.priority
            language, skills = turn.required_language, turn.required_skills
        else:
            queue, priority = tried.queue, tried.priority
            language = tried.languages_required[0] if tried.languages_required else ""
            skills = tried.skills
        return self._queues[queue], priority, Needs(queue, language, frozenset(map(read_skill, skills)))

    def _as_errand(
        self, turn: PastTurn, queue: QueueRule, priority: Priority, needs: Needs, owner: int | None
    ) -> _Prepared:
        since = minutes_from(self._past.since, turn.at)
        needs = self._if_shut(queue, needs, since)
        ticket = WaitingTicket(
            id=0,
            needs=needs,
            since=since,
            due=self._due(turn, priority, queue.name, since),
            weight=self._usual.weight[priority],
            effort=self._usual.effort[turn.kind],
            live=turn.live,
            owner=owner,
        )
        leave = float(queue.leave_minutes) or float("inf")
        return _Prepared(
            turn=turn,
            needs=needs,
            errand=Errand(
                ticket=ticket,
                work=0.0,
                weight=ticket.weight,
                due=ticket.due,
                offer=queue.offer_seconds / 60.0,
                leave=leave,
                wrap_up=queue.wrap_up_seconds / 60.0 if turn.live else 0.0,
                later=_later(queue, needs),
                labels={
                    "channel": turn.channel,
                    "kind": turn.kind.value,
                    "queue": needs.queue,
                    "priority": Priority(priority).name.lower(),
                    "key_account": "yes" if turn.key_account else "no",
                },
            ),
        )

    def _due(self, turn: PastTurn, priority: Priority, queue: str, since: float) -> float:
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
        if promise is not None:
            try:
                due = add_working(promise.calendar, turn.at, promise.amount)
            except NeverOpen:
                return float("inf")
            return minutes_from(self._past.since, due)
        return since + self._usual.promised[priority]

    def _if_shut(self, queue: QueueRule, needs: Needs, since: float) -> Needs:
        """Who comes while the queue is shut may be another's at once."""
        spans = self._hours.get(queue.name)
        other = next((step.queue for step in queue.overflow if step.closed), None)
        if spans is None or other is None or any(opens <= since < closes for opens, closes in spans):
            return needs
        return needs._replace(queue=other)

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


def _same(one: QueueChoice, other: QueueChoice) -> bool:
    return (one.queue, one.priority, one.skills, one.languages_required) == (
        other.queue, other.priority, other.skills, other.languages_required,
    )  # fmt: skip


def _later(queue: QueueRule, needs: Needs) -> tuple[tuple[float, Needs], ...]:
    """What is asked of an agent by and by. Each step holds what those before it let go."""
    steps: list[tuple[float, str, str]] = [(float(one.after), one.drop, "") for one in queue.relax]
    steps += [(float(one.after), "queue", one.queue) for one in queue.overflow if one.after]
    later = []
    for minutes, drop, other in sorted(steps):
        if drop == "queue":
            needs = needs._replace(queue=other)
        else:
            skills = frozenset((name, 1) for name, _ in needs.skills) if drop == "levels" else frozenset()
            needs = needs._replace(skills=skills, language="" if drop == "language" else needs.language)
        later.append((minutes, needs))
    return tuple(later)
