"""A browser in which the owner of an address has signed in before is known again, by a mark that it keeps (a "device cookie":
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).

The mark opens nothing. All that it does is that codes for this address are counted for this browser by itself, so that
strangers who type the address cannot use up what its owner needs. It is signed for the address, which does not stand in it, and
ends by time, or when its owner signs out everywhere.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.actions.context import Context
from hub.actions.signin.tokens import every_keyed, keyed, new_token

GOOD_FOR = 180 * 86_400.0
"""Seconds for which a browser is known again."""
MOST_MARKS = 3
"""Addresses that share one browser; the one that signed in longest ago makes room."""
_MARK, _STEP = "portal device", "portal step of a device"
_BETWEEN = "~"
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`key`: what the browser is counted by. `made_at`: when its owner signed in, by the database's clock."""

    key: str
    made_at: datetime


def find_mark(ctx: Context, held: str, address: str) -> Mark | None:
    """The one that was signed for this address, of those that the browser holds; whether it has ended the database knows."""
    for one in held.split(_BETWEEN)[:MOST_MARKS]:
        moment, _, rest = one.partition(".")
        key, _, given = rest.partition(".")
        if _is_signed(ctx, given, _MARK, moment, key, address):
            return Mark(key=key, made_at=_BEGAN + timedelta(microseconds=int(moment, 16)))
    return None


def add_mark(ctx: Context, held: str, address: str, made_at: datetime) -> str:
    """What the browser holds from now on: a new mark of this address, and those of others that it had."""
    moment, key = f"{(made_at - _BEGAN) // timedelta(microseconds=1):x}", secrets.token_hex(8)
    mark = f"{moment}.{key}.{_text(keyed(ctx, _MARK, moment, key, address))}"
    others = [one for one in held.split(_BETWEEN) if one and find_mark(ctx, one, address) is None]
    return _BETWEEN.join([mark, *others[: MOST_MARKS - 1]])


def make_step(ctx: Context, mark: Mark | None) -> str:
    """What a browser keeps until the code is typed. Of one that is known again it is signed, so that others in its network
    cannot use up its tries; nobody sees which sort it is."""
    token = new_token()
    return f"{token}.{_text(keyed(ctx, _STEP, token)) if mark is not None else new_token()}"


def is_of_device(ctx: Context, step: str) -> bool:
    """Whether such a browser asked for it."""
    token, _, given = step.partition(".")
    return _is_signed(ctx, given, _STEP, token)


def _is_signed(ctx: Context, given: str, *parts: str) -> bool:
    said = given.encode("utf-8", "replace")
    return any(hmac.compare_digest(_text(one).encode(), said) for one in every_keyed(ctx, *parts))


def _text(signed: bytes) -> str:
    """As long as a token."""
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")
