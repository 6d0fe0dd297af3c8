"""One logged-in connection to a mailbox, in the few words that hearing and counting need. No decision is made here.

Whatever a server answers, only three things come out: Unavailable (the line or the protocol broke: hang up), Misconfigured
(a person must change something), Declined (it said no to this one thing and the line is fine).
"""

import contextlib
import imaplib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from channels.adapter import ChannelFailure, Misconfigured, Unavailable
from channels.email.accounts.oauth import TokenRefused, Xoauth2
from channels.email.mailbox.line import Client
from channels.email.settings import EmailSettings

_FOR_NOW = (
    "UNAVAILABLE", "[INUSE]", "[SERVERBUG]", "[LIMIT]", "OVERQUOTA", "TOO MANY", "TEMPORAR", "TRY AGAIN", "THROTTL",
    "RATE LIMIT", "FREQUEN", "EXCEED", "NOT CONNECTED",
)  # fmt: skip
"""In a refusal: not a wrong password but a busy server (RFC 5530, and what Gmail, Exchange and QQ say)."""
_GARBAGE = (ValueError, LookupError, TypeError, AssertionError, ArithmeticError, RecursionError)
"""What imapclient and imaplib raise when an answer is not IMAP."""


class Declined(Exception):
    """The server said no to this one command. The text is the server's."""

    @property
    def for_now(self) -> bool:
        """Whether it sounds like a busy server, not like one that minds what is asked."""
        return is_for_now(str(self))


