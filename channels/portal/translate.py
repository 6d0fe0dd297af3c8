"""What was written on the customer's own page to the normal form, and into the journal before that. Pure.

The hub has made sure that whoever writes owns the address: it is a proof. The token is signed for that address and that case,
as one that comes back with a letter is.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from channels.portal.settings import PortalSettings
from channels.portal.thread import thread_key
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    LetterDetails,
    Mailbox,
    Sender,
    ThreadHints,
)

MOST_TEXT = 20_000
_WORDS = ("address", "name", "text", "ticket", "token", "subject")


def pack(
    said: Mapping[str, str],
    files: Sequence[tuple[str, str, bytes]],
    *,
    external_key: str,
    received_at: datetime,
    meta: Mapping[str, Any],
) -> RawItem:
    """`said`: address, name, text, ticket (its number), token, subject. `files`: name, media type, content."""
    content = {
        **{word: said.get(word, "") for word in _WORDS},
        "files": [
            {"filename": name, "content_type": kind, "data": base64.b64encode(data).decode("ascii")}
            for name, kind, data in files
        ],
    }
    return RawItem(
        external_key=external_key, content=orjson.dumps(content), received_at=received_at, meta=meta
    )


def translate(raw: RawItem, settings: PortalSettings) -> InboundInteraction:
    """The interaction that it is. Raises CannotTranslate."""
    said = read_json_object(raw.content)
    words = {word: _text(said, word) for word in _WORDS}
    address = normalise_identity(IdentityKind.EMAIL, words["address"])
    if address is None:
        raise CannotTranslate("address: expected an e-mail address")
    text, files = clean_text(words["text"], MOST_TEXT), _files(said)
    if not text and not files:
        raise CannotTranslate("text: is empty")
    name, ticket = clean_line(words["name"], 200), clean_line(words["ticket"], 40)
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(
            name=name, identities=(Identity(kind=IdentityKind.EMAIL, value=address, verified=True),)
        ),
        text=text,
        subject=clean_line(words["subject"], 200),
        attachments=files,
        external_id=raw.external_key,
        thread=ThreadHints(tokens=(words["token"],), key=thread_key(ticket, address)),
        reply_address=address,
        # Who it is by, as a letter says it: what is shown to an address goes by that.
        details=LetterDetails(sender=Mailbox(address=address, name=name)),
    )


def _text(said: dict[str, Any], key: str) -> str:
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
