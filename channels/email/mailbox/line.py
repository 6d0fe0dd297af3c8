"""One IMAP connection at the level of bytes: a socket with a buffer of our own, limits and deadlines. No folder, no letter.

imaplib reads through a buffered file. What arrived together with another answer lies in that file, where no poll of the socket
sees it, and a file whose socket has once timed out cannot be read again. Here the buffer is ours: `wait` looks into it first,
then into what TLS has already deciphered, then at the socket.
"""

import contextlib
import imaplib
import select
import socket
import ssl
import time
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from channels.email.limits import MAX_RAW

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one line: the answer to a SEARCH names two million letters in it."""
MAX_LITERAL = 2 * MAX_RAW
"""Bytes of one literal: servers are asked for letters up to MAX_RAW by their own account, which may be an estimate."""
MAX_ANSWER = 6 * MAX_RAW
"""Bytes in answer to one command."""
SLOWEST = 4096
"""Bytes a second; who sends less for long is not waited for."""
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""A line that a router has forgotten is noticed after two minutes although nobody speaks."""


class Line(imaplib.IMAP4):
    """See the methods that imaplib documents for overriding: open, read, readline, send, shutdown.

    `timeout` in seconds is for connecting, and for an answer beside the time its bytes take.
    """

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext | None, timeout: float) -> None:
        self._context = context
        self._patience = timeout
        self._ahead = bytearray()
        self._asked = time.monotonic()
        self._received = 0
        super().__init__(host, port, timeout)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect, with TLS from the first byte where a context was given. Raises OSError."""
        self.host, self.port = host, port
        sock = socket.create_connection((host, port), self._patience)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE:
                if hasattr(socket, name):  # each system has its own of them
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Go over to TLS (RFC 3501 6.2.1). Raises IMAP4.error when the server will not, or has said something beforehand that
        would be taken for an answer under TLS (the flaw of CVE-2011-0411)."""
        if ssl_context is None:
            raise self.error("STARTTLS without a context would not check the certificate")
        kind, data = self.xatom("STARTTLS")
        if kind != "OK":
            raise self.error(f"STARTTLS was refused: {data!r}")
        if self._ahead:
            raise self.abort("the server spoke between STARTTLS and TLS")
        self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self.host)
        kind, known = self.capability()
        self.capabilities = tuple(known[-1].decode("ascii", "replace").upper().split())
        return kind, data

    def send(self, data: Any) -> None:
        """Send a command; the time for its answer begins."""
        self._asked = time.monotonic()
        self._received = 0
        self.sock.settimeout(self._patience)
        self.sock.sendall(data)

    def readline(self) -> bytes:
        """One line with its end; b"" or half a line when the server has hung up. Raises OSError, IMAP4.abort."""
        searched = 0
        while (end := self._ahead.find(b"\n", searched)) < 0:
            if len(self._ahead) > MAX_LINE:
                raise self.abort(f"the server sent a line of more than {MAX_LINE} bytes")
            searched = len(self._ahead)
            if not (piece := self._receive(65536)):
                return self._take(len(self._ahead))
            self._ahead += piece
        return self._take(end + 1)

    def read(self, size: int) -> bytes:
        """`size` bytes, or fewer when the server has hung up. Raises OSError, IMAP4.abort."""
        if size > MAX_LITERAL:
            raise self.abort(f"the server announced a literal of {size} bytes, more than {MAX_LITERAL}")
        pieces = [self._take(min(size, len(self._ahead)))]
        missing = size - len(pieces[0])
        while missing and (piece := self._receive(min(missing, 1024 * 1024))):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def interrupt(self) -> None:
        """End what another thread waits for on this line."""
        with contextlib.suppress(OSError):  # the server was quicker
            # Of the socket itself: TLS's own way would take the session away from under the other thread.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def shutdown(self) -> None:
        """Hang up. May be called twice."""
        self.interrupt()
        self.sock.close()

    def wait(self, seconds: float) -> bool:
        """Whether the server has said something, or hung up, before `seconds` are over. Reads nothing."""
        if self._ahead or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        look = select.poll()
        look.register(self.sock, select.POLLIN)
        return bool(look.poll(seconds * 1000))

    def await_news(self, seconds: float) -> bool:
        """IDLE (RFC 2177) until the server says something, `seconds` at the longest; whether it did. Raises IMAP4.error,
        OSError."""
        tag = self._command("IDLE")
        told = False
        while self._get_response() is not None:
            # News may come before the "+", when the command and the letter crossed.
            if self.tagged_commands[tag]:
                raise self.error(f"IDLE was refused: {self.tagged_commands.pop(tag)!r}")
            told = True
        told = told or self.wait(seconds)
        self.send(b"DONE\r\n")
        kind, data = self._get_tagged_response(tag)
        if kind != "OK":
            raise self.error(f"IDLE ended badly: {data!r}")
        return told

    def _take(self, size: int) -> bytes:
        taken = bytes(self._ahead[:size])
        del self._ahead[:size]
        return taken

    def _receive(self, most: int) -> bytes:
        left = self._asked + self._patience + self._received / SLOWEST - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server's answer does not come to an end")
        self.sock.settimeout(min(left, self._patience))
        piece: bytes = self.sock.recv(most)
        self._received += len(piece)
        if self._received > MAX_ANSWER:
            raise self.abort(f"the server sent more than {MAX_ANSWER} bytes to one command")
        return piece


class Client(IMAPClient):  # type: ignore[misc]
    """imapclient's commands and answers over a `Line`."""

    _imap: Line

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, timeout: float) -> None:
        self._seconds = timeout
        super().__init__(host, port=port, ssl=tls is not None, ssl_context=tls, timeout=timeout)
        # imapclient has every line described for its log, passwords included; nobody reads that.
        self._imap.debug = 0

    def _create_IMAP4(self) -> Line:
        return Line(self.host, self.port, context=self.ssl_context, timeout=self._seconds)

    def await_news(self, seconds: float) -> bool:
        """See Line.await_news."""
        return self._imap.await_news(seconds)

    def forget_news(self) -> None:
        """Drop the untagged answers that nobody has asked for; imaplib heaps them up for ever."""
        self._imap.untagged_responses.clear()

    def has_news(self, letters: int) -> bool:
        """Whether the server has told since `forget_news` that there are others than these `letters`. What it said with the
        answer to a command, it will not say again in the IDLE that follows. Some repeat the number with every answer."""
        told = self._imap.untagged_responses
        number = told["EXISTS"][-1] if "EXISTS" in told else b""
        return bool(number) and (number != b"%d" % letters or "EXPUNGE" in told)

    def introduce(self, name: str) -> None:
        """Say who we are (ID, RFC 2971), whether or not the server lists the command. A server that minds says so at SELECT."""
        try:
            self._imap.xatom("ID", f'("name" "{name}" "vendor" "{name}")')
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:
            return

    def interrupt(self) -> None:
        """From another thread: whatever waits for the server ends now. The owner still has to shut down."""
        self._imap.interrupt()
