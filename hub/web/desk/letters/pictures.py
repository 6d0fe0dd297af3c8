"""Addresses of a letter's pictures, signed: the page of a letter has no cookie to send, and nobody else may ask the hub to
fetch anything.

An address names what to show, for which agent and until when. It is believed while that agent is signed in.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from hub.model.keyring import every_key

MINUTES = 10
_MOST = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file that came with the letter (`token`), or one that lies elsewhere (`address`)."""

    agent_id: int
    token: str = ""
    address: str = ""


def sign_picture(secret: bytes, picture: Picture, now: datetime) -> str:
    """The last part of its address; "" for one that is too long to be asked for."""
    until = int(now.timestamp()) + MINUTES * 60
    said = json.dumps([picture.agent_id, picture.token, picture.address, until], separators=(",", ":"))
    body = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
    return f"{body}.{_signature(secret, body)}" if len(body) < _MOST else ""


def read_picture(secret: bytes, signed: str, now: datetime) -> Picture | None:
    """What was signed; None for what is not ours or too old."""
    body, _, signature = signed.partition(".")
    given = signature.encode("utf-8", "replace")
    if not any(hmac.compare_digest(_signature(key, body).encode(), given) for key in every_key(secret)):
        return None
    agent_id, token, address, until = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return Picture(agent_id=agent_id, token=token, address=address) if now.timestamp() < until else None


def _signature(secret: bytes, body: str) -> str:
    digest = hmac.new(secret, b"picture:" + body.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")
