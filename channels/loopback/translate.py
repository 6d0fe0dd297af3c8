"""A raw item of the loopback channel to the normal form. Pure: no clock, no network, no files."""

from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.clean import clean_line, clean_text, read_json_object
from channels.loopback.settings import LoopbackSettings
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)


def translate(raw: RawItem, settings: LoopbackSettings) -> InboundInteraction:
    """The interaction that a said thing is. Raises CannotTranslate with what was expected.

    The content came from outside, so nothing about it is believed before it was looked at.
    """
    said = read_json_object(raw.content)
    text = clean_text(_string(said, "text"), 200_000)
    who = normalise_identity(IdentityKind.EXTERNAL, clean_line(_string(said, "who"), 200))
    if not text or who is None:
        raise CannotTranslate("text and who must not be empty")
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(
            name=clean_line(_string(said, "name"), 200) or who,
            identities=(Identity(kind=IdentityKind.EXTERNAL, value=who, verified=True),),
        ),
        text=text,
        subject=clean_line(_string(said, "subject"), 998),
        external_id=raw.external_key,
        thread=ThreadHints(key=f"who.{who}"),
        reply_address=who,
    )


def _string(said: dict[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(value).__name__}")
    return value
