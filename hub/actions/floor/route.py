"""Gives waiting tickets to agents. The decision is routing's; here are the facts before and the writes after it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.actions.floor.as_facts import as_agents, as_ticket, calendar_of, closed_queues, needs_of
from hub.actions.floor.expect import expect_ticket
from hub.actions.floor.outlook import Outlook
from routing.agenda import began_to_wait, earliest, openings, will_have_waited
from routing.explain import to_data
from routing.fit import fits, has_room
from routing.rules import RoutingRules
from routing.select import AgentChoice, Decision, Waiting, assign_all
from routing.situation import AgentState, Needs
from storage import offers, work
from storage.database import Connection, as_json
from storage.side_by_side import side_by_side
from storage.work import WaitingRow

MOST = 2000
"""Tickets looked at in one round."""
SPARE = 2
"""So many more of each lot are looked at than there are places: what waits for whoever knows its customer is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`given`: how many tickets were given out. `more`: whether another round, at once, may give out more."""

    given: int = 0
    more: bool = False


async def drain(ctx: Context) -> int:
    """One round of `give_out_once`; returns how many tickets were given out."""
    return (await give_out_once(ctx)).given


async def give_out_once(ctx: Context) -> Round:
    """Give out what can be given out, for good or as offers. Called after everything that may have made room.

    All agents are locked, so one hub at a time does it, and what it reads stays true until it has written. Where nobody has
    a free place, only tickets that were not looked at yet are read. Where none waits, nobody is locked: every answer makes
    room, and must not wait for this, nor this for every answer.
    """
    rules = ctx.rules
    seen_at, waits = await ctx.database.read(work.any_waiting)
    if not waits:
        ctx.outlook.looked_at = seen_at
        return Round()

    async def work_(connection: Connection) -> Round:
        agents = await work.lock_active_agents(connection)
        now = agents[0].now if agents else datetime.now(UTC)
        ctx.outlook.looked_at = now
        shut = closed_queues(rules, now)
        states = as_agents(agents, {rule.name for rule in rules.queue}, now, rules, (), ctx.outlook.used)
        free = [agent for agent in states if _has_any_room(agent)]
        rows = await (_look_at_waiting(connection, free, shut) if free else work.unexplained(connection))
        full = len(rows) >= MOST
        rows = _with_hope(rows, free, rules)
        if not rows:
            return Round()
        busy = [a.id for a in free if a.load > 0] if len(free) > 1 and any(row.live for row in rows) else []
        if busy or any(rules.queue_named(row.queue) is None for row in rows):
            in_hand = await work.in_hand(connection, busy) if busy else []
            states = as_agents(agents, _queues(rules, rows), now, rules, in_hand, ctx.outlook.used)
        decisions = _decide(ctx.outlook, rules, rows, states, now)
        wanted = sum(isinstance(one, AgentChoice) for one in decisions)
        given = await _hand_out(connection, rules, rows, decisions) if wanted else 0
        why = [(one.ticket_id, as_json(to_data(one))) for one in decisions if isinstance(one, Waiting)]
        if why:
            await work.say_why_waiting(connection, why)
        # What was read was decided at once, and no ticket behind it could have been given where those before it were not.
        return Round(given=given, more=given < wanted or (full and given > 0))

    return await ctx.database.run(work_)


async def next_look(ctx: Context) -> float | None:
    """In how many seconds there may be something to give out though nobody says so; None: nothing is foreseen."""
    seen = ctx.outlook.looked_at
    if seen is None:
        return None
    rules = ctx.rules
    steps = [(rule.name, step) for rule in rules.queue for step in rule.relax]
    asked = [
        (queue, began_to_wait(calendar_of(rules, queue), timedelta(minutes=step.after), seen))
        for queue, step in steps
    ]
    row = await ctx.database.read(lambda c: work.next_by_time(c, seen, asked))
    calendars = rules.policies.calendars
    hours = {rule.calendar for rule in rules.queue} | set(row.calendars)
    moment = earliest(
        [
            row.turned_down,
            row.wrapped_up,
            *openings(hours, calendars.get, seen),
            *(
                will_have_waited(calendar_of(rules, queue), since, timedelta(minutes=step.after))
                for (queue, step), since in zip(steps, row.waiting_since, strict=True)
                if since is not None
            ),
        ],
        seen,
    )
    return None if moment is None else max(0.0, (moment - row.now).total_seconds())


async def why_waiting(ctx: Context, ticket_code: int) -> dict[str, Any] | None:
    """Why a ticket waits, as things stand now (data of routing.explain), and what is `expected` (routing.expect); None where it
    does not wait."""
    return await ctx.database.read(lambda connection: explain_waiting(ctx, connection, ticket_code))


async def explain_waiting(ctx: Context, connection: Connection, ticket_code: int) -> dict[str, Any] | None:
    """The same through a connection."""
    async with side_by_side(connection) as also:
        asked = also.ask(work.waiting_ticket(also.connection, ticket_code))
        here = also.ask(work.look_at_agents(also.connection))
    row, agents = asked.result(), here.result()
    if row is None:
        return None
    now = agents[0].now if agents else datetime.now(UTC)
    rules = ctx.rules
    states = as_agents(agents, _queues(rules, [row]), now, rules, (), ctx.outlook.used)
    (decision,) = _decide(ctx.outlook, rules, [replace(row, waiting_why=None)], states, now)
    if not isinstance(decision, Waiting):
        return None
    return to_data(decision) | {"expected": asdict(await expect_ticket(ctx, connection, row, agents, now))}


async def _look_at_waiting(
    connection: Connection, free: Sequence[AgentState], shut: Collection[str]
) -> list[WaitingRow]:
    ready = [agent for agent in free if has_room(agent, live=False)]
    places = sum(agent.capacity - agent.load for agent in ready)
    live_places = sum(agent.live_capacity - agent.live_load for agent in free if has_room(agent, live=True))
    return await work.waiting(
        connection,
        places=min(places + SPARE, MOST) if places else 0,
        live_places=min(live_places + SPARE, MOST) if live_places else 0,
        free=[agent.id for agent in ready],
        shut=[*shut],
        most=MOST,
    )


def _decide(
    outlook: Outlook,
    rules: RoutingRules,
    rows: Sequence[WaitingRow],
    agents: Sequence[AgentState],
    now: datetime,
) -> list[Decision]:
    """All at once, on the clock of this moment: minutes from now. Why a ticket waits is said of those of which it was not
    yet."""
    here = {agent.id for agent in agents if agent.here}
    return assign_all(
        [as_ticket(row, now, rules, here) for row in rows],
        agents,
        0.0,
        weights=outlook.weights,
        prices=outlook.prices,
        live_demand=outlook.live_demand,
        closed=closed_queues(rules, now),
        silent={row.id for row in rows if row.waiting_why is not None},
    )


async def _hand_out(
    connection: Connection, rules: RoutingRules, rows: Sequence[WaitingRow], decisions: Sequence[Decision]
) -> int:
    """For good, or as an offer where the queue's agents may think about it."""
    of = {row.id: row for row in rows}
    given: list[tuple[int, int, str, bool]] = []
    offered: list[tuple[int, int, str, int, bool]] = []
    for one in decisions:
        if not isinstance(one, AgentChoice):
            continue
        row = of[one.ticket_id]
        rule = rules.queue_named(row.queue)
        why = as_json(to_data(one))
        if rule is not None and rule.offer_seconds:
            offered.append((row.id, one.agent_id, why, rule.offer_seconds, row.live))
        else:
            given.append((row.id, one.agent_id, why, row.live))
    taken = await work.give(connection, given, [EVENTS]) if given else 0
    return taken + (await offers.offer(connection, offered, [EVENTS]) if offered else 0)


def _queues(rules: RoutingRules, rows: Sequence[WaitingRow]) -> set[str]:
    """Those of the rules, and those of which tickets wait though the rules know them no more."""
    return {rule.name for rule in rules.queue} | {row.queue for row in rows}


def _with_hope(
    rows: Sequence[WaitingRow], free: Sequence[AgentState], rules: RoutingRules
) -> list[WaitingRow]:
    """Those that somebody with room may have, and those of which it was not said yet why they wait. Where less is asked for
    with time, all."""
    ready = {live: [agent for agent in free if has_room(agent, live)] for live in (True, False)}
    relaxing = {rule.name for rule in rules.queue if rule.relax}
    known: dict[tuple[bool, Needs], bool] = {}

    def has_hope(row: WaitingRow) -> bool:
        key = row.live, needs_of(row.queue, row.language, tuple(row.skills))
        if key not in known:
            known[key] = any(fits(agent, key[1]) for agent in ready[row.live])
        return known[key]

    return [row for row in rows if row.waiting_why is None or row.queue in relaxing or has_hope(row)]


def _has_any_room(agent: AgentState) -> bool:
    return has_room(agent, live=False) or has_room(agent, live=True)
