"""A key opens a conversation on another device: for whoever was sent it, until its time is over. Only its hash is kept."""

import hashlib
import secrets

from channels.adapter import Opened
from hub.actions.chat.times import KEY_SECONDS
from storage import chat
from storage.database import Connection

_BYTES = 24
MOST = 20
"""Of one conversation; the oldest go."""


async def add_key(
    connection: Connection, channel_id: int, thread_key: str, seconds: float, since: int = 0
) -> str:
    """A new one, good for so long, a week at most, for what comes after the line `since`. "" where nothing was said."""
    key = secrets.token_urlsafe(_BYTES)
    good_for = min(max(seconds, 0.0), KEY_SECONDS)
    added = await chat.add_key(
        connection, _hash(key), channel_id, thread_key, seconds=good_for, most=MOST - 1, since=since
    )
    return key if added else ""


async def find_key(connection: Connection, channel_id: int, key: str) -> Opened | None:
    """What it opens in this channel; None for one that is none, or over."""
    found = await chat.key(connection, _hash(key), channel_id)
    return None if found is None else Opened(thread_key=found[0], since=found[1])


def _hash(key: str) -> bytes:
    return hashlib.sha256(f"chat-key:{key}".encode("utf-8", "replace")).digest()
