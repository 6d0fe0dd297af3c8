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
    """Who does something. `agent_id` is None for programs and for the hub itself."""

    name: str
    agent_id: int | None = None
    role: Role = Role.AGENT
    scopes: frozenset[Scope] = frozenset()


HUB = Actor(name="Contact Hub")
