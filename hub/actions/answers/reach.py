"""Every way that reaches a customer, beside the one that their ticket came by, with what each still allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from hub.actions.answers.ways import WayBack, choose_way, inboxes_of, is_inbox
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import NotPossible
from hub.model.details import read_details
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from storage import chat, ways
from storage.database import Connection
from storage.outbound import AnswerFacts
from storage.side_by_side import side_by_side
from storage.ways import AddressRow, TalkRow

MOST_WAYS = 12


class Shut(StrEnum):
    """Why a way leads nowhere now."""

    NO_INBOX = "no_inbox"
    NO_CHANNEL = "no_channel"
    CHANNEL_GONE = "channel_gone"
    RETURNED = "returned"
    TOO_LATE = "too_late"
    USED_UP = "used_up"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to a customer. `key` names it in forms and programs; `own`: the answer takes it if nothing is said. `proven`: the
    customer has shown that it is theirs; a claimed one may be somebody else's. `shut`: why it cannot be taken. `open_until` and
    `left`: how long, and how many times, they can still be written to before they write again; None where the channel sets no
    bounds."""

    key: str
    kind: str
    address: str
    channel: ConfiguredChannel | None = None
    thread_key: str = ""
    own: bool = False
    proven: bool = True
    shut: Shut | None = None
    open_until: datetime | None = None
    left: int | None = None


