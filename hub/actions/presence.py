"""Whether an agent may be given work now."""

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.people import Actor, Presence
from hub.model.tickets import EventKind
from storage import events
from storage import staff as stored
from storage.database import Connection

ABSENT_SECONDS = 180.0
"""A desk that is open is seen once a minute at the least; so long must all of an agent's be silent."""


async def set_presence(ctx: Context, *, agent_id: int, presence: str, actor: Actor) -> None:
    """online, busy, away or offline. Whoever comes on line is given what waits at once. Raises NotFound."""
    if presence not in {one.value for one in Presence}:
        raise NotPossible("Presence is online, busy, away or offline.")

    async def work(connection: Connection) -> None:
        if await stored.is_active(connection, agent_id) is None:
            raise NotFound(f"There is no agent {agent_id}.")
        await change_presence(connection, agent_id, presence, by=actor)

    await ctx.database.run(work)


async def take_absent_off_line(ctx: Context) -> int:
    """An agent who closed the browser without logging out must be given nothing; returns how many there were."""

    async def work(connection: Connection) -> int:
        gone = await stored.absent(connection, ABSENT_SECONDS)
        for agent_id in gone:
            data = {"agent": agent_id, "presence": Presence.OFFLINE.value, "by": None}
            await events.add_event(connection, EventKind.PRESENCE_CHANGED, agent_id=agent_id, data=data)
        if gone:
            await announce(connection, EVENTS)
        return len(gone)

    return await ctx.database.run(work)


async def change_presence(connection: Connection, agent_id: int, presence: str, *, by: Actor) -> None:
    """The same inside a transaction; says nothing where nothing changes."""
    if await stored.set_presence(connection, agent_id, presence):
        data = {"agent": agent_id, "presence": presence, "by": by.agent_id}
        await events.add_event(connection, EventKind.PRESENCE_CHANGED, agent_id=agent_id, data=data)
        await announce(connection, EVENTS, ROUTE)
