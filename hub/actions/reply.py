"""Answering a customer: checked, written to the timeline and put into the outbox in one transaction. Nothing leaves here."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.installation import channel_id
from hub.actions.match import MAIL
from hub.actions.note import check_text
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.identities import normalise_identity
from hub.model.interactions import Direction, IdentityKind, InteractionKind, OutboundAttachment
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from hub.model.tokens import sign_thread
from storage import events, inbound, outbound, work
from storage.database import Connection
from storage.work import WorkedTicket

MOST_FILES_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How an answer reaches the customer: by this channel, to this address in the channel's own terms."""

    channel: ConfiguredChannel
    address: str


def way_back(ctx: Context, channel: str, reply_address: str) -> WayBack | None:
    """The ticket's own channel where it can carry an answer, else e-mail to an e-mail address; None: there is no way."""
    if not reply_address:
        return None
    if channel in ctx.settings.channels:
        own = ctx.channel(channel)
        if own.kind.capabilities.can_send and own.kind.answers(own.settings):
            return WayBack(channel=own, address=reply_address)
    if normalise_identity(IdentityKind.EMAIL, reply_address) is None:
        return None
    for name in ctx.settings.channels:
        mail = ctx.channel(name)
        if mail.kind.answer_id is not None:
            return WayBack(channel=mail, address=reply_address)
    return None


async def queue_reply(
    ctx: Context,
    *,
    ticket_code: int,
    actor: Actor,
    text: str,
    attachments: Sequence[OutboundAttachment] = (),
    expected_seq: int | None = None,
) -> int:
    """The reply's id on the timeline; it is committed, and leaves soon. An open ticket is pending from then on.

    `expected_seq`: where the ticket stood when its writer read it. Raises NotFound; Conflict when the customer or a colleague
    has spoken since; NotPossible: no_way_back, closed, empty, too_long, no_files, too_much.
    """
    text = check_text(text)
    numbers = {name: await channel_id(ctx, name) for name in ctx.settings.channels}
    if sum(len(file.data) for file in attachments) > MOST_FILES_BYTES:
        raise NotPossible("The files are larger than 20 MB together.", code="too_much")

    async def step(taken: Step) -> int:
        ticket = taken.ticket
        if expected_seq is not None and await work.said_since(
            taken.connection, ticket.id, expected_seq, actor.agent_id
        ):
            raise Conflict("Somebody wrote since you looked; nothing was sent.", current_seq=ticket.seq)
        if taken.status is TicketStatus.CLOSED:
            raise NotPossible("A closed ticket is not answered: open it first.", code="closed")
        way = way_back(ctx, ticket.channel, ticket.reply_address)
        if way is None:
            raise NotPossible(
                "There is no way back to this customer: no address is known that a configured channel can reach.",
                code="no_way_back",
            )
        if attachments and not way.channel.kind.capabilities.attachments:
            raise NotPossible(f"The channel {way.channel.name} carries no files.", code="no_files")
        return await _write(ctx, taken, way, numbers[way.channel.name], text, attachments)

    # Of this process; other hubs hear of it by the transaction's own NOTIFY.
    interaction_id = await on_ticket(ctx, ticket_code, actor, step)
    ctx.listener.wake(OUTBOX)
    return interaction_id


