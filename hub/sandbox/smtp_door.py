"""The SMTP half of the sandbox's mail server: aiosmtpd on a loopback socket.

It keeps a provider's manners: anybody may write to its own users; only its own users, logged in, may write
to the rest of the world. What becomes of a letter is `mail_world`'s business.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MAX_BYTES = 35_000_000

Keep = Callable[[str, list[str], bytes], Awaitable[None]]
"""(envelope sender, envelope recipients, letter): called once the letter is complete, before the 250."""


class SmtpDoor:
    """An SMTP server on 127.0.0.1 for the users of one domain.

    `is_local(address)`: the address belongs to our domain. `exists(address)`: such a user is here.
    Addresses in `refused` get 550, whoever writes to them.
    """

    def __init__(
        self,
        *,
        passwords: dict[str, str],
        is_local: Callable[[str], bool],
        exists: Callable[[str], bool],
        keep: Keep,
    ) -> None:
        self.port = 0
        self.refused: set[str] = set()
        self._passwords = passwords
        self._is_local = is_local
        self._exists = exists
        self._keep = keep
        self._server: asyncio.Server | None = None
        self._talks: set[SMTP] = set()

    async def open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._talk, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        running = []
        for talk in self._talks:
            if isinstance(talk.transport, asyncio.WriteTransport):
                talk.transport.abort()
            if talk._handler_coroutine is not None:
                running.append(talk._handler_coroutine)
        await asyncio.gather(*running, return_exceptions=True)
        await self._server.wait_closed()
        self._talks.clear()
        self._server = None

    def _talk(self) -> SMTP:
        self._talks = {talk for talk in self._talks if talk.transport is not None}
        talk = SMTP(
            self,
            hostname="mail.sandbox.example",
            ident="ESMTP",
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self._check_password,
            loop=asyncio.get_running_loop(),
        )
        self._talks.add(talk)
        return talk

    def _check_password(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        login = data.login.decode("utf-8", "replace").lower()
        known = self._passwords.get(login)
        if known is None or known.encode() != data.password:
            return AuthResult(success=False, handled=False)
        session.login_data = login
        return AuthResult(success=True)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address and self._is_local(address) and not session.authenticated:
            return "530 5.7.0 Log in before you send as one of us"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() in self.refused:
            return "550 5.1.1 No such person here"
        if self._is_local(address):
            if not self._exists(address):
                return "550 5.1.1 No such mailbox here"
        elif not session.authenticated:
            return "550 5.7.1 Relaying needs a login"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 No letter came"
        await self._keep(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return "250 2.0.0 Kept"
