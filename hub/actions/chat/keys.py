"""A key opens a conversation on another device: for whoever was sent it, until its time is over. Only its hash is kept."""

import hashlib
import secrets

from hub.actions.chat.times import KEY_SECONDS
from storage import chat
from storage.database import Connection

_BYTES = 24
MOST = 20
"""Of one conversation; the oldest go."""


async def add_key(connection: Connection, channel_id: int, thread_key: str, seconds: float) -> str:
    """A new one, good for so long, a week at most."""
    key = secrets.token_urlsafe(_BYTES)
    await chat.add_key(
        connection, _hash(key), channel_id, thread_key, min(max(seconds, 0.0), KEY_SECONDS), MOST - 1
    )
    return key


async def find_key(connection: Connection, channel_id: int, key: str) -> str:
    """The conversation of this channel that it opens; "" for one that is none, or over."""
    return await chat.key(connection, _hash(key), channel_id)


def _hash(key: str) -> bytes:
    return hashlib.sha256(f"chat-key:{key}".encode("utf-8", "replace")).digest()
