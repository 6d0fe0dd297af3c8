"""One thing that arrived, as far as it could be understood without the database. Values and pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from channels.adapter import ChannelKind, Inbox, RawItem
from hub.actions.lock_name import lock_number
from hub.model.interactions import Automatic, InboundInteraction
from routing.classify import Classification, classify

PREVIEW = 160
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")
FIRST_WORDS = 80
SUBJECT = 200
MOST_IDS = 30
"""Of the Message-IDs that a letter cites."""
_ID_LOCKS = 1024
"""Locks that all Message-IDs share: how many a batch holds stays bounded, whatever its letters cite."""
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
    yet. `settings`: the channel's own table."""

    channel_id: int
    channel: str
    kind: ChannelKind
    item: RawItem
    read: Read | None = None
    error: str = ""
    raw_id: int = 0
    settings: BaseModel | None = None

    @property
    def inbox(self) -> Inbox | None:
        """What the channel's settings say of it as a mail inbox; None for other channels."""
        return (
            self.kind.inbox(self.settings)
            if self.kind.inbox is not None and self.settings is not None
            else None
        )

    @property
    def is_part(self) -> bool:
        """Whether it waits for the other parts of its message."""
        return bool(self.item.part_of) and self.kind.join is not None and not self.raw_id

    @property
    def content_scope(self) -> int:
        """The name-space of content keys: all mail channels share one, for a letter may reach several inboxes."""
        return 0 if self.kind.answer_id is not None else self.channel_id

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
    """The person, the conversation and the letters that an arrival names, as 64-bit keys: who holds them files alone."""
    if arrival.read is None:
        return []
    said = arrival.read.interaction
    names = sorted(speakers(said))
    if said.thread.key:
        names.append(f"{arrival.scope} {said.thread.key}")
    if arrival.kind.answer_id is not None:
        names += [
            f"mail {lock_number(one) % _ID_LOCKS}" for one in (said.external_id, *cited_ids(said)) if one
        ]
    return [lock_number(name) for name in names]


def speakers(interaction: InboundInteraction) -> set[str]:
    """Whom the channel proves to be speaking, as "kind:value"."""
    return {f"{one.kind}:{one.value}" for one in interaction.sender.identities if one.verified}


def cited_ids(interaction: InboundInteraction) -> tuple[str, ...]:
    """The Message-IDs that a letter cites, nearest first: MOST_IDS at the most, the thread's very first one among them."""
    ids = tuple(one for one in interaction.thread.references if one)
    return ids if len(ids) <= MOST_IDS else (*ids[: MOST_IDS - 1], ids[-1])


def moment(arrival: Arrival) -> datetime:
    """When it was said: as the outside claims, unless that is later than its arrival. A backlog keeps its own times."""
    claimed = arrival.read.interaction.occurred_at if arrival.read is not None else None
    return min(claimed, arrival.item.received_at) if claimed is not None else arrival.item.received_at


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
    given = " ".join(interaction.subject.split())
    return given[:SUBJECT] if given else _first_words(preview(interaction))


def _first_words(text: str) -> str:
    """So many that fit on one line; where more follow, it can be seen."""
    if len(text) <= FIRST_WORDS:
        return text
    short = text[:FIRST_WORDS]
    # Between words, where the text has gaps; Chinese has none.
    cut = short.rfind(" ", FIRST_WORDS // 2)
    return (short[:cut] if cut > 0 else short).rstrip(" ,.;:，。；：、") + "…"
