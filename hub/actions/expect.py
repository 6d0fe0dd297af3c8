"""A waiting ticket's place in the line and its expected wait, from everything that waits and everybody who is here."""

from collections.abc import Sequence
from datetime import datetime

from hub.actions.as_facts import EFFORT, LIVE_EFFORT, as_agents, as_ticket, closed_queues
from hub.actions.context import Context
from hub.model.tickets import TicketKind
from routing.expect import Answered, Expected, expect, tempo_of
from storage import wallboard as stored
from storage.database import Connection
from storage.wallboard import AnsweredRow
from storage.work import AgentNow, WaitingRow

LATELY_SECONDS = 4 * 3600.0
"""Answers of so long ago tell how quickly work is done."""


async def expect_ticket(
    ctx: Context, row: WaitingRow, present: Sequence[AgentNow], now: datetime
) -> Expected:
    """As things stand now."""

    async def look(connection: Connection) -> tuple[Sequence[WaitingRow], Sequence[AnsweredRow]]:
        line = await stored.waiting_now(connection)
        return line, await stored.answered_lately(connection, LATELY_SECONDS)

    line, answered = await ctx.database.read(look)
    rules = ctx.rules
    agents = as_agents(present, {row.queue, *(one.queue for one in line)}, now, rules)
    here = {agent.id for agent in agents if agent.here}
    return expect(
        as_ticket(row, now, rules, here),
        [as_ticket(one, now, rules, here) for one in line],
        agents,
        0.0,
        tempo=tempo(answered),
        prices=ctx.outlook.prices,
        closed=closed_queues(rules, now),
    )


def tempo(answered: Sequence[AnsweredRow]) -> dict[str, float]:
    """How quickly the work of each queue was done lately."""
    return tempo_of(
        Answered(row.queue, (LIVE_EFFORT if row.live else EFFORT)[TicketKind(row.kind)], row.minutes)
        for row in answered
    )
