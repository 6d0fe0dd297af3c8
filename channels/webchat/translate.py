"""A journalled chat message to the normal form. Pure."""

import base64
import binascii
import re
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from channels.webchat.frames import MOST_TEXT
from channels.webchat.sessions import thread_key
from channels.webchat.settings import WebchatSettings
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)

_SESSION = re.compile(r"[0-9a-f]{64}")


def translate(raw: RawItem, settings: WebchatSettings) -> InboundInteraction:
    """The interaction that a chat message is. Raises CannotTranslate.

    Holding the token proves the visitor, the site's signature proves whom it names; an e-mail address that they typed, or that
    the site says, proves nothing.
    """
    said = read_json_object(raw.content)
    session, text = _string(said, "session"), clean_text(_string(said, "text"), MOST_TEXT)
    if not _SESSION.fullmatch(session):
        raise CannotTranslate("session: expected 64 hexadecimal digits")
    files = _files(said)
    if not text and not files:
        raise CannotTranslate("text: is empty")
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name=clean_line(_string(said, "name"), 200), identities=_identities(said, session)),
        text=text,
        attachments=files,
        external_id=clean_line(_string(said, "client_id"), 64),
        thread=ThreadHints(key=thread_key(session)),
        reply_address=thread_key(session),
    )


def _identities(said: dict[str, Any], session: str) -> tuple[Identity, ...]:
    """Whom the site names comes first: a customer whom the company knows is that customer in every browser."""
    proven = [Identity(kind=IdentityKind.VISITOR, value=session, verified=True)]
    subject = normalise_identity(IdentityKind.EXTERNAL, _string(said, "subject"))
    if subject:
        proven.insert(0, Identity(kind=IdentityKind.EXTERNAL, value=subject, verified=True))
    email = normalise_identity(IdentityKind.EMAIL, _string(said, "email"))
    claimed = [Identity(kind=IdentityKind.EMAIL, value=email, verified=False)] if email else []
    return (*proven, *claimed)


def _string(said: dict[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(value).__name__}")
    return value


def _files(said: dict[str, Any]) -> tuple[InboundAttachment, ...]:
    files = said.get("files", [])
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
