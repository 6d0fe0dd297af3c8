"""Work that a visitor's browser does before its post is taken, where posts come in heaps: ALTCHA, protocol 2 (altcha.org), with
SHA-256. Nobody else is asked, nothing is remembered here; who takes a solution has to see to it that it counts once."""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from altcha import Payload, create_challenge, verify_solution

from hub.model.keyring import every_key

GOOD_FOR = timedelta(minutes=20)
"""As long as somebody may take to fill in a form that asks for it; after that the page asks once more."""
_LEAST, _MOST = 10_000, 50_000
"""Hashes until the answer is found: a second or less of a browser, and nothing for us to check."""
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Proof:
    """A good solution. `mark` names its challenge: it is taken once."""

    mark: str


def new_challenge(secret: bytes, form: str, at: datetime) -> str:
    """What the page gives the browser to solve, as JSON."""
    challenge = create_challenge(
        "SHA-256",
        1,
        counter=_LEAST + secrets.randbelow(_MOST - _LEAST),
        expires_at=at + GOOD_FOR,
        data={"form": form},
        hmac_secret=_key(secret),
    )
    return json.dumps(challenge.to_dict())


def read_proof(secret: bytes, form: str, value: str) -> Proof | None:
    """None for what is no solution of a challenge of ours for this form, and for one that is too old."""
    if not value or len(value) > _LONGEST:
        return None
    try:
        given = json.loads(base64.b64decode(value, validate=True))
        payload = Payload.from_dict(given)
        good = any(verify_solution(payload, _key(key)).verified for key in every_key(secret))
        bound = good and payload.challenge.parameters.data == {"form": form}
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Proof(hashlib.sha256(str(payload.challenge.signature).encode()).hexdigest()) if bound else None


def _key(secret: bytes) -> str:
    return hashlib.sha256(b"form-proof:" + secret).hexdigest()
