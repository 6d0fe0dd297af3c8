"""Who acts: an agent at the desk, a program with an API key, or the hub itself."""

from dataclasses import dataclass
from enum import StrEnum

from hub.model.permissions import BUILT_IN, Permission, Permissions, Sight


class Role(StrEnum):
    """The roles that are always there. An agent's role is one of these or one that was made (hub.actions.people.roles)."""

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
    """Who does something. `agent_id` is None for programs and for the hub itself. `role`: what an agent's is called;
    `permissions`: what it allows, None for what a built-in role of that name does. `sight`: the tickets there are for them.
    `rule`: an automation of this name does it; `depth`: so many rules, each set off by the one before, and this is the last of
    them."""

    name: str
    agent_id: int | None = None
    role: str = Role.AGENT
    permissions: Permissions | None = None
    sight: Sight = Sight.ALL
    scopes: frozenset[Scope] = frozenset()
    rule: str = ""
    depth: int = 0

    @property
    def allowed(self) -> Permissions:
        """Everything that they may do. A program with the scope admin may do all."""
        if Scope.ADMIN in self.scopes:
            return frozenset(Permission)
        return BUILT_IN.get(self.role, frozenset()) if self.permissions is None else self.permissions

    def may(self, permission: Permission) -> bool:
        return permission in self.allowed

    @property
    def cause(self) -> dict[str, str | int]:
        """What the ledger says of this beside what happened; nothing of people."""
        return {"rule": self.rule, "depth": self.depth} if self.rule else {}


HUB = Actor(name="Contact Hub")
