"""Which agent gets which waiting ticket, and why nobody else does. Pure; knows no database and no clock.

The order is: priority, then the longest wait, then the id. The agent is whoever had this customer's ticket
last, if free and fit, else whoever has been idle longest. One that nobody can take never holds up others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heapreplace

from hub.model.people import Presence
from routing.situation import LANGUAGE_UNKNOWN, AgentState, Reason, ReasonCode, WaitingTicket

_NO_LANGUAGE = ("", LANGUAGE_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an agent may have a ticket now: eligible if and only if nothing speaks against it."""

    agent_id: int
    agent_name: str
    against: tuple[Reason, ...] = ()

    @property
    def eligible(self) -> bool:
        return not self.against


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChoice:
    """This ticket goes to this agent. `beaten` counts the other agents who were free and fit."""

    ticket_id: int
    agent_id: int
    agent_name: str
    beaten: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """This ticket stays in its queue, for these reasons."""

    ticket_id: int
    reasons: tuple[Reason, ...]


Decision = AgentChoice | Waiting

_Needs = tuple[str, str, frozenset[str]]
_Key = tuple[datetime, int, int]


def eligible(ticket: WaitingTicket, agents: Sequence[AgentState]) -> list[Verdict]:
    """A verdict on every agent, in the order given, with everything that speaks against each."""
    needs = _needs(ticket)
    return [
        Verdict(agent_id=a.id, agent_name=a.name, against=tuple(_against(needs, a, a.load))) for a in agents
    ]


def choose_agent(ticket: WaitingTicket, agents: Sequence[AgentState], now: datetime) -> Decision:
    """The agent for one ticket. The same as a batch of one, so that the two can never differ."""
    return assign_all([ticket], agents, now)[0]


def assign_all(
    waiting: Sequence[WaitingTicket], agents: Sequence[AgentState], now: datetime
) -> list[Decision]:
    """Decide for all waiting tickets at once; decisions come in the order of service, not in the order given.

    Work-conserving: after it, no ticket waits while an agent who fits has room. Tickets with the same needs
    share one heap of agents. An agent's place only ever moves back (later idle time, more load), so an entry
    that went stale in another class's heap is corrected when it comes to the top.
    Cost: classes x agents + (tickets + agents x classes) x log(agents).
    """
    desk = _Desk(agents, now)
    placed: list[tuple[WaitingTicket, AgentChoice | None]] = [
        (ticket, desk.place(ticket))
        for ticket in sorted(waiting, key=lambda t: (-t.priority, t.waiting_since, t.id))
    ]
    # Nothing frees up during a batch, so why a ticket waits is said once a class, as things stand at the end.
    why: dict[_Needs, tuple[Reason, ...]] = {}
    decisions: list[Decision] = []
    for ticket, choice in placed:
        if choice is not None:
            decisions.append(choice)
            continue
        needs = _needs(ticket)
        reasons = why.get(needs)
        if reasons is None:
            reasons = why[needs] = tuple(_why_waiting(needs, agents, desk.load))
        decisions.append(Waiting(ticket_id=ticket.id, reasons=reasons))
    return decisions


class _Class:
    """Agents who fit one set of needs and had room when the class was first met."""

    __slots__ = ("fit", "free", "heap")

    def __init__(self, heap: list[_Key]) -> None:
        heapify(heap)
        self.heap = heap
        self.fit = {key[2] for key in heap}
        self.free = len(heap)


class _Desk:
    """The agents while a batch is being placed: their load and their place in the line."""

    def __init__(self, agents: Sequence[AgentState], now: datetime) -> None:
        self.now = now
        self.agents = {a.id: a for a in agents}
        self.load = {a.id: a.load for a in agents}
        self.key: dict[int, _Key] = {a.id: (a.idle_since, a.load, a.id) for a in agents}
        self.classes: dict[_Needs, _Class] = {}
        self.classes_of: dict[int, list[_Class]] = {a.id: [] for a in agents}
        self.open = {a.id for a in agents if a.presence is Presence.ONLINE and a.load < a.capacity}

    def place(self, ticket: WaitingTicket) -> AgentChoice | None:
        """Give the ticket to an agent, or return None when nobody who fits has room."""
        if not self.open:
            return None
        needs = _needs(ticket)
        group = self.classes.get(needs)
        if group is None:
            group = self._open_class(needs)
        if not group.free:
            return None
        last = ticket.last_agent_id
        by_custom = last is not None and last in group.fit and last in self.open
        agent_id = last if by_custom and last is not None else self._longest_idle(group)
        agent = self.agents[agent_id]
        reasons = _why_chosen(needs, agent, self.key[agent_id][0], self.now, group.free, by_custom=by_custom)
        beaten = group.free - 1
        self._take(agent)
        return AgentChoice(
            ticket_id=ticket.id, agent_id=agent_id, agent_name=agent.name, beaten=beaten, reasons=reasons
        )

    def _open_class(self, needs: _Needs) -> _Class:
        members = [i for i in self.open if next(_against(needs, self.agents[i], self.load[i]), None) is None]
        group = self.classes[needs] = _Class([self.key[i] for i in members])
        for agent_id in members:
            self.classes_of[agent_id].append(group)
        return group

    def _longest_idle(self, group: _Class) -> int:
        heap = group.heap
        while True:
            top = heap[0]
            agent_id = top[2]
            if agent_id not in self.open:
                heappop(heap)
            elif top != self.key[agent_id]:
                heapreplace(heap, self.key[agent_id])
            else:
                return agent_id

    def _take(self, agent: AgentState) -> None:
        load = self.load[agent.id] = self.load[agent.id] + 1
        # max(): a clock that runs behind must not move anybody forward in the line.
        self.key[agent.id] = (max(self.now, self.key[agent.id][0]), load, agent.id)
        if load >= agent.capacity:
            self.open.discard(agent.id)
            for group in self.classes_of[agent.id]:
                group.free -= 1


