"""Hearing a mailbox: one thread owns one connection, hands letters over, and moves the bookmark after the commit.

The thread never touches the event loop except through `Handing`; nothing is parsed here.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from channels.adapter import Misconfigured, RawItem, Unavailable
from channels.email.mailbox.checkpoints import at_sight, read_checkpoint
from channels.email.mailbox.fetch import Fetch, Troubles
from channels.email.mailbox.look_back import look_back
from channels.email.mailbox.mailbox import Declined, Mailbox, Opened, open_mailbox
from channels.email.settings import EmailSettings

log = structlog.get_logger(__name__)

_NOTED_SECONDS = 10.0
"""What was heard when is written down so often at the most."""
_BREATH_SECONDS = 0.1
_LONGEST_BREATH_SECONDS = 5.0
"""After a look for which the server had no reason; twice as long after each further one. Others may be marking hundreds of
letters, and some servers say something whenever they are asked to be quiet."""


class Handing(Protocol):
    """What the thread may ask of the hub; each call returns when the hub has done it."""

    def read_mark(self, key: str) -> Any: ...

    def write_mark(self, key: str, value: Any) -> None: ...

    def commit(self, items: Sequence[RawItem]) -> None:
        """Have the items accepted. Raises when they were not."""


def mark_key(folder: str) -> str:
    """Under which the bookmark keeps how far a folder has been read."""
    return f"imap:{folder}"


class Watch:
    """One mailbox. `run` belongs to its own thread; `stop` may be called from any other."""

    def __init__(self, settings: EmailSettings, troubles: Troubles, token: str = "") -> None:
        self._settings = settings
        self._troubles = troubles
        self._token = token
        self._stopping = threading.Event()
        self._box: Mailbox | None = None
        self._noted: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def stop(self) -> None:
        """End `run` soon: the socket is shut, so that no read can hang on."""
        self._stopping.set()
        if self._box is not None:
            self._box.interrupt()

    def run(self, hand: Handing, alive: Callable[[], bool]) -> None:
        """Hear the mailbox until stopped. Raises Misconfigured or Unavailable; exceptions of `hand` pass through."""
        box = self._box = open_mailbox(self._settings, self._token)
        try:
            if not self._stopping.is_set():
                self._hear(box, hand, alive)
        except Unavailable:
            if not self._stopping.is_set():
                raise
        except Declined as error:
            raise Unavailable(f"The mail server refused what it must be able to do: {error}") from error
        finally:
            box.close()

    def _hear(self, box: Mailbox, hand: Handing, alive: Callable[[], bool]) -> None:
        first = self._settings.folders[0]
        others = (*self._settings.folders[1:], *self._settings.junk_folders)
        woken, breath = False, _BREATH_SECONDS
        looked_back = False
        while not self._stopping.is_set():
            if not alive():
                raise Unavailable("Another hub has taken this mailbox over.")
            # First, for what lies there was written before what is in the folders.
            looked_back = looked_back or look_back(
                box, hand, self._settings, self._troubles, lambda: not self._stopping.is_set() and alive()
            )
            for folder in others:
                self._look_aside(box, folder, hand, alive)
            # Last, for IDLE tells of the folder that is open.
            opened = _open(box, first, for_reading=self._settings.after_reading == "keep")
            found = self._look(box, opened, hand, alive)
            self._note(hand, first, letters=opened.letters)
            if found or box.has_news(opened):
                # What came meanwhile was told with the answers just had, not in the IDLE to come.
                woken, breath = False, _BREATH_SECONDS
                continue
            if woken:
                self._stopping.wait(breath)
                breath = min(breath * 2, _LONGEST_BREATH_SECONDS)
            woken = box.wait(self._settings.poll_seconds, self._stopping)
            breath = breath if woken else _BREATH_SECONDS

    def _look_aside(self, box: Mailbox, folder: str, hand: Handing, alive: Callable[[], bool]) -> None:
        """One that is missing must not keep the letters of the others from coming in."""
        try:
            opened = box.open(folder, for_reading=self._settings.after_reading == "keep")
            self._look(box, opened, hand, alive)
        except Declined as error:
            self._note(hand, folder, error=_not_opened(folder, error))
        else:
            self._note(hand, folder, letters=opened.letters)

    def _look(self, box: Mailbox, opened: Opened, hand: Handing, alive: Callable[[], bool]) -> bool:
        """Hand over what is newer than the bookmark; says whether there was anything."""
        key, today = mark_key(opened.folder), datetime.now(UTC).date()
        kept = read_checkpoint(hand.read_mark(key), today)
        mark = at_sight(kept, opened.validity, opened.uid_next, today)
        if kept is not None and mark.uid < kept.uid:
            log.warning(
                "mailbox.renumbered",
                folder=opened.folder,
                was=kept.validity,
                now=mark.validity,
                turn=mark.turn,
            )
        uids = box.uids(mark.uid + 1, since=mark.since(self._settings.take_days))
        if mark != kept and not uids:
            hand.write_mark(key, mark.written())
        fetch = Fetch(box, self._settings, self._troubles, opened.folder)
        for group, items in fetch.groups(mark, uids):
            if self._stopping.is_set() or not alive():
                return True
            if items:
                hand.commit(items)
            mark = mark.reached(group[-1])
            hand.write_mark(key, mark.written())
            settle(box, opened, group, self._settings)
        return bool(uids)

    def _note(self, hand: Handing, folder: str, **said: Any) -> None:
        """Write down that this folder was looked into, and what it said."""
        said["junk"] = folder in self._settings.junk_folders
        at, before = self._noted.get(folder, (float("-inf"), {}))
        if said != before or time.monotonic() - at > _NOTED_SECONDS:
            self._noted[folder] = (time.monotonic(), said)
            hand.write_mark(f"heard:{folder}", said)


def settle(box: Mailbox, opened: Opened, uids: Sequence[int], settings: EmailSettings) -> None:
    """What is done with letters that are in the journal. Cosmetic: the bookmark decides what is new, so a server that will not
    changes nothing; a lost line shows itself at the next command."""
    if not opened.writable:
        return
    try:
        if settings.after_reading == "move" and opened.folder not in settings.junk_folders:
            box.move(uids, settings.done_folder)
        elif settings.after_reading != "keep":
            box.mark_seen(uids)
    except (Declined, Unavailable) as error:
        log.warning("mailbox.not_settled", folder=opened.folder, letters=len(uids), error=str(error)[:200])


def _open(box: Mailbox, folder: str, *, for_reading: bool) -> Opened:
    try:
        return box.open(folder, for_reading=for_reading)
    except Declined as error:
        kind = Unavailable if error.for_now else Misconfigured
        raise kind(_not_opened(folder, error)) from error


def _not_opened(folder: str, error: Declined) -> str:
    return f"The folder {folder!r} cannot be opened: {error}"[:300]


def check_login(settings: EmailSettings, token: str = "") -> None:
    """Prove that the mailbox opens, with every folder. Raises Misconfigured or Unavailable."""
    box = open_mailbox(settings, token)
    try:
        for folder in (*settings.folders, *settings.junk_folders):
            _open(box, folder, for_reading=True)
    finally:
        box.close()
