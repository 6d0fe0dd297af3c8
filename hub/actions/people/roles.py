"""Roles that an administrator makes beside those that are always there, and who may give which.

Nobody gives rights that they do not have themselves, neither by changing a role nor by giving it to somebody. What one allows
counts from the next request on; open sockets look again at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.people.sight import known_permissions
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import BUILT_IN, Permission, Permissions, Sight
from hub.model.tickets import EventKind
from storage import events
from storage import roles as stored
from storage.database import Connection
from storage.roles import RoleRow

MOST_NAME = 60
MOST_ROLES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleInUse:
    """A role as it is now. One that is always there has a name of its own on screens, the others are called by `name`."""

    name: str
    based_on: str
    permissions: Permissions
    sight: Sight
    version: int
    people: int

    @property
    def built_in(self) -> bool:
        return self.name in BUILT_IN

    @classmethod
    def of(cls, row: RoleRow) -> "RoleInUse":
        known = BUILT_IN.get(row.name)
        return cls(
            name=row.name,
            based_on=row.based_on,
            permissions=known_permissions(row.permissions) if known is None else known,
            sight=Sight(row.sight),
            version=row.version,
            people=row.people,
        )

    def within(self, actor: Actor) -> bool:
        """Whether the actor has every right that it gives, and sees at least as much."""
        return self.permissions <= actor.allowed and self.sight.within(actor.sight)


async def list_roles(ctx: Context) -> list[RoleInUse]:
    """Those that are always there first."""
    return [RoleInUse.of(row) for row in await ctx.database.read(stored.list_roles)]


async def holders_of(ctx: Context, name: str) -> Sequence[tuple[int, str]]:
    """(id, name) of whoever has the role."""
    return await ctx.database.read(lambda c: stored.holders(c, name))


async def role_named(connection: Connection, name: str) -> RoleInUse:
    """Raises NotPossible (`bad_role`)."""
    row = await stored.role(connection, name)
    if row is None:
        raise NotPossible(f"There is no role {name}.", code="bad_role")
    return RoleInUse.of(row)


async def add_role(
    ctx: Context,
    *,
    name: str,
    permissions: Iterable[Permission],
    sight: Sight = Sight.ALL,
    based_on: str = "",
    actor: Actor,
) -> str:
    """The new role's name as it is kept. `based_on`: whoever has it is told what the built-in role behind that one is
    told. Raises NotPossible: not_allowed, bad_role_name, role_taken, too_many_roles, bad_role (`based_on`)."""
    name, wanted = _check_name(name), frozenset(permissions)
    _check_may_give(actor, wanted, sight)

    async def work(connection: Connection) -> str:
        if len(await stored.list_roles(connection)) >= MOST_ROLES:
            raise NotPossible(f"There are {MOST_ROLES} roles already.", code="too_many_roles")
        root = await _root(connection, based_on)
        if not await stored.add_role(
            connection, name, based_on=root, permissions=sorted(wanted), sight=sight
        ):
            raise _taken(name)
        await _tell(connection, actor)
        await record(
            connection,
            AuditKind.ROLE_ADDED,
            actor=actor,
            subject=name,
            details={"permissions": sorted(wanted), "sight": sight, "based_on": root or None},
        )
        return name

    return await ctx.database.run(work)


async def change_role(
    ctx: Context,
    *,
    name: str,
    new_name: str,
    permissions: Iterable[Permission],
    sight: Sight,
    version: int,
    actor: Actor,
) -> None:
    """Whoever has the role may do this from now on. `version`: the one that was looked at. Raises NotFound; Conflict
    (`role_changed`); NotPossible: built_in_role, not_allowed, bad_role_name, role_taken."""
    new_name, wanted = _check_name(new_name), frozenset(permissions)

    async def work(connection: Connection) -> None:
        was = await _lock(connection, name, actor)
        if was.version != version:
            raise Conflict(
                "Somebody else has changed this role meanwhile.", current_seq=was.version, code="role_changed"
            )
        _check_may_give(actor, wanted, sight)
        if await stored.name_taken(connection, new_name, name):
            raise _taken(new_name)
        before, after = _plain(name, was.permissions, was.sight), _plain(new_name, wanted, sight)
        if before == after:
            return
        await stored.change_role(connection, name, new_name=new_name, permissions=sorted(wanted), sight=sight)
        await _tell(connection, actor)
        await record(
            connection, AuditKind.ROLE_CHANGED, actor=actor, subject=name, before=before, after=after
        )

    await ctx.database.run(work)


async def remove_role(ctx: Context, *, name: str, actor: Actor) -> None:
    """There is no such role any more. Raises NotFound; NotPossible: built_in_role, not_allowed, role_in_use."""

    async def work(connection: Connection) -> None:
        was = await _lock(connection, name, actor)
        if not await stored.remove_role(connection, name):
            raise NotPossible(f"Somebody has the role {name}.", code="role_in_use")
        await _tell(connection, actor)
        await record(
            connection,
            AuditKind.ROLE_REMOVED,
            actor=actor,
            subject=name,
            details={"permissions": sorted(was.permissions), "sight": was.sight},
        )

    await ctx.database.run(work)


async def _root(connection: Connection, based_on: str) -> str:
    """The role that is always there, from which that one was made; "" for none."""
    if not based_on or based_on in BUILT_IN:
        return based_on
    return (await role_named(connection, based_on)).based_on


async def _lock(connection: Connection, name: str, actor: Actor) -> RoleInUse:
    if not actor.may(Permission.MANAGE_ROLES):
        raise _not_allowed()
    row = await stored.lock_role(connection, name)
    if row is None:
        raise NotFound(f"There is no role {name}.")
    role = RoleInUse.of(row)
    if role.built_in:
        raise NotPossible("This role is always there as it is.", code="built_in_role")
    if not role.within(actor):
        raise _not_allowed()
    return role


def _check_may_give(actor: Actor, permissions: Permissions, sight: Sight) -> None:
    if not (
        actor.may(Permission.MANAGE_ROLES) and permissions <= actor.allowed and sight.within(actor.sight)
    ):
        raise _not_allowed()


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise NotPossible(f"A role's name has 1 to {MOST_NAME} characters.", code="bad_role_name")
    return name


def _plain(name: str, permissions: Permissions, sight: Sight) -> Mapping[str, Any]:
    return {"name": name, "permissions": sorted(permissions), "sight": sight}


def _taken(name: str) -> NotPossible:
    return NotPossible(f"There is a role called {name} already.", code="role_taken")


def _not_allowed() -> NotPossible:
    return NotPossible("Nobody gives rights that they do not have.", code="not_allowed")


async def _tell(connection: Connection, actor: Actor) -> None:
    await events.add_event(
        connection, EventKind.ROLES_CHANGED, agent_id=actor.agent_id, data={"by": actor.name}
    )
    await announce(connection, EVENTS)
