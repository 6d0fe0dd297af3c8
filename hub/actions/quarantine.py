"""What could not be read: look at it again, or put it away. Its bytes are kept either way."""

from hub.actions.announce import EVENTS, INBOUND, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.people.audit import record
from hub.actions.scanning.open_file import check_bytes
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.tickets import EventKind
from storage import events, inbound, views
from storage.database import Connection


async def replay(ctx: Context, *, raw_id: int, actor: Actor) -> None:
    """Read the item again, by the programs of today. Raises NotFound for one that is not in quarantine."""

    async def work(connection: Connection) -> None:
        if not await inbound.reopen_raw(connection, raw_id):
            raise NotFound(f"Item {raw_id} is not in quarantine.")
        await _tell(connection, raw_id, actor)
        await announce(connection, EVENTS, INBOUND)
        await record(connection, AuditKind.ITEM_REPLAYED, actor=actor, subject=str(raw_id))

    await ctx.database.run(work)


async def discard(ctx: Context, *, raw_id: int, actor: Actor) -> None:
    """Put the item away. Raises NotFound for one that is not in quarantine."""

    async def work(connection: Connection) -> None:
        if not await inbound.discard_raw(connection, raw_id):
            raise NotFound(f"Item {raw_id} is not in quarantine.")
        await _tell(connection, raw_id, actor)
        await announce(connection, EVENTS)
        await record(connection, AuditKind.ITEM_DISCARDED, actor=actor, subject=str(raw_id))

    await ctx.database.run(work)


async def read_raw(ctx: Context, *, raw_id: int, actor: Actor) -> bytes:
    """What came in, byte for byte; that somebody looked at it is written down. Raises NotFound; FileWithheld where the virus
    scanner finds something in it and this is nobody who may open such things."""

    async def work(connection: Connection) -> bytes:
        content = await views.raw_content(connection, raw_id)
        if content is None:
            raise NotFound(f"There is no item {raw_id}.")
        await record(connection, AuditKind.RAW_SEEN, actor=actor, subject=str(raw_id))
        return content

    content = await ctx.database.run(work)
    if not actor.may(Permission.OPEN_INFECTED):
        await check_bytes(ctx, content)
    return content


async def _tell(connection: Connection, raw_id: int, actor: Actor) -> None:
    await events.add_event(
        connection, EventKind.QUARANTINED, agent_id=actor.agent_id, data={"raw": raw_id, "by": actor.name}
    )
