"""The sessions of an agent, as they themselves see and end them."""

from uuid import UUID

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.people.sessions import IDLE_SECONDS, sessions_ended
from hub.actions.signin.second import FRESH_SECONDS
from hub.actions.signin.tokens import MOST, hash_token
from storage import signin
from storage.database import Connection
from storage.signin import Holder, SessionRow


async def holder_of(ctx: Context, token: str) -> Holder | None:
    """Who holds this session, also where it is limited; None where it ended."""
    if not token or len(token) > MOST:
        return None
    return await ctx.database.read(lambda c: signin.holder(c, hash_token(token), IDLE_SECONDS, FRESH_SECONDS))


async def list_sessions(ctx: Context, agent_id: int) -> list[SessionRow]:
    """Those that have not ended, the last used one first."""
    return await ctx.database.read(lambda c: signin.sessions_of(c, agent_id, IDLE_SECONDS))


async def end_own_session(ctx: Context, holder: Holder, session_id: UUID) -> None:
    """Wherever it is open, it is closed within seconds. Raises NotFound."""

    async def work(connection: Connection) -> None:
        if not await signin.end_session(connection, holder.agent_id, session_id):
            raise NotFound("There is no such session any more.")
        await sessions_ended(connection, {holder.agent_id})

    await ctx.database.run(work)


async def end_other_sessions(ctx: Context, holder: Holder) -> int:
    """All but this one; how many there were."""

    async def work(connection: Connection) -> int:
        ended = await signin.end_others(connection, holder.agent_id, holder.session_id)
        if ended:
            await sessions_ended(connection, {holder.agent_id})
        return ended

    return await ctx.database.run(work)
