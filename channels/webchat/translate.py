"""A journalled chat message to the normal form. Pure."""

import re
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object
from channels.webchat.frames import MOST_TEXT
from channels.webchat.sessions import thread_key
from channels.webchat.settings import WebchatSettings
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)

_SESSION = re.compile(r"[0-9a-f]{64}")


def translate(raw: RawItem, settings: WebchatSettings) -> InboundInteraction:
    """The interaction that a chat message is. Raises CannotTranslate.

    Holding the session's token proves the visitor; an e-mail address that they typed proves nothing.
    """
    said = read_json_object(raw.content)
    session, text = _string(said, "session"), clean_text(_string(said, "text"), MOST_TEXT)
    if not _SESSION.fullmatch(session):
        raise CannotTranslate("session: expected a SHA-256 in hexadecimal")
    if not text:
        raise CannotTranslate("text: is empty")
    identities = [Identity(kind=IdentityKind.VISITOR, value=session, verified=True)]
    email = normalise_identity(IdentityKind.EMAIL, _string(said, "email"))
    if email:
        identities.append(Identity(kind=IdentityKind.EMAIL, value=email, verified=False))
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name=clean_line(_string(said, "name"), 200), identities=tuple(identities)),
        text=text,
        external_id=clean_line(_string(said, "client_id"), 64),
        thread=ThreadHints(key=thread_key(session)),
        reply_address=thread_key(session),
    )


def _string(said: dict[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(value).__name__}")
    return value
