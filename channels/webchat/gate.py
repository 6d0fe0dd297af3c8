"""How much a chat takes of one address and of one conversation. The counting is the hub's, for all hubs at once; what it means
is decided here. One round trip each."""

import math

from channels.adapter import Counted, Gate
from channels.doors import network_of
from channels.webchat.settings import WebchatSettings

WINDOW = 600.0
BYTES_WINDOW = 3600.0
POLLS = 60
"""Questions of a page without a socket, for each page that may be opened: one in 20 s, and one more for each thing that
happens."""
SEATS, SEATS_WINDOW = 20, 3600.0
"""Browsers that come into one conversation by links, in so many seconds."""
LOT = 5
"""Messages of one socket that are counted together: the first of a lot pays for all."""


class TooMuch(Exception):
    """Not now. `code` is a word of the page's; `seconds` until it may be tried again."""

    def __init__(self, code: str, seconds: float) -> None:
        super().__init__(code)
        self.code = code
        self.seconds = max(1, math.ceil(seconds))


class Doorkeeper:
    """For one chat."""

    def __init__(self, gate: Gate, channel: str, settings: WebchatSettings) -> None:
        self._gate = gate
        self._channel = channel
        self._settings = settings

    async def opens(self, peer: str) -> None:
        """A page is opened. Raises TooMuch, Unavailable."""
        await self._one("open", network_of(peer), self._settings.address_opens, "busy")

    async def asks(self, peer: str) -> None:
        """A page without a socket asks what is new. Raises TooMuch, Unavailable."""
        await self._one("poll", network_of(peer), self._settings.address_opens * POLLS, "busy")

    async def says(self, peer: str, amount: int = 1) -> None:
        """So many messages. Raises TooMuch, Unavailable."""
        await self._one("say", network_of(peer), self._settings.address_messages, "too_fast", amount)

    async def says_alone(self, peer: str, session: str) -> None:
        """One message that came by itself, so that the conversation's own pace is counted too. Raises TooMuch, Unavailable."""
        await self._count(
            "too_fast",
            self._pace(session),
            self._counted("say", network_of(peer), self._settings.address_messages, WINDOW),
        )

    async def spoke(self, session: str) -> bool:
        """Whether such a message came within the last minute. Raises Unavailable."""
        (tally,) = await self._gate.look([self._pace(session)])
        return tally.hits > 0

    async def sits(self, session: str) -> None:
        """Somebody comes into this conversation by a link, and has not been in it. Raises TooMuch, Unavailable."""
        await self._count("bad_key", self._counted("seat", session, SEATS, SEATS_WINDOW))

    async def sends(self, peer: str, session: str, size: int) -> None:
        """A body with files, of `size` bytes. Raises TooMuch, Unavailable."""
        kilobytes, most = max(1, size // 1024), self._settings.address_mb * 1024
        await self._count(
            "too_many_bytes",
            self._counted("kb", network_of(peer), most, BYTES_WINDOW, kilobytes),
            self._counted("own-kb", session, most, BYTES_WINDOW, kilobytes),
        )

    def _pace(self, session: str) -> Counted:
        most = max(1, int(self._settings.burst + self._settings.messages_per_minute))
        return self._counted("pace", session, most, 60.0)

    async def _one(self, what: str, of: str, most: int, code: str, amount: int = 1) -> None:
        await self._count(code, self._counted(what, of, most, WINDOW, amount))

    async def _count(self, code: str, *what: Counted) -> None:
        for one, tally in zip(what, await self._gate.count(what), strict=True):
            if tally.hits > one.most:
                raise TooMuch(code, tally.ends_in)

    def _counted(self, what: str, of: str, most: int, seconds: float, amount: int = 1) -> Counted:
        key = f"chat:{self._channel}:{what}:{of}"
        return Counted(key=key, seconds=seconds, amount=amount, most=most)
