"""Random tokens that a browser keeps, and the hashes that are kept of them."""

import hashlib
import hmac
import secrets

from hub.actions.context import Context
from hub.model.keyring import every_key

MOST = 100


def new_token() -> str:
    """256 bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def keyed(ctx: Context, purpose: str, *parts: str) -> bytes:
    """What only this installation can work out of these words (HMAC-SHA256). `purpose` keeps one use apart from another."""
    return every_keyed(ctx, purpose, *parts)[0]


def every_keyed(ctx: Context, purpose: str, *parts: str) -> list[bytes]:
    """The same, then as the other keys that are believed would have made it."""
    return [keyed_by(key, purpose, *parts) for key in every_key(ctx.secret)]


def keyed_by(key: bytes, purpose: str, *parts: str) -> bytes:
    """What only who has the key can work out of these words (HMAC-SHA256)."""
    return hmac.digest(key, "\0".join((purpose, *parts)).encode("utf-8", "replace"), "sha256")


def is_keyed(ctx: Context, given: bytes, purpose: str, *parts: str) -> bool:
    """Whether `given` is what this installation works out of these words. In constant time for each key."""
    return any(hmac.compare_digest(one, given) for one in every_keyed(ctx, purpose, *parts))