def is_for_now(said: str) -> bool:
    """Whether a server says that it is busy."""
    return any(word in said.upper() for word in _FOR_NOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a folder said when it was opened. `uid_next` is None where it does not say."""

    folder: str
    validity: int
    uid_next: int | None
    letters: int
    writable: bool


class Mailbox:
    """Belongs to one thread; `interrupt` may be called from any other."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def interrupt(self) -> None:
        """End whatever is being waited for; the line is of no more use."""
        self._client.interrupt()

    def close(self) -> None:
        """Let go of the line, without a word to the server."""
        self._client.shutdown()

    def open(self, folder: str, *, for_reading: bool = False) -> Opened:
        """Make `folder` the one that the other methods speak of."""
        with _asking():
            try:
                said = self._client.select_folder(folder, readonly=for_reading)
            except imaplib.IMAP4.readonly:  # somebody else's, which we may only read
                said = self._client.select_folder(folder, readonly=True)
                for_reading = True
            # What was told until now is in the folder that is about to be looked into.
            self._client.forget_news()
            return Opened(
                folder=folder,
                validity=int(said.get(b"UIDVALIDITY", 0)),
                uid_next=int(said[b"UIDNEXT"]) if b"UIDNEXT" in said else None,
                letters=int(said.get(b"EXISTS", 0)),
                writable=not for_reading,
            )

    def uids(self, first: int, last: int | None = None, since: date | None = None) -> list[int]:
        """The UIDs from `first` on that the folder has, in order."""
        if last is not None and last < first:
            return []
        asked: list[Any] = ["UID", f"{first}:{last if last is not None else '*'}"]
        if since is not None:
            asked += ["SINCE", since]
        with _asking():
            found = {int(uid) for uid in self._client.search(asked)}
        # "n:*" always names the newest letter too (RFC 3501 6.4.8), hence the filter.
        return sorted(uid for uid in found if uid >= first and (last is None or uid <= last))

    def still_there(self, uids: Sequence[int]) -> set[int]:
        """Those that nobody has removed meanwhile."""
        with _asking():
            return set(uids) & {int(uid) for uid in self._client.search(["UID", ",".join(map(str, uids))])}

    def sizes(self, uids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
        """Bytes and INTERNALDATE of each, as far as the server says."""
        with _asking():
            told = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
            return {
                uid: (max(0, int(one.get(b"RFC822.SIZE") or 0)), _utc(one.get(b"INTERNALDATE")))
                for uid, one in told.items()
            }

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole letters, unmarked, of those that the server hands out."""
        with _asking():
            told = self._client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
            return {uid: one[b"BODY[]"] for uid, one in told.items() if isinstance(one.get(b"BODY[]"), bytes)}

    def headers(self, uid: int) -> bytes | None:
        """The headers of one letter; None where the server does not hand them out."""
        with _asking():
            told = self._client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {}).get(b"BODY[HEADER]")
        return told if isinstance(told, bytes) else None

    def mark_seen(self, uids: Sequence[int]) -> None:
        """For the eyes of those who look into the mailbox by another way."""
        with _asking():
            self._client.add_flags(uids, [b"\\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Put letters into another folder, which is made where there is none."""
        try:
            self._move(uids, folder)
        except Declined:
            with _asking():
                self._client.create_folder(folder)
                self._client.subscribe_folder(folder)
            self._move(uids, folder)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        with _asking():
            if self._client.has_capability("MOVE"):
                self._client.move(uids, folder)
                return
            self._client.copy(uids, folder)
            self._client.add_flags(uids, [b"\\Deleted", b"\\Seen"], silent=True)
            if self._client.has_capability("UIDPLUS"):
                # Without it EXPUNGE would take along what others have marked; they stay, marked.
                self._client.uid_expunge(uids)

    def append(self, folder: str, letter: bytes, written: datetime) -> None:
        """Put a letter of ours into a folder, as one that has been read. The folder is made where there is none."""
        try:
            self._append(folder, letter, written)
        except Declined:
            with _asking():
                self._client.create_folder(folder)
                self._client.subscribe_folder(folder)
            self._append(folder, letter, written)

    def _append(self, folder: str, letter: bytes, written: datetime) -> None:
        with _asking():
            self._client.append(folder, letter, flags=[b"\\Seen"], msg_time=written)

    def has_news(self, opened: Opened) -> bool:
        """Whether the server has told of other letters since the folder was opened."""
        with _asking():
            return self._client.has_news(opened.letters)

    def wait(self, seconds: float, stopping: threading.Event) -> bool:
        """Return when the server says something, where it can (IDLE), after `seconds` at the latest; whether it did."""
        with _asking():
            if self._client.has_capability("IDLE"):
                return self._client.await_news(seconds)
        stopping.wait(seconds)
        return False


def _utc(arrived: Any) -> datetime | None:
    """A date that a server gave; None for one that is none."""
    try:
        return arrived.astimezone(UTC) if isinstance(arrived, datetime) else None
    except (OverflowError, ValueError):
        return None


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except ChannelFailure:
        raise
    except (imaplib.IMAP4.abort, OSError) as error:
        raise Unavailable(f"The mailbox's line dropped: {_said(error)}") from error
    except IMAPClientError as error:
        raise Declined(_said(error)) from error
    except _GARBAGE as error:
        raise Unavailable(
            f"The mail server does not answer as IMAP does: {type(error).__name__}: {error}"[:300]
        ) from error


def open_mailbox(settings: EmailSettings, token: str = "") -> Mailbox:
    """A logged-in connection; `token` is the access token where `auth` is oauth2. Raises Misconfigured, Unavailable, or
    TokenRefused when another token may help; never falls back to plain text."""
    where = f"IMAP {settings.imap_host}:{settings.imap_port}"
    client: Client | None = None
    try:
        context = None if settings.imap_security == "none" else ssl.create_default_context()
        client = Client(
            settings.imap_host,
            settings.imap_port,
            tls=context if settings.imap_security == "tls" else None,
            timeout=settings.timeout_seconds,
        )
        client.normalise_times = False
        if settings.imap_security == "starttls":
            client.starttls(context)
        _log_in(client, settings, token, where)
        if settings.introduces_itself or client.has_capability("ID"):
            client.introduce("contact-hub")
    except LoginError as error:
        _let_go(client)
        raise _refusal(error, settings, token, where) from error
    except CapabilityError as error:
        _let_go(client)
        raise Misconfigured(f"{where} offers no STARTTLS; nothing is said unprotected.") from error
    except ssl.SSLCertVerificationError as error:
        _let_go(client)
        raise Misconfigured(f"{where} shows a certificate that is not valid for it: {error}") from error
    except ChannelFailure:
        _let_go(client)
        raise
    except (IMAPClientError, OSError, *_GARBAGE) as error:
        _let_go(client)
        raise Unavailable(f"{where} cannot be reached: {_said(error)}") from error
    return Mailbox(client)


def _log_in(client: Client, settings: EmailSettings, token: str, where: str) -> None:
    if client.has_capability("LOGINDISABLED") and settings.auth == "password":
        raise Misconfigured(
            f"{where} takes no login on an unprotected line; set imap_security to tls or starttls."
        )
    if settings.auth == "oauth2":
        client.sasl_login("XOAUTH2", Xoauth2(settings.mailbox_user, token))
        return
    password = settings.imap_password.get_secret_value()
    if (settings.mailbox_user + password).isascii():
        client.login(settings.mailbox_user, password)
    else:  # LOGIN has no words for it
        client.plain_login(settings.mailbox_user, password)


def _refusal(error: LoginError, settings: EmailSettings, token: str, where: str) -> ChannelFailure:
    # The library says LoginError also when the line dropped during the login; that is nobody's wrong password.
    dropped = isinstance(error.__context__, imaplib.IMAP4.abort | OSError)
    if dropped or ("AUTHENTICATIONFAILED" not in str(error).upper() and is_for_now(str(error))):
        return Unavailable(f"{where} cannot check the login now: {_said(error)}")
    if token:
        return TokenRefused(f"{where} refused the access token: {_said(error)}", token)
    advice = settings.login_advice or "Check imap_user and imap_password."
    return Misconfigured(f"{where} refused the login: {_said(error)}. {advice}")


def _said(error: BaseException) -> str:
    """The text of an error, with the server's words as they were and not as Python shows bytes."""
    return re.sub(r"""\bb(['"])(.*?)\1""", r"\2", str(error)).strip(" .")[:300] or type(error).__name__


def _let_go(client: Client | None) -> None:
    if client is not None:
        client.shutdown()
