"""Agents come and change."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.presence import change_presence
from hub.actions.people.audit import record
from hub.actions.people.passwords import hash_chosen
from hub.actions.people.roles import role_named
from hub.model.audit import AuditKind
from hub.model.people import HUB, Actor, Presence, Role
from hub.model.permissions import Sight
from hub.model.tickets import EventKind
from routing.rules import RoutingRules
from storage import agents, events
from storage import staff as stored
from storage.agents import AgentDetails
from storage.database import Connection

MOST_CAPACITY = 1000
MOST_LIVE = 50
LEVELS = range(1, 6)
LOCALES = ("en", "zh_CN")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def check_sees_all(actor: Actor) -> None:
    """Who works on which queues sees by it: whoever sees not every ticket says nothing of it. Raises NotPossible
    (narrow_sight)."""
    if actor.sight is not Sight.ALL:
        raise NotPossible(
            "Only somebody who sees every ticket says who works on which queues.", code="narrow_sight"
        )


async def is_within(connection: Connection, actor: Actor, role: str, queues: Sequence[str]) -> bool:
    """Whether the actor may and sees all that somebody may and sees who has this role and works on these queues."""
    given = await role_named(connection, role)
    if not given.within(actor):
        return False
    if given.sight is not Sight.QUEUES or actor.sight is Sight.ALL or actor.agent_id is None:
        return True
    own = await agents.details(connection, actor.agent_id)
    return own is not None and (not own.queues or (bool(queues) and set(queues) <= set(own.queues)))


async def add_agent(
    ctx: Context,
    *,
    login: str,
    name: str,
    password: str,
    role: str = Role.AGENT,
    languages: Sequence[str] = (),
    skills: Mapping[str, int] | None = None,
    queues: Sequence[str] = (),
    capacity: int = 8,
    live_capacity: int = 3,
    calendar: str = "",
    locale: str = "en",
    good_for: float | None = None,
    actor: Actor = HUB,
) -> int:
    """A new agent's id. `queues` empty: works on every queue. `skills` maps a skill to its level, 1 to 5. `calendar`: their
    shifts, "" for none. `good_for`: seconds for which the password opens the page on which they choose one, where it was made
    for them; None where they have chosen it.

    Raises NotPossible: bad_login, bad_name, login_taken, unknown_queue, bad_role, not_allowed (the role gives more than the
    actor may), narrow_sight (who works on which queues sees by it), and as `check_abilities` and `hash_chosen`.
    """
    check_sees_all(actor)
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise NotPossible("A login takes letters, digits and . _ @ -, 64 at the most.", code="bad_login")
    name = check_name(name)
    abilities = {
        "capacity": capacity, "live_capacity": live_capacity, "skills": dict(skills or {}), "languages": tuple(languages),
        "calendar": calendar, "locale": locale,
    }  # fmt: skip
    check_abilities(ctx.rules, abilities)
    hashed = await hash_chosen(ctx, password, login=login, name=name)

    async def work(connection: Connection) -> int:
        given = await role_named(connection, role)
        if actor is not HUB and not given.within(actor):
            raise NotPossible("Nobody gives rights that they do not have.", code="not_allowed")
        made = await stored.add_agent(
            connection,
            login=login,
            name=name,
            password_hash=hashed,
            role=given.name,
            languages=languages,
            skills=dict(skills or {}),
            capacity=capacity,
            live_capacity=live_capacity,
            calendar=calendar,
            locale=locale,
            good_for=good_for,
        )
        if made is None:
            raise NotPossible(f"There is an agent {login} already.", code="login_taken")
        if await stored.join_queues(connection, made, queues) != len(set(queues)):
            known = ", ".join(queue.name for queue in ctx.rules.queue)
            raise NotPossible(f"A queue is unknown; there is {known}.", code="unknown_queue")
        data = {"agent": made, "by": actor.agent_id, "who": actor.name, "role": given.name}
        await events.add_event(connection, EventKind.AGENT_ADDED, agent_id=made, data=data)
        await announce(connection, EVENTS, ROUTE)
        about = {"name": name, "role": given.name, "queues": sorted(queues)}
        await record(connection, AuditKind.AGENT_ADDED, actor=actor, subject=login, details=about)
        return made

    return await ctx.database.run(work)


async def set_password(ctx: Context, *, login: str, password: str) -> None:
    """Give an agent a new password; every session of theirs ends. Raises NotFound; NotPossible as `hash_chosen`."""
    login = login.strip().lower()

    async def find(connection: Connection) -> AgentDetails | None:
        agent_id = await agents.id_of_login(connection, login)
        return None if agent_id is None else await agents.details(connection, agent_id)

    agent = await ctx.database.read(find)
    if agent is None:
        raise NotFound(f"There is no agent {login}.")
    hashed = await hash_chosen(ctx, password, login=login, name=agent.name)

    async def work(connection: Connection) -> None:
        agent_id = await stored.set_password(connection, login, hashed)
        if agent_id is None:
            raise NotFound(f"There is no agent {login}.")
        await show_out(connection, agent_id)

    await ctx.database.run(work)


async def show_out(connection: Connection, agent_id: int) -> None:
    """End every session of an agent; they are off line then."""
    await stored.end_sessions(connection, agent_id)
    await change_presence(connection, agent_id, Presence.OFFLINE, by=HUB)
    await events.add_event(connection, EventKind.SESSION_ENDED, agent_id=agent_id, data={"agent": agent_id})
    await announce(connection, EVENTS, ROUTE)


async def set_preferences(
    ctx: Context, *, agent_id: int, locale: str | None = None, theme: str | None = None
) -> None:
    """The agent's own language (en, zh_CN) and theme (auto, light, dark)."""
    if locale not in (None, *LOCALES) or theme not in (None, "auto", "light", "dark"):
        raise NotPossible("There is no such language or theme.")
    if not await ctx.database.run(lambda c: stored.set_preferences(c, agent_id, locale, theme)):
        raise NotFound(f"There is no agent {agent_id}.")


