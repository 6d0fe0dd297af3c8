"""What must be so before the hub works: channels and queues have their rows, every hub has the same key."""

import time

import structlog

from hub.actions.agreed_keys import agree_on_keys
from hub.actions.announce import EVENTS, announce
from hub.actions.backup.rejoin import rejoin_ledger
from hub.actions.channels.desk_channels import read_channels
from hub.actions.context import Context
from hub.actions.learning.learned import reload_learned
from hub.actions.rules.rulebook import settle_rules
from hub.model.tickets import EventKind
from routing.rules import RoutingRules
from storage import events, house, scans
from storage.database import LOCKED, Connection, DatabaseUnavailable

log = structlog.get_logger(__name__)

MONTHS_AHEAD = 2
HELD_UP_SECONDS = 45.0
"""A hub that has stopped in the middle of a transaction may have a lock: after 15 s its session is ended, one of whose machine
nothing is heard after 20."""


async def set_up(ctx: Context) -> None:
    """Write down what the settings and rules say. May be done by several hubs at once, and again. What another one has locked
    is waited for.

    Raises WrongSetting when a key that is in use here is missing: threads and sessions would break.
    """
    until = time.monotonic() + HELD_UP_SECONDS
    while True:
        try:
            await _set_up(ctx)
        except DatabaseUnavailable as error:
            if not isinstance(error.__cause__, LOCKED) or time.monotonic() > until:
                raise
            log.warning("setup.held_up", error=str(error))
            await ctx.database.end_forgotten()
        else:
            return


async def _set_up(ctx: Context) -> None:
    numbers: dict[str, int] = {}
    found: list[tuple[int, RoutingRules]] = []

    async def work(connection: Connection) -> None:
        # First, so that a hub with the wrong key, or before the wrong database, changes nothing there.
        await agree_on_keys(connection, ctx.secret)
        await read_channels(ctx, connection)
        for name, table in sorted(ctx.channels.items()):
            numbers[name] = await house.channel_by_name(connection, name, table["kind"])
        await house.retire_channels(connection, sorted({*ctx.channels, *ctx.desk_channels.wrong}))
        found.append(await settle_rules(connection, ctx.rulebook.file, shipped=ctx.rulebook.shipped))
        await house.make_partitions(connection, MONTHS_AHEAD)
        if not ctx.settings.scanner.address:
            await scans.forget_waiting(connection)

    await ctx.database.run(work)
    await rejoin_ledger(ctx.database)
    ctx.rulebook.version, ctx.rulebook.rules = found[-1]
    await reload_learned(ctx.database, ctx.learned)
    ctx.memo.update({("channel_id", name): number for name, number in numbers.items()})


async def channel_id(ctx: Context, name: str) -> int:
    """The number of a configured channel. Raises KeyError for one that is not configured. Not for use inside a transaction:
    it may need a connection of its own, and enough transactions that wait for a second one wait for ever."""
    known: int | None = ctx.memo.get(("channel_id", name))
    if known is None:
        kind = ctx.channel(name).kind.kind
        known = await ctx.database.run(lambda c: house.channel_by_name(c, name, kind))
        ctx.memo["channel_id", name] = known
    return known


async def channel_name(ctx: Context, number: int) -> str:
    """The name of any channel that ever was."""
    known = ctx.memo.get(("channel_name", number))
    if known is None:
        known = await ctx.database.read(lambda c: house.channel_by_id(c, number))
        ctx.memo["channel_name", number] = known
    return str(known)


async def report_channel(ctx: Context, name: str, state: str, detail: str = "") -> None:
    """Say how a channel is: starting, up, down or misconfigured; told to all screens when it changed."""

    async def work(connection: Connection) -> None:
        if await house.set_channel_state(connection, name, state, detail[:500]):
            await events.add_event(connection, EventKind.CHANNEL_CHANGED, data={"channel": name})
            await announce(connection, EVENTS)

    await ctx.database.run(work)
