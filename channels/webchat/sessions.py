"""Who a visitor is: whoever holds the token. Pure, but for the randomness of a new one.

A conversation has a public name of 256 random bits, which is where answers go; knowing it opens nothing. A token opens it: a
JSON Web Token of our own (RFC 7519, HS256 under a key that only this chat has) with the name, 192 random bits of its own, by
which it is revoked, and its end. It is kept nowhere; what was revoked is kept as a hash.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from channels.webchat.identity import STRANGE, Person
from hub.model.keyring import every_key

_ALGORITHMS = ("HS256",)
_LONGEST = 4096
_NAME = re.compile(r"[0-9a-f]{64}")
_FIRST_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}\.[0-9a-f]{32}")
"""Tokens of earlier releases, which browsers may still hold. They are exchanged when they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a token says. `session` is the conversation's public name, `mark` what the token is revoked by, `person` who it is
    bound to, None for nobody that a site has named. `by_key`: it was got for a key, which somebody else may have made; it ends
    at `until`, however often its browser comes back. `since`: it opens what comes after this line."""

    session: str
    mark: str
    person: Person | None = None
    by_key: bool = False
    since: int = 0
    until: datetime | None = None

    def may_be(self, person: Person) -> bool:
        """Whether it goes on as that person's. A conversation into which a link has led belongs to whoever made the link: who
        signs in later must not write to them, nor lend them a name."""
        return not self.by_key if self.person is None else self.person.subject == person.subject

    def bound_to(self, person: Person) -> "Seat":
        """The same conversation, from now on that of this person."""
        return replace(self, person=person)


def new_seat(person: Person | None = None) -> Seat:
    """A conversation that nobody has had before."""
    return Seat(session=secrets.token_hex(32), mark=secrets.token_urlsafe(24), person=person)


def other_seat(session: str, since: int, until: datetime) -> Seat:
    """Another token's for a conversation that there is: on another device."""
    return Seat(session=session, mark=secrets.token_urlsafe(24), by_key=True, since=since, until=until)


def make_token(secret: bytes, channel: str, seat: Seat, now: datetime, *, days: int) -> str:
    """Good until `days` from now, or until its seat ends."""
    claims: dict[str, object] = {
        "sid": seat.session,
        "jti": seat.mark,
        "exp": int((seat.until or now + timedelta(days=days)).timestamp()),
    }
    if seat.person is not None:
        claims |= {"sub": seat.person.subject, "name": seat.person.name, "email": seat.person.email}
    if seat.by_key:
        claims |= {"key": True, "since": str(seat.since)}
    return jwt.encode({"alg": "HS256"}, claims, _key(secret, channel))


def read_token(secret: bytes, channel: str, token: str, now: datetime) -> Seat | None:
    """What it says; None for what we did not make, made for another chat, or whose time is over."""
    seats = (_read_token(key, channel, token, now) for key in every_key(secret))
    return next((seat for seat in seats if seat is not None), None)


def _read_token(secret: bytes, channel: str, token: str, now: datetime) -> Seat | None:
    if _FIRST_SHAPE.fullmatch(token):
        return _read_first(secret, channel, token)
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        claims = jwt.decode(token, _key(secret, channel), algorithms=_ALGORITHMS).claims
    except (JoseError, *STRANGE):
        return None
    session, mark, until = claims.get("sid"), claims.get("jti"), claims.get("exp")
    if not (isinstance(session, str) and isinstance(mark, str) and isinstance(until, int)):
        return None
    if not _NAME.fullmatch(session) or until <= now.timestamp():
        return None
    subject = claims.get("sub")
    person = (
        Person(subject=subject, name=str(claims.get("name", "")), email=str(claims.get("email", "")))
        if isinstance(subject, str)
        else None
    )
    by_key = claims.get("key") is True
    since = int(claims["since"]) if by_key else 0
    ends = datetime.fromtimestamp(until, UTC) if by_key else None
    return Seat(session=session, mark=mark, person=person, by_key=by_key, since=since, until=ends)


def revoked(seat: Seat) -> str:
    """The mark under which it is kept that this token was given back."""
    return f"chat-token:{hashlib.sha256(seat.mark.encode()).hexdigest()}"


def thread_key(session: str) -> str:
    """The conversation's key inside the channel, which is also where answers go."""
    return f"session.{session}"


def session_in(key: str) -> str:
    """The other way round; "" for what is no conversation of a chat."""
    session = key.removeprefix("session.")
    return session if key.startswith("session.") and _NAME.fullmatch(session) else ""


def _read_first(secret: bytes, channel: str, token: str) -> Seat | None:
    """Its hash was the conversation's name, and it had no end."""
    random, _, signature = token.partition(".")
    made = hmac.new(secret, f"chat:{channel}:{random}".encode(), hashlib.sha256).hexdigest()[:32]
    if not hmac.compare_digest(signature, made):
        return None
    session = hashlib.sha256(token.encode()).hexdigest()
    return Seat(session=session, mark=f"first.{session}")


def _key(secret: bytes, channel: str) -> OctKey:
    return OctKey.import_key(hmac.new(secret, f"chat-token:{channel}".encode(), hashlib.sha256).digest())
