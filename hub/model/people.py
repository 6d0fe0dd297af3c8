"""Who acts: an agent at the desk, a program with an API key, or the hub itself."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Presence(StrEnum):
    """Only `online` gets new work by itself."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class Scope(StrEnum):
    """What an API key may do. `admin` includes all."""

    READ = "read"
    WRITE = "write"
    INGEST = "ingest"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something. `agent_id` is None for programs and for the hub itself. `rule`: an automation of this name does it;
    `depth`: so many rules, each set off by the one before, and this is the last of them."""

    name: str
    agent_id: int | None = None
    role: Role = Role.AGENT
    scopes: frozenset[Scope] = frozenset()
    rule: str = ""
    depth: int = 0

    @property
    def cause(self) -> dict[str, str | int]:
        """What the ledger says of this beside what happened; nothing of people."""
        return {"rule": self.rule, "depth": self.depth} if self.rule else {}


HUB = Actor(name="Contact Hub")
