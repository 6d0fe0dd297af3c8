"""Who a visitor is: whoever holds the token. Pure, but for the randomness of a new one.

A token is 192 random bits and our signature over them, so that nobody can come with a guessable one. Only its
hash is ever stored.
"""

import hashlib
import hmac
import re
import secrets

_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}\.[0-9a-f]{32}")


def new_token(secret: bytes, channel: str) -> str:
    """A token that nobody has had before."""
    random = secrets.token_urlsafe(24)
    return f"{random}.{_signature(secret, channel, random)}"


def is_ours(secret: bytes, channel: str, token: str) -> bool:
    """Whether we made it, for this channel."""
    if not _SHAPE.fullmatch(token):
        return False
    random, _, signature = token.partition(".")
    return hmac.compare_digest(signature, _signature(secret, channel, random))


def session_of(token: str) -> str:
    """The session's public name: the token's SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def thread_key(session: str) -> str:
    """The conversation's key inside the channel, which is also where answers go."""
    return f"session.{session}"


def _signature(secret: bytes, channel: str, random: str) -> str:
    return hmac.new(secret, f"chat:{channel}:{random}".encode(), hashlib.sha256).hexdigest()[:32]
