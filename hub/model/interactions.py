"""What arrives and what leaves, in the hub's one normal form.

Inbound and outbound are separate types, so that a field which makes no sense on one side cannot be filled
there. Only values live here: no I/O, no defaults that depend on time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class InteractionKind(StrEnum):
    """What one entry of the timeline is."""

    MESSAGE = "message"
    FORM = "form"
    NOTE = "note"
    CALL = "call"
    SURVEY = "survey"
    EVENT = "event"


class Direction(StrEnum):
    """Who spoke: the customer (in), the company (out), or nobody to anybody (internal)."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class IdentityKind(StrEnum):
    """The name-spaces in which a customer can be known."""

    EMAIL = "email"
    PHONE = "phone"
    TELEGRAM = "telegram"
    VISITOR = "visitor"
    EXTERNAL = "external"


class Automatic(StrEnum):
    """Mail that no person wrote. Kept on the timeline, never answered, never reopens a ticket."""

    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    LIST = "list"
    RECEIPT = "receipt"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One way a customer is known. `value` is normalised (see hub.model.identities).

    `verified` says that the channel itself proved it (the Bot API names the sender; a chat visitor holds the
    token; a letter came from that address), not that somebody typed it into a field.
    """

    kind: IdentityKind
    value: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote. `identities[0]` is the principal one: the customer is looked up by it first."""

    name: str
    identities: tuple[Identity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundAttachment:
    """A file that came with an interaction. `filename` is already safe to show and to offer for download."""

    filename: str
    content_type: str
    data: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadHints:
    """Evidence of which ticket an interaction belongs to, strongest first.

    `tokens`: candidate signed tokens, unchecked (hub.model.tokens checks them).
    `references`: Message-IDs cited, nearest first, without angle brackets.
    `key`: an exact conversation key inside this channel (chat session, Telegram chat), or "".
    `passed_on`: it was sent on to another reader, and cites what it passes on rather than what it answers.
    """

    tokens: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    key: str = ""
    passed_on: bool = False


class SenderCheck(StrEnum):
    """What our own mail server says of the sender's address (DMARC, RFC 8601); UNKNOWN where nobody checked."""

    PASS = "pass"  # noqa: S105 - the word of RFC 8601
    FAIL = "fail"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A person's name, or "", and their e-mail address (RFC 5322 3.4), lower case."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """Who wrote the letter that was passed on, as the forwarding program states it. Offered to people, believed by nobody.
    `sent` is the date as it stands there."""

    address: str
    name: str = ""
    subject: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A calendar invitation (RFC 5545, RFC 5546). `method` in upper case; times as ISO 8601, a date alone for a whole day,
    without an offset where the calendar gave none."""

    method: str = ""
    summary: str = ""
    starts_at: str = ""
    ends_at: str = ""
    place: str = ""
    organiser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDetails:
    """What a letter says beside its text.

    `to` and `cc` are everybody named there, our own addresses too. `security`: "", "signed" or "encrypted" as the letter is
    made; nothing is verified. `degraded` says that limits cut something off. `junk` says that the mailbox held it for spam.
    `declines_answers`: nothing may answer it by itself, whoever wrote. `thread_topic` and `thread_index`: by which Outlook puts
    letters together; they prove nothing.
    """

    sender: Mailbox | None = None
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    sender_check: SenderCheck = SenderCheck.UNKNOWN
    forwarded: Forwarded | None = None
    invite: Invite | None = None
    security: str = ""
    list_id: str = ""
    degraded: bool = False
    junk: bool = False
    declines_answers: bool = False
    thread_topic: str = ""
    thread_index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """The message that an answer quotes below its own text. `author` as it is shown, with or without an address."""

    author: str
    said_at: datetime
    text: str


class Outcome(StrEnum):
    """What became of a letter at one of its recipients."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """What a delivery report says of one recipient. `address` in lower case; `status` is an RFC 3463 code or ""."""

    address: str
    outcome: Outcome
    status: str = ""
    reason: str = ""

    @property
    def permanent(self) -> bool:
        """Whether to write there again is in vain; a mailbox that is full, say, may have room tomorrow."""
        return self.outcome is Outcome.FAILED and not self.status.startswith("4")


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """A delivery report about a letter of ours. `recipients` may be empty: not every report names them. `reason` is what it
    says as a whole."""

    recipients: tuple[RecipientReport, ...] = ()
    original_message_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundInteraction:
    """One thing a customer said, whatever the channel.

    `text` is what is new; `full_text` is everything incl. quoted history, "" where it equals `text`.
    `html` is kept raw and cleaned whenever it is shown. `occurred_at` is what the outside claims (aware), or
    None. `reply_address` is where an answer goes, in the channel's own terms; "" when there is no way back.
    `external_id` is the channel's own id of the message (a Message-ID without brackets, a chat message id), or
    "". `hints` are routing hints from a form or an API caller (keys: kind, queue, priority, skill, language).
    `revisable`: it may come again, changed or completed, under the same `external_id` and `thread.key`; what comes
    later is then a version of the same entry. The field `edit_of` says that it was the customer who changed it. The field
    `answers` holds those of a form that was built: {key, labels: {en, zh}, said}. `own`: for fields of the company's own, by
    `ticket.NAME` and `customer.NAME`.
    """

    kind: InteractionKind
    sender: Sender
    text: str
    subject: str = ""
    full_text: str = ""
    html: str = ""
    attachments: tuple[InboundAttachment, ...] = ()
    occurred_at: datetime | None = None
    external_id: str = ""
    thread: ThreadHints = field(default_factory=ThreadHints)
    reply_address: str = ""
    automatic: Automatic | None = None
    bounce: BounceReport | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    sender_warning: str = ""
    details: LetterDetails | None = None
    revisable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundAttachment:
    """A file that leaves with a reply."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer that the customer can give with a press. `data` comes back from there (64 bytes at the most)."""

    label: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundInteraction:
    """One answer on its way to a customer. Everything that must not change between attempts is fixed here
    when the reply is queued: `message_id` (without brackets) and `queued_at` above all.

    `address` is where it goes, in the channel's own terms (an e-mail address, a Telegram chat id, a chat
    session). `ticket_code` is the ticket's spoken number. `reply_token` is the signed token that brings the
    answer back to this ticket; e-mail puts it into the plus-address. `references` are Message-IDs, oldest first. `cc` and
    `bcc` get the same message; nobody sees who stands in `bcc`. `signature` goes below the text, `quotation` below both.
    `language` (en, zh_CN) is that of the words the channel adds itself. `thread_topic` and `thread_index` are those of the
    letter that is answered. `choices` are shown below the text in one row, where the channel has buttons.
    """

    interaction_id: int
    ticket_code: str
    address: str
    recipient_name: str
    author_name: str
    text: str
    queued_at: datetime
    subject: str = ""
    html: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_token: str = ""
    attachments: tuple[OutboundAttachment, ...] = ()
    automatic: bool = False
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    signature: str = ""
    quotation: Quotation | None = None
    language: str = "en"
    thread_topic: str = ""
    thread_index: str = ""
    choices: tuple[Choice, ...] = ()
