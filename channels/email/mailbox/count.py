"""Compares a mailbox with the journal, folder by folder, and has accepted what the journal lacks. A connection of its own, so
that hearing goes on meanwhile.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from channels.adapter import Count, RawItem, Unavailable
from channels.email.mailbox.checkpoints import read_checkpoint
from channels.email.mailbox.fetch import Fetch, Troubles
from channels.email.mailbox.mailbox import Declined, Mailbox, open_mailbox
from channels.email.mailbox.watch import mark_key, settle
from channels.email.settings import EmailSettings

_AT_ONCE = 1000
"""Keys in one question to the journal."""


class CountingHand(Protocol):
    """What the thread may ask of the hub; each call returns when the hub has done it."""

    def read_mark(self, key: str) -> Any: ...

    def known(self, keys: Sequence[str]) -> set[str]: ...

    def commit(self, items: Sequence[RawItem]) -> None: ...


class Counting:
    """One comparison. `run` belongs to its own thread; `stop` may be called from any other."""

    def __init__(self, settings: EmailSettings, token: str = "") -> None:
        self._settings = settings
        self._token = token
        self._stopping = threading.Event()
        self._box: Mailbox | None = None

    def stop(self) -> None:
        self._stopping.set()
        if self._box is not None:
            self._box.interrupt()

    def run(self, hand: CountingHand) -> list[Count]:
        """One Count for each folder. Raises Misconfigured or Unavailable when there is no login."""
        box = self._box = open_mailbox(self._settings, self._token)
        try:
            folders = (*self._settings.folders, *self._settings.junk_folders)
            return [self._count(box, folder, hand) for folder in folders if not self._stopping.is_set()]
        finally:
            box.close()

    def _count(self, box: Mailbox, folder: str, hand: CountingHand) -> Count:
        on_server = known = fetched = 0
        missing: list[int] = []
        why = ""
        try:
            mark = read_checkpoint(hand.read_mark(mark_key(folder)), datetime.now(UTC).date())
            opened = box.open(folder, for_reading=self._settings.after_reading != "move")
            if mark is None or mark.validity != opened.validity:
                return Count(folder=folder, error="The folder is being read for the first time, or anew.")
            uids = box.uids(1, mark.uid, since=mark.since(self._settings.take_days))
            on_server = len(uids)
            for start in range(0, on_server, _AT_ONCE):
                by_key = {mark.key(folder, uid): uid for uid in uids[start : start + _AT_ONCE]}
                found = {by_key[key] for key in hand.known(list(by_key))}
                known += len(found)
                missing += sorted(set(by_key.values()) - found)
                if self._settings.after_reading == "move" and found:
                    settle(box, opened, sorted(found), self._settings)  # whose move had failed
            # What is asked for here may be what the line breaks at, which must not count against hearing.
            for _, items in Fetch(box, self._settings, Troubles(), folder).groups(mark, missing):
                if items:
                    hand.commit(items)
                fetched += sum(not item.meta.get("notice") for item in items)
                if self._stopping.is_set():
                    break
        except Declined as error:
            why = f"The folder {folder!r} cannot be compared: {error}"[:300]
        except Unavailable as error:
            why = str(error)[:300]
        return Count(
            folder=folder, on_server=on_server, known=known, missing=len(missing), fetched=fetched, error=why
        )
