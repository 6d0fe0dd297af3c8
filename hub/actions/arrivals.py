"""One thing that arrived, as far as it could be understood without the database. Values and pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.adapter import ChannelKind, RawItem
from hub.actions.lock_name import lock_number
from hub.model.interactions import Automatic, InboundInteraction
from routing.classify import Classification, classify

PREVIEW = 160
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")
SUBJECT = 200
UNANSWERABLE = frozenset({Automatic.BOUNCE, Automatic.DELAYED, Automatic.RECEIPT, Automatic.LOOP})
"""Nobody waits for an answer to these: a ticket of their own opens as resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What an item says and what it is."""

    interaction: InboundInteraction
    classified: Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`read` is None for what is only journalled now; `error` says why it cannot be read. `raw_id` 0: not in the journal
    yet."""

    channel_id: int
    channel: str
    kind: ChannelKind
    item: RawItem
    read: Read | None = None
    error: str = ""
    raw_id: int = 0

    @property
    def scope(self) -> str:
        """The name-space of this channel's own conversation keys."""
        return f"channel:{self.channel_id}"


def understand(interaction: InboundInteraction) -> Read:
    """Classify it; a form's own word for it is a hint."""
    hint = interaction.hints.get("kind", "")
    return Read(
        interaction=interaction,
        classified=classify(interaction.text or interaction.full_text, interaction.subject, hint),
    )


def lock_keys(arrival: Arrival) -> list[int]:
    """The person and the conversation of an arrival as 64-bit keys: who holds them files alone."""
    if arrival.read is None:
        return []
    sender, thread = arrival.read.interaction.sender, arrival.read.interaction.thread
    names = [f"{one.kind}:{one.value}" for one in sender.identities if one.verified]
    if thread.key:
        names.append(f"{arrival.scope} {thread.key}")
    return [lock_number(name) for name in names]


def storable(value: Any) -> Any:
    """What the transport said, without what Postgres keeps in no text: NUL, and halves of surrogate pairs (which is how a
    header comes that was not UTF-8)."""
    if isinstance(value, str):
        return _NOT_KEPT.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {storable(key): storable(one) for key, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, (list, tuple)) else value


def preview(interaction: InboundInteraction) -> str:
    """The first words, in one line."""
    words = " ".join((interaction.text or interaction.full_text)[: PREVIEW * 4].split())
    return (words or ", ".join(file.filename for file in interaction.attachments))[:PREVIEW]


def subject(interaction: InboundInteraction) -> str:
    """What to call a ticket that this opens: its subject, else its first words."""
    return (" ".join(interaction.subject.split()) or preview(interaction)[:80])[:SUBJECT]
