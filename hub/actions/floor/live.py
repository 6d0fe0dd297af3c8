"""A conversation in which nobody writes any more has no place of its own any longer: what is left to do is ordinary work."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import structlog

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import PUT_OFF_SECONDS, in_short
from hub.actions.ticket_work import Step, take_step
from hub.model.people import HUB
from hub.model.tickets import EventKind, TicketStatus, held
from routing.explain import to_data
from routing.situation import Reason, ReasonCode
from storage import house, inbound, live, work
from storage.database import Connection, in_halves
from storage.live import SilentRow

log = structlog.get_logger(__name__)

_BATCH = 100


async def end_silent(ctx: Context) -> int:
    """End what nobody wrote in for as long as the rules say; returns how many conversations were looked at."""

    async def run(connection: Connection) -> int:
        concerned = await live.falling_silent(connection, _BATCH)
        if not concerned:
            return 0
        holders = sorted(one for one in concerned if one is not None)
        agents = await inbound.lock_agents(connection, holders) if holders else {}
        looked_at = await live.take_silent(connection, _BATCH, holders, ctx.rules.work.silence_minutes * 60.0)
        silent = [one for one in looked_at if one.silent]

        async def end(some: Sequence[SilentRow]) -> None:
            theirs = dict(agents)
            for one in some:
                await _end(await take_step(connection, one.ticket_id, theirs, HUB, ctx.rules))
            agents.update(theirs)  # what is taken back has changed nobody's load

        if silent:
            await in_halves(connection, silent, end, partial(_put_off, connection))
            await announce(connection, EVENTS, ROUTE)
        return len(looked_at)

    return await ctx.database.run(run)


async def _put_off(connection: Connection, silent: SilentRow, error: Exception) -> None:
    log.error("silence.put_off", ticket=silent.ticket_id, error=in_short(error))
    await house.put_off(connection, silent.timer_id, PUT_OFF_SECONDS)


async def _end(step: Step) -> None:
    """Whoever has it goes on with it where there is room for it among what can be put aside; else it is for somebody else."""
    ticket = step.ticket
    if not ticket.live:
        return
    step.live_ended = True
    await step.note(EventKind.LIVE_ENDED)
    agent = None if ticket.holder is None else step.agents[ticket.holder]
    load = held(TicketStatus(ticket.status), live=False, weight=ticket.weight)
    room = agent is None or load == 0 or agent.load + load <= agent.capacity
    release = not room and ticket.assignee_id is not None
    if release and agent is not None:
        reason = Reason(code=ReasonCode.AT_CAPACITY, params={"load": agent.load, "capacity": agent.capacity})
        await work.add_decision(
            step.connection,
            ticket_id=ticket.id,
            step="released",
            queue_id=ticket.queue_id,
            agent_id=agent.id,
            priority=ticket.priority,
            why={"outcome": "released", "agent_id": agent.id, "reasons": [to_data(reason)]},
        )
        await step.note(EventKind.TICKET_RELEASED, agent=agent.id)
    elif not room:
        await step.withdraw_offer()
    elif agent is not None:
        step.agents[agent.id] = replace(agent, load=agent.load + load)  # for the next one of this batch
    await live.end_live(step.connection, ticket.id, seq=step.seq, release=release)
    await step.settle()
