"""API keys: made once, shown once, kept as a hash."""

import hashlib
import re
import secrets
from collections.abc import Iterable

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.people import Actor, Scope
from storage import staff as stored

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "chk_"


async def create_api_key(ctx: Context, *, name: str, scopes: Iterable[Scope]) -> str:
    """The key itself, which cannot be had again. Raises NotPossible: bad_name, name_taken, no_scope."""
    if not _NAME.fullmatch(name):
        raise NotPossible("A key's name takes letters, digits and . _ -, 64 at the most.", code="bad_name")
    wanted = sorted({scope.value for scope in scopes})
    if not wanted:
        raise NotPossible("A key needs at least one scope.", code="no_scope")
    key = _PREFIX + secrets.token_urlsafe(32)
    if not await ctx.database.run(lambda c: stored.add_key(c, name, _hash(key), wanted)):
        raise NotPossible(
            f"There is a key called {name} already; revoke it or take another name.", code="name_taken"
        )
    return key


async def actor_of_key(ctx: Context, key: str) -> Actor | None:
    """Who a key speaks for; None for one that is unknown or revoked."""
    found = await ctx.database.run(lambda c: stored.key(c, _hash(key)))
    if found is None:
        return None
    name, scopes = found
    return Actor(name=name, scopes=frozenset(Scope(scope) for scope in scopes))


async def revoke_api_key(ctx: Context, name: str) -> None:
    """It opens nothing any more. Raises NotFound."""
    if not await ctx.database.run(lambda c: stored.revoke_key(c, name)):
        raise NotFound(f"There is no key called {name} that could be revoked.")


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
