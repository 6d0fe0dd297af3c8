"""Gives waiting tickets to agents. The decision is routing's; here are the facts before and the writes after it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.lock_name import lock_number
from hub.model.people import Presence
from hub.model.tickets import Priority
from routing.explain import to_data
from routing.select import AgentChoice, Decision, Waiting, assign_all, choose_agent
from routing.situation import AgentState, WaitingTicket
from storage import house, inbound, work
from storage.database import Connection, as_json
from storage.work import AgentNow, WaitingRow

_TURN = lock_number("drain")


async def drain(ctx: Context) -> int:
    """Give out what can be given out; returns how many tickets were. Called after everything that may have made room.

    One hub at a time, and with all agents locked: what it reads stays true until it has written. Where nobody has a free
    place, only tickets that were not looked at yet are read.
    """

    async def work_(connection: Connection) -> int:
        await house.take_turn(connection, _TURN)
        agents = await work.lock_active_agents(connection)
        queues = await work.queue_names(connection)
        places = sum(max(0, a.capacity - a.load) for a in agents if a.presence == Presence.ONLINE)
        rows = {row.id: row for row in await work.waiting(connection, places)} if places else {}
        rows |= {row.id: row for row in await work.unexplained(connection)}
        if not rows:
            return 0
        now = await house.database_clock(connection)
        decisions = _decide(list(rows.values()), _states(agents, queues), now)
        taken = await _give(connection, [one for one in decisions if isinstance(one, AgentChoice)])
        new = [
            one for one in decisions if isinstance(one, Waiting) and rows[one.ticket_id].waiting_why is None
        ]
        if new:
            await work.say_why_waiting(connection, [(one.ticket_id, as_json(to_data(one))) for one in new])
        if taken:
            await announce(connection, EVENTS)
        return taken

    return await ctx.database.run(work_)


async def why_waiting(ctx: Context, ticket_code: int) -> dict[str, Any] | None:
    """Why a ticket waits, as things stand now (data of routing.explain); None where it does not wait."""

    async def look(
        connection: Connection,
    ) -> tuple[WaitingRow | None, list[AgentNow], list[str], datetime | None]:
        row = await work.waiting_ticket(connection, ticket_code)
        if row is None:
            return None, [], [], None
        agents = await work.look_at_agents(connection)
        return row, agents, await work.queue_names(connection), await house.database_clock(connection)

    row, agents, queues, now = await ctx.database.read(look)
    if row is None or now is None:
        return None
    decision = _decide([row], _states(agents, queues), now)[0]
    return to_data(decision) if isinstance(decision, Waiting) else None


def _decide(rows: Sequence[WaitingRow], agents: Sequence[AgentState], now: datetime) -> list[Decision]:
    """All at once; then, one by one, the few that were taken from somebody by hand: those must not go straight back."""
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


async def _give(connection: Connection, choices: Sequence[AgentChoice]) -> int:
    if not choices:
        return 0
    given = [(one.ticket_id, one.agent_id, as_json(to_data(one))) for one in choices]
    taken = await work.give(connection, given)
    load: dict[int, int] = {}
    for _, agent_id in taken:
        load[agent_id] = load.get(agent_id, 0) + 1
    if load:
        await inbound.add_load(connection, sorted(load.items()))
    return len(taken)


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


def _states(agents: Iterable[AgentNow], queues: Sequence[str]) -> list[AgentState]:
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
