"""Secrets of channels, kept in the database so that every hub has them, and encrypted so that a copy of it tells nobody.

AES-256-GCM under a key derived from the installation's own (HKDF, RFC 5869). The channel's name and the secret's are bound in,
so that a row moved to another channel does not open there.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from channels.adapter import Misconfigured, Unavailable
from hub.actions.context import Context
from hub.actions.installation import channel_id
from storage import mailboxes
from storage.database import DatabaseUnavailable

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


class ChannelVault:
    """The vault of one channel (channels.adapter.Vault)."""

    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel

    async def read(self, key: str) -> bytes | None:
        """Raises Misconfigured for one that this installation's key does not open, Unavailable."""
        try:
            sealed = await self._ctx.database.read(lambda c: mailboxes.sealed(c, self._channel, key))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        if sealed is None:
            return None
        try:
            return unseal(self._ctx.secret, self._channel, key, sealed)
        except ValueError as error:
            raise Misconfigured(f"The channel's stored secret cannot be opened: {error}.") from error

    async def write(self, key: str, value: bytes) -> None:
        """Raises Unavailable."""
        sealed = seal(self._ctx.secret, self._channel, key, value)
        try:
            number = await channel_id(self._ctx, self._channel)
            await self._ctx.database.run(lambda c: mailboxes.seal(c, number, key, sealed))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