class Ticket(Protocol):
    """What is asked of a ticket: whose it is, and how it came."""

    @property
    def customer_id(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def reply_address(self) -> str: ...
    @property
    def thread_key(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of whom, and on which ticket. `heard_channel`, `heard_thread`: where the customer was heard last, None if never;
    `heard_from`: by which address, where that was by letter."""

    customer_id: int
    channel: str
    reply_address: str
    thread_key: str
    heard_channel: str | None = None
    heard_thread: str | None = None
    heard_from: str = ""

    @classmethod
    def of(cls, ticket: Ticket, said: AnswerFacts) -> "Asked":
        """`said`: what the customer said last on it."""
        letter = read_details(said.details or {})
        return cls(
            customer_id=ticket.customer_id,
            channel=ticket.channel,
            reply_address=ticket.reply_address,
            thread_key=ticket.thread_key,
            heard_channel=said.channel,
            heard_thread=said.thread_key,
            heard_from=letter.sender.address if letter is not None and letter.sender is not None else "",
        )


async def list_ways(ctx: Context, connection: Connection, asked: Asked) -> list[Way]:
    """All of them, the own one first, those that lead nowhere last."""
    live = _live_talks(ctx, asked)
    async with side_by_side(connection) as also:
        talks = also.ask(ways.talks_of(also.connection, asked.customer_id))
        addresses = also.ask(ways.addresses_of(also.connection, asked.customer_id))
        gone_on = also.ask(chat.goes_by_mail(also.connection, live)) if live else None
    found = {
        one.key: one for one in (*_talks(ctx, talks.result()), *_addresses(ctx, asked, addresses.result()))
    }
    own = _own(ctx, asked, found)
    if own is not None and own.channel is not None and gone_on is not None:
        address = gone_on.result().get((own.channel.name, own.thread_key), "")
        own = _gone_on(ctx, own.channel, address, found) or own
    if own is not None:
        found[own.key] = own
    order = sorted(found.values(), key=lambda one: (not one.own, one.shut is not None))
    return order[:MOST_WAYS]


def pick_way(found: Sequence[Way], key: str, *, confirmed: bool = False) -> Way:
    """The one that is asked for; "": the own one. Raises NotPossible: no_way_back, no_such_way, way_shut, way_claimed."""
    way = next((one for one in found if (one.key == key if key else one.own)), None)
    if way is None:
        if key:
            raise NotPossible("There is no such way to this customer.", code="no_such_way")
        raise NotPossible(
            "There is no way back to this customer: no address is known that a configured channel can reach.",
            code="no_way_back",
        )
    if way.shut is not None or way.channel is None:
        raise NotPossible(f"This way is shut: {way.shut}.", code="way_shut")
    if not (way.own or way.proven or confirmed):
        raise NotPossible("Nobody has shown that this address is the customer's own.", code="way_claimed")
    return way


def by_inbox(ctx: Context, way: Way, inbox: str) -> WayBack:
    """A letter leaves by the inbox that is asked for. Raises NotPossible (not_our_inbox): it is none of ours, cannot answer, or
    is nothing to this way."""
    assert way.channel is not None
    if not inbox:
        return WayBack(channel=way.channel, address=way.address, thread_key=way.thread_key)
    if way.channel.kind.inbox is None or not is_inbox(ctx, inbox):
        raise NotPossible(f"{inbox[:100]!r} is no inbox that can answer here.", code="not_our_inbox")
    return WayBack(channel=ctx.channel(inbox), address=way.address)


def _own(ctx: Context, asked: Asked, found: dict[str, Way]) -> Way | None:
    """Where the customer was heard last, if that is a conversation, or a letter that went on with one; else as the ticket
    says."""
    last = next(
        (
            one
            for one in found.values()
            if one.channel is not None
            and one.thread_key
            and (one.channel.name, one.thread_key) == (asked.heard_channel, asked.heard_thread)
        ),
        None,
    )
    if last is not None and asked.heard_channel != asked.channel:
        return replace(last, own=True)
    page = _heard_on_their_page(ctx, asked, found)
    if page is not None:
        return replace(page, own=True)
    way = choose_way(ctx, asked.channel, asked.reply_address, last_inbox=asked.heard_channel or "")
    if (way is None or way.channel.kind.inbox is None) and (
        mail := _written_last(ctx, asked, found)
    ) is not None:
        return mail
    if way is None:
        return None
    key = way_key(way.channel.name, way.address, by_mail=way.channel.kind.inbox is not None)
    known = found.get(key)
    if known is not None:
        # Where the customer themselves asked to be answered, an agent may try again.
        shut = None if known.shut is Shut.RETURNED else known.shut
        return replace(known, own=True, channel=way.channel, address=way.address, shut=shut)
    thread = asked.thread_key if way.channel.name == asked.channel else ""
    return Way(
        key=key,
        kind=way.channel.kind.kind,
        address=way.address,
        channel=way.channel,
        thread_key=thread,
        own=True,
    )


def _written_last(ctx: Context, asked: Asked, found: dict[str, Way]) -> Way | None:
    """Whoever went on by letter on a ticket that came otherwise (one was merged into it, say) is answered by letter: if that
    address is proven theirs, for anybody can write a name into a letter."""
    if not asked.heard_from or not is_inbox(ctx, asked.heard_channel or ""):
        return None
    known = found.get(way_key("", asked.heard_from, by_mail=True))
    if known is None or known.shut is not None or not known.proven:
        return None
    return replace(known, own=True, channel=ctx.channel(asked.heard_channel or ""))


def _live_talks(ctx: Context, asked: Asked) -> list[tuple[str, str]]:
    """The conversations of the ticket whose customer may have left."""
    talks = {(asked.channel, asked.thread_key), (asked.heard_channel or "", asked.heard_thread or "")}
    return sorted(
        one for one in talks if one[1] and one[0] in ctx.channels and ctx.channel(one[0]).kind.parting
    )


def _gone_on(ctx: Context, live: ConfiguredChannel, address: str, found: dict[str, Way]) -> Way | None:
    """Whoever left a live conversation and was written to is answered there, until they are back. None: they are not."""
    if not address or live.kind.parting is None:
        return None
    by = live.kind.parting(live.name, live.settings).go_on_by
    if not is_inbox(ctx, by):
        return None
    key, mail = way_key(by, address, by_mail=True), ctx.channel(by)
    known = found.get(key)
    if known is not None:
        return None if known.shut is not None else replace(known, own=True, channel=mail)
    return Way(key=key, kind=mail.kind.kind, address=address, channel=mail, own=True, proven=False)


def _heard_on_their_page(ctx: Context, asked: Asked, found: dict[str, Way]) -> Way | None:
    """Who was heard last from an address of theirs, by a channel that is answered by letter, is answered there."""
    if asked.heard_channel is None or asked.heard_channel not in ctx.channels:
        return None
    address_of = ctx.channel(asked.heard_channel).kind.answered_at
    address = address_of(asked.heard_thread or "") if address_of is not None else ""
    way = found.get(way_key("", address, by_mail=True)) if address else None
    return way if way is not None and way.proven and way.channel is not None else None


def way_key(channel: str, address: str, *, by_mail: bool) -> str:
    """How a way is named: a conversation of a channel, or an e-mail address, whichever inbox the letter leaves by."""
    if not by_mail:
        return f"talk:{channel}:{address}"
    return f"mail:{normalise_identity(IdentityKind.EMAIL, address) or address}"


def _talks(ctx: Context, rows: Sequence[TalkRow]) -> list[Way]:
    found = []
    for row in rows:
        key = way_key(row.channel, row.address, by_mail=False)
        if row.channel not in ctx.channels:
            if normalise_identity(IdentityKind.EMAIL, row.address) is None:
                found.append(Way(key=key, kind=row.kind, address=row.address, shut=Shut.CHANNEL_GONE))
            continue
        channel = ctx.channel(row.channel)
        able = channel.kind.capabilities
        if channel.kind.inbox is not None or not (able.can_send and channel.kind.answers(channel.settings)):
            continue  # letters go to addresses; a form hears only
        until = left = None
        shut = Shut.BLOCKED if row.shut else None
        if able.window_hours and row.heard_at is not None:
            until = row.heard_at + timedelta(hours=able.window_hours)
            shut = shut or (Shut.TOO_LATE if until <= row.now else None)
        if able.window_replies:
            left = max(0, able.window_replies - row.answered)
            shut = shut or (Shut.USED_UP if left == 0 else None)
        found.append(
            Way(
                key=key,
                kind=channel.kind.kind,
                address=row.address,
                channel=channel,
                thread_key=row.thread_key,
                open_until=until,
                left=left,
                shut=shut,
            )
        )
    return found


def _addresses(ctx: Context, asked: Asked, rows: Sequence[AddressRow]) -> list[Way]:
    names = list(inboxes_of(ctx))
    last = asked.heard_channel if asked.heard_channel in names else None
    name = last or next((one for one in names if one == asked.channel), None) or (names[0] if names else None)
    inbox = ctx.channel(name) if name is not None else None
    found = []
    for row in rows:
        if row.kind == IdentityKind.PHONE:
            found.append(
                Way(
                    key=f"phone:{row.value}",
                    kind="phone",
                    address=row.value,
                    proven=row.proven,
                    shut=Shut.NO_CHANNEL,
                )
            )
            continue
        shut = Shut.NO_INBOX if inbox is None else Shut.RETURNED if row.returned else None
        found.append(
            Way(
                key=f"mail:{row.value}",
                kind="email",
                address=row.value,
                channel=inbox,
                proven=row.proven,
                shut=shut,
            )
        )
    return found