def _needs(ticket: WaitingTicket) -> _Needs:
    language = "" if ticket.language in _NO_LANGUAGE else ticket.language
    return ticket.queue, language, ticket.skills


def _against(needs: _Needs, agent: AgentState, load: int) -> Iterator[Reason]:
    queue, language, skills = needs
    if agent.presence is not Presence.ONLINE:
        yield Reason(code=ReasonCode.NOT_ON_LINE, params={"presence": str(agent.presence)})
    yield from _unfit(queue, language, skills, agent)
    if load >= agent.capacity:
        yield Reason(code=ReasonCode.AT_CAPACITY, params={"load": load, "capacity": agent.capacity})


def _unfit(queue: str, language: str, skills: frozenset[str], agent: AgentState) -> Iterator[Reason]:
    if queue not in agent.queues:
        yield Reason(code=ReasonCode.NOT_MEMBER, params={"queue": queue})
    if language and language not in agent.languages:
        yield Reason(code=ReasonCode.LACKS_LANGUAGE, params={"language": language})
    for skill in sorted(skills):
        if agent.skills.get(skill, 0) < 1:
            yield Reason(code=ReasonCode.LACKS_SKILL, params={"skill": skill})


def _why_chosen(
    needs: _Needs, agent: AgentState, idle_since: datetime, now: datetime, free: int, *, by_custom: bool
) -> tuple[Reason, ...]:
    queue, language, skills = needs
    seconds = max(0, int((now - idle_since).total_seconds()))
    if by_custom:
        reasons = [Reason(code=ReasonCode.LAST_AGENT)]
    elif free == 1:
        reasons = [Reason(code=ReasonCode.ONLY_FREE)]
    else:
        reasons = [Reason(code=ReasonCode.LONGEST_IDLE, params={"seconds": seconds, "among": free})]
    reasons.append(Reason(code=ReasonCode.MEMBER, params={"queue": queue}))
    if language:
        reasons.append(Reason(code=ReasonCode.SPEAKS, params={"language": language}))
    reasons += [
        Reason(code=ReasonCode.HAS_SKILL, params={"skill": skill, "level": agent.skills[skill]})
        for skill in sorted(skills)
    ]
    return tuple(reasons)


def _why_waiting(needs: _Needs, agents: Sequence[AgentState], load: Mapping[int, int]) -> Iterator[Reason]:
    """What the ticket is waiting for, the nearest hope first."""
    queue, language, skills = needs
    members = [a for a in agents if queue in a.queues]
    if not members:
        yield Reason(code=ReasonCode.NO_MEMBERS, params={"queue": queue})
        return
    on_line = [a for a in members if a.presence is Presence.ONLINE]
    fit = [a for a in members if next(_unfit(queue, language, skills, a), None) is None]
    fit_on_line = [a for a in fit if a.presence is Presence.ONLINE]
    if not on_line:
        yield Reason(code=ReasonCode.NOBODY_ON_LINE, params={"queue": queue, "members": len(members)})
    elif fit_on_line:
        full = sum(load[a.id] >= a.capacity for a in fit_on_line)
        yield Reason(code=ReasonCode.ALL_AT_CAPACITY, params={"agents": full})
    else:
        missing = 0
        if language and not any(language in a.languages for a in on_line):
            missing += 1
            yield Reason(code=ReasonCode.NOBODY_SPEAKS, params={"language": language})
        for skill in sorted(skills):
            if not any(a.skills.get(skill, 0) >= 1 for a in on_line):
                missing += 1
                yield Reason(code=ReasonCode.NOBODY_HAS_SKILL, params={"skill": skill})
        if not missing:
            yield Reason(code=ReasonCode.NO_COMBINATION, params={"agents": len(on_line)})
        busy = sum(load[a.id] >= a.capacity for a in on_line)
        if busy:
            yield Reason(code=ReasonCode.ALL_AT_CAPACITY, params={"agents": busy})
    absent = len(fit) - len(fit_on_line)
    if absent and on_line:
        yield Reason(code=ReasonCode.FIT_BUT_ABSENT, params={"agents": absent})
