"""A journalled chat message to the normal form. Pure."""

import re
from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.carried import read_files, read_text
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

    Holding the token proves the visitor, the site's signature proves whom it names; an e-mail address that they typed, or that
    the site says, proves nothing.
    """
    said = read_json_object(raw.content)
    session, text = read_text(said, "session"), clean_text(read_text(said, "text"), MOST_TEXT)
    if not _SESSION.fullmatch(session):
        raise CannotTranslate("session: expected 64 hexadecimal digits")
    files = read_files(said)
    if not text and not files:
        raise CannotTranslate("text: is empty")
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name=clean_line(read_text(said, "name"), 200), identities=_identities(said, session)),
        text=text,
        attachments=files,
        external_id=clean_line(read_text(said, "client_id"), 64),
        thread=ThreadHints(key=thread_key(session)),
        reply_address=thread_key(session),
    )


def _identities(said: dict[str, Any], session: str) -> tuple[Identity, ...]:
    """Whom the site names comes first: a customer whom the company knows is that customer in every browser."""
    proven = [Identity(kind=IdentityKind.VISITOR, value=session, verified=True)]
    subject = normalise_identity(IdentityKind.EXTERNAL, read_text(said, "subject"))
    if subject:
        proven.insert(0, Identity(kind=IdentityKind.EXTERNAL, value=subject, verified=True))
    email = normalise_identity(IdentityKind.EMAIL, read_text(said, "email"))
    claimed = [Identity(kind=IdentityKind.EMAIL, value=email, verified=False)] if email else []
    return (*proven, *claimed)
