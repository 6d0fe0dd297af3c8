"""Hearing a mailbox by IMAP: one thread owns one connection, hands letters over, and moves the bookmark
after the commit.

The thread never touches the event loop except through `Handing`; nothing is parsed here.
"""

import contextlib
import hashlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from imapclient.exceptions import IMAPClientError, LoginError

from channels.adapter import Misconfigured, RawItem, Unavailable
from channels.email.headers import split_headers
from channels.email.limits import MAX_RAW
from channels.email.line import Client
from channels.email.settings import EmailSettings

BATCH = 50
_BATCH_BYTES = 40 * 1024 * 1024
_ADDED_BY_SERVERS = (
    "received", "return-path", "delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope",
    "authentication-results", "x-authentication", "arc-", "status", "x-status", "x-uid", "x-keywords", "x-gm-",
    "x-gmail-", "x-google-", "x-received", "x-spam", "x-virus", "x-mozilla-", "x-forwarded-", "content-length", "lines",
)  # fmt: skip
_NOTICE = (
    "\r\n[This letter has {size} bytes, more than is fetched. Only its headers are shown; it is still in the mailbox.]\r\n"
    "[此邮件有 {size} 字节，超过上限，只显示邮件头；原件仍在邮箱中。]\r\n"
)


class Handing(Protocol):
    """What the thread may ask of the hub; each call returns when the hub has done it."""

    def read_mark(self, key: str) -> Any: ...

    def commit(self, items: Sequence[RawItem], key: str, mark: dict[str, int]) -> None:
        """Have the items accepted, then write the bookmark. Raises when they were not."""


