"""An e-mail channel over a scripted IMAP server, heard as the hub hears it: begun again after a failure."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from channels.adapter import Accept, ChannelFailure
from channels.email.adapter import EmailAdapter
from channels.email.settings import EmailSettings
from tests.fakes.imap_server import ImapServer
from tests.fakes.ports import Journal, Memory, Safe, make_ports

SUPPORT = "support@shop.example"


def letter(number: int, text: str = "") -> bytes:
    return (
        f"From: c{number}@customer.example\r\nMessage-ID: <m{number}@customer.example>\r\nSubject: s{number}\r\n\r\n"
        f"Hello {number} {text}\r\n"
    ).encode()


def table(server: ImapServer, **more: Any) -> dict[str, Any]:
    """The channel's settings, without TLS and with short waits."""
    return {
        "address": SUPPORT,
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
        "imap_password": "secret",
        "smtp_host": "127.0.0.1",
        "smtp_port": 1,
        "smtp_security": "none",
        "poll_seconds": 0.2,
        "timeout_seconds": 5,
        **more,
    }


class Inbox:
    """One channel and what it was handed. `failures` holds what ended its hearing, in order."""

    def __init__(
        self,
        server: ImapServer,
        *,
        journal: Journal | None = None,
        memory: Memory | None = None,
        vault: Safe | None = None,
        accept: Accept | None = None,
        **more: Any,
    ) -> None:
        self.journal = journal or Journal()
        self.memory = memory or Memory()
        self.failures: list[ChannelFailure] = []
        self.settings = EmailSettings.model_validate(table(server, **more))
        self._accept = accept or self.journal.accept
        ports = make_ports(memory=self.memory, vault=vault, journal=self.journal)
        self.adapter = EmailAdapter("support", self.settings, ports)
        self.broke = asyncio.Condition()

    async def hear(self) -> None:
        while True:
            try:
                await self.adapter.receive(self._accept)
            except ChannelFailure as failure:
                async with self.broke:
                    self.failures.append(failure)
                    self.broke.notify_all()

    async def until_broken(self, times: int = 1) -> list[ChannelFailure]:
        """What ended its hearing, once that happened so often."""
        async with asyncio.timeout(30), self.broke:
            await self.broke.wait_for(lambda: len(self.failures) >= times)
        return self.failures

    def mark(self, folder: str = "INBOX") -> int:
        """Up to where the folder has been read, as the bookmark says."""
        return int(self.memory.values.get(f"imap:{folder}", {}).get("uid", 0))

    def texts(self) -> list[str]:
        """The subjects in the journal, in order."""
        return [
            line.partition(b":")[2].strip().decode()
            for item in self.journal.items.values()
            for line in item.content.split(b"\r\n")
            if line.startswith(b"Subject:")
        ]


@contextlib.asynccontextmanager
async def hearing(inbox: Inbox) -> AsyncIterator[Inbox]:
    """It is heard while the body runs."""
    task = asyncio.create_task(inbox.hear())
    try:
        yield inbox
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await inbox.adapter.close()
