"""Rows of the database as the values that the routing engine decides by, on the clock of one moment: minutes from then."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta
from functools import lru_cache

from hub.model.people import Presence
from hub.model.tickets import Priority, TicketKind
from routing.agenda import next_opening, waited
from routing.calendars import Calendar, is_open
from routing.relax import relaxed
from routing.rules import RoutingRules, read_skill
from routing.situation import AgentState, Needs, Reason, ReasonCode, WaitingTicket
from storage.work import AgentNow, InHandRow, WaitingRow

PROMISED: Mapping[Priority, float] = {
    Priority.LOW: 1440.0,
    Priority.NORMAL: 480.0,
    Priority.HIGH: 240.0,
    Priority.URGENT: 60.0,
}
"""Minutes in which a ticket of this priority should be answered, where nothing was promised for it."""
PATIENCE = 1.0
"""Minutes in which somebody who sits at the other end should be joined, where nothing else was promised for that."""
SOON = 15.0
"""What is promised for later than so many minutes is no promise to somebody who sits there."""
WEIGHT: Mapping[Priority, float] = {
    Priority.LOW: 1.0,
    Priority.NORMAL: 2.0,
    Priority.HIGH: 4.0,
    Priority.URGENT: 8.0,
}
"""How much being in time matters."""
EFFORT: Mapping[TicketKind, float] = {
    TicketKind.COMPLAINT: 10.0,
    TicketKind.ENQUIRY: 6.5,
    TicketKind.REQUEST: 6.5,
    TicketKind.FEEDBACK: 3.0,
}
"""Minutes that the work takes on the average."""
LIVE_EFFORT: Mapping[TicketKind, float] = {
    TicketKind.COMPLAINT: 14.0,
    TicketKind.ENQUIRY: 9.0,
    TicketKind.REQUEST: 9.0,
    TicketKind.FEEDBACK: 5.0,
}
"""Minutes that a live conversation takes, a part of the agent's attention."""
_NONE: frozenset[str] = frozenset()
_NOBODY: frozenset[int] = frozenset()
_NOT_KNOWN: Mapping[int, float] = {}
_MINUTE = timedelta(minutes=1)


def as_ticket(row: WaitingRow, now: datetime, rules: RoutingRules, here: Set[int]) -> WaitingTicket:
    """A ticket that waits. `here`: the agents who are at work."""
    since = _minutes(row.waiting_since, now)
    steps = rule.relax if (rule := rules.queue_named(row.queue)) is not None else ()
    needs = needs_of(row.queue, row.language, tuple(row.skills))
    dropped: tuple[Reason, ...] = ()
    if steps:
        minutes = waited(calendar_of(rules, row.queue), row.waiting_since, now) / timedelta(minutes=1)
        needs, dropped = relaxed(needs, steps, minutes)
    owner, tie = _owner(row, now, rules, here)
    return WaitingTicket(
        id=row.id,
        needs=needs,
        since=since,
        due=due_of(row.live, Priority(row.priority), since, _minutes_if(row.due_at, now)),
        weight=WEIGHT[Priority(row.priority)],
        effort=(LIVE_EFFORT if row.live else EFFORT)[TicketKind(row.kind)],
        live=row.live,
        units=row.weight,
        owner=owner,
        tie=tie,
        preferred=frozenset(read_skill(skill)[0] for skill in row.preferred) if row.preferred else _NONE,
        not_to=_not_to(row) if row.not_to or row.declined_by is not None else _NOBODY,
        relaxed=dropped,
    )