class Watch:
    """One mailbox. `run` belongs to its own thread; `stop` may be called from any other."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._client: Client | None = None

    def stop(self) -> None:
        """End `run` soon: the socket is shut, so that no read can hang on."""
        self._stopping.set()
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError, AttributeError, IMAPClientError):
                client.socket().shutdown(socket.SHUT_RDWR)

    def run(self, hand: Handing, alive: Callable[[], bool]) -> None:
        """Hear the mailbox until stopped. Raises Misconfigured or Unavailable; exceptions of `hand` pass
        through."""
        try:
            client = self._client = log_in(self._settings)
            try:
                self._hear(client, hand, alive)
            finally:
                with contextlib.suppress(OSError, IMAPClientError, AttributeError):
                    client.shutdown()
        except (IMAPClientError, imaplib.IMAP4.error, OSError) as error:
            if not self._stopping.is_set():
                raise Unavailable(f"The mailbox's line dropped: {error}") from error

    def _hear(self, client: Client, hand: Handing, alive: Callable[[], bool]) -> None:
        state = client.select_folder(self._settings.folder)
        validity = int(state[b"UIDVALIDITY"])
        can_idle = client.has_capability("IDLE")
        key = f"imap:{self._settings.folder}"
        while not self._stopping.is_set():
            if not alive():
                raise Unavailable("Another hub has taken this mailbox over.")
            if self._fetch_new(client, hand, alive, key, validity):
                # A letter that came meanwhile was announced to the commands just given, not to the IDLE to come.
                continue
            pause = min(self._settings.poll_seconds, self._settings.idle_seconds)
            if can_idle:
                client.await_news(pause)
            else:
                self._stopping.wait(pause)
            client.noop()
            client.forget_news()

    def _fetch_new(
        self, client: Client, hand: Handing, alive: Callable[[], bool], key: str, validity: int
    ) -> bool:
        """Hand over what is newer than the bookmark; says whether there was anything."""
        mark = hand.read_mark(key)
        known = isinstance(mark, dict) and mark.get("uidvalidity") == validity
        last = int(mark.get("uid", 0)) if known else 0
        # "n:*" always names the newest letter too (RFC 3501 6.4.8), hence the filter.
        uids = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)
        for start in range(0, len(uids), BATCH):
            chunk = uids[start : start + BATCH]
            sizes = client.fetch(chunk, ["RFC822.SIZE", "INTERNALDATE"])
            for group in group_by_size(
                [(uid, int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0))) for uid in chunk]
            ):
                if self._stopping.is_set() or not alive():
                    return True
                items = self._fetch(client, group, sizes, validity)
                hand.commit(items, key, {"uidvalidity": validity, "uid": group[-1][0]})
                with contextlib.suppress(IMAPClientError):
                    # Cosmetic only: the bookmark decides what is new. A lost line shows itself at the
                    # next command.
                    client.add_flags([uid for uid, _ in group], [b"\\Seen"], silent=True)
        return bool(uids)

    def _fetch(
        self, client: Client, group: list[tuple[int, int]], sizes: Any, validity: int
    ) -> list[RawItem]:
        small = [uid for uid, size in group if size <= MAX_RAW]
        bodies = client.fetch(small, ["BODY.PEEK[]"]) if small else {}
        items: list[RawItem] = []
        for uid, size in group:
            content: bytes | None
            if size > MAX_RAW:
                answer = client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {})
                content = headers_only(answer.get(b"BODY[HEADER]") or b"", size)
            else:
                content = bodies.get(uid, {}).get(b"BODY[]")
            if content is None:
                continue  # somebody removed it between the search and the fetch
            arrived = sizes.get(uid, {}).get(b"INTERNALDATE")
            items.append(make_item(content, self._settings.folder, validity, uid, arrived, size))
        return items


def group_by_size(entries: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """(uid, bytes) in order, cut so that one group stays in memory comfortably."""
    groups: list[list[tuple[int, int]]] = []
    total = 0
    for uid, size in entries:
        taken = min(size, MAX_RAW)
        if not groups or total + taken > _BATCH_BYTES:
            groups.append([])
            total = 0
        groups[-1].append((uid, size))
        total += taken
    return groups


def make_item(
    content: bytes, folder: str, validity: int, uid: int, arrived: datetime | None, size: int
) -> RawItem:
    """The raw item of a letter under its two keys. `arrived` is the server's INTERNALDATE (naive means
    local time)."""
    received = (arrived or datetime.now(UTC)).astimezone(UTC)
    return RawItem(
        external_key=f"{folder}:{validity}.{uid}",
        content=content,
        received_at=received,
        content_key=content_key(content),
        meta={"folder": folder, "uidvalidity": validity, "uid": uid, "size": size},
    )


def content_key(content: bytes) -> str:
    """The same letter under another UID, or delivered twice, has the same key; one that differs in anything its
    sender wrote has another. What servers add on the way does not count."""
    headers, body, _ = split_headers(content, top=True)
    digest = hashlib.sha256()
    for name in sorted(headers):
        if not name.startswith(_ADDED_BY_SERVERS):
            for value in headers[name]:
                digest.update(name.encode() + b":" + b" ".join(value.split()) + b"\0")
    digest.update(hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip()).digest())
    return digest.hexdigest()


def headers_only(block: bytes, size: int) -> bytes:
    """The headers of a letter that is too large, with a notice as its body."""
    kept = re.sub(
        rb"(?im)^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*", b"", block.rstrip() + b"\r\n"
    )
    return kept + b"Content-Type: text/plain; charset=utf-8\r\n" + _NOTICE.format(size=size).encode()


def log_in(settings: EmailSettings) -> Client:
    """A logged-in connection. Raises Misconfigured or Unavailable; never falls back to plain text."""
    where = f"IMAP {settings.imap_host}:{settings.imap_port}"
    client: Client | None = None
    try:
        context = ssl.create_default_context()
        client = IMAPClient(
            settings.imap_host,
            port=settings.imap_port,
            ssl=settings.imap_security == "tls",
            ssl_context=context if settings.imap_security == "tls" else None,
            timeout=settings.timeout_seconds,
        )
        if settings.imap_security == "starttls":
            client.starttls(context)
        client.login(settings.imap_user or settings.address, settings.imap_password.get_secret_value())
        if client.has_capability("ID"):
            # 163 and 126 refuse SELECT to clients that do not introduce themselves ("Unsafe Login").
            client.id_({"name": "contact-hub", "vendor": "contact-hub"})
    except LoginError as error:
        _let_go(client)
        # The library says LoginError also when the line dropped during the login; that is nobody's wrong password.
        dropped = isinstance(error.__context__, imaplib.IMAP4.abort | OSError)
        if dropped or any(word in str(error).upper() for word in ("UNAVAILABLE", "INUSE", "SERVERBUG")):
            raise Unavailable(f"{where} cannot check the login now: {error}") from error
        raise Misconfigured(
            f"{where} refused the login: {error}. Check imap_user and imap_password."
        ) from error
    except ssl.SSLCertVerificationError as error:
        _let_go(client)
        raise Misconfigured(f"{where} shows a certificate that is not valid for it: {error}") from error
    except (IMAPClientError, imaplib.IMAP4.error, OSError) as error:
        _let_go(client)
        raise Unavailable(f"{where} cannot be reached: {error}") from error
    return client


def check_login(settings: EmailSettings) -> None:
    """Prove that the mailbox opens. Raises Misconfigured or Unavailable."""
    client = log_in(settings)
    try:
        client.select_folder(settings.folder, readonly=True)
    except (IMAPClientError, imaplib.IMAP4.abort, OSError) as error:
        if isinstance(error, imaplib.IMAP4.abort | OSError):
            raise Unavailable(f"The mailbox's line dropped: {error}") from error
        raise Misconfigured(f"The folder {settings.folder!r} cannot be opened: {error}") from error
    finally:
        _let_go(client)


def _let_go(client: Client | None) -> None:
    if client is not None:
        with contextlib.suppress(OSError, IMAPClientError, imaplib.IMAP4.error, AttributeError):
            client.shutdown()
