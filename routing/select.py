"""Which agent gets which waiting ticket, and why nobody else does. Pure; knows no database and no clock.

Live tickets are placed first. Then, where more waits than there are agents with room, each agent takes what is worth most in
their hands; else each ticket goes to whoever suits it best. One that nobody can take never holds up others.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from hub.model.people import Presence
from routing.fit import fits, has_room, needed_language
from routing.floor import NO_PRICES, Bid, Floor
from routing.line import Line
from routing.prices import Prices
from routing.situation import AgentState, Needs, Reason, ReasonCode, WaitingTicket
from routing.worth import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChoice:
    """This ticket goes to this agent. `beaten` counts the other agents who were free and fit; `runner_up` names the best of
    them where they were compared."""

    ticket_id: int
    agent_id: int
    agent_name: str
    beaten: int
    reasons: tuple[Reason, ...]
    runner_up: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """This ticket stays in its queue, for these reasons."""

    ticket_id: int
    reasons: tuple[Reason, ...]


Decision = AgentChoice | Waiting

# What a bid is made of, and what it is called when it decided.
_PARTS: tuple[tuple[str, ReasonCode], ...] = (
    ("owner", ReasonCode.LAST_AGENT),
    ("preferred", ReasonCode.MOST_PREFERRED),
    ("pace", ReasonCode.BEST_PACE),
    ("quiet", ReasonCode.FEWEST_AT_ONCE),
    ("free_places", ReasonCode.KEEPS_OTHERS_FREE),
    ("undisturbed", ReasonCode.LEAST_DISTURBED),
    ("best_use", ReasonCode.BEST_USE),
    ("even", ReasonCode.LEAST_USED),
)
_NO_DIFFERENCE = 1e-9


def choose_agent(ticket: WaitingTicket, agents: Sequence[AgentState], now: float) -> Decision:
    """The agent for one ticket. The same as a batch of one, so that the two can never differ."""
    return assign_all([ticket], agents, now)[0]


def assign_all(
    waiting: Sequence[WaitingTicket],
    agents: Sequence[AgentState],
    now: float,
    *,
    weights: Weights | None = None,
    prices: Prices[Needs] = NO_PRICES,
    live_demand: Mapping[Needs, float] | None = None,
    closed: Mapping[str, Reason] | None = None,
    silent: Set[int] = frozenset(),
) -> list[Decision]:
    """Decide for all waiting tickets at once; those that were given come first, in the order in which they were. `closed`:
    queues of which nothing is given out now, and why. `silent`: tickets of which nothing is said where they wait.

    Work-conserving: after it, no ticket of another queue waits while an agent who fits has room.
    """
    floor = Floor(agents, weights=weights, prices=prices, live_demand=live_demand)
    decisions: list[Decision] = []
    shut = closed or {}
    ready = [ticket for ticket in waiting if ticket.needs.queue not in shut]
    for ticket in sorted(ready, key=lambda t: (not t.live, t.live and t.due < now, -t.weight, t.due, t.id)):
        if not ticket.live:
            floor.pool.add(ticket)
        elif (choice := place(floor, ticket, now)) is not None:
            decisions.append(choice)
    floor.look_about()
    if len(floor.pool) <= sum(has_room(agent, live=False) for agent in floor.agents.values()):
        by_promise = sorted(floor.pool, key=lambda t: (t.due, -t.weight, t.id))
        decisions += [choice for ticket in by_promise if (choice := place(floor, ticket, now)) is not None]
    else:
        decisions += _serve(floor, now)
    given = {one.ticket_id for one in decisions}
    left = [ticket for ticket in waiting if ticket.id not in given and ticket.id not in silent]
    # Nothing frees up during a batch, so why a ticket waits is said once a class, as things stand at the end.
    why: dict[tuple[Needs, bool, int, frozenset[int]], tuple[Reason, ...]] = {}
    for ticket in left:
        if (reason := shut.get(ticket.needs.queue)) is not None:
            decisions.append(Waiting(ticket_id=ticket.id, reasons=(reason,)))
            continue
        key = (ticket.needs, ticket.live, ticket.units, ticket.not_to)
        if key not in why:
            why[key] = tuple(_why_waiting(ticket, [*floor.agents.values()]))
        decisions.append(Waiting(ticket_id=ticket.id, reasons=(*why[key], *ticket.relaxed)))
    return decisions


def place(floor: Floor, ticket: WaitingTicket, now: float) -> AgentChoice | None:
    """Give the ticket to whoever suits it best, or return None when nobody who fits has room. The floor knows of it."""
    bids = floor.bids(ticket, now)
    if not bids:
        return None
    best = bids[0]
    reasons = (_why_best(ticket, bids, now), *_why_fit(ticket, best.agent))
    _take(floor, ticket, best.agent, now)
    return AgentChoice(
        ticket_id=ticket.id,
        agent_id=best.agent.id,
        agent_name=best.agent.name,
        beaten=len(bids) - 1,
        reasons=reasons,
        runner_up=bids[1].agent.name if len(bids) > 1 else "",
    )


def give_next(floor: Floor, agent: AgentState, now: float) -> AgentChoice | None:
    """Give the agent what they should have next, or return None when nothing waits that they may have. The floor knows of
    it."""
    found = floor.best_for(agent, now)
    if found is None:
        return None
    ticket = found[0]
    return _hand(floor, ticket, agent, now, _others(floor, ticket, agent))


def _serve(floor: Floor, now: float) -> Iterator[AgentChoice]:
    """Agents take from the pool, whoever can make most of their next minute first."""
    line = Line(floor, now)
    for agent, ticket in line:
        yield _hand(floor, ticket, agent, now, line.others(agent, ticket))


def _others(floor: Floor, ticket: WaitingTicket, agent: AgentState) -> int:
    """How many other agents could have had it now."""
    return sum(
        one.id != agent.id
        and has_room(one, ticket.live, ticket.units)
        and floor.pace(one, ticket.needs) > 0.0
        for one in floor.agents.values()
    )


def _hand(floor: Floor, ticket: WaitingTicket, agent: AgentState, now: float, others: int) -> AgentChoice:
    reasons = (*_why_next(floor, ticket, agent, now), *_why_fit(ticket, agent))
    _take(floor, ticket, agent, now)
    return AgentChoice(
        ticket_id=ticket.id, agent_id=agent.id, agent_name=agent.name, beaten=others, reasons=reasons
    )


def _take(floor: Floor, ticket: WaitingTicket, agent: AgentState, now: float) -> None:
    floor.pool.discard(ticket.id)
    # max(): a clock that runs behind must not move anybody forward in the line.
    idle_since = max(now, agent.idle_since)
    if ticket.live:
        floor.seat(replace(agent, live_load=agent.live_load + 1, idle_since=idle_since))
    else:
        in_hand = min((one for one in (agent.in_hand, ticket) if one is not None), key=lambda one: one.due)
        floor.seat(replace(agent, load=agent.load + ticket.units, idle_since=idle_since, in_hand=in_hand))


def _why_best(ticket: WaitingTicket, bids: Sequence[Bid], now: float) -> Reason:
    """What decided between the first and the second."""
    if len(bids) == 1:
        return Reason(code=ReasonCode.ONLY_FREE)
    best, second = bids[0], bids[1]
    lead, code = max(
        ((getattr(best, part) - getattr(second, part), code) for part, code in _PARTS), key=lambda one: one[0]
    )
    if lead <= _NO_DIFFERENCE or best.total - second.total <= _NO_DIFFERENCE:
        seconds = max(0, int((now - best.agent.idle_since) * 60))
        return Reason(code=ReasonCode.LONGEST_IDLE, params={"seconds": seconds, "among": len(bids)})
    if code is ReasonCode.LAST_AGENT:
        return Reason(code=ticket.tie)
    return Reason(code=code, params={"among": len(bids)})


def _why_next(floor: Floor, ticket: WaitingTicket, agent: AgentState, now: float) -> Iterator[Reason]:
    """Why this of all that waits."""
    if ticket.owner == agent.id:
        yield Reason(code=ticket.tie)
    minutes = int(ticket.due - now)
    code = ReasonCode.OVERDUE if ticket.due < now else ReasonCode.MOST_URGENT
    yield Reason(code=code, params={"seconds": abs(minutes) * 60, "waiting": len(floor.pool)})


def _why_fit(ticket: WaitingTicket, agent: AgentState) -> Iterator[Reason]:
    needs = ticket.needs
    yield Reason(code=ReasonCode.MEMBER, params={"queue": needs.queue})
    if language := needed_language(needs):
        yield Reason(code=ReasonCode.SPEAKS, params={"language": language})
    for skill, _ in sorted(needs.skills):
        yield Reason(code=ReasonCode.HAS_SKILL, params={"skill": skill, "level": agent.skills[skill]})
    if also := [skill for skill in sorted(ticket.preferred) if agent.skills.get(skill, 0) > 0]:
        yield Reason(code=ReasonCode.ALSO_HAS, params={"skill": ", ".join(also)})
    yield from ticket.relaxed


def _why_waiting(ticket: WaitingTicket, agents: Sequence[AgentState]) -> Iterator[Reason]:
    """What the ticket is waiting for, the nearest hope first."""
    needs = ticket.needs
    members = [a for a in agents if needs.queue in a.queues]
    if not members:
        yield Reason(code=ReasonCode.NO_MEMBERS, params={"queue": needs.queue})
        return
    here = [a for a in members if a.here]
    fit = [a for a in members if fits(a, needs)]
    turned_down = sum(a.here and a.id in ticket.not_to for a in fit)
    fit_here = [a for a in fit if a.here and a.id not in ticket.not_to]
    if not here:
        on_line = any(a.presence is Presence.ONLINE for a in members)
        code = ReasonCode.NOBODY_ON_SHIFT if on_line else ReasonCode.NOBODY_ON_LINE
        yield Reason(code=code, params={"queue": needs.queue, "members": len(members)})
    elif fit_here or turned_down:
        wrapping_up = sum(a.wrapping_up for a in fit_here)
        if full := sum(not a.wrapping_up and not has_room(a, ticket.live, ticket.units) for a in fit_here):
            yield Reason(code=ReasonCode.ALL_AT_CAPACITY, params={"agents": full})
        if wrapping_up:
            yield Reason(code=ReasonCode.FIT_BUT_WRAPPING_UP, params={"agents": wrapping_up})
        if turned_down:
            yield Reason(code=ReasonCode.NOT_SO_SOON, params={"agents": turned_down})
    else:
        missing = 0
        language = needed_language(needs)
        if language and not any(language in a.languages for a in here):
            missing += 1
            yield Reason(code=ReasonCode.NOBODY_SPEAKS, params={"language": language})
        for skill, least in sorted(needs.skills):
            if not any(a.skills.get(skill, 0) >= max(least, 1) for a in here):
                missing += 1
                yield Reason(code=ReasonCode.NOBODY_HAS_SKILL, params={"skill": skill})
        if not missing:
            yield Reason(code=ReasonCode.NO_COMBINATION, params={"agents": len(here)})
        busy = sum(not has_room(a, ticket.live, ticket.units) for a in here)
        if busy:
            yield Reason(code=ReasonCode.ALL_AT_CAPACITY, params={"agents": busy})
    away = [a for a in fit if not a.here and a.id not in ticket.not_to]
    if off_shift := sum(a.presence is Presence.ONLINE for a in away):
        yield Reason(code=ReasonCode.FIT_BUT_OFF_SHIFT, params={"agents": off_shift})
    if here and (absent := len(away) - off_shift):
        yield Reason(code=ReasonCode.FIT_BUT_ABSENT, params={"agents": absent})
