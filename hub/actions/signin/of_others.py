"""What whoever manages the staff does about another agent's signing in."""

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.people.staff import is_within, show_out
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.tickets import EventKind
from storage import agents as stored
from storage import events, signin
from storage.agents import AgentDetails
from storage.database import Connection


async def end_sessions_of(ctx: Context, *, agent_id: int, actor: Actor) -> None:
    """Wherever the agent is signed in, they are out within seconds. Raises NotFound, NotPossible (not_allowed)."""

    async def work(connection: Connection) -> None:
        agent = await _lock(connection, agent_id, actor)
        await show_out(connection, agent.id)
        await record(connection, AuditKind.SESSIONS_ENDED, actor=actor, subject=agent.login)

    await ctx.database.run(work)


async def reset_second_step(ctx: Context, *, agent_id: int, actor: Actor) -> None:
    """Neither app nor passkey nor recovery code of the agent opens anything any more, and every session ends: the next time the
    password alone lets them in, and where a second step is asked of them they are led to set one up. Raises NotFound,
    NotPossible (not_allowed)."""

    async def work(connection: Connection) -> None:
        agent = await _lock(connection, agent_id, actor)
        had_app = await signin.remove_totp(connection, agent.id)
        keys = await signin.remove_passkeys(connection, agent.id)
        await signin.set_codes(connection, agent.id, [])
        await show_out(connection, agent.id)
        data = {"agent": agent.id, "step": "all", "by": actor.agent_id, "who": actor.name}
        await events.add_event(connection, EventKind.SECOND_STEP_REMOVED, agent_id=agent.id, data=data)
        said = {"second_step": "reset", "app": had_app, "passkeys": keys}
        await record(connection, AuditKind.SIGN_IN_CHANGED, actor=actor, subject=agent.login, details=said)

    await ctx.database.run(work)


async def _lock(connection: Connection, agent_id: int, actor: Actor) -> AgentDetails:
    """Nobody reaches by this somebody who may do, or sees, more than themselves."""
    await stored.lock(connection, agent_id)
    agent = await stored.details(connection, agent_id)
    if agent is None:
        raise NotFound(f"There is no agent {agent_id}.")
    if not (
        actor.may(Permission.MANAGE_STAFF) and await is_within(connection, actor, agent.role, agent.queues)
    ):
        raise NotPossible("Only somebody who may do as much may do this.", code="not_allowed")
    return agent
