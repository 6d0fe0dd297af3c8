"""What a customer holds to answer one question. It is worked out from the invitation's number with the hub's key, so that a
page of theirs can show the link again; only its hash is kept."""

import base64
import hashlib
import hmac

_BYTES = 24


def make_token(secret: bytes, invitation_id: int) -> str:
    """192 bits that nobody guesses without the key, whatever numbers they try.

    >>> len(make_token(b"k" * 32, 7)), make_token(b"k" * 32, 7) == make_token(b"k" * 32, 8)
    (32, False)
    """
    digest = hmac.new(secret, f"survey:{invitation_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode()


def hash_token(token: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
