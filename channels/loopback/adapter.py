"""The open loopback channel: customers speak with `say`, answers end in `sent`. All in memory."""

import asyncio
from collections import deque
from datetime import UTC, datetime

import orjson

from channels.adapter import (
    Accept,
    Capabilities,
    Leaving,
    Misconfigured,
    Ports,
    RawItem,
    Receipt,
    Refused,
    TryLater,
)
from channels.loopback.settings import LoopbackSettings
from hub.model.interactions import OutboundInteraction


class LoopbackAdapter:
    """One loopback channel (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = Capabilities(subject=True)

    def __init__(self, name: str, settings: LoopbackSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._waiting: deque[RawItem] = deque()
        self._changed = asyncio.Condition()
        self.sent: list[OutboundInteraction] = []

    async def say(
        self, text: str, *, key: str, who: str = "visitor", name: str = "", subject: str = ""
    ) -> None:
        """Something a customer says. `key` identifies it for ever: the same key is the same message again."""
        said = {"text": text, "who": who, "name": name, "subject": subject}
        item = RawItem(external_key=key, content=orjson.dumps(said), received_at=datetime.now(UTC))
        async with self._changed:
            self._waiting.append(item)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many things were said and are not committed yet."""
        return len(self._waiting)

    async def check(self) -> None:
        if self._settings.password != "open":  # noqa: S105
            raise Misconfigured('The password is wrong. Set password = "open", or leave it out.')

    async def receive(self, accept: Accept) -> None:
        """Offer one item after the other. An item is forgotten only after `accept` has returned: if it
        raises, or if this call is cancelled meanwhile, the next call offers the same item again."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._waiting))
            await accept([self._waiting[0]])
            self._waiting.popleft()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        # Ask before each effect on the outside: a hub that lost the lease must not speak.
        if not self._ports.alive():
            raise TryLater("Another hub has taken this channel over.")
        if not message.address:
            raise Refused("There is no address to answer to.")
        await leaving()
        self.sent.append(message)
        return Receipt(external_id=f"sent.{len(self.sent)}")

    async def close(self) -> None:
        """Nothing is held."""
