"""What must be so before the hub works: channels and queues have their rows, every hub has the same key."""

import hashlib

from hub.actions.announce import EVENTS, announce
from hub.actions.backup.rejoin import rejoin_ledger
from hub.actions.channels.desk_channels import read_channels
from hub.actions.context import Context
from hub.actions.learning.learned import reload_learned
from hub.actions.rules.rulebook import settle_rules
from hub.model.tickets import EventKind
from hub.settings import WrongSetting
from routing.rules import RoutingRules
from storage import events, house
from storage.database import Connection

MONTHS_AHEAD = 2


async def set_up(ctx: Context) -> None:
    """Write down what the settings and rules say. May be done by several hubs at once, and again.

    Raises WrongSetting when the key is not the one with which this database was begun: threads and sessions would break.
    """
    fingerprint = fingerprint_of(ctx.secret)
    numbers: dict[str, int] = {}
    found: list[tuple[int, RoutingRules]] = []

    async def work(connection: Connection) -> None:
        # First, so that a hub with the wrong key, or before the wrong database, changes nothing there.
        if await house.agree_on(connection, "secret_key_fingerprint", fingerprint) != fingerprint:
            raise WrongSetting(
                "secret_key: this is not the key with which this database was begun. Every hub of one installation needs "
                "the same key: copy data_dir/secret.key, or set HUB_SECRET_KEY."
            )
        await read_channels(ctx, connection)
        for name, table in sorted(ctx.channels.items()):
            numbers[name] = await house.channel_by_name(connection, name, table["kind"])
        await house.retire_channels(connection, sorted({*ctx.channels, *ctx.desk_channels.wrong}))
        found.append(await settle_rules(connection, ctx.rulebook.file, shipped=ctx.rulebook.shipped))
        await house.make_partitions(connection, MONTHS_AHEAD)

    await ctx.database.run(work)
    await rejoin_ledger(ctx.database)
    ctx.rulebook.version, ctx.rulebook.rules = found[-1]
    await reload_learned(ctx.database, ctx.learned)
    ctx.memo.update({("channel_id", name): number for name, number in numbers.items()})


def fingerprint_of(secret: bytes) -> str:
    """What is kept of a key, to know it again."""
    return hashlib.sha256(b"contact-hub key fingerprint\0" + secret).hexdigest()


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
