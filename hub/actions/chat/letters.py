"""Letters about a chat: to the address that its visitor named, by the mail channel of its settings, on its ticket's timeline.

Whoever gets one may be somebody else: nobody has shown that the address is the visitor's. So a letter that nobody asked for by
hand holds what the house wrote, and nothing of what was written to it (docs/decisions/0051).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from channels.adapter import Inbox, Parting
from hub.actions.acknowledge import is_machine
from hub.actions.answers.ways import is_inbox
from hub.actions.chat.keys import add_key
from hub.actions.chat.times import KEY_SECONDS
from hub.actions.chat.words import say
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.inboxes import is_own_address
from hub.model.codes import TICKET, show_code
from hub.model.identities import normalise_identity
from hub.model.interactions import Direction, IdentityKind
from hub.model.tokens import sign_thread
from storage import chat as stored
from storage import work
from storage.database import Connection

MISSED, COPY = "chat_missed", "chat_copy"
"""What such an entry of the timeline is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """A chat whose conversations can go on by letter. `mail_id`: the mail channel's number."""

    channel: ConfiguredChannel
    number: int
    parting: Parting
    mail: ConfiguredChannel
    mail_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a letter says: its kind, its subject, its words, and entries whose files go along."""

    kind: str
    subject: str
    text: str
    files_of: Sequence[int] = ()


def parting_of(ctx: Context, channel: str) -> Parting | None:
    """What the settings of a channel say of leaving; None where nobody sits at the other end, or it is not configured."""
    if channel not in ctx.channels:
        return None
    configured = ctx.channel(channel)
    return configured.kind.parting(channel, configured.settings) if configured.kind.parting else None


def mail_of(ctx: Context, parting: Parting) -> ConfiguredChannel | None:
    """The mail channel by which it goes on; None where there is none, or it cannot answer."""
    return ctx.channel(parting.go_on_by) if is_inbox(ctx, parting.go_on_by) else None


def fit_address(ctx: Context, address: str, inbox: Inbox) -> str:
    """The address as it is kept; "" for one to which nothing is sent: ours, a colleague's, a machine's, or none."""
    found = normalise_identity(IdentityKind.EMAIL, address)
    if found is None or is_machine(found) or is_own_address(ctx)(found) or inbox.is_staff(found):
        return ""
    return found


def locale_of(language: str) -> str:
    """In which of the two a letter is written, for a customer who writes in this language."""
    return "zh_CN" if language == "zh" else "en"


async def write_letter(
    ctx: Context,
    connection: Connection,
    going: GoingOn,
    *,
    thread_key: str,
    ticket_id: int,
    code: int,
    address: str,
    locale: str,
    content: Content,
) -> None:
    """Into the outbox; the ticket is locked. The link back leaves with the letter and is not on the timeline: who works here
    does not need a customer's key. To an address that nobody has shown to be the customer's it opens what comes after
    everything that they wrote so far."""
    assert going.mail.kind.answer_id is not None, "an inbox answers"
    number = show_code(TICKET, code)
    token = sign_thread(ctx.secret, ticket_id, address)
    message_id = going.mail.kind.answer_id(going.mail.settings, secrets.token_hex(16), token)
    letters = await work.last_letters(connection, ticket_id)
    proven = await stored.is_proven(connection, ticket_id, address)
    since = 0 if proven else await stored.last_said_in(connection, going.number, thread_key)
    key = await add_key(connection, going.number, thread_key, KEY_SECONDS, since)
    link = f"{ctx.public_url}{going.parting.resume.replace('{key}', key)}"
    message = {
        "ticket_code": number,
        "address": address,
        "recipient_name": "",
        "author_name": "",
        "text": f"{content.text}\n\n{say(locale, 'go_on')}\n{link}",
        "subject": content.subject,
        "message_id": message_id,
        "in_reply_to": next((one for one, direction in letters if direction == Direction.IN), ""),
        "references": [one for one, _ in reversed(letters)],
        "reply_token": token,
        "automatic": True,
        "language": locale,
    }
    await stored.add_letter(
        connection,
        ticket_id=ticket_id,
        channel_id=going.mail_id,
        message=message,
        subject=content.subject,
        text=content.text,
        message_id=message_id,
        automatic=content.kind,
        files_of=content.files_of,
        address=address,
    )
