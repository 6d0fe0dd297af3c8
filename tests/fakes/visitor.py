"""What a visitor of a chat holds, and what a site says of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from channels.webchat.sessions import read_token, thread_key
from tests.fakes.ports import SECRET

IDENTITY_SECRET = "a secret that only the shop and its hub know"


def key_of(token: str, *, secret: bytes = SECRET, channel: str = "shop") -> str:
    """The conversation that this token opens."""
    seat = read_token(secret, channel, token, datetime.now(UTC))
    assert seat is not None
    return thread_key(seat.session)


def statement(
    subject: str | None = "customer-7",
    *,
    secret: str = IDENTITY_SECRET,
    algorithm: str = "HS256",
    minutes: float | None = 10,
    now: datetime | None = None,
    **claims: Any,
) -> str:
    """What the shop's own server signs; without `sub` where `subject` is None, without end where `minutes` is."""
    said: dict[str, Any] = {"aud": "shop"}
    if subject is not None:
        said["sub"] = subject
    if minutes is not None:
        said["exp"] = int(((now or datetime.now(UTC)) + timedelta(minutes=minutes)).timestamp())
    return jwt.encode(
        {"alg": algorithm}, said | claims, OctKey.import_key(secret.encode()), algorithms=[algorithm]
    )
