"""Random tokens that a browser keeps, and the hashes that are kept of them."""

import hashlib
import hmac
import secrets

from hub.actions.context import Context

MOST = 100


def new_token() -> str:
    """256 bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def keyed(ctx: Context, purpose: str, *parts: str) -> bytes:
    """What only this installation can work out of these words (HMAC-SHA256). `purpose` keeps one use apart from another."""
    return hmac.digest(ctx.secret, "\0".join((purpose, *parts)).encode("utf-8", "replace"), "sha256")
