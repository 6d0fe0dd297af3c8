"""Gives waiting tickets to agents. The decision is routing's; here are the facts before and the writes after it."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.model.people import Presence
from hub.model.tickets import Priority
from routing.explain import to_data
from routing.select import AgentChoice, Decision, Waiting, assign_all, choose_agent
from routing.situation import AgentState, WaitingTicket
from storage import work
from storage.database import Connection, as_json
from storage.work import AgentNow, WaitingRow


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
    """All at once; then, one by one, the few that were taken from somebody by hand: those must not go straight back."""
    agents = _states(present, {row.queue for row in rows})
    now = present[0].now if present else datetime.now(UTC)
    decisions = assign_all([_waiting(row) for row in rows if row.declined_by is None], agents, now)
    given = Counter(one.agent_id for one in decisions if isinstance(one, AgentChoice))
    for row in rows:
        if row.declined_by is not None:
            others = [replace(a, load=a.load + given[a.id]) for a in agents if a.id != row.declined_by]
            decision = choose_agent(_waiting(row), others, now)
            decisions.append(decision)
            if isinstance(decision, AgentChoice):
                given[decision.agent_id] += 1
    return decisions


def _waiting(row: WaitingRow) -> WaitingTicket:
    return WaitingTicket(
        id=row.id,
        queue=row.queue,
        priority=Priority(row.priority),
        waiting_since=row.waiting_since,
        language=row.language,
        skills=frozenset(row.skills),
        last_agent_id=row.last_agent_id,
    )


def _states(agents: Iterable[AgentNow], queues: Set[str]) -> list[AgentState]:
    """`queues`: those that matter now; who is a member of none works on all."""
    everywhere = frozenset(queues)
    return [
        AgentState(
            id=a.id,
            name=a.name,
            presence=Presence(a.presence),
            capacity=a.capacity,
            load=a.load,
            idle_since=a.idle_since,
            languages=frozenset(a.languages),
            skills=a.skills,
            queues=frozenset(a.queues) if a.queues else everywhere,
        )
        for a in agents
    ]
