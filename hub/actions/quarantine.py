"""What could not be read: look at it again, or put it away. Its bytes are kept either way."""

from hub.actions.announce import EVENTS, INBOUND, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import events, inbound
from storage.database import Connection


async def replay(ctx: Context, *, raw_id: int, actor: Actor) -> None:
    """Read the item again, by the programs of today. Raises NotFound for one that is not in quarantine."""

    async def work(connection: Connection) -> None:
        if not await inbound.reopen_raw(connection, raw_id):
            raise NotFound(f"Item {raw_id} is not in quarantine.")
        await _tell(connection, raw_id, actor)
        await announce(connection, EVENTS, INBOUND)

    await ctx.database.run(work)


async def discard(ctx: Context, *, raw_id: int, actor: Actor) -> None:
    """Put the item away. Raises NotFound for one that is not in quarantine."""

    async def work(connection: Connection) -> None:
        if not await inbound.discard_raw(connection, raw_id):
            raise NotFound(f"Item {raw_id} is not in quarantine.")
        await _tell(connection, raw_id, actor)
        await announce(connection, EVENTS)

    await ctx.database.run(work)


async def _tell(connection: Connection, raw_id: int, actor: Actor) -> None:
    await events.add_event(
        connection, EventKind.QUARANTINED, agent_id=actor.agent_id, data={"raw": raw_id, "by": actor.name}
    )
