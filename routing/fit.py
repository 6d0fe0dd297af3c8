"""Who may have a ticket at all, and what speaks against the others. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.model.people import Presence
from routing.situation import LANGUAGE_UNKNOWN, AgentState, Needs, Reason, ReasonCode, WaitingTicket

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


def eligible(ticket: WaitingTicket, agents: Sequence[AgentState]) -> list[Verdict]:
    """A verdict on every agent, in the order given, with everything that speaks against each."""
    return [Verdict(agent_id=a.id, agent_name=a.name, against=tuple(_against(ticket, a))) for a in agents]


def needed_language(needs: Needs) -> str:
    """The language that an agent must speak, or ""."""
    return "" if needs.language in _NO_LANGUAGE else needs.language


def fits(agent: AgentState, needs: Needs) -> bool:
    """Whether the agent can do such work, present or not, busy or not: where `unfit` finds nothing."""
    if needs.queue not in agent.queues:
        return False
    language = needed_language(needs)
    if language and language not in agent.languages:
        return False
    return all(agent.skills.get(skill, 0) >= max(least, 1) for skill, least in needs.skills)


def has_room(agent: AgentState, live: bool, units: int = 1) -> bool:
    """Whether one more, of so many units where it can be put aside, may be given to them now. Who has all places for live work
    taken gets nothing else either."""
    if agent.presence is not Presence.ONLINE or not agent.on_shift or agent.wrapping_up:
        return False
    if agent.live_capacity and agent.live_load >= agent.live_capacity:
        return False
    return agent.live_capacity > 0 if live else agent.load + units <= agent.capacity


def unfit(agent: AgentState, needs: Needs) -> Iterator[Reason]:
    """What the agent lacks for such work."""
    if needs.queue not in agent.queues:
        yield Reason(code=ReasonCode.NOT_MEMBER, params={"queue": needs.queue})
    language = needed_language(needs)
    if language and language not in agent.languages:
        yield Reason(code=ReasonCode.LACKS_LANGUAGE, params={"language": language})
    for skill, least in sorted(needs.skills):
        level = agent.skills.get(skill, 0)
        if level < max(least, 1):
            if level < 1 or least <= 1:
                yield Reason(code=ReasonCode.LACKS_SKILL, params={"skill": skill})
            else:
                yield Reason(
                    code=ReasonCode.LACKS_LEVEL, params={"skill": skill, "level": level, "least": least}
                )


def _against(ticket: WaitingTicket, agent: AgentState) -> Iterator[Reason]:
    if agent.presence is not Presence.ONLINE:
        yield Reason(code=ReasonCode.NOT_ON_LINE, params={"presence": str(agent.presence)})
    elif not agent.on_shift:
        yield Reason(code=ReasonCode.OFF_SHIFT)
    elif agent.wrapping_up:
        yield Reason(code=ReasonCode.WRAPPING_UP)
    yield from unfit(agent, ticket.needs)
    if agent.id in ticket.not_to:
        yield Reason(code=ReasonCode.TAKEN_BACK)
    live_full = agent.live_capacity > 0 and agent.live_load >= agent.live_capacity
    if ticket.live and not agent.live_capacity:
        yield Reason(code=ReasonCode.NO_LIVE_WORK)
    elif ticket.live or live_full:
        if live_full:
            yield Reason(
                code=ReasonCode.AT_LIVE_CAPACITY,
                params={"load": agent.live_load, "capacity": agent.live_capacity},
            )
    elif agent.load + ticket.units > agent.capacity:
        yield Reason(code=ReasonCode.AT_CAPACITY, params={"load": agent.load, "capacity": agent.capacity})
