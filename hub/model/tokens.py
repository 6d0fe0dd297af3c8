"""Signed tokens that bring an answer back to its ticket, bound to the ticket and to the one it was sent to.

A token leaked to, or used by, anybody else does not fit. Lower-case letters and digits only, because mail systems
fold the case of local parts.
"""

import base64
import hashlib
import hmac

from hub.model.keyring import every_key

_PREFIX = "t"
_START = "start"
"""No address, so that a token of one purpose is none of the other."""
_SIGNATURE_BYTES = 16


def sign_thread(secret: bytes, ticket_id: int, recipient: str) -> str:
    """>>> sign_thread(b"k" * 32, 42, "li@example.cn")[:3]
    't42'
    """
    return f"{_PREFIX}{ticket_id}z{_signature(secret, ticket_id, recipient)}"


def read_thread(secret: bytes, token: str, recipient: str) -> int | None:
    """The ticket id, if the token was signed by us for this recipient; else None. Constant time in the signature."""
    head, _, signature = token.lower().partition("z")
    if not head.startswith(_PREFIX) or not head[1:].isdigit() or not head.isascii() or len(head) > 20:
        return None
    ticket_id = int(head[1:])
    given = signature.encode()
    good = any(
        hmac.compare_digest(_signature(key, ticket_id, recipient).encode(), given)
        for key in every_key(secret)
    )
    return ticket_id if good else None


def sign_start(secret: bytes, ticket_id: int) -> str:
    """What stands behind a messenger's link (https://core.telegram.org/bots/features#deep-linking): whoever follows it goes on
    with this ticket there. It is handed to the ticket's customer alone; letters and digits, 64 at the most.

    >>> len(sign_start(b"k" * 32, 10**12)) <= 64
    True
    """
    return sign_thread(secret, ticket_id, _START)


def read_start(secret: bytes, token: str) -> int | None:
    """The ticket id, if we signed it; else None."""
    return read_thread(secret, token, _START)


def claimed_ticket(token: str) -> int | None:
    """The ticket id that a token names, unchecked: for looking the ticket's own recipients up."""
    head, _, _ = token.lower().partition("z")
    number = head[1:]
    return (
        int(number)
        if head.startswith(_PREFIX) and number.isdigit() and number.isascii() and len(number) < 19
        else None
    )


def _signature(secret: bytes, ticket_id: int, recipient: str) -> str:
    digest = hmac.new(secret, f"thread:{ticket_id}:{recipient.lower()}".encode(), hashlib.sha256).digest()
    # base32hex uses 0-9 a-v: no z, so the separator is unambiguous.
    return base64.b32hexencode(digest[:_SIGNATURE_BYTES]).decode().rstrip("=").lower()
