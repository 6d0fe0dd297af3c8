"""Whoever comes out of a live conversation has time to wrap it up, by the rules of its queue, and may say that they are
done."""

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import events, live
from storage.database import Connection

WRAP_UP = "wrap_up"
"""Why it is told that an agent's presence is what it was: their time to wrap up begins, or is over before its end."""


async def end_wrap_up(ctx: Context, *, agent_id: int, actor: Actor) -> None:
    """The agent gets what comes from now on. Nothing happens where they are not wrapping up."""

    async def work(connection: Connection) -> None:
        presence = await live.end_wrap_up(connection, agent_id)
        if presence is not None:
            await tell_wrap_up(connection, agent_id, presence, by=actor.agent_id)
            await announce(connection, EVENTS, ROUTE)

    await ctx.database.run(work)


async def tell_wrap_up(
    connection: Connection, agent_id: int, presence: str, *, by: int | None = None
) -> None:
    """The agent's screens show it."""
    data = {"agent": agent_id, "presence": presence, "by": by, "because": WRAP_UP}
    await events.add_event(connection, EventKind.PRESENCE_CHANGED, agent_id=agent_id, data=data)
