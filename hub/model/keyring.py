"""The installation's key, and others that are believed beside it while it is being changed. Pure.

A plain `bytes` is a key with no others. Whoever makes something new uses the key as it is; whoever reads asks `every_key`.
"""

import hashlib
from collections.abc import Iterable

ID_BYTES = 8


class Keyring(bytes):
    """The key by which new things are made; `others` open and prove what they made, and make nothing."""

    others: tuple[bytes, ...]

    def __new__(cls, key: bytes, others: Iterable[bytes] = ()) -> "Keyring":
        """>>> Keyring(b"new", [b"old", b"new", b"old"]).others
        (b'old',)
        """
        made = super().__new__(cls, key)
        made.others = tuple(dict.fromkeys(one for one in others if one != key))
        return made

    def __repr__(self) -> str:
        """Of a key nothing is shown but the beginning of its fingerprint."""
        return f"Keyring({', '.join(short_name(fingerprint_of(one)) for one in every_key(self))})"

    __str__ = __repr__


def every_key(secret: bytes) -> tuple[bytes, ...]:
    """The key that makes, then those that are believed too."""
    return (bytes(secret), *secret.others) if isinstance(secret, Keyring) else (secret,)


def fingerprint_of(key: bytes) -> str:
    """What is kept of a key, to know it again."""
    return hashlib.sha256(b"contact-hub key fingerprint\0" + key).hexdigest()


def key_id(key: bytes) -> bytes:
    """By which what was made with a key names it."""
    return bytes.fromhex(fingerprint_of(key))[:ID_BYTES]


def short_name(fingerprint: str) -> str:
    """As people are told which key is meant."""
    return fingerprint[:8]
