"""The IMAP half of the sandbox's mail server: pymap over its in-memory backend, on a loopback socket.

Only the protocol and the mailboxes live here; who may have a letter is decided in `mail_world`.
"""

import asyncio
import contextlib
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Event, Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext


class Mailbox(MailboxData):
    """An inbox whose UIDVALIDITY we choose and whose IDLE cannot sleep through a letter.

    The library starts to listen for changes only when it has written its last answer; a letter that arrives
    in between would be told only with the next one. So look before waiting.
    """

    def number_from(self, uid_validity: int) -> None:
        self._uid_validity = uid_validity
        self._max_uid = 0

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        seen = selected.mod_sequence
        behind = seen is not None and seen < self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if behind else wait_on)


class Mailboxes(MailboxSet):
    """One user's folders; the inbox is ours."""

    def __init__(self, uid_validity: int) -> None:
        super().__init__()
        inbox = Mailbox(self._content_cache, self._thread_cache)
        inbox.number_from(uid_validity)
        self._inbox = inbox


class WholeAnswers(asyncio.StreamWriter):
    """Hands the socket one whole answer at a time. The library writes each word by itself; a client that
    polls between two of them (imapclient in IDLE does) would take half a line for a broken connection.
    """

    def __init__(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        transport = writer.transport
        super().__init__(transport, transport.get_protocol(), reader, asyncio.get_running_loop())
        self._waiting = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._waiting += data

    def writelines(self, data: Iterable[bytes | bytearray | memoryview]) -> None:
        for piece in data:
            self._waiting += piece

    async def drain(self) -> None:
        whole, self._waiting = bytes(self._waiting), bytearray()
        if whole and not self.transport.is_closing():
            super().write(whole)
        await super().drain()


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"Sandbox mailbox ready"  # the default asks the name service for this machine's name


def _config() -> _Config:
    """Passwords stay readable and are compared on the loop: nothing to protect, and no thread to stop."""
    return _Config(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        host="127.0.0.1",
        port=0,
        demo_data=False,
        demo_user="",
        demo_password="",
        tls_enabled=False,
        reject_dnsbl=False,
        invalid_user_sleep=0.0,
        hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(),
    )


class ImapDoor:
    """An IMAP server on 127.0.0.1. `open` it inside a running loop; `close` ends every connection."""

    def __init__(self, uid_validity: int) -> None:
        self.port = 0
        self._uid_validity = uid_validity
        self._config = _config()
        self._login = Login(self._config)
        self._talk = IMAPServer(self._login, self._config)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    def add_user(self, address: str, password: str) -> None:
        self._login.users_dict[address] = UserMetadata(self._config, address, password=password)
        self._config.set_cache[address] = (Mailboxes(self._uid_validity), FilterSet())

    def has(self, address: str) -> bool:
        return address in self._config.set_cache

    async def append(self, address: str, letter: bytes) -> int:
        """Put a letter into a user's inbox and wake its IDLE clients. Returns the letter's UID."""
        folders, _ = self._config.set_cache[address]
        inbox = await folders.get_mailbox("INBOX")
        message = await inbox.append(AppendMessage(letter, datetime.now(UTC)), recent=True)
        return message.uid

    async def open(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        running = dict(self._open)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def drop_connections(self) -> None:
        """Cut every line without a word, as a provider's restart does."""
        for writer in self._open.values():
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("asyncio serves each connection in a task of its own")
        self._open[task] = writer
        try:
            caller = SocketInfo.get(writer, None, unique_id=uuid4().bytes)
            await self._talk(reader, WholeAnswers(writer, reader), caller)
        finally:
            del self._open[task]
            writer.close()
            with contextlib.suppress(ConnectionError):  # the client was quicker to leave
                await writer.wait_closed()
