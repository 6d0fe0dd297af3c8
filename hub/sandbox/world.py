"""The whole loopback world: one mail provider, one Telegram, and a memory of what was said.

The mailboxes and chats start empty every time. That loses nothing: UIDVALIDITY and the first update and
message ids are the second of the start (always well above the last one), so a hub with old bookmarks sees a
new mailbox and higher updates, and reads everything that is new.
"""

import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.sandbox.memory import Memory
from hub.sandbox.telegram_world import TelegramWorld

MEMORY_FILE = "sandbox.json"
IDS_A_START = 10_000  # set aside, so that a restart within seconds does not use a number twice


class SandboxWorld:
    """Use as `async with SandboxWorld(var) as world`. `var`: the installation's folder; ports: 0 picks."""

    support = SUPPORT
    support_password = SUPPORT_PASSWORD

    def __init__(self, var: Path, *, imap_port: int = 0, smtp_port: int = 0, telegram_port: int = 0) -> None:
        self.memory = Memory.load(var / MEMORY_FILE)
        self.memory.started = max(int(time.time()), self.memory.started + IDS_A_START)
        start = self.memory.started
        self.mail = MailWorld(imap_port=imap_port, smtp_port=smtp_port, uid_validity=start)
        self.telegram = TelegramWorld(port=telegram_port, first_update_id=start, first_message_id=start)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.memory.save()
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self.mail)
            await opening.enter_async_context(self.telegram)
            self._stack = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
