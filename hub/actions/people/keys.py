"""API keys: made once, shown once, kept as a hash; they end by themselves where somebody said so."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.keep import KEEP, Keep
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.people import HUB, Actor, Scope
from hub.model.permissions import Permission, Permissions, Sight
from storage import keys as stored
from storage.database import Connection
from storage.keys import KeyRow

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "chk_"
_LOOK = {
    Permission.SEE_CUSTOMERS, Permission.SEE_FLOOR, Permission.SEE_RULES, Permission.SEE_SYSTEM, Permission.SEE_SURVEYS,
    Permission.RUN_TASKS, Permission.LISTEN_IN, Permission.MANAGE_INCIDENTS,
}  # fmt: skip
_WRITE = {
    Permission.ANSWER, Permission.WORK, Permission.ASSIGN_OTHERS, Permission.RUN_TASKS, Permission.MANAGE_INCIDENTS,
    Permission.CHANGE_CUSTOMERS, Permission.MERGE_CUSTOMERS, Permission.MANAGE_TEMPLATES, Permission.WRITE_KNOWLEDGE,
    Permission.MANAGE_STAFF,
}  # fmt: skip
OPENS: Mapping[Scope, Permissions] = {
    Scope.READ: frozenset(_LOOK),
    Scope.WRITE: frozenset(_WRITE),
    # It vouches for who wrote, too, as who merges customers does at the desk.
    Scope.INGEST: frozenset({Permission.WORK, Permission.MERGE_CUSTOMERS}),
    Scope.ADMIN: frozenset(Permission),
}
"""What a person would need for all that a program of this scope does. A test goes through the table of the API for it."""


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
    _check_may_give(actor, wanted)
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
    key_name_taken, past_moment, not_allowed (it would open for longer what the actor may not)."""
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
        if was.expires_at is not None and (end is None or end > was.expires_at):
            _check_may_give(actor, map(Scope, was.scopes))
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
    """Whether the actor may do all that a key of these scopes opens. Any program sees every ticket."""
    needed = frozenset({Permission.MANAGE_KEYS}).union(*(OPENS[scope] for scope in scopes))
    return needed <= actor.allowed and actor.sight is Sight.ALL


def _check_may_give(actor: Actor, scopes: Iterable[Scope]) -> None:
    if actor is not HUB and not may_give(actor, scopes):
        raise NotPossible("A key may do no more than who makes it.", code="not_allowed")


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
