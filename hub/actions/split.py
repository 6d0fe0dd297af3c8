"""The ticket that split-off entries open: of whoever wrote the first of them, sorted like any other."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.arrivals import understand
from hub.actions.context import Context
from hub.actions.filing.opening import new_ticket
from hub.actions.lock_name import lock_number
from hub.actions.ticket_work import Step
from hub.model.details import read_details
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Direction,
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    Sender,
    SenderCheck,
    ThreadHints,
)
from hub.model.tickets import TicketStatus
from storage import inbound, move
from storage.inbound import NewCustomer, OpenedTicket
from storage.move import MovableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSender:
    """Who wrote an entry. `verified`: our own mail server did not say that the address is forged."""

    address: str
    name: str
    verified: bool

    @property
    def lock(self) -> int:
        """The key under which things of this person are filed one at a time."""
        return lock_number(f"{IdentityKind.EMAIL}:{self.address}")


def sender_of(entry: MovableRow) -> LetterSender | None:
    """The actual sender of a letter; None for what is no letter of somebody else's."""
    details = read_details(entry.details) if entry.details and entry.direction == Direction.IN else None
    address = (
        normalise_identity(IdentityKind.EMAIL, details.sender.address) if details and details.sender else None
    )
    if details is None or details.sender is None or address is None:
        return None
    return LetterSender(
        address=address,
        name=details.sender.name or entry.author_name,
        verified=details.sender_check is not SenderCheck.FAIL,
    )


async def open_split(ctx: Context, source: Step, entries: Sequence[MovableRow]) -> OpenedTicket:
    """Open it, empty; the source is locked, and the sender's key is held."""
    first = next((one for one in entries if one.direction == Direction.IN and not one.automatic), entries[0])
    sender = sender_of(first)
    owner = await _owner(source, sender)
    last = next((one.direction for one in reversed(entries) if _was_said(one)), "")
    status = {Direction.IN: TicketStatus.OPEN, Direction.OUT: TicketStatus.PENDING}.get(
        Direction(last) if last else Direction.INTERNAL, TicketStatus.RESOLVED
    )
    same_channel = first.channel == source.ticket.channel
    ways = sender.address if sender is not None else source.ticket.reply_address
    identity = (IdentityKind.EMAIL, sender.address, sender.verified) if sender is not None else None
    read = understand(
        InboundInteraction(
            kind=InteractionKind(first.kind),
            sender=Sender(
                name=first.author_name,
                identities=(Identity(kind=identity[0], value=identity[1], verified=identity[2]),)
                if identity
                else (),
            ),
            text=first.text,
            full_text=first.full_text,
            subject=first.subject or source.ticket.subject,
            reply_address=ways,
            thread=ThreadHints(key=source.ticket.thread_key if same_channel else ""),
        )
    )
    facts = (await inbound.describe_people(source.connection, [owner])).get(owner) if owner else None
    made = (
        NewCustomer(
            name=sender.name or sender.address,
            language="",
            identities=[(IdentityKind.EMAIL.value, sender.address, sender.verified)],
        )
        if sender is not None and not owner
        else None
    )
    row = new_ticket(
        ctx.rules,
        ctx.learned.look_again(read),
        owner=0 if made is None else 1,
        customer_id=owner or 0,
        channel=_channel(source, first),
        key_account=facts.key_account if facts else False,
        segment=facts.segment if facts else "",
        last_agent=(facts.last_agent_id, facts.last_agent_at)
        if facts and facts.last_agent_id is not None and facts.last_agent_at is not None
        else None,
        live=source.ticket.live,
        status=status,
        seq=0,
        heard_at=min(first.occurred_at, first.created_at),
    )
    (opened,) = await inbound.open_tickets(source.connection, [made] if made else [], [row])
    return opened


def _was_said(entry: MovableRow) -> bool:
    return entry.direction in (Direction.IN, Direction.OUT) and not entry.automatic


def _channel(source: Step, first: MovableRow) -> tuple[int, str, str]:
    """Where the first entry came from; a note came from nowhere, and goes on where its ticket was."""
    if first.channel_id is None:
        return source.ticket.channel_id, source.ticket.channel, ""
    return first.channel_id, first.channel, first.channel_kind


async def _owner(source: Step, sender: LetterSender | None) -> int | None:
    """Whose the new ticket is: the one whom the sender's address proves, else the same customer's if the address is theirs,
    else somebody new (None)."""
    if sender is None:
        return source.ticket.customer_id
    if sender.verified and (found := await move.owner_of(source.connection, sender.address)) is not None:
        return found
    if await move.claims(source.connection, source.ticket.customer_id, sender.address):
        return source.ticket.customer_id
    return None
