"""Supervisors change members of staff: what they can do, how much, where, when; who may log in at all.

Whatever changes is written into the ledger with what it was before and who changed it, and routing looks again at once.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.floor.offers import take_back_beyond_room
from hub.actions.people.audit import record
from hub.actions.people.passwords import hash_password
from hub.actions.people.staff import check_abilities, check_name, check_sees_all, is_within, show_out
from hub.model.audit import AuditKind
from hub.model.people import Actor, Role
from hub.model.permissions import Permission
from hub.model.tickets import EventKind
from storage import agents as stored
from storage import events
from storage.agents import AgentDetails
from storage.database import Connection

_LETTERS = "bcdfghjkmnpqrstvwxyz23456789"
"""Of generated passwords: none that is taken for another, and no vowel, so that nobody's name stands in one by chance."""
_GUARDED = frozenset({"role", "active", "password"})
"""By these one could become whoever has the account, or take what they may do from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChange:
    """What is to be different; None stays as it is. `queues` empty: every queue. `skills`: all of them, with levels 1 to 5;
    `languages`: all of them."""

    name: str | None = None
    role: str | None = None
    locale: str | None = None
    languages: Sequence[str] | None = None
    skills: Mapping[str, int] | None = None
    capacity: int | None = None
    live_capacity: int | None = None
    calendar: str | None = None
    queues: Sequence[str] | None = None
    active: bool | None = None

    def given(self) -> dict[str, Any]:
        """The fields that are not None."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


async def get_agent(ctx: Context, agent_id: int) -> AgentDetails:
    """Raises NotFound."""
    found = await ctx.database.read(lambda c: stored.details(c, agent_id))
    if found is None:
        raise NotFound(f"There is no agent {agent_id}.")
    return found


async def agent_of_login(ctx: Context, login: str) -> AgentDetails:
    """Raises NotFound."""
    agent_id = await ctx.database.read(lambda c: stored.id_of_login(c, login.strip().lower()))
    if agent_id is None:
        raise NotFound(f"There is no agent {login}.")
    return await get_agent(ctx, agent_id)


async def change_agent(
    ctx: Context, *, agent_id: int, change: AgentChange, actor: Actor, version: int | None = None
) -> AgentDetails:
    """The agent as they are then. `version`: the one that was looked at, where somebody did.

    Raises Conflict (`agent_changed`) where there is a newer version; NotFound; NotPossible: not_allowed, narrow_sight,
    last_admin, own_account, bad_name, bad_capacity, bad_locale, unknown_queue, unknown_skill, bad_level, unknown_language,
    unknown_calendar, bad_role.
    """

    async def work(connection: Connection) -> AgentDetails:
        was, admins = await _lock(connection, agent_id)
        if version is not None and version != was.version:
            raise Conflict(
                f"Somebody else has changed {was.login} meanwhile.",
                current_seq=was.version,
                code="agent_changed",
            )
        return await _apply(ctx, connection, was, change, actor, admins)

    return await ctx.database.run(work)


async def set_skill(
    ctx: Context, *, agent_id: int, skill: str, was: int, level: int, actor: Actor
) -> AgentDetails:
    """One cell of the matrix, from what was seen there to what it should be; level 0 is none. Raises as change_agent."""

    async def work(connection: Connection) -> AgentDetails:
        agent, admins = await _lock(connection, agent_id)
        if agent.skills.get(skill, 0) not in (was, level):
            raise _changed_there(agent)
        skills = {**agent.skills, skill: level}
        if not level:
            del skills[skill]
        return await _apply(ctx, connection, agent, AgentChange(skills=skills), actor, admins)

    return await ctx.database.run(work)


async def set_membership(
    ctx: Context, *, agent_id: int, queue: str, member: bool, actor: Actor
) -> AgentDetails:
    """One cell of the other matrix. `queue` "": every queue. Who is a member of none works on all, so the last one is not
    taken away: NotPossible `last_queue`. Raises as change_agent."""

    async def work(connection: Connection) -> AgentDetails:
        agent, admins = await _lock(connection, agent_id)
        if not queue:
            queues: list[str] = []
        elif member:
            queues = [*agent.queues, queue]
        else:
            queues = [one for one in agent.queues if one != queue]
            if agent.queues and not queues:
                raise NotPossible(
                    f"{agent.login} would then work on every queue: choose that, or another queue first.",
                    code="last_queue",
                )
        return await _apply(
            ctx, connection, agent, AgentChange(queues=list(dict.fromkeys(queues))), actor, admins
        )

    return await ctx.database.run(work)


async def set_members(ctx: Context, *, queue: str, logins: Iterable[str], actor: Actor) -> list[AgentDetails]:
    """These are the members of a queue by name, and nobody else; returns who was changed. Whoever worked on every queue and is
    named works on this one alone then. Raises NotFound, NotPossible (last_queue: somebody would be a member of none, and so
    work on all)."""
    wanted = {login.strip().lower() for login in logins}
    if queue not in {one.name for one in ctx.rules.queue}:
        raise NotFound(f"There is no queue {queue}.")

    async def work(connection: Connection) -> list[AgentDetails]:
        await stored.lock_all(connection)
        everybody = {one.login: one for one in await stored.list_details(connection) if one.active}
        if unknown := sorted(wanted - set(everybody)):
            raise NotFound(f"There is no agent {', '.join(unknown)}.")
        changed = []
        admins = {one.id for one in everybody.values() if one.role == Role.ADMIN}
        for agent in everybody.values():
            if (queue in agent.queues) == (agent.login in wanted):
                continue
            queues = [one for one in agent.queues if one != queue]
            if agent.login in wanted:
                queues.append(queue)
            elif not queues:
                raise NotPossible(
                    f"{agent.login} would be a member of no queue, and so work on all.", code="last_queue"
                )
            change = AgentChange(queues=queues)
            changed.append(await _apply(ctx, connection, agent, change, actor, admins))
        return changed

    return await ctx.database.run(work)


