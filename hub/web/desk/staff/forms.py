"""What the form of an agent holds, and what it asks for. A form that is refused is shown again as it was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from multidict import MultiMapping

from hub.actions.failures import NotPossible
from hub.actions.people.change_agent import AgentChange
from hub.model.people import Role
from storage.agents import AgentDetails

LEVELS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentForm:
    """The form as it stands. `everywhere`: works on every queue, whatever is ticked below."""

    login: str = ""
    name: str = ""
    role: str = Role.AGENT.value
    locale: str = "en"
    languages: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: str = "8"
    live_capacity: str = "3"
    calendar: str = ""
    everywhere: bool = True
    queues: frozenset[str] = frozenset()
    version: str = "0"

    @classmethod
    def of(cls, agent: AgentDetails) -> "AgentForm":
        """As the agent is."""
        return cls(
            login=agent.login,
            name=agent.name,
            role=agent.role,
            locale=agent.locale,
            languages=frozenset(agent.languages),
            skills=agent.skills,
            capacity=str(agent.capacity),
            live_capacity=str(agent.live_capacity),
            calendar=agent.calendar,
            everywhere=not agent.queues,
            queues=frozenset(agent.queues),
            version=str(agent.version),
        )

    @classmethod
    def read(cls, posted: MultiMapping[object]) -> "AgentForm":
        """As it was sent. `skill:NAME` fields hold levels, "" and 0 for none."""
        given = {name: str(value) for name, value in posted.items()}
        skills = {
            name.removeprefix("skill:"): number(level)
            for name, level in given.items()
            if name.startswith("skill:") and level not in ("", "0")
        }
        return cls(
            login=given.get("login", ""),
            name=given.get("name", ""),
            role=given.get("role", ""),
            locale=given.get("locale", ""),
            languages=frozenset(map(str, posted.getall("language", []))),
            skills=skills,
            capacity=given.get("capacity", "").strip(),
            live_capacity=given.get("live_capacity", "").strip(),
            calendar=given.get("calendar", ""),
            everywhere=given.get("where", "") != "some",
            queues=frozenset(map(str, posted.getall("queue", []))),
            version=given.get("version", ""),
        )

    def change(self) -> AgentChange:
        """What it asks for. Raises NotPossible."""
        if not self.everywhere and not self.queues:
            raise NotPossible("Choose a queue, or every queue.", code="no_queue")
        return AgentChange(
            name=self.name,
            role=self.role or None,
            locale=self.locale,
            languages=sorted(self.languages),
            skills=self.skills,
            capacity=number(self.capacity),
            live_capacity=number(self.live_capacity),
            calendar=self.calendar,
            queues=() if self.everywhere else sorted(self.queues),
        )


def number(given: str) -> int:
    """A small whole number. Raises NotPossible."""
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise NotPossible(f"{given[:20]!r} is no number.", code="bad_number")
    return int(given)
