"""A journalled update to the normal form. Pure; nothing in the update is believed before it was looked at.

Shapes: https://core.telegram.org/bots/api#update.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, read_json_object, safe_content_type, safe_filename
from channels.telegram.files import NamedFile, files_of
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import message_of
from channels.telegram.words import passed_on_from, text_at, words_of
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
    text = words_of(message, [file for file, _ in missing])
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
        fields=_fields(message, sender, f"{chat_id}.{message_id}" if edited else "", missing),
        revisable=True,
    )


def _sender(sender: Mapping[str, Any]) -> Sender:
    number = _number(sender, "id")
    name = clean_line(f"{text_at(sender, 'first_name')} {text_at(sender, 'last_name')}", 200)
    username = clean_line(text_at(sender, "username"), 64)
    # The Bot API names the sender itself, so the identity is proven.
    identity = Identity(kind=IdentityKind.TELEGRAM, value=str(number), verified=True)
    return Sender(name=name or username or f"Telegram {number}", identities=(identity,))


def _hints(sender: Mapping[str, Any]) -> dict[str, str]:
    language = text_at(sender, "language_code").partition("-")[0].lower()
    good = 2 <= len(language) <= 3 and language.isascii() and language.isalpha()
    return {"language": language} if good else {}


def _fields(
    message: Mapping[str, Any], sender: Mapping[str, Any], edit_of: str, missing: list[tuple[NamedFile, str]]
) -> dict[str, str]:
    fields = {}
    if username := clean_line(text_at(sender, "username"), 64):
        fields["telegram_username"] = f"@{username}"
    if author := passed_on_from(message):
        fields["passed_on_from"] = author
    if edit_of:
        fields["edit_of"] = edit_of
    if missing:
        fields["files_not_fetched"] = "; ".join(
            f"{safe_filename(file.name)}: {clean_line(why, 200)}" for file, why in missing
        )[:2000]
    return fields


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
