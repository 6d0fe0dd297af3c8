"""Agents log in and out. A session is a row; the browser holds a random token, the row only its hash."""

import hashlib
import secrets
from dataclasses import dataclass

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.floor.presence import change_presence
from hub.actions.people.passwords import fits, hash_password, is_dated
from hub.model.people import Actor, Presence, Role
from hub.model.tickets import EventKind
from storage import events, house
from storage import staff as stored
from storage.database import Connection
from storage.views import AgentRow

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 7 * 24 * 3600.0
IDLE_SECONDS = 12 * 3600.0
WINDOW_SECONDS = 900.0
MOST_TRIES_A_LOGIN, MOST_TRIES_A_PEER = 10, 50
"""Wrong passwords in a window: for one login from one address, and from one address for all logins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who sits at the desk."""

    agent: AgentRow
    actor: Actor


async def log_in(ctx: Context, *, login: str, password: str, peer: str, user_agent: str) -> str:
    """A new session's token. An agent who was off line is on line from now on.

    Raises LoginRefused, the same for a wrong password and an unknown login; with `retry_after` after too many tries.
    """
    login = "".join(c for c in login.strip().lower()[:64] if c.isprintable())
    user_agent = "".join(c for c in user_agent[:300] if c.isprintable())
    own = f"login:{login}:{peer}"
    of_peer = f"login::{peer}"
    keys = {own: MOST_TRIES_A_LOGIN, of_peer: MOST_TRIES_A_PEER}
    await _count_try(ctx, keys)
    known = await ctx.database.read(lambda c: stored.password_of(c, login))
    if not await fits(password, known[1] if known else None) or known is None:
        log.info("login.refused", peer=peer)
        raise LoginRefused("The login or the password is wrong.")
    agent_id, hashed = known
    renewed = await hash_password(password) if is_dated(hashed) else ""
    token = secrets.token_urlsafe(32)

    async def work(connection: Connection) -> None:
        if renewed:
            await stored.rehash(connection, agent_id, hashed, renewed)
        await stored.add_session(connection, _hash(token), agent_id, LONGEST_SECONDS, user_agent)
        agent = await stored.session(connection, _hash(token), IDLE_SECONDS)
        if agent is not None and agent.presence == Presence.OFFLINE:
            await change_presence(connection, agent_id, Presence.ONLINE, by=_actor(agent))
        # This try was none of the bad ones; but only one's own are forgiven, or whoever has an account could go on for ever
        # with other people's.
        await house.forgive(connection, own)
        await house.give_back(connection, of_peer)

    await ctx.database.run(work)
    return token


async def agent_of_session(ctx: Context, token: str) -> SignedIn | None:
    """Who holds this token; None when the session ended, was idle for 12 hours, or its agent left."""
    if not token or len(token) > 100:
        return None
    agent = await ctx.database.read(lambda c: stored.session(c, _hash(token), IDLE_SECONDS))
    return SignedIn(agent=agent, actor=_actor(agent)) if agent else None


async def is_signed_in(ctx: Context, agent_id: int) -> bool:
    """Whether this agent has a session that has not ended."""
    return await ctx.database.read(lambda c: stored.has_session(c, agent_id, IDLE_SECONDS))


async def log_out(ctx: Context, token: str) -> None:
    """End the session on every hub. With the last one the agent is off line."""

    async def work(connection: Connection) -> None:
        agent_id = await stored.end_session(connection, _hash(token))
        if agent_id is not None:
            await sessions_ended(connection, {agent_id})

    await ctx.database.run(work)


async def sessions_ended(connection: Connection, agent_ids: set[int]) -> None:
    """Tell open sockets, and take those off line who have no session left."""
    for agent_id in sorted(agent_ids):
        await events.add_event(
            connection, EventKind.SESSION_ENDED, agent_id=agent_id, data={"agent": agent_id}
        )
        if not await stored.has_session(connection, agent_id, IDLE_SECONDS):
            await change_presence(
                connection, agent_id, Presence.OFFLINE, by=Actor(name="", agent_id=agent_id)
            )
    await announce(connection, EVENTS)


async def _count_try(ctx: Context, keys: dict[str, int]) -> None:
    """Counted before the password is looked at, so that many tries at once are counted too."""

    async def work(connection: Connection) -> float:
        wait = 0.0
        for key, most in keys.items():
            tries, ends_in = await house.hit(connection, key, WINDOW_SECONDS)
            if tries > most:
                wait = max(wait, ends_in)
        return wait

    wait = await ctx.database.run(work)
    if wait:
        raise LoginRefused("Too many tries. Wait a little.", retry_after=max(1, round(wait)))


def _actor(agent: AgentRow) -> Actor:
    return Actor(name=agent.name, agent_id=agent.id, role=Role(agent.role))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
