"""Of whom a second step is asked, and what an administrator changes about it."""

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.audit import record
from hub.actions.people.sessions import sessions_ended
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import PolicyRow

REQUIRED_OF = ("nobody", "leads", "everybody")
MOST_GRACE = 90


async def read_policy(ctx: Context) -> tuple[PolicyRow, int]:
    """What is asked, and how many agents have no second step."""

    async def work(connection: Connection) -> tuple[PolicyRow, int]:
        return await signin.policy(connection), await signin.without_second_step(connection)

    return await ctx.database.read(work)


async def change_policy(ctx: Context, *, required_of: str, grace_days: int, actor: Actor) -> None:
    """`required_of`: nobody, leads (everybody but those whose role is agent) or everybody. Whoever has no second step is led to
    set one up when they sign in, and may put it off for `grace_days`; whoever is signed in when these are over is led there at
    their next step. Raises NotPossible: not_allowed, bad_policy."""
    if not actor.may(Permission.MANAGE_SIGN_IN):
        raise NotPossible("Only an administrator may do this.", code="not_allowed")
    if required_of not in REQUIRED_OF or not 0 <= grace_days <= MOST_GRACE:
        raise NotPossible(
            f"There is nobody, leads and everybody, and 0 to {MOST_GRACE} days.", code="bad_policy"
        )

    async def work(connection: Connection) -> None:
        was = await signin.policy(connection)
        if (was.required_of, was.grace_days) == (required_of, grace_days):
            return
        await signin.set_policy(connection, required_of, grace_days)
        data = {"by": actor.agent_id, "who": actor.name}
        kind = EventKind.SIGN_IN_POLICY_CHANGED
        await events.add_event(connection, kind, agent_id=actor.agent_id, data=data)
        before = {"required_of": was.required_of, "grace_days": was.grace_days}
        after = {"required_of": required_of, "grace_days": grace_days}
        await record(connection, AuditKind.SIGN_IN_CHANGED, actor=actor, before=before, after=after)
        await limit_sessions(ctx, connection)

    await ctx.database.run(work)


async def limit_sessions(ctx: Context, connection: Connection) -> None:
    """Whoever is signed in, has to have a second step by now and has none sees nothing any more but where one is set up. Their
    sockets are closed."""
    limited = await signin.limit_sessions(connection, of_company=ctx.settings.web.oidc.own_second_step)
    if limited:
        await sessions_ended(connection, limited)
