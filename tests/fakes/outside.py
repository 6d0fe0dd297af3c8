"""A channel whose outside does what a test says, for tests of the outbox."""

import asyncio
from collections import deque
from typing import Any

from channels.adapter import (
    Capabilities,
    ChannelFailure,
    Leaving,
    Misconfigured,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
)
from hub.model.interactions import OutboundInteraction

Outcome = Receipt | ChannelFailure | Exception | None


class Outside:
    """An adapter whose outside does what the test says: outcomes in turn, then receipts. `gate` holds every send up when its
    first byte may have left, `door` before that."""

    def __init__(self, *outcomes: Outcome, repeatable: bool = False, name: str = "plain") -> None:
        self.name = name
        self.capabilities = Capabilities(subject=True, attachments=True, repeatable=repeatable)
        self.outcomes = deque(outcomes)
        self.sent: list[OutboundInteraction] = []
        self.tried: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.under_way = 0
        self.door = asyncio.Event()
        self.door.set()
        self.at_the_door = asyncio.Event()

    async def check(self) -> None:
        return

    async def receive(self, accept: Any) -> None:
        await asyncio.Event().wait()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        self.tried.append(message.text)
        self.at_the_door.set()
        await self.door.wait()
        outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, (Refused, TryLater, Unavailable, Misconfigured)):
            raise outcome
        await leaving()
        self.under_way += 1
        self.begun.set()
        await self.gate.wait()
        if isinstance(outcome, Receipt):
            self.sent.append(message)
            return outcome
        if outcome is not None:
            raise outcome
        self.sent.append(message)
        return Receipt(external_id=f"out-{len(self.sent)}")

    async def close(self) -> None:
        return

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]
