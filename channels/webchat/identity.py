"""Who a visitor is in the words of the site: a signed statement (JWT, RFC 7519). Pure."""

from dataclasses import dataclass
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from channels.clean import clean_line
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

ALGORITHMS = ("HS256",)
"""One, whatever the statement's own header asks for."""
LONGEST_SECONDS = 24 * 3600
"""A statement that is good for longer is refused: it would be a password that cannot be changed."""
LEEWAY_SECONDS = 60
STRANGE = (ValueError, TypeError, RecursionError)
"""What the library raises, beside its own errors, over tokens that nobody made in earnest."""
_LONGEST = 4096
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the site names. `subject` is its own id of them, which the signature proves; name and address are claims."""

    subject: str
    name: str = ""
    email: str = ""


class BadIdentity(ValueError):
    """Why a statement is not believed; for the developers of the site."""


def read_identity(secret: str, channel: str, statement: str, now: datetime) -> Person:
    """What the site says. It must be signed with HS256, be meant for this chat (`aud`), have an end within a day (`exp`) and
    name somebody (`sub`). Raises BadIdentity."""
    if not secret:
        raise BadIdentity("this chat has no identity_secret")
    if len(statement) > _LONGEST or not statement.isascii():
        raise BadIdentity("it is not a JWT")
    try:
        claims = jwt.decode(statement, OctKey.import_key(secret.encode()), algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            exp={"essential": True},
            sub={"essential": True},
            aud={"essential": True, "value": channel},
        ).validate(claims)
    except (JoseError, *STRANGE) as error:
        raise BadIdentity(f"it is refused: {error}") from error
    if claims["exp"] > now.timestamp() + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise BadIdentity("exp: at most a day from now")
    subject = normalise_identity(IdentityKind.EXTERNAL, claims["sub"])
    if not subject or len(subject) > _LONGEST_SUBJECT:
        raise BadIdentity(f"sub: expected 1 to {_LONGEST_SUBJECT} characters")
    name, email = claims.get("name", ""), claims.get("email", "")
    return Person(
        subject=subject,
        name=clean_line(name, 200) if isinstance(name, str) else "",
        email=(normalise_identity(IdentityKind.EMAIL, email) or "") if isinstance(email, str) else "",
    )
