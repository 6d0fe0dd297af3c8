"""What an update is about, and whom it is for. Pure; nothing in it is believed before it was looked at.

Shapes: https://core.telegram.org/bots/api#update.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from channels.adapter import Asking
from channels.telegram.files import files_of
from hub.model.interactions import Identity, IdentityKind

ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for. Inline queries are not among them: nobody here answers those."""
MOST_PART_BYTES = 3 * 1024 * 1024
"""Bytes of a file. Ten of them are not much more than one large file: what is put together has to fit into one transaction."""
_COMMAND = re.compile(r"/([A-Za-z][A-Za-z0-9_]{0,31})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_GONE = ("kicked", "left")
_SILENT = (
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created",
    "pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "chat_background_set", "successful_payment",
    "proximity_alert_triggered", "boost_added", "users_shared", "chat_shared", "connected_website", "web_app_data",
)  # fmt: skip
"""What Telegram itself says in a chat: no word of the customer's."""


class For(Enum):
    """Whom an update is for. COUNTER: only for the hub itself; AGENTS: perhaps for the hub, else for the agents; GROUP: it
    comes from a chat that is nobody's own."""

    AGENTS = "agents"
    COUNTER = "counter"
    GROUP = "group"
    NOBODY = "nobody"


def message_of(update: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, bool]:
    """The message of an update, and whether it is an edited one. None where there is none."""
    for key, edited in (("message", False), ("edited_message", True)):
        message = update.get(key)
        if isinstance(message, dict):
            return message, edited
    return None, False


def chat_of(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """The chat that it comes from; empty where it names none."""
    pressed = _dict(update, "callback_query")
    message, _ = message_of(update)
    return _dict(message or _dict(pressed, "message") or _dict(update, "my_chat_member"), "chat")


def whom_for(update: Mapping[str, Any]) -> For:
    """What people say in groups is not meant for the company: it is neither kept nor answered there."""
    message, edited = message_of(update)
    if chat_of(update).get("type") not in (None, "private"):
        member = _dict(_dict(update, "my_chat_member"), "new_chat_member")
        return For.NOBODY if member.get("status") in _GONE else For.GROUP
    if "callback_query" in update or "my_chat_member" in update:
        return For.COUNTER
    if message is None or any(name in message for name in _SILENT):
        return For.NOBODY
    # A place that moves is sent again and again as an edit.
    return For.NOBODY if edited and "location" in message else For.AGENTS


def part_of(update: Mapping[str, Any]) -> str:
    """The album of which a message is one picture; "" for all others. What is large stands by itself."""
    message, _ = message_of(update)
    if any(file.size > MOST_PART_BYTES for file in files_of(message or {})):
        return ""
    chat, group = _dict(message or {}, "chat").get("id"), (message or {}).get("media_group_id")
    return f"{chat}.g{group}" if type(chat) is int and isinstance(group, str) and 0 < len(group) <= 64 else ""


def asking_of(update: Mapping[str, Any]) -> Asking | None:
    """What may be asked of the hub itself; None where that cannot be."""
    if "callback_query" in update:
        return _pressed(_dict(update, "callback_query"))
    if "my_chat_member" in update:
        return _member(_dict(update, "my_chat_member"))
    message, edited = message_of(update)
    if message is None:
        return None
    text, contact, number = message.get("text"), _dict(message, "contact"), message.get("message_id")
    if type(number) is not int or not (isinstance(text, str) or contact):
        return None
    chat, sender = _dict(message, "chat"), _dict(message, "from")
    asking = _from(chat, sender, f"ask.msg.{chat.get('id')}.{number}")
    if asking is None:
        return None
    if contact:
        phone, owner = contact.get("phone_number"), contact.get("user_id")
        if edited or not isinstance(phone, str):
            return None
        return asking.with_(phone=phone[:64], phone_is_own=type(owner) is int and owner == sender.get("id"))
    words = str(text)
    found = _COMMAND.fullmatch(words.strip())
    if found is None:
        return asking.with_(words=words, again=edited)
    return asking.with_(
        words=words, command=found[1].lower(), argument=(found[2] or "").strip()[:256], again=edited
    )


def _pressed(query: Mapping[str, Any]) -> Asking | None:
    chat, number = _dict(_dict(query, "message"), "chat"), query.get("id")
    asking = _from(chat, _dict(query, "from"), f"ask.press.{str(number)[:64]}")
    data = query.get("data")
    return asking.with_(pressed=data[:64]) if asking is not None and isinstance(data, str) and data else None


def _member(change: Mapping[str, Any]) -> Asking | None:
    """https://core.telegram.org/bots/api#chatmemberupdated: in a private chat it tells of a bot that is blocked, or let in."""
    status = _dict(change, "new_chat_member").get("status")
    key = f"ask.member.{_dict(change, 'chat').get('id')}.{change.get('date')}.{status}"
    asking = _from(_dict(change, "chat"), _dict(change, "from"), key[:200])
    return asking.with_(shut=status in _GONE) if asking is not None and isinstance(status, str) else None


def _from(chat: Mapping[str, Any], sender: Mapping[str, Any], key: str) -> Asking | None:
    chat_id, number = chat.get("id"), sender.get("id")
    if type(chat_id) is not int or type(number) is not int:
        return None
    names = [one for key_ in ("first_name", "last_name") if isinstance(one := sender.get(key_), str)]
    language = sender.get("language_code")
    return Asking(
        key=key,
        identity=Identity(kind=IdentityKind.TELEGRAM, value=str(number), verified=True),
        thread_key=f"chat.{chat_id}",
        address=str(chat_id),
        name=" ".join(" ".join(names).split())[:200],
        language=language[:16] if isinstance(language, str) else "",
    )


def _dict(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    child = value.get(key)
    return child if isinstance(child, dict) else {}
