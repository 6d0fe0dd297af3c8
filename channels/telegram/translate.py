"""A journalled update to the normal form. Pure; nothing in the update is believed before it was looked at.

Shapes: https://core.telegram.org/bots/api#update. What the reader must know of a message that has no text (a
place, a contact, a file that could not be fetched) is put into words that need no translation.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from channels.telegram.files import NamedFile, files_of, message_of
from channels.telegram.settings import TelegramSettings
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)

_LAST_DATE = 253_402_300_799  # seconds: the end of the year 9999


def translate(raw: RawItem, settings: TelegramSettings) -> InboundInteraction:
    """The interaction that an update is. Raises CannotTranslate."""
    envelope = read_json_object(raw.content)
    message, edited = message_of(_object(envelope, "update"))
    if message is None:
        raise CannotTranslate("The update holds no message")
    chat_id, message_id = _number(_object(message, "chat"), "id"), _number(message, "message_id")
    sender = _object(message, "from")
    attachments, missing = _attachments(message, envelope)
    text = _words(message, missing)
    if not text and not attachments:
        raise CannotTranslate("The message says nothing that the hub can show")
    answered = message.get("reply_to_message")
    cited = answered.get("message_id") if isinstance(answered, dict) else None
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=_sender(sender),
        text=text,
        attachments=attachments,
        occurred_at=_date(message.get("edit_date" if edited else "date")),
        external_id=f"{chat_id}.{message_id}",
        thread=ThreadHints(
            key=f"chat.{chat_id}", references=(f"{chat_id}.{cited}",) if type(cited) is int else ()
        ),
        reply_address=str(chat_id),
        hints=_hints(sender),
        fields=_fields(sender, chat_id, message_id, edited, missing),
    )


def _sender(sender: Mapping[str, Any]) -> Sender:
    number = _number(sender, "id")
    name = clean_line(f"{_string(sender, 'first_name')} {_string(sender, 'last_name')}", 200)
    username = clean_line(_string(sender, "username"), 64)
    # The Bot API names the sender itself, so the identity is proven.
    identity = Identity(kind=IdentityKind.TELEGRAM, value=str(number), verified=True)
    return Sender(name=name or username or f"Telegram {number}", identities=(identity,))


def _hints(sender: Mapping[str, Any]) -> dict[str, str]:
    language = _string(sender, "language_code").partition("-")[0].lower()
    good = 2 <= len(language) <= 3 and language.isascii() and language.isalpha()
    return {"language": language} if good else {}


def _fields(
    sender: Mapping[str, Any],
    chat_id: int,
    message_id: int,
    edited: bool,
    missing: list[tuple[NamedFile, str]],
) -> dict[str, str]:
    fields = {}
    if username := clean_line(_string(sender, "username"), 64):
        fields["telegram_username"] = f"@{username}"
    if edited:
        fields["edit_of"] = f"{chat_id}.{message_id}"
    if missing:
        fields["files_not_fetched"] = "; ".join(
            f"{safe_filename(file.name)}: {clean_line(why, 200)}" for file, why in missing
        )[:2000]
    return fields


def _words(message: Mapping[str, Any], missing: list[tuple[NamedFile, str]]) -> str:
    lines = [_string(message, "text") or _string(message, "caption")]
    place = message.get("location")
    if isinstance(place, dict):
        latitude, longitude = place.get("latitude"), place.get("longitude")
        if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
            lines.append(f"📍 {latitude:.6f}, {longitude:.6f}")
    contact = message.get("contact")
    if isinstance(contact, dict):
        parts = (_string(contact, key) for key in ("first_name", "last_name", "phone_number"))
        lines.append(f"👤 {clean_line(' '.join(parts), 300)}")
    sticker = message.get("sticker")
    if isinstance(sticker, dict):
        lines.append(clean_line(_string(sticker, "emoji"), 16) or "▢")
    for file, _ in missing:
        size = f" ({file.size / 1_000_000:.1f} MB)" if file.size else ""
        lines.append(f"📎 {safe_filename(file.name)}{size} ✗")
    return clean_text("\n".join(line for line in lines if line), 20_000)


def _attachments(
    message: Mapping[str, Any], envelope: Mapping[str, Any]
) -> tuple[tuple[InboundAttachment, ...], list[tuple[NamedFile, str]]]:
    kept, missing = [], []
    files, reasons = _object(envelope, "files"), envelope.get("missing")
    for file in files_of(message):
        data = files.get(file.file_id)
        if not isinstance(data, str):
            why = reasons.get(file.file_id) if isinstance(reasons, dict) else None
            missing.append((file, why if isinstance(why, str) else "not fetched"))
            continue
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise CannotTranslate("files: expected base64") from error
        kept.append(
            InboundAttachment(
                filename=safe_filename(file.name),
                content_type=safe_content_type(file.content_type),
                data=content,
            )
        )
    return tuple(kept), missing


def _date(value: Any) -> datetime | None:
    if type(value) is not int or not 0 < value <= _LAST_DATE:
        return None
    return datetime.fromtimestamp(value, UTC)


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    child = value.get(key)
    if not isinstance(child, dict):
        raise CannotTranslate(f"{key}: expected an object, found {type(child).__name__}")
    return child


def _number(value: Mapping[str, Any], key: str) -> int:
    child = value.get(key)
    if type(child) is not int:
        raise CannotTranslate(f"{key}: expected a whole number, found {type(child).__name__}")
    return child


def _string(value: Mapping[str, Any], key: str) -> str:
    child = value.get(key)
    if child is None:
        return ""
    if not isinstance(child, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(child).__name__}")
    return child
