"""What becomes of a conversation whose visitor may have left. Pure; the clock is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.adapter import Parting
from hub.actions.chat.times import HIDDEN_SECONDS, LOOK_SECONDS
from hub.model.tickets import TicketStatus
from storage.chat import DueChat, UnseenLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`mail`: what was not seen goes by letter now. `resolve`: it is over. `look_at`: when to look next, None for never, unless
    something happens. `away_since`: since when its visitor is taken to be away."""

    mail: bool = False
    resolve: bool = False
    look_at: datetime | None = None
    away_since: datetime | None = None


def decide(chat: DueChat, unseen: Sequence[UnseenLine], parting: Parting, *, can_mail: bool) -> Decision:
    """`unseen`: answers that were neither seen nor sent, oldest first. `can_mail`: there is an address, and a way to it."""
    now = chat.now
    # Whoever vanished without a word left when they were heard last; where even that is forgotten, now.
    away = None if chat.here else chat.away_since or chat.heard_at or now
    mail_at = _mail_at(unseen, parting, away) if unseen and can_mail else None
    over_at = _over_at(chat, parting, away)
    if over_at is not None and mail_at is not None:
        over_at = max(over_at, mail_at + timedelta(seconds=LOOK_SECONDS))
    moments = [one for one in (mail_at, over_at) if one is not None and one > now]
    if chat.here and (mail_at is not None or _may_end(chat, parting)):
        moments.append(now + timedelta(seconds=LOOK_SECONDS))
    resolve = over_at is not None and over_at <= now
    if resolve:  # it is done after this; where its hub dies before that, another one does it
        moments.append(now + timedelta(seconds=LOOK_SECONDS))
    return Decision(
        mail=mail_at is not None and mail_at <= now,
        resolve=resolve,
        look_at=min(moments, default=None),
        away_since=away,
    )


def _mail_at(unseen: Sequence[UnseenLine], parting: Parting, away: datetime | None) -> datetime:
    """A while after they left, or after the first answer that came later: they may be back, and there may be more."""
    first = unseen[0].created_at
    if away is None:
        return first + timedelta(seconds=max(HIDDEN_SECONDS, parting.go_on_seconds))
    return max(away, first) + timedelta(seconds=parting.go_on_seconds)


def _may_end(chat: DueChat, parting: Parting) -> bool:
    return parting.resolve_seconds is not None and chat.status == TicketStatus.PENDING


def _over_at(chat: DueChat, parting: Parting, away: datetime | None) -> datetime | None:
    """Never while somebody is there, or waits for an answer."""
    if away is None or parting.resolve_seconds is None or chat.status != TicketStatus.PENDING:
        return None
    return max(away, chat.last_out_at or away) + timedelta(seconds=parting.resolve_seconds)
