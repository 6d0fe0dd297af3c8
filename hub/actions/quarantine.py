"""What could not be read: look at it again, or put it away. Its bytes are kept either way."""

from hub.actions.announce import EVENTS, INBOUND, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.scanning.open_file import NOT_LOOKED_INTO, FileWithheld, check_bytes
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
    """What came in, byte for byte; that somebody took it is written down. Raises NotFound; FileWithheld where the virus scanner
    finds something in it, or cannot be asked."""
    content = await _raw(ctx, raw_id)
    await check_bytes(ctx, content)
    await ctx.database.run(lambda c: record(c, AuditKind.RAW_SEEN, actor=actor, subject=str(raw_id)))
    return content


async def read_raw_anyway(ctx: Context, *, raw_id: int, actor: Actor) -> bytes:
    """The same for somebody who may open what holds a virus, whatever the scanner says of it: that is written down too. Raises
    NotFound, NotPossible (not_allowed)."""
    if not (actor.may(Permission.SEE_RAW) and actor.may(Permission.OPEN_INFECTED)):
        raise NotPossible(
            "Only who may see raw items and open files with viruses may do this.", code="not_allowed"
        )
    content = await _raw(ctx, raw_id)
    kind, details = AuditKind.RAW_SEEN, {}
    try:
        await check_bytes(ctx, content)
    except FileWithheld as withheld:
        kind = AuditKind.FILE_OPENED_ANYWAY
        details = {"file": f"{raw_id}.raw", "found": withheld.found or NOT_LOOKED_INTO}
    await ctx.database.run(lambda c: record(c, kind, actor=actor, subject=str(raw_id), details=details))
    return content


async def _raw(ctx: Context, raw_id: int) -> bytes:
    content = await ctx.database.read(lambda c: views.raw_content(c, raw_id))
    if content is None:
        raise NotFound(f"There is no item {raw_id}.")
    return content


async def _tell(connection: Connection, raw_id: int, actor: Actor) -> None:
    await events.add_event(
        connection, EventKind.QUARANTINED, agent_id=actor.agent_id, data={"raw": raw_id, "by": actor.name}
    )
