"""The ways to a customer, in words: where each leads, what it still allows, why it cannot be taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from channels.adapter import Bounds
from hub.actions.answers.reach import Shut, Way
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from hub.web.desk.say.details import known_as
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.moments import write_amount
from hub.web.desk.say.words import CHANNEL_KINDS

SHUT: Mapping[str, str] = {
    Shut.NO_INBOX: N_("Not reachable: no mailbox is set up."),
    Shut.NO_CHANNEL: N_("Not reachable: no channel makes telephone calls."),
    Shut.CHANNEL_GONE: N_("Not reachable: this channel is not configured any more."),
    Shut.RETURNED: N_("Not reachable: letters to this address came back."),
    Shut.TOO_LATE: N_("Not reachable: the time for answers is over until the customer writes again."),
    Shut.BLOCKED: N_("Not reachable: the customer has blocked us there."),
    Shut.USED_UP: N_("Not reachable: no answers are left until the customer writes again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWay:
    """A way as the composer offers it. `bounds`: how long and how often it can still be taken, "" where nothing bounds it."""

    key: str
    kind: str
    name: str
    address: str
    channel: str
    own: bool
    claimed: bool
    bounds: str
    shut: str


def say_way(voice: Voice, way: Way, now: datetime) -> SaidWay:
    by_mail = normalise_identity(IdentityKind.EMAIL, way.address) is not None
    return SaidWay(
        key="" if way.own else way.key,
        kind=way.kind,
        name=voice.say(CHANNEL_KINDS.get(way.kind, N_("Telephone") if way.kind == "phone" else way.kind)),
        address=way.address if by_mail or way.kind == "phone" else known_as(voice, way.kind, way.address),
        channel=way.channel.name if way.channel is not None else "",
        own=way.own,
        claimed=not (way.proven or way.own),
        bounds=_bounds(voice, way, now),
        shut=voice.say(SHUT[way.shut]) if way.shut is not None else "",
    )


def _bounds(voice: Voice, way: Way, now: datetime) -> str:
    said = []
    if way.open_until is not None and way.shut is None:
        seconds = max(0.0, (way.open_until - now).total_seconds())
        unit, size = ("hour", 3600) if seconds >= 3600 else ("minute", 60)
        left = write_amount(int(seconds // size), unit, voice.locale)
        said.append(voice.say(N_("can be written to for %(time)s more"), time=left))
    if way.left is not None and way.shut is None:
        said.append(voice.count("%(num)s answer left", "%(num)s answers left", way.left))
    carries = way.channel.kind.capabilities.bounds if way.channel is not None else Bounds()
    if carries.piece and way.shut is None:
        piece = voice.number(carries.piece)
        said.append(
            voice.say(N_("longer texts leave in pieces of %(characters)s characters"), characters=piece)
        )
    if carries.file_mb and way.shut is None:
        said.append(voice.say(N_("files up to %(size)s MB"), size=voice.number(carries.file_mb)))
    return voice.say(N_("; ")).join(said)
