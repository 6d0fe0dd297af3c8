"""A journalled form post to the normal form. Pure. Identities typed into a form are claims, never proof."""

import base64
import binascii
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from channels.webform.settings import CHOICES, WebformSettings
from channels.webform.submission import LIMITS
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    Sender,
)


def translate(raw: RawItem, settings: WebformSettings) -> InboundInteraction:
    """The interaction that a form post is. Raises CannotTranslate."""
    posted = read_json_object(raw.content)
    fields = _fields(posted)
    text = clean_text(fields["message"], LIMITS["message"])
    if not text:
        raise CannotTranslate("message: is empty")
    email = normalise_identity(IdentityKind.EMAIL, fields["email"])
    phone = normalise_identity(IdentityKind.PHONE, fields["phone"], region=settings.phone_region)
    claimed = ((IdentityKind.EMAIL, email), (IdentityKind.PHONE, phone))
    chosen = settings.ticket_kind or fields["kind"]
    hints = {"kind": chosen} if chosen in CHOICES else {}
    shown = ("kind", "phone", "email", "order_number")
    return InboundInteraction(
        kind=InteractionKind.FORM,
        sender=Sender(
            name=clean_line(fields["name"], LIMITS["name"]),
            identities=tuple(
                Identity(kind=kind, value=value, verified=False) for kind, value in claimed if value
            ),
        ),
        text=text,
        subject=clean_line(fields["subject"], LIMITS["subject"]),
        attachments=_files(posted),
        external_id=raw.external_key,
        reply_address=email or "",
        hints=hints,
        fields={key: value for key in shown if (value := clean_line(fields[key], LIMITS[key]))},
    )


def _fields(posted: dict[str, Any]) -> dict[str, str]:
    given = posted.get("fields")
    if not isinstance(given, dict):
        raise CannotTranslate(f"fields: expected an object, found {type(given).__name__}")
    fields = {key: given.get(key, "") for key in LIMITS}
    for key, value in fields.items():
        if not isinstance(value, str):
            raise CannotTranslate(f"fields.{key}: expected a text, found {type(value).__name__}")
    return fields


def _files(posted: dict[str, Any]) -> tuple[InboundAttachment, ...]:
    files = posted.get("files", [])
    if not isinstance(files, list):
        raise CannotTranslate(f"files: expected a list, found {type(files).__name__}")
    return tuple(_file(place, file) for place, file in enumerate(files))


def _file(place: int, file: Any) -> InboundAttachment:
    parts = ("filename", "content_type", "data")
    if not isinstance(file, dict) or not all(isinstance(file.get(part), str) for part in parts):
        raise CannotTranslate(f"files.{place}: expected filename, content_type and data as texts")
    try:
        data = base64.b64decode(file["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise CannotTranslate(f"files.{place}.data: expected base64") from error
    return InboundAttachment(
        filename=safe_filename(file["filename"]),
        content_type=safe_content_type(file["content_type"]),
        data=data,
    )
