"""Rows of the database as the values that the routing engine decides by, on the clock of one moment: minutes from then."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from hub.model.people import Presence
from hub.model.tickets import Priority, TicketKind
from routing.situation import AgentState, Needs, WaitingTicket
from storage.work import AgentNow, WaitingRow

PROMISED: Mapping[Priority, float] = {
    Priority.LOW: 1440.0,
    Priority.NORMAL: 480.0,
    Priority.HIGH: 240.0,
    Priority.URGENT: 60.0,
}
"""Minutes in which a ticket of this priority should be answered, where nothing was promised for it."""
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


def as_ticket(row: WaitingRow, now: datetime) -> WaitingTicket:
    """A ticket that waits."""
    since = _minutes(row.waiting_since, now)
    return WaitingTicket(
        id=row.id,
        needs=Needs(row.queue, row.language, frozenset((skill, 1) for skill in row.skills)),
        since=since,
        due=_minutes(row.due_at, now) if row.due_at else since + PROMISED[Priority(row.priority)],
        weight=WEIGHT[Priority(row.priority)],
        effort=EFFORT[TicketKind(row.kind)],
        owner=row.last_agent_id,
        not_to=frozenset() if row.declined_by is None else frozenset((row.declined_by,)),
    )


def as_agents(agents: Iterable[AgentNow], queues: Set[str], now: datetime) -> list[AgentState]:
    """Agents at that moment. `queues`: those that matter now; who is a member of none works on all."""
    everywhere = frozenset(queues)
    return [
        AgentState(
            id=a.id,
            name=a.name,
            presence=Presence(a.presence),
            capacity=a.capacity,
            load=a.load,
            idle_since=_minutes(a.idle_since, now),
            languages=frozenset(a.languages),
            skills=a.skills,
            queues=frozenset(a.queues) if a.queues else everywhere,
        )
        for a in agents
    ]


def _minutes(moment: datetime, now: datetime) -> float:
    return (moment - now).total_seconds() / 60.0
