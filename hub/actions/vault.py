"""Secrets of channels, kept in the database so that every hub has them, and encrypted so that a copy of it tells nobody.

AES-256-GCM under a key derived from the installation's own (HKDF, RFC 5869). The channel's name and the secret's are bound in,
so that a row moved to another channel does not open there.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.model.keyring import ID_BYTES, every_key, key_id

_FIRST_FORM = b"\x01"
_NAMING_FORM = b"\x02"
"""Names its key. It is written only while there is more than one: hubs of an earlier release, which may stand beside this one
during an upgrade, know the first form alone."""
_NONCE_BYTES = 12


def seal(secret: bytes, channel: str, key: str, value: bytes) -> bytes:
    """Encrypt under the installation's `secret`; where that is a ring of keys, under the one that makes new things."""
    own, *others = every_key(secret)
    nonce = os.urandom(_NONCE_BYTES)
    head = _NAMING_FORM + key_id(own) if others else _FIRST_FORM
    return head + nonce + _cipher(own).encrypt(nonce, value, _bound(channel, key))


def unseal(secret: bytes, channel: str, key: str, sealed: bytes) -> bytes:
    """The value. Raises ValueError when it was sealed with another key, for another place, or changed since."""
    keys: Sequence[bytes] = every_key(secret)
    head = 1
    if sealed[:1] == _NAMING_FORM:
        head += ID_BYTES
        keys = [one for one in keys if key_id(one) == sealed[1:head]]
    elif sealed[:1] != _FIRST_FORM:
        raise ValueError("not sealed in a form that is known")
    nonce, rest = sealed[head : head + _NONCE_BYTES], sealed[head + _NONCE_BYTES :]
    if len(nonce) < _NONCE_BYTES:
        raise ValueError("not sealed in a form that is known")
    for one in keys:
        try:
            return _cipher(one).decrypt(nonce, rest, _bound(channel, key))
        except InvalidTag:
            continue
    raise ValueError("sealed with another key, or for another channel")


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=b"contact-hub channel secrets").derive(secret)
    )


def _bound(channel: str, key: str) -> bytes:
    return f"{channel}\0{key}".encode()
