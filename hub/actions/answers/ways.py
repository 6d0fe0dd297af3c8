"""By which channel, and to which address, an answer reaches a customer."""

from dataclasses import dataclass

from channels.adapter import Inbox
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import NotPossible
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How an answer reaches the customer: by this channel, to this address in the channel's own terms. `thread_key`: which
    conversation of the channel it goes on, "" for the ticket's own."""

    channel: ConfiguredChannel
    address: str
    thread_key: str = ""


def way_back(ctx: Context, channel: str, reply_address: str) -> WayBack | None:
    """The ticket's own channel where it can carry an answer, else e-mail to an e-mail address; None: there is no way."""
    if not reply_address:
        return None
    if channel in ctx.channels:
        own = ctx.channel(channel)
        if own.kind.capabilities.can_send and own.kind.answers(own.settings):
            return WayBack(channel=own, address=reply_address)
    if normalise_identity(IdentityKind.EMAIL, reply_address) is None:
        return None
    for name in ctx.channels:
        mail = ctx.channel(name)
        if mail.kind.answer_id is not None:
            return WayBack(channel=mail, address=reply_address)
    return None


def choose_way(
    ctx: Context, channel: str, reply_address: str, *, last_inbox: str = "", inbox: str = ""
) -> WayBack | None:
    """As `way_back`, but a letter leaves by the inbox that is asked for, else by the one that the customer last wrote to.

    Raises NotPossible (not_our_inbox): what is asked for is none of ours, cannot answer, or is nothing to this customer.
    """
    way = way_back(ctx, channel, reply_address)
    by_mail = way is not None and way.channel.kind.inbox is not None
    if inbox:
        if not (by_mail and is_inbox(ctx, inbox)):
            raise NotPossible(f"{inbox[:100]!r} is no inbox that can answer here.", code="not_our_inbox")
        return WayBack(channel=ctx.channel(inbox), address=reply_address)
    if by_mail and is_inbox(ctx, last_inbox):
        return WayBack(channel=ctx.channel(last_inbox), address=reply_address)
    return way


def inboxes_of(ctx: Context) -> dict[str, Inbox]:
    """Every configured mail channel that answers can leave by."""
    return {name: inbox_of(ctx.channel(name)) for name in ctx.channels if is_inbox(ctx, name)}


def is_inbox(ctx: Context, name: str) -> bool:
    """Whether a mail channel of this name is configured that answers can leave by."""
    if name not in ctx.channels:
        return False
    channel = ctx.channel(name)
    able = channel.kind.capabilities.can_send and channel.kind.answers(channel.settings)
    return channel.kind.inbox is not None and able


def inbox_of(channel: ConfiguredChannel) -> Inbox:
    """What a mail channel says of itself."""
    assert channel.kind.inbox is not None
    return channel.kind.inbox(channel.settings)
