"""Tickets and agents for the tests of the engine, on a clock whose present is 0."""

from dataclasses import replace

from hub.model.people import Presence
from routing.fit import eligible
from routing.select import AgentChoice, Decision
from routing.situation import AgentState, Needs, Reason, ReasonCode, WaitingTicket

NOW = 0.0


def ticket(
    number: int = 1,
    *,
    queue: str = "q",
    language: str = "",
    skills: frozenset[tuple[str, int]] = frozenset(),
    waited: float = 5.0,
    due: float = 240.0,
    weight: float = 2.0,
    effort: float = 6.0,
    live: bool = False,
    owner: int | None = None,
    not_to: frozenset[int] = frozenset(),
    units: int = 1,
    tie: ReasonCode = ReasonCode.LAST_AGENT,
    preferred: frozenset[str] = frozenset(),
    relaxed: tuple[Reason, ...] = (),
) -> WaitingTicket:
    return WaitingTicket(
        id=number,
        needs=Needs(queue, language, skills),
        since=NOW - waited,
        due=NOW + due,
        weight=weight,
        effort=effort,
        live=live,
        owner=owner,
        not_to=not_to,
        units=units,
        tie=tie,
        preferred=preferred,
        relaxed=relaxed,
    )


def agent(
    number: int = 1,
    *,
    presence: Presence = Presence.ONLINE,
    capacity: int = 2,
    load: int = 0,
    live_capacity: int = 0,
    live_load: int = 0,
    idle: float = 10.0,
    languages: frozenset[str] = frozenset(),
    skills: dict[str, int] | None = None,
    queues: frozenset[str] = frozenset({"q"}),
    in_hand: WaitingTicket | None = None,
    on_shift: bool = True,
    wrapping_up: bool = False,
) -> AgentState:
    return AgentState(
        id=number,
        name=f"Agent {number}",
        presence=presence,
        capacity=capacity,
        load=load,
        live_capacity=live_capacity,
        live_load=live_load,
        idle_since=NOW - idle,
        languages=languages,
        skills=skills or {},
        queues=queues,
        in_hand=in_hand,
        on_shift=on_shift,
        wrapping_up=wrapping_up,
    )


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def taken(decisions: list[Decision]) -> list[tuple[int, int]]:
    return [(d.ticket_id, d.agent_id) for d in decisions if isinstance(d, AgentChoice)]


def filled(
    agents: list[AgentState], waiting: list[WaitingTicket], decisions: list[Decision]
) -> list[AgentState]:
    """The agents with what was decided on their desks."""
    live = {one.id: one.live for one in waiting}
    after = {one.id: one for one in agents}
    for ticket_id, agent_id in taken(decisions):
        one = after[agent_id]
        more = {"live_load": one.live_load + 1} if live[ticket_id] else {"load": one.load + 1}
        after[agent_id] = replace(one, **more)
    return list(after.values())


def nobody_could(one: WaitingTicket, agents: list[AgentState]) -> bool:
    return not any(verdict.eligible for verdict in eligible(one, agents))
