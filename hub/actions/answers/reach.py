"""Every way that reaches a customer, beside the one that their ticket came by, with what each still allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.actions.answers.ways import WayBack, choose_way, inboxes_of, is_inbox
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import NotPossible
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from storage import ways
from storage.database import Connection
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of whom, and on which ticket. `heard_channel`, `heard_thread`: where the customer was heard last, None if never."""

    customer_id: int
    channel: str
    reply_address: str
    thread_key: str
    heard_channel: str | None = None
    heard_thread: str | None = None


async def list_ways(ctx: Context, connection: Connection, asked: Asked) -> list[Way]:
    """All of them, the own one first, those that lead nowhere last."""
    async with side_by_side(connection) as also:
        talks = also.ask(ways.talks_of(also.connection, asked.customer_id))
        addresses = also.ask(ways.addresses_of(also.connection, asked.customer_id))
    found = {
        one.key: one for one in (*_talks(ctx, talks.result()), *_addresses(ctx, asked, addresses.result()))
    }
    own = _own(ctx, asked, found)
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
    """Where the customer was heard last, if that is a conversation; else as the ticket says."""
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
    way = choose_way(ctx, asked.channel, asked.reply_address, last_inbox=asked.heard_channel or "")
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
