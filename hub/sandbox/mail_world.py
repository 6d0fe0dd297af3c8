"""Everybody's mail in the sandbox: the shop's mailbox behind real IMAP and SMTP, and the customers' letters.

Everything is in memory and on loopback; no letter leaves this process. The protocols are in `imap_door` and
`smtp_door`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from hub.sandbox.imap_door import ImapDoor
from hub.sandbox.smtp_door import SmtpDoor

SUPPORT = "support@shop.example"
SUPPORT_PASSWORD = "sandbox-only"  # noqa: S105 - it opens nothing but a server on loopback


class MailWorld:
    """A mail provider on loopback; use as `async with MailWorld() as mail`.

    `users` (address → password) have an IMAP mailbox and may send to anybody once logged in; the part after
    a plus in their address is ignored, as providers do. Anybody may write to a user without logging in.
    Letters to all other addresses end in those persons' hands: `letters_to`. Ports: 0 picks free ones.
    `uid_validity` must grow from start to start, because the mailboxes start empty (default: the present
    second).
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        imap_port: int = 0,
        smtp_port: int = 0,
        uid_validity: int | None = None,
    ) -> None:
        given = users if users is not None else {SUPPORT: SUPPORT_PASSWORD}
        self.users = {address.lower(): password for address, password in given.items()}
        self.uid_validity = uid_validity if uid_validity is not None else int(time.time())
        self._domains = {address.rpartition("@")[2] for address in self.users}
        self._wanted_ports = (imap_port, smtp_port)
        self._imap = ImapDoor(self.uid_validity)
        self._smtp = SmtpDoor(
            passwords=self.users, is_local=self._is_local, exists=self._exists, keep=self._keep
        )
        self._letters: defaultdict[str, list[bytes]] = defaultdict(list)
        self._arrived = asyncio.Condition()

    @property
    def imap_port(self) -> int:
        return self._imap.port

    @property
    def smtp_port(self) -> int:
        return self._smtp.port

    async def __aenter__(self) -> Self:
        for address, password in self.users.items():
            self._imap.add_user(address, password)
        await self._imap.open(self._wanted_ports[0])
        try:
            await self._smtp.open(self._wanted_ports[1])
        except OSError:
            await self._imap.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._smtp.close()
        await self._imap.close()

    def letters_to(self, address: str) -> list[bytes]:
        """All letters for this address so far, oldest first, exactly as they were sent."""
        return list(self._letters[address.lower()])

    async def wait_for_letter(
        self, address: str, count: int = 1, timeout: float | None = 10.0
    ) -> list[bytes]:
        """Return the letters for this address once there are at least `count`. `timeout` in seconds; raises
        TimeoutError."""
        key = address.lower()
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: len(self._letters[key]) >= count)
        return self.letters_to(address)

    async def deliver(self, to: str, raw: bytes) -> int:
        """Put these very bytes into a user's mailbox, as if from outside. Returns the UID; raises KeyError
        when there is no such user."""
        mailbox = mailbox_of(to)
        if not self._imap.has(mailbox):
            raise KeyError(f"no mailbox for {to}; there are {', '.join(self.users)}")
        uid = await self._imap.append(mailbox, raw)
        await self._note(mailbox, raw)
        return uid

    def refuse(self, address: str) -> None:
        """From now on SMTP answers 550 to this recipient."""
        self._smtp.refused.add(address.lower())

    def drop_imap_connections(self) -> None:
        """Cut every IMAP line without a word."""
        self._imap.drop_connections()

    def _is_local(self, address: str) -> bool:
        return address.rpartition("@")[2].lower() in self._domains

    def _exists(self, address: str) -> bool:
        return mailbox_of(address) in self.users

    async def _keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        for recipient in recipients:
            mailbox = mailbox_of(recipient)
            if self._imap.has(mailbox):
                await self._imap.append(mailbox, trace_lines(sender, recipient, datetime.now(UTC)) + raw)
                await self._note(mailbox, raw)
            else:
                await self._note(recipient.lower(), raw)

    async def _note(self, key: str, raw: bytes) -> None:
        async with self._arrived:
            self._letters[key].append(raw)
            self._arrived.notify_all()


def mailbox_of(address: str) -> str:
    """The mailbox behind an address: lower case, without what follows a plus (RFC 5233's detail)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def trace_lines(sender: str, recipient: str, at: datetime) -> bytes:
    """What the last server puts above a letter it delivers (RFC 5321 section 4.4): where it came from,
    and for which address, plus part included."""
    lines = (
        f"Return-Path: <{sender}>\r\n"
        f"Delivered-To: {recipient}\r\n"
        f"Received: from [127.0.0.1] by mail.sandbox.example with ESMTP; {format_datetime(at)}\r\n"
    )
    return lines.encode("utf-8", "surrogateescape")
