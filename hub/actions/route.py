"""Gives waiting tickets to agents. The decision is routing's; here are the facts before and the writes after it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hub.actions.announce import EVENTS
from hub.actions.as_facts import as_agents, as_ticket
from hub.actions.context import Context
from hub.model.people import Presence
from routing.explain import to_data
from routing.select import AgentChoice, Decision, Waiting, assign_all
from storage import work
from storage.database import Connection, as_json
from storage.work import AgentNow, WaitingRow

MOST = 2000
"""Tickets looked at in one round."""


async def drain(ctx: Context) -> int:
    """Give out what can be given out; returns how many tickets were. Called after everything that may have made room.

    All agents are locked, so one hub at a time does it, and what it reads stays true until it has written. Where nobody has
    a free place, only tickets that were not looked at yet are read.
    """

    async def work_(connection: Connection) -> int:
        agents = await work.lock_active_agents(connection)
        places = sum(max(0, a.capacity - a.load) for a in agents if a.presence == Presence.ONLINE)
        free = [a.id for a in agents if a.presence == Presence.ONLINE and a.load < a.capacity]
        rows = await (
            work.waiting(connection, places, free, [], MOST) if places else work.unexplained(connection)
        )
        if not rows:
            return 0
        decisions = _decide(ctx, rows, agents)
        choices = [one for one in decisions if isinstance(one, AgentChoice)]
        live = {row.id: row.live for row in rows}
        given = [(one.ticket_id, one.agent_id, as_json(to_data(one)), live[one.ticket_id]) for one in choices]
        taken = await work.give(connection, given, [EVENTS]) if given else 0
        unexplained = {row.id for row in rows if row.waiting_why is None}
        new = [one for one in decisions if isinstance(one, Waiting) and one.ticket_id in unexplained]
        if new:
            await work.say_why_waiting(connection, [(one.ticket_id, as_json(to_data(one))) for one in new])
        return taken

    taken = await ctx.database.run(work_)
    await ctx.outlook.look_ahead(ctx.database)
    return taken


async def why_waiting(ctx: Context, ticket_code: int) -> dict[str, Any] | None:
    """Why a ticket waits, as things stand now (data of routing.explain); None where it does not wait."""

    async def look(connection: Connection) -> tuple[WaitingRow | None, list[AgentNow]]:
        row = await work.waiting_ticket(connection, ticket_code)
        return row, await work.look_at_agents(connection) if row else []

    row, agents = await ctx.database.read(look)
    if row is None:
        return None
    (decision,) = _decide(ctx, [row], agents)
    return to_data(decision) if isinstance(decision, Waiting) else None


def _decide(ctx: Context, rows: Sequence[WaitingRow], present: Sequence[AgentNow]) -> list[Decision]:
    """All at once, on the clock of this moment: minutes from now."""
    now = present[0].now if present else datetime.now(UTC)
    return assign_all(
        [as_ticket(row, now) for row in rows],
        as_agents(present, {row.queue for row in rows}, now),
        0.0,
        prices=ctx.outlook.prices,
    )
