"""Agents come and change."""

import re
from collections.abc import Mapping, Sequence

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.passwords import hash_password
from hub.actions.presence import change_presence
from hub.model.people import HUB, Presence, Role
from hub.model.tickets import EventKind
from storage import events
from storage import staff as stored
from storage.database import Connection

MOST_CAPACITY = 1000
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


async def add_agent(
    ctx: Context,
    *,
    login: str,
    name: str,
    password: str,
    role: Role = Role.AGENT,
    languages: Sequence[str] = (),
    skills: Mapping[str, int] | None = None,
    queues: Sequence[str] = (),
    capacity: int = 8,
    locale: str = "en",
) -> int:
    """A new agent's id. `queues` empty: works on every queue. `skills` maps a skill to its level, from 1.

    Raises NotPossible: bad_login, login_taken, weak_password, unknown_queue, unknown_skill.
    """
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise NotPossible("A login takes letters, digits and . _ @ -, 64 at the most.", code="bad_login")
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise NotPossible("A name needs 1 to 100 characters.", code="bad_name")
    if not 0 <= capacity <= MOST_CAPACITY:
        raise NotPossible(f"Nobody works on more than {MOST_CAPACITY} tickets at once.", code="bad_capacity")
    unknown = sorted(set(skills or {}) - set(ctx.rules.skills))
    if unknown:
        raise NotPossible(
            f"The routing rules know no skill {', '.join(unknown)}; there is {', '.join(ctx.rules.skills)}.",
            code="unknown_skill",
        )
    hashed = await hash_password(password)

    async def work(connection: Connection) -> int:
        made = await stored.add_agent(
            connection,
            login=login,
            name=name,
            password_hash=hashed,
            role=role.value,
            languages=languages,
            skills=dict(skills or {}),
            capacity=capacity,
            locale=locale,
        )
        if made is None:
            raise NotPossible(f"There is an agent {login} already.", code="login_taken")
        if await stored.join_queues(connection, made, queues) != len(set(queues)):
            known = ", ".join(queue.name for queue in ctx.rules.queue)
            raise NotPossible(f"A queue is unknown; there is {known}.", code="unknown_queue")
        return made

    return await ctx.database.run(work)


async def set_password(ctx: Context, *, login: str, password: str) -> None:
    """Give an agent a new password; every session of theirs ends."""
    hashed = await hash_password(password)

    async def work(connection: Connection) -> None:
        agent_id = await stored.set_password(connection, login.strip().lower(), hashed)
        if agent_id is None:
            raise NotFound(f"There is no agent {login}.")
        await stored.end_sessions(connection, agent_id)
        await change_presence(connection, agent_id, Presence.OFFLINE, by=HUB)
        await events.add_event(
            connection, EventKind.SESSION_ENDED, agent_id=agent_id, data={"agent": agent_id}
        )
        await announce(connection, EVENTS)

    await ctx.database.run(work)


async def set_preferences(
    ctx: Context, *, agent_id: int, locale: str | None = None, theme: str | None = None
) -> None:
    """The agent's own language (en, zh_CN) and theme (auto, light, dark)."""
    if locale not in (None, "en", "zh_CN") or theme not in (None, "auto", "light", "dark"):
        raise NotPossible("There is no such language or theme.")
    if not await ctx.database.run(lambda c: stored.set_preferences(c, agent_id, locale, theme)):
        raise NotFound(f"There is no agent {agent_id}.")
