"""A customer is asked how they liked it: a while after the resolution, once for each, by buttons below a message.

The wait is a timer of the ticket, so that reopening it ends the wait, and a hub that dies loses nothing.
"""

import hashlib
import secrets

from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.context import Context
from hub.actions.counter.words import locale_of, say
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Direction
from hub.model.tickets import EventKind, TicketStatus
from storage import events, house, surveys, talks, work
from storage.database import Connection, as_json
from storage.work import WorkedTicket

ASK_RATING = "ask_rating"
CSAT = "csat"
SCORES = range(1, 6)
GOOD_DAYS = 14


async def plan_rating(ctx: Context, connection: Connection, ticket: WorkedTicket, version: int) -> None:
    """The ticket has just been resolved, which made it `version`."""
    if ticket.channel not in ctx.channels or not ticket.reply_address:
        return
    channel = ctx.channel(ticket.channel)
    seconds = channel.kind.rating(channel.settings)
    if seconds is not None:
        await house.set_timer(connection, ASK_RATING, ticket.id, seconds, version)


async def ask_rating(ctx: Context, connection: Connection, ticket_id: int) -> None:
    """The timer's effect. Whatever took the ticket out of the resolved ones has cancelled it."""
    ticket = await work.lock_ticket(connection, ticket_id)
    resolution = await surveys.resolution(connection, ticket_id)
    talk = await talks.read(connection, ticket.channel_id, ticket.thread_key)
    if ticket.status != TicketStatus.RESOLVED or not resolution or (talk is not None and talk.shut):
        return
    token = secrets.token_urlsafe(16)
    invited = await surveys.invite(
        connection,
        ticket_id=ticket.id,
        resolution=resolution,
        kind=CSAT,
        channel_id=ticket.channel_id,
        address=ticket.reply_address,
        token_hash=hash_token(token),
        seconds=GOOD_DAYS * 86_400,
    )
    if invited is None:
        return
    said = await work.ticket_language(connection, ticket.id)
    locale = (talk.language if talk is not None else "") or locale_of(said)
    text = say("rate", locale, number=show_code(TICKET, ticket.code))
    entry = await surveys.add_entry(
        connection,
        ticket_id=ticket.id,
        seq=ticket.seq + 1,
        customer_id=ticket.customer_id,
        channel_id=ticket.channel_id,
        direction=Direction.OUT,
        author_name="",
        text=text,
        fields={"survey": CSAT},
        thread_key=ticket.thread_key,
    )
    event = {"interaction": entry, "direction": Direction.OUT.value, "survey": CSAT}
    await events.add_ticket_events(
        connection,
        [
            events.NewEvent(
                ticket_id=ticket.id,
                seq=ticket.seq + 1,
                kind=EventKind.SURVEY_SENT,
                agent_id=None,
                data=as_json(event),
            )
        ],
    )
    await work.add_outbox(
        connection,
        ticket_id=ticket.id,
        interaction_id=entry,
        channel_id=ticket.channel_id,
        message={
            "ticket_code": show_code(TICKET, ticket.code),
            "address": ticket.reply_address,
            "recipient_name": ticket.customer_name,
            "author_name": "",
            "text": text,
            "subject": "",
            "message_id": "",
            "in_reply_to": "",
            "references": [],
            "reply_token": "",
            "automatic": True,
            "language": locale,
            "choices": [[str(score), f"{CSAT}:{token}:{score}"] for score in SCORES],
        },
        message_id="",
        give_up_seconds=ctx.settings.delivery.give_up_after_hours * 3600,
    )
    await work.set_ticket(connection, ticket.id, seq=ticket.seq + 1)
    await announce(connection, EVENTS, OUTBOX)


def hash_token(token: str) -> bytes:
    """What is kept of what the customer holds."""
    return hashlib.sha256(token.encode()).digest()
