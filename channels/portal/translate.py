"""What was written on the customer's own page to the normal form, and into the journal before that. Pure.

The hub has made sure that whoever writes owns the address: it is a proof. The token is signed for that address and that case,
as one that comes back with a letter is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import CannotTranslate, RawItem
from channels.carried import carry_file, read_files, read_text
from channels.clean import clean_line, clean_text, read_json_object
from channels.portal.settings import PortalSettings
from channels.portal.thread import thread_key
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
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
        "files": [carry_file(name, kind, data) for name, kind, data in files],
    }
    return RawItem(
        external_key=external_key, content=orjson.dumps(content), received_at=received_at, meta=meta
    )


def translate(raw: RawItem, settings: PortalSettings) -> InboundInteraction:
    """The interaction that it is. Raises CannotTranslate."""
    said = read_json_object(raw.content)
    words = {word: read_text(said, word) for word in _WORDS}
    address = normalise_identity(IdentityKind.EMAIL, words["address"])
    if address is None:
        raise CannotTranslate("address: expected an e-mail address")
    text, files = clean_text(words["text"], MOST_TEXT), read_files(said)
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
