"""Everything that is sealed, sealed anew with the key that makes new things, while hubs run; and what another key is still
needed for. It may be done again at any time, and by several at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.actions.agreed_keys import KEYS, agree_on_keys, keys_in_use
from hub.actions.channels.desk_channels import SECRETS
from hub.actions.context import Context
from hub.actions.errands.webhooks import sealed_place
from hub.actions.people.audit import record
from hub.actions.signin.passkeys import user_handle
from hub.actions.signin.totp import sealed_app
from hub.actions.vault import seal, unseal
from hub.model.audit import AuditKind
from hub.model.keyring import every_key, fingerprint_of, key_id, short_name
from hub.model.people import Actor
from storage import house, sealed
from storage.database import Connection
from storage.sealed import SealedRow

BATCH = 100
"""Rows in one transaction: as long as they are locked, whoever writes one of them waits."""
SINCE = "secret_key_since"

_PLACES: Mapping[str, Callable[[SealedRow], tuple[str, str]]] = {
    "channel_secrets": lambda row: (row.name, row.key),
    "channel_configs": lambda row: (row.key, SECRETS),
    "webhooks": lambda row: sealed_place(row.number),
    "totps": lambda row: sealed_app(row.number),
    "pending_totps": lambda row: sealed_app(row.number),
}
"""What each was sealed for, by its shelf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """`total` secrets of one sort; `other`: those that lay under another key (and still do, where it was only looked).
    `lost`: what those belong to that no key opens which this hub knows."""

    name: str
    total: int
    other: int
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """`own` makes new things; `in_use`: what every hub must know. `since`: when everything stored was found, for the first
    time, to hang on `own` alone; None where no key was ever changed. `code_agents`: how many have recovery codes of another
    key. `chat_days`: so long a chat's token lives in a browser."""

    own: str
    known: tuple[str, ...]
    in_use: tuple[str, ...]
    shelves: tuple[Shelf, ...]
    since: datetime | None
    code_agents: int
    chat_days: int

    @property
    def others_left(self) -> int:
        return sum(shelf.other for shelf in self.shelves)


async def look_at_keys(ctx: Context) -> KeyReport:
    """Nothing is changed. Raises WrongSetting where a key is in use that this hub does not know, DatabaseUnavailable."""
    return await _report(ctx, tuple([await _go_through(ctx, name, write=False) for name in sealed.SHELVES]))


async def reseal(ctx: Context, actor: Actor) -> KeyReport:
    """Raises as `look_at_keys`. What no known key opens is left as it is, and told."""
    await ctx.database.run(lambda c: agree_on_keys(c, ctx.secret))
    await _write_down_handles(ctx)
    shelves = tuple([await _go_through(ctx, name, write=True) for name in sealed.SHELVES])
    own = fingerprint_of(every_key(ctx.secret)[0])
    changed = sum(shelf.other for shelf in shelves)

    async def work(connection: Connection) -> None:
        in_use = await keys_in_use(connection, ctx.secret)
        if in_use == [own] and not changed:
            return
        await house.write_fact(connection, KEYS, own)
        await house.write_fact(connection, SINCE, datetime.now(UTC).isoformat(timespec="seconds"))
        details = {"secrets": changed, "out_of_use": [short_name(one) for one in in_use if one != own]}
        await record(
            connection, AuditKind.SECRETS_RESEALED, actor=actor, subject=short_name(own), details=details
        )

    await ctx.database.run(work)
    return await _report(ctx, shelves)


async def _go_through(ctx: Context, name: str, *, write: bool) -> Shelf:
    total = other = 0
    lost: list[str] = []
    after = (-1, "")
    while True:
        rows, moved, unopened = await _batch(ctx, name, after, write=write)
        total, other = total + len(rows), other + moved
        lost += unopened
        if len(rows) < BATCH:
            return Shelf(name=name, total=total, other=other, lost=tuple(lost))
        after = (rows[-1].number, rows[-1].key)


async def _batch(
    ctx: Context, name: str, after: tuple[int, str], *, write: bool
) -> tuple[list[SealedRow], int, list[str]]:
    """(rows looked at, how many lay under another key, what those belong to that do not open)."""

    async def work(connection: Connection) -> tuple[list[SealedRow], int, list[str]]:
        rows = await sealed.rows_after(connection, name, after, BATCH)
        moved, lost = 0, []
        for row in rows:
            place = _PLACES[name](row)
            if _opens(every_key(ctx.secret)[0], place, row.sealed) is not None:
                continue
            value = _opens(ctx.secret, place, row.sealed)
            if value is None:
                lost.append(row.name)
                continue
            moved += 1
            if write:
                await sealed.put(connection, name, row, seal(ctx.secret, *place, value))
        return rows, moved, lost

    return await ctx.database.run(work)


def _opens(secret: bytes, place: tuple[str, str], value: bytes) -> bytes | None:
    try:
        return unseal(secret, *place, value)
    except ValueError:
        return None


async def _write_down_handles(ctx: Context) -> None:
    """What earlier releases made of the key and did not write down. They knew one key: the oldest that is in use."""

    async def work(connection: Connection) -> bool:
        oldest = (await keys_in_use(connection, ctx.secret))[0]
        key = next(one for one in every_key(ctx.secret) if fingerprint_of(one) == oldest)
        await sealed.name_key_of_codes(connection, key_id(key))
        rows = await sealed.handleless(connection, BATCH)
        for row in rows:
            await sealed.set_handle(connection, row.id, user_handle(key, row.agent_id))
        return len(rows) == BATCH

    while await ctx.database.run(work):
        pass


async def _report(ctx: Context, shelves: tuple[Shelf, ...]) -> KeyReport:
    keys = every_key(ctx.secret)

    async def work(connection: Connection) -> tuple[list[str], str, int]:
        in_use = await keys_in_use(connection, ctx.secret)
        oldest = next(key_id(one) for one in keys if fingerprint_of(one) == in_use[0])
        agents = await sealed.agents_with_codes_of_other_keys(connection, key_id(keys[0]), oldest)
        return in_use, await house.fact(connection, SINCE), agents

    in_use, since, agents = await ctx.database.run(work)
    return KeyReport(
        own=short_name(fingerprint_of(keys[0])),
        known=tuple(short_name(fingerprint_of(one)) for one in keys),
        in_use=tuple(short_name(one) for one in in_use),
        shelves=shelves,
        since=datetime.fromisoformat(since) if since else None,
        code_agents=agents,
        chat_days=_chat_days(ctx),
    )


def _chat_days(ctx: Context) -> int:
    """Days until the last token that a browser holds of a chat is over; 0 where there is no chat."""
    chats = [ctx.channel(name).settings for name, table in ctx.channels.items() if table["kind"] == "webchat"]
    return max((int(getattr(settings, "keep_days", 0)) for settings in chats), default=0)
