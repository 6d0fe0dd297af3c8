"""What is journalled of an update: itself as it came, and its files, so that translating needs no network.

One JSON object: {"update": …, "files": {file_id: base64}, "missing": {file_id: why}}. Pure.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import RawItem
from channels.clean import MOST_DEPTH
from channels.telegram.updates import chat_of, message_of, part_of


def pack(
    update: Mapping[str, Any],
    *,
    bot_id: int,
    received_at: datetime,
    files: Mapping[str, bytes],
    missing: Mapping[str, str],
) -> RawItem:
    """The raw item of one update, which must have a whole number as update_id."""
    envelope = {
        "update": _plain(update),
        "files": {file_id: base64.b64encode(data).decode("ascii") for file_id, data in files.items()},
        "missing": dict(missing),
    }
    return RawItem(
        external_key=_external_key(update, bot_id),
        content_key=content_key(update, bot_id),
        part_of=part_of(update),
        said_in=f"chat.{chat_of(update).get('id')}",
        content=orjson.dumps(envelope),
        received_at=received_at,
    )


def _external_key(update: Mapping[str, Any], bot_id: int) -> str:
    """The update and the message in it: after a quiet week Telegram may count on from a lower number, and so come by numbers
    once more under which other messages were kept (https://core.telegram.org/bots/api#update)."""
    message = content_key(update, bot_id).removeprefix(f"msg.{bot_id}")
    return f"update.{bot_id}.{update['update_id']}{message}"


def content_key(update: Mapping[str, Any], bot_id: int) -> str:
    """The message itself, under whatever update it comes: update ids begin anew after a quiet week. Each bot counts its own
    messages, and a channel may get another bot. As a mark: keys are kept for good, and a chat's number is a person's."""
    message, edited = message_of(update)
    chat = message.get("chat") if message is not None else None
    if message is None or not isinstance(chat, dict):
        return ""
    numbers = [bot_id, chat.get("id"), message.get("message_id")] + (
        [message.get("edit_date")] if edited else []
    )
    if not all(type(number) is int for number in numbers):
        return ""
    said = ".".join(map(str, numbers)).encode()
    return f"msg.{bot_id}.{hashlib.blake2b(said, digest_size=16).hexdigest()}"


def _plain(value: Any, levels: int = MOST_DEPTH - 2) -> Any:
    """The same, but halves of surrogate pairs, endless numbers and numbers above 64 bits made harmless, and
    what is nested too deep left out: Python's parser lets them in, Postgres and orjson do not take them."""
    if not levels:
        return None
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_plain(key): _plain(child, levels - 1) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child, levels - 1) for child in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value
