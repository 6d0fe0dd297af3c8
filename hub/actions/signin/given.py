"""A password that was made for somebody opens one page, on which they choose one of their own."""

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.people.passwords import fits, hash_chosen
from hub.actions.people.sessions import sessions_ended
from hub.actions.signin.by_password import stored_password
from hub.actions.signin.enter import Entered, is_due
from hub.actions.signin.second import lift
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import Holder


async def choose_password(ctx: Context, *, holder: Holder, token: str, new: str, peer: str) -> Entered:
    """The session `token` is whole then, unless a second step is still to be set up; every other one ends.

    Raises LoginRefused (`step_over`: it was chosen meanwhile), NotPossible (same_password, and as `hash_chosen`).
    """
    given = await ctx.database.read(lambda c: signin.password_of_agent(c, holder.agent_id))
    if await fits(new, given):
        raise NotPossible("This is the password that was given.", code="same_password")
    hashed = await hash_chosen(ctx, new, login=holder.login, name=holder.name)

    async def work(connection: Connection) -> Entered:
        await signin.lock_agent(connection, holder.agent_id)
        if not await signin.was_given(connection, holder.agent_id):
            raise LoginRefused("It was chosen already.", code="step_over")
        await stored_password(connection, holder.agent_id, hashed)
        if await signin.end_others(connection, holder.agent_id, holder.session_id):
            await sessions_ended(connection, {holder.agent_id})
        data = {"agent": holder.agent_id, "peer": peer}
        await events.add_event(connection, EventKind.PASSWORD_CHANGED, agent_id=holder.agent_id, data=data)
        steps = await signin.second_steps(connection, holder.agent_id)
        due = None if steps.any else await signin.due_since(connection, holder.agent_id)
        if is_due(due):
            return Entered(token=token, limited=True, due=due)
        return Entered(token=await lift(connection, token, holder.how, peer), due=due)

    return await ctx.database.run(work)