async def reset_password(ctx: Context, *, agent_id: int, actor: Actor) -> str:
    """A new password, shown this once, with which the agent chooses one of their own; every session of theirs ends. Raises
    NotFound, NotPossible (not_allowed)."""
    password = new_password()
    hashed = await hash_password(password)

    async def work(connection: Connection) -> None:
        agent, _ = await _lock(connection, agent_id)
        await _check_may(connection, actor, agent, {"password"})
        await stored.set_password(connection, agent_id, hashed, good_for=GIVEN_SECONDS)
        await show_out(connection, agent_id)
        await _tell(connection, agent, {"password": None}, actor)
        await record(connection, AuditKind.PASSWORD_RESET, actor=actor, subject=agent.login)

    await ctx.database.run(work)
    return password


GIVEN_SECONDS = 3 * 24 * 3600.0
"""For so long a password that was made for somebody lets them choose one of their own."""


def new_password() -> str:
    """One that nobody guesses and everybody can type: 77 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def _lock(connection: Connection, agent_id: int) -> tuple[AgentDetails, set[int]]:
    admins = await stored.lock(connection, agent_id)
    agent = await stored.details(connection, agent_id)
    if agent is None:
        raise NotFound(f"There is no agent {agent_id}.")
    return agent, admins


async def _apply(
    ctx: Context,
    connection: Connection,
    was: AgentDetails,
    change: AgentChange,
    actor: Actor,
    admins: set[int],
) -> AgentDetails:
    given = change.given()
    if "name" in given:
        given["name"] = check_name(given["name"])
    for several in ("languages", "queues"):
        if several in given:
            given[several] = tuple(dict.fromkeys(given[several]))
    before = asdict(was)
    different = {
        name: [before[name], value]
        for name, value in given.items()
        if before[name] != value and (name != "queues" or set(before[name]) != set(value))
    }
    if not different:
        return was
    await _check_may(connection, actor, was, different, role=given.get("role", ""))
    check_abilities(ctx.rules, {name: given[name] for name in different}, known=was.skills)
    now = replace(was, **{name: value for name, (_, value) in different.items()})
    if was.id in admins and len(admins) == 1 and not (now.active and now.role == Role.ADMIN):
        raise NotPossible("The last administrator stays one.", code="last_admin")
    if was.id == actor.agent_id and not now.active:
        raise NotPossible("Nobody shuts themselves out.", code="own_account")
    if was.active and not now.active:
        await show_out(connection, was.id)  # first: who is not active has no presence to change
    await stored.change(connection, now)
    if now.capacity < was.capacity or now.live_capacity < was.live_capacity:
        await take_back_beyond_room(connection, was.id, actor)
    if "queues" in different and not await stored.set_queues(connection, was.id, now.queues):
        known = ", ".join(queue.name for queue in ctx.rules.queue)
        raise NotPossible(f"A queue is unknown; there is {known}.", code="unknown_queue")
    await _tell(connection, was, different, actor)
    await record(
        connection, AuditKind.AGENT_CHANGED, actor=actor, subject=was.login, details={"changed": different}
    )
    return await stored.details(connection, was.id) or now


async def _check_may(
    connection: Connection, actor: Actor, agent: AgentDetails, what: Iterable[str], *, role: str = ""
) -> None:
    """Whoever manages the staff; but by nothing of this does anybody come to rights or a sight, or take any, that they do not
    have. Who works on which queues sees by it, so that who sees not every ticket says nothing of it, of themselves neither."""
    what = set(what)
    if "queues" in what:
        check_sees_all(actor)
    guarded = _GUARDED & what
    allowed = actor.may(Permission.MANAGE_STAFF) and (
        "role" not in guarded or actor.may(Permission.MANAGE_ROLES)
    )
    if allowed and guarded:
        allowed = await is_within(connection, actor, agent.role, agent.queues)
    if allowed and role:
        allowed = await is_within(connection, actor, role, agent.queues)
    if not allowed:
        raise NotPossible(
            "Only an administrator, or somebody who may do as much, may do this.", code="not_allowed"
        )


async def _tell(
    connection: Connection, agent: AgentDetails, different: Mapping[str, Any], actor: Actor
) -> None:
    data = {"agent": agent.id, "by": actor.agent_id, "who": actor.name, "changed": dict(different)}
    await events.add_event(connection, EventKind.AGENT_CHANGED, agent_id=agent.id, data=data)
    await announce(connection, EVENTS, ROUTE)


def _changed_there(agent: AgentDetails) -> Conflict:
    return Conflict(
        f"Somebody else has changed {agent.login} meanwhile.", current_seq=agent.version, code="agent_changed"
    )
