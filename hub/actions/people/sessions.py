"""Whose a session is, and its end. A session is a row; the browser holds a random token, the row only its hash. How one begins:
hub.actions.signin."""

import hashlib
from dataclasses import dataclass

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.floor.presence import change_presence
from hub.actions.people.sight import actor_of
from hub.model.people import Actor, Presence
from hub.model.tickets import EventKind
from storage import events
from storage import staff as stored
from storage.database import Connection
from storage.views import AgentRow

LONGEST_SECONDS = 7 * 24 * 3600.0
IDLE_SECONDS = 12 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who sits at the desk."""

    agent: AgentRow
    actor: Actor


async def agent_of_session(ctx: Context, token: str) -> SignedIn | None:
    """Who holds this token; None when the session ended, was idle for 12 hours, or its agent left."""
    if not token or len(token) > 100:
        return None

    async def read(connection: Connection) -> SignedIn | None:
        agent = await stored.session(connection, _hash(token), IDLE_SECONDS)
        return SignedIn(agent=agent, actor=await actor_of(connection, agent)) if agent else None

    return await ctx.database.read(read)


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


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
