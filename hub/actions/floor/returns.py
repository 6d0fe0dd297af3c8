"""Tickets whose agent does not work on them go to somebody who does: who is off line for long, who lets a customer wait, who
left the company. Each queue says when (`leave_minutes`, `silent_minutes`); a supervisor hands over by hand.

A ticket keeps its place in time. Everything is one conditional step under the locks of agents and tickets, so that of several
hubs one does it, once.
"""

import itertools
from collections.abc import Mapping, Sequence

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.as_facts import as_agents, needs_of
from hub.model.people import Actor
from hub.model.permissions import Sight
from routing.explain import to_data
from routing.fit import fits, has_room
from routing.rules import RoutingRules
from routing.situation import AgentState, Reason, ReasonCode
from storage import floor, offers, work
from storage.database import Connection, as_json
from storage.floor import LeftRow, UnansweredRow

AT_ONCE = 200
"""Tickets that go back in one transaction: agents are locked meanwhile, and nobody is given work."""


async def give_back_left(ctx: Context) -> int:
    """Back to their queues: open tickets of agents who have been off line for as long as the queue says, live conversations
    after a minute; and all of those who were deactivated. Returns how many tickets."""
    minutes = _minutes(ctx.rules, "leave_minutes")

    async def work_(connection: Connection) -> int:
        gone = await floor.leavers(connection, minutes)
        if not gone:
            return 0
        await floor.lock_agents(connection, gone)
        left = await floor.left_behind(connection, minutes, gone, AT_ONCE)
        given = [(one.id, one.agent_id, _why_left(one)) for one in left]
        released = await floor.release(connection, given, "agent_gone", not_again=False) if given else 0
        if released:
            await announce(connection, EVENTS, ROUTE)
        return released

    total = 0
    while released := await ctx.database.run(work_):
        total += released
    return total


async def give_back_unanswered(ctx: Context) -> int:
    """Tickets whose customers have waited for their agent as long as the queue says, where somebody else can have them now;
    to the agent they do not go back for ten minutes. Returns how many; there may be more as long as that is not 0."""
    minutes = _asked(_minutes(ctx.rules, "silent_minutes"))
    if not minutes:
        return 0

    async def look(connection: Connection) -> tuple[list[UnansweredRow], list[AgentState]]:
        late = await floor.unanswered(connection, minutes)
        if not late:
            return [], []
        present = await work.look_at_agents(connection)
        queues = {one.queue for one in late}
        return late, as_agents(present, queues, present[0].now, ctx.rules) if present else []

    late, agents = await ctx.database.read(look)
    movable = ((t, one) for one in late if _somebody_else(one, agents) for t in one.ids)
    moving = dict(itertools.islice(movable, AT_ONCE))
    if not moving:
        return 0

    async def give_back(connection: Connection) -> int:
        await offers.lock_agents(connection, [one.agent_id for one in moving.values()])
        still = {ticket for one in await floor.unanswered(connection, minutes) for ticket in one.ids}
        given = [(t, one.agent_id, _why_unanswered(one)) for t, one in moving.items() if t in still]
        released = await floor.release(connection, given, "agent_silent", not_again=True) if given else 0
        if released:
            await announce(connection, EVENTS, ROUTE)
        return released

    return await ctx.database.run(give_back)


async def next_return(ctx: Context, connection: Connection) -> float | None:
    """Seconds until the next ticket goes back by itself; None where none does."""
    leaving = await floor.next_leaving(connection, _minutes(ctx.rules, "leave_minutes"))
    silent = _asked(_minutes(ctx.rules, "silent_minutes"))
    unanswered = await floor.next_unanswered(connection, silent) if silent else None
    return min((one for one in (leaving, unanswered) if one is not None), default=None)


async def hand_over(ctx: Context, *, from_agent: int, to_agent: int | None, actor: Actor) -> int:
    """Every open and pending ticket of an agent to another one, whatever their load, or (None) back to the queues; returns how
    many. What the first was offered goes to others. That a supervisor asks is the caller's to see to.

    Raises NotFound (no such agent, or the new one is not active), NotPossible: same_agent, narrow_sight (tickets that the actor
    does not see would be theirs by it).
    """
    if actor.sight is not Sight.ALL:
        raise NotPossible(
            "Only somebody who sees every ticket hands over all that an agent has.", code="narrow_sight"
        )
    if from_agent == to_agent:
        raise NotPossible("They have these tickets already.", code="same_agent")

    async def work_(connection: Connection) -> int:
        wanted = [from_agent] if to_agent is None else [from_agent, to_agent]
        agents = await floor.lock_agents(connection, wanted)
        if from_agent not in agents:
            raise NotFound(f"There is no agent {from_agent}.")
        if to_agent is not None and (to_agent not in agents or not agents[to_agent].active):
            raise NotFound(f"There is no agent {to_agent}.")
        why = {"by": actor.name, "reasons": []}
        handed = {**why, "outcome": "manual", "agent_id": to_agent}
        moved = await floor.hand_over(connection, from_agent, to_agent, handed, actor.agent_id)
        if offered := await offers.open_of_agent(connection, from_agent):
            withdrawn = {**why, "outcome": "withdrawn"}
            await offers.put_back(connection, offered, "withdrawn", withdrawn, actor.agent_id)
        if moved or offered:
            await announce(connection, EVENTS, ROUTE)
        return moved

    return await ctx.database.run(work_)


def _minutes(rules: RoutingRules, setting: str) -> Mapping[str, int]:
    return {queue.name: getattr(queue, setting) for queue in rules.queue}


def _asked(minutes: Mapping[str, int]) -> Mapping[str, int]:
    return {queue: number for queue, number in minutes.items() if number}


def _somebody_else(late: UnansweredRow, agents: Sequence[AgentState]) -> bool:
    needs = needs_of(late.queue, late.language, tuple(late.skills))
    return any(
        a.id != late.agent_id and has_room(a, late.live, late.weight) and fits(a, needs) for a in agents
    )


def _why_left(left: LeftRow) -> str:
    if left.active:
        reason = Reason(
            code=ReasonCode.AGENT_GONE, params={"agent": left.agent_name, "minutes": left.minutes}
        )
    else:
        reason = Reason(code=ReasonCode.AGENT_LEFT, params={"agent": left.agent_name})
    return _why(reason)


def _why_unanswered(late: UnansweredRow) -> str:
    params: dict[str, str | int] = {"agent": late.agent_name, "minutes": late.minutes}
    return _why(Reason(code=ReasonCode.AGENT_SILENT, params=params))


def _why(reason: Reason) -> str:
    return as_json({"outcome": "released", "reasons": [to_data(reason)]})
