"""API keys: made once, shown once, kept as a hash; they end by themselves where somebody said so."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.keep import KEEP, Keep
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.people import HUB, Actor, Scope
from hub.model.permissions import Permission, Sight
from storage import keys as stored
from storage.database import Connection
from storage.keys import KeyRow

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "chk_"


async def create_api_key(
    ctx: Context,
    *,
    name: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
    actor: Actor = HUB,
) -> str:
    """The key itself, which cannot be had again. Raises NotPossible: bad_key_name, key_name_taken, no_scope, past_moment,
    not_allowed (a key would do what the actor may not)."""
    _check_name(name)
    wanted = sorted({Scope(scope) for scope in scopes})
    if not wanted:
        raise NotPossible("A key needs at least one scope.", code="no_scope")
    if actor is not HUB and not may_give(actor, wanted):
        raise NotPossible("A key may do no more than who makes it.", code="not_allowed")
    _check_end(expires_at)
    key = _PREFIX + secrets.token_urlsafe(32)

    async def work(connection: Connection) -> None:
        if not await stored.add(
            connection,
            name=name,
            key_hash=_hash(key),
            scopes=wanted,
            expires_at=expires_at,
            made_by=actor.name,
        ):
            raise _taken(name)
        about = {"scopes": wanted, "expires_at": expires_at}
        await record(connection, AuditKind.KEY_ADDED, actor=actor, subject=name, details=about)

    await ctx.database.run(work)
    return key


async def actor_of_key(ctx: Context, key: str) -> Actor | None:
    """Who a key speaks for; None for one that is unknown, revoked or past its end."""
    found = await ctx.database.run(lambda c: stored.use(c, _hash(key)))
    if found is None:
        return None
    name, scopes = found
    return Actor(name=name, scopes=frozenset(Scope(scope) for scope in scopes))


async def list_keys(ctx: Context) -> list[KeyRow]:
    """Those that open something first."""
    return await ctx.database.read(stored.list_keys)


async def change_api_key(
    ctx: Context,
    *,
    key_id: int,
    version: int,
    name: str,
    expires_at: datetime | Keep | None = KEEP,
    actor: Actor,
) -> None:
    """Another name, or another end; None: none. Raises NotFound; Conflict (`key_changed`); NotPossible: bad_key_name,
    key_name_taken, past_moment."""
    _check_name(name)
    if not isinstance(expires_at, Keep):
        _check_end(expires_at)

    async def work(connection: Connection) -> None:
        was = await stored.lock(connection, key_id)
        if was is None or was.revoked_at is not None:
            raise NotFound(f"There is no key {key_id} that could be changed.")
        if was.version != version:
            raise Conflict(
                "Somebody else has changed this key meanwhile.", current_seq=was.version, code="key_changed"
            )
        if await stored.name_taken(connection, name, key_id):
            raise _taken(name)
        end = was.expires_at if isinstance(expires_at, Keep) else expires_at
        before = {"name": was.name, "expires_at": was.expires_at}
        after = {"name": name, "expires_at": end}
        if before == after:
            return
        await stored.change(connection, key_id, name, end)
        await record(
            connection, AuditKind.KEY_CHANGED, actor=actor, subject=was.name, before=before, after=after
        )

    await ctx.database.run(work)


async def revoke_api_key(ctx: Context, name: str, *, actor: Actor = HUB) -> None:
    """It opens nothing any more. Raises NotFound."""

    async def work(connection: Connection) -> None:
        if not await stored.revoke(connection, name):
            raise NotFound(f"There is no key called {name} that could be revoked.")
        await record(connection, AuditKind.KEY_REVOKED, actor=actor, subject=name)

    await ctx.database.run(work)


def may_give(actor: Actor, scopes: Iterable[Scope]) -> bool:
    """A program with the scope admin may do everything, and any program sees every ticket."""
    everything = Scope.ADMIN not in scopes or actor.allowed == frozenset(Permission)
    return actor.may(Permission.MANAGE_KEYS) and actor.sight is Sight.ALL and everything


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NotPossible(
            "A key's name takes letters, digits and . _ -, 64 at the most.", code="bad_key_name"
        )


def _check_end(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise NotPossible("A key ends in the future.", code="past_moment")


def _taken(name: str) -> NotPossible:
    return NotPossible(f"There is a key called {name} already; take another name.", code="key_name_taken")


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
