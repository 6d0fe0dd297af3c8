"""Secrets of channels, kept in the database so that every hub has them, and encrypted so that a copy of it tells nobody.

AES-256-GCM under a key derived from the installation's own (HKDF, RFC 5869). The channel's name and the secret's are bound in,
so that a row moved to another channel does not open there.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FIRST_FORM = b"\x01"
_NONCE_BYTES = 12


def seal(secret: bytes, channel: str, key: str, value: bytes) -> bytes:
    """Encrypt under the installation's `secret`."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FIRST_FORM + nonce + _cipher(secret).encrypt(nonce, value, _bound(channel, key))


def unseal(secret: bytes, channel: str, key: str, sealed: bytes) -> bytes:
    """The value. Raises ValueError when it was sealed with another key, for another place, or changed since."""
    nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if sealed[:1] != _FIRST_FORM or len(nonce) < _NONCE_BYTES:
        raise ValueError("not sealed in a form that is known")
    try:
        return _cipher(secret).decrypt(nonce, rest, _bound(channel, key))
    except InvalidTag as error:
        raise ValueError("sealed with another key, or for another channel") from error


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=b"contact-hub channel secrets").derive(secret)
    )


def _bound(channel: str, key: str) -> bytes:
    return f"{channel}\0{key}".encode()