def check_name(name: str) -> str:
    """The name without needless blanks. Raises NotPossible (bad_name)."""
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise NotPossible("A name needs 1 to 100 characters.", code="bad_name")
    return name


def check_abilities(
    rules: RoutingRules, given: Mapping[str, Any], *, known: Mapping[str, int] | None = None
) -> None:
    """What an agent is to be, field by field. Skills that they have already (`known`) may stay when no rule names them now.

    Raises NotPossible: bad_capacity, unknown_skill, bad_level, unknown_language, unknown_calendar, bad_locale.
    """
    for name, most in (("capacity", MOST_CAPACITY), ("live_capacity", MOST_LIVE)):
        if name in given and not 0 <= given[name] <= most:
            raise NotPossible(f"{name} is a number from 0 to {most}.", code="bad_capacity")
    skills: Mapping[str, int] = given.get("skills", {})
    if unknown := sorted(set(skills) - set(rules.skills) - set(known or {})):
        raise NotPossible(
            f"The routing rules know no skill {', '.join(unknown)}; there is {', '.join(rules.skills)}.",
            code="unknown_skill",
        )
    if wrong := sorted(name for name, level in skills.items() if level not in LEVELS):
        raise NotPossible(f"The level of {', '.join(wrong)} is a number from 1 to 5.", code="bad_level")
    if other := sorted(set(given.get("languages", ())) - set(languages_of(rules))):
        raise NotPossible(
            f"The routing rules offer no {', '.join(other)}; there is {', '.join(languages_of(rules))}.",
            code="unknown_language",
        )
    calendar = given.get("calendar", "")
    if calendar and calendar not in rules.policies.calendars:
        raise NotPossible(f"The routing rules know no calendar {calendar}.", code="unknown_calendar")
    if given.get("locale", "en") not in LOCALES:
        raise NotPossible(f"A screen speaks {' or '.join(LOCALES)}.", code="bad_locale")


def languages_of(rules: RoutingRules) -> tuple[str, ...]:
    """The languages in which a ticket may ask for an agent."""
    offered = rules.languages
    return tuple(dict.fromkeys((*offered.offered, *((offered.fallback,) if offered.fallback else ()))))