async def _write(
    ctx: Context,
    taken: Step,
    way: WayBack,
    number: int,
    text: str,
    attachments: Sequence[OutboundAttachment],
) -> int:
    ticket, connection, actor = taken.ticket, taken.connection, taken.actor
    token = sign_thread(ctx.secret, ticket.id, way.address)
    make_id = way.channel.kind.answer_id
    message_id = make_id(way.channel.settings, secrets.token_hex(16), token) if make_id else ""
    letters = await work.last_letters(connection, ticket.id) if make_id else []
    subject = _subject(ticket) if way.channel.kind.capabilities.subject else ""
    interaction_id, _ = await work.add_entry(
        connection,
        ticket=ticket,
        seq=taken.seq + 1,
        channel_id=number,
        kind=InteractionKind.MESSAGE,
        direction=Direction.OUT,
        agent_id=actor.agent_id,
        author_name=actor.name,
        text=text,
        subject=subject,
        external_id=message_id,
        thread_key=ticket.thread_key if way.channel.name == ticket.channel else "",
    )
    await taken.note(EventKind.INTERACTION_ADDED, interaction=interaction_id, direction=Direction.OUT.value)
    if attachments:
        await inbound.add_attachments(
            connection, [_file(ticket, interaction_id, file) for file in attachments]
        )
    await work.add_outbox(
        connection,
        ticket_id=ticket.id,
        interaction_id=interaction_id,
        channel_id=number,
        message={
            "ticket_code": show_code(TICKET, ticket.code),
            "address": way.address,
            "recipient_name": ticket.customer_name,
            # What a program's key is called is no name that a customer should read.
            "author_name": actor.name if actor.agent_id is not None else "",
            "text": text,
            "subject": subject,
            "message_id": message_id,
            "in_reply_to": next((one for one, direction in letters if direction == Direction.IN), ""),
            "references": [one for one, _ in reversed(letters)],
            "reply_token": token if make_id else "",
        },
        message_id=message_id,
        give_up_seconds=ctx.settings.delivery.give_up_after_hours * 3600,
    )
    if message_id:
        await inbound.add_refs(connection, [(MAIL, message_id, ticket.id)])
    pending = taken.status is TicketStatus.OPEN and await taken.become(TicketStatus.PENDING)
    await work.set_ticket(
        connection,
        ticket.id,
        seq=taken.seq,
        status=TicketStatus.PENDING.value if pending else None,
        answered=True,
        preview=" ".join(text[:600].split())[:160],
    )
    await announce(connection, OUTBOX)
    return interaction_id


async def send_again(ctx: Context, *, interaction_id: int, actor: Actor) -> None:
    """A failed or uncertain reply waits to leave again, under the same Message-ID. Raises NotFound, NotPossible."""
    await _change(ctx, interaction_id, actor, "queued")


async def cancel_reply(ctx: Context, *, interaction_id: int, actor: Actor) -> None:
    """A reply that has not left stays. Raises NotFound, NotPossible (left_already)."""
    await _change(ctx, interaction_id, actor, "cancelled")


async def _change(ctx: Context, interaction_id: int, actor: Actor, state: str) -> None:
    known = await ctx.database.read(lambda c: outbound.outbox_of(c, interaction_id))
    if known is None:
        raise NotFound(f"There is no reply {interaction_id}.")
    _, code = known

    async def step(taken: Step) -> None:
        if state == "queued":
            seconds = ctx.settings.delivery.give_up_after_hours * 3600
            changed = await outbound.resend(taken.connection, interaction_id, seconds)
        else:
            changed = await outbound.cancel(taken.connection, interaction_id)
        if changed is None:
            raise NotPossible("The reply is on its way or has left already.", code="left_already")
        await taken.note(EventKind.DELIVERY_CHANGED, interaction=interaction_id, state=state)
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        await announce(taken.connection, OUTBOX)

    await on_ticket(ctx, code, actor, step)
    ctx.listener.wake(OUTBOX)


async def tell_delivery(connection: Connection, ticket_id: int, interaction_id: int, state: str) -> None:
    """Put a change of a reply's delivery on the ledger and on the screens."""
    await events.add_event(
        connection,
        EventKind.DELIVERY_CHANGED,
        ticket_id=ticket_id,
        data={"interaction": interaction_id, "state": state},
    )
    await announce(connection, EVENTS)


def _subject(ticket: WorkedTicket) -> str:
    code = show_code(TICKET, ticket.code)
    subject = ticket.subject
    if not subject.lower().startswith(("re:", "回复:", "回复：")):
        subject = f"Re: {subject}"
    return subject if code in subject else f"{subject} [{code}]"


def _file(ticket: WorkedTicket, interaction_id: int, file: OutboundAttachment) -> inbound.NewAttachment:
    return inbound.NewAttachment(
        interaction_id=interaction_id,
        ticket_id=ticket.id,
        filename=file.filename,
        content_type=file.content_type,
        size=len(file.data),
        content_id="",
        inline=False,
        sha256=hashlib.sha256(file.data).digest(),
        data=file.data,
    )
