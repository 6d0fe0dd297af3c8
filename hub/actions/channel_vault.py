"""The vault of one channel: its secrets that change while it works, sealed in the database."""

from channels.adapter import Misconfigured, Unavailable
from hub.actions.context import Context
from hub.actions.installation import channel_id
from hub.actions.vault import seal, unseal
from storage import mailboxes
from storage.database import DatabaseUnavailable


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
            if self._channel in self._ctx.channels:
                await channel_id(self._ctx, self._channel)  # has its row, though no hub ever ran with it
            await self._ctx.database.run(lambda c: mailboxes.seal(c, self._channel, key, sealed))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
