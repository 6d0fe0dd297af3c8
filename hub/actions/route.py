"""Gives waiting tickets to agents. The decision is routing's; here are the facts before and the writes after it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.model.people import Presence
from hub.model.tickets import Priority
from routing.explain import to_data
from routing.select import AgentChoice, Decision, Waiting, assign_all
from routing.situation import AgentState, Needs, WaitingTicket
from storage import work
from storage.database import Connection, as_json
from storage.work import AgentNow, WaitingRow

PROMISED: Mapping[Priority, float] = {
    Priority.LOW: 1440.0,
    Priority.NORMAL: 480.0,
    Priority.HIGH: 240.0,
    Priority.URGENT: 60.0,
}
"""Minutes in which a ticket of this priority should be answered."""
WEIGHT: Mapping[Priority, float] = {
    Priority.LOW: 1.0,
    Priority.NORMAL: 2.0,
    Priority.HIGH: 4.0,
    Priority.URGENT: 8.0,
}
"""How much being in time matters."""


async def drain(ctx: Context) -> int:
    """Give out what can be given out; returns how many tickets were. Called after everything that may have made room.

    All agents are locked, so one hub at a time does it, and what it reads stays true until it has written. Where nobody has
    a free place, only tickets that were not looked at yet are read.
    """

    async def work_(connection: Connection) -> int:
        agents = await work.lock_active_agents(connection)
        places = sum(max(0, a.capacity - a.load) for a in agents if a.presence == Presence.ONLINE)
        rows = await (work.waiting(connection, places) if places else work.unexplained(connection))
        if not rows:
            return 0
        decisions = _decide(rows, agents)
        choices = [one for one in decisions if isinstance(one, AgentChoice)]
        given = [(one.ticket_id, one.agent_id, as_json(to_data(one))) for one in choices]
        taken = await work.give(connection, given, [EVENTS]) if given else 0
        unexplained = {row.id for row in rows if row.waiting_why is None}
        new = [one for one in decisions if isinstance(one, Waiting) and one.ticket_id in unexplained]
        if new:
            await work.say_why_waiting(connection, [(one.ticket_id, as_json(to_data(one))) for one in new])
        return taken

    return await ctx.database.run(work_)


async def why_waiting(ctx: Context, ticket_code: int) -> dict[str, Any] | None:
    """Why a ticket waits, as things stand now (data of routing.explain); None where it does not wait."""

    async def look(connection: Connection) -> tuple[WaitingRow | None, list[AgentNow]]:
        row = await work.waiting_ticket(connection, ticket_code)
        return row, await work.look_at_agents(connection) if row else []

    row, agents = await ctx.database.read(look)
    if row is None:
        return None
    (decision,) = _decide([row], agents)
    return to_data(decision) if isinstance(decision, Waiting) else None


def _decide(rows: Sequence[WaitingRow], present: Sequence[AgentNow]) -> list[Decision]:
    """All at once, on the clock of this moment: minutes from now."""
    now = present[0].now if present else datetime.now(UTC)
    return assign_all(
        [_waiting(row, now) for row in rows], _states(present, {row.queue for row in rows}, now), 0.0
    )


def _waiting(row: WaitingRow, now: datetime) -> WaitingTicket:
    since = _minutes(row.waiting_since, now)
    return WaitingTicket(
        id=row.id,
        needs=Needs(row.queue, row.language, frozenset((skill, 1) for skill in row.skills)),
        since=since,
        due=since + PROMISED[Priority(row.priority)],
        weight=WEIGHT[Priority(row.priority)],
        owner=row.last_agent_id,
        not_to=frozenset() if row.declined_by is None else frozenset((row.declined_by,)),
    )


def _states(agents: Iterable[AgentNow], queues: Set[str], now: datetime) -> list[AgentState]:
    """`queues`: those that matter now; who is a member of none works on all."""
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