def as_agents(
    agents: Iterable[AgentNow],
    queues: Set[str],
    now: datetime,
    rules: RoutingRules,
    in_hand: Iterable[InHandRow] = (),
    used: Mapping[int, float] = _NOT_KNOWN,
) -> list[AgentState]:
    """Agents at that moment. `queues`: those that matter now; who is a member of none works on all. `in_hand`: what they work
    on that a conversation would interrupt, the most urgent of each. `used`: what share of their time was work lately."""
    everywhere = frozenset(queues)
    interrupted = {row.agent_id: _work_in_hand(row, now) for row in in_hand}
    calendars = rules.policies.calendars
    on_shift = {name: is_open(calendar, now) for name, calendar in calendars.items()}
    return [
        AgentState(
            id=a.id,
            name=a.name,
            presence=Presence(a.presence),
            capacity=a.capacity,
            load=a.load,
            live_capacity=a.live_capacity,
            live_load=a.live_load,
            idle_since=_minutes(a.idle_since, now),
            languages=frozenset(a.languages),
            skills=a.skills,
            queues=frozenset(a.queues) if a.queues else everywhere,
            in_hand=interrupted.get(a.id),
            used=used.get(a.id, 0.0),
            on_shift=on_shift.get(a.calendar, True),
            wrapping_up=a.wrap_until is not None and a.wrap_until > now,
        )
        for a in agents
    ]


def closed_queues(rules: RoutingRules, now: datetime) -> dict[str, Reason]:
    """The queues whose hours are over, and when they begin again by the clocks of their place."""
    found: dict[str, Reason] = {}
    for rule in rules.queue:
        calendar = calendar_of(rules, rule.name)
        if calendar is None or is_open(calendar, now):
            continue
        opens = next_opening(calendar, now)
        if opens is None:
            found[rule.name] = Reason(code=ReasonCode.QUEUE_CLOSED_FOR_GOOD, params={"queue": rule.name})
        else:
            wall = opens.astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M")
            found[rule.name] = Reason(
                code=ReasonCode.QUEUE_CLOSED,
                params={"queue": rule.name, "opens": wall, "zone": calendar.zone.key},
            )
    return found


def calendar_of(rules: RoutingRules, queue: str) -> Calendar | None:
    """The hours of a queue; None: always."""
    rule = rules.queue_named(queue)
    return rules.policies.calendars.get(rule.calendar) if rule is not None and rule.calendar else None


@lru_cache(maxsize=4096)
def needs_of(queue: str, language: str, skills: tuple[str, ...]) -> Needs:
    """What a ticket asks for at first."""
    return Needs(queue, language, frozenset(map(read_skill, skills)))


def _not_to(row: WaitingRow) -> frozenset[int]:
    return frozenset((*row.not_to, *(() if row.declined_by is None else (row.declined_by,))))


def _owner(
    row: WaitingRow, now: datetime, rules: RoutingRules, here: Set[int]
) -> tuple[int | None, ReasonCode]:
    """Whoever had the customer lately, else whoever looks after them; of two the one who is here, if only one is."""
    rule = rules.queue_named(row.queue)
    hours = rule.stick_hours if rule is not None else 0
    last = row.last_agent_id
    if last is not None and (row.last_agent_at is None or now - row.last_agent_at >= timedelta(hours=hours)):
        last = None
    if last is not None and (row.owner_id is None or last in here or row.owner_id not in here):
        return last, ReasonCode.LAST_AGENT
    return row.owner_id, ReasonCode.LOOKS_AFTER


def due_of(live: bool, priority: Priority, since: float, due: float | None) -> float:
    """When a ticket's answer is due, in minutes from the moment as `since` is: as was promised (`due`), or as is usual."""
    if live:
        return due if due is not None and due - since <= SOON else since + PATIENCE
    return due if due is not None else since + PROMISED[priority]


def _work_in_hand(row: InHandRow, now: datetime) -> WaitingTicket:
    since = _minutes(row.waiting_since, now)
    return WaitingTicket(
        id=row.ticket_id,
        needs=needs_of(row.queue, row.language, tuple(row.skills)),
        since=since,
        due=due_of(False, Priority(row.priority), since, _minutes_if(row.due_at, now)),
        weight=WEIGHT[Priority(row.priority)],
        effort=EFFORT[TicketKind(row.kind)],
    )


def _minutes_if(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else _minutes(moment, now)


def _minutes(moment: datetime, now: datetime) -> float:
    return (moment - now) / _MINUTE
