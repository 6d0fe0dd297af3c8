"""Fetches letters as raw items, in groups that stay small, and gets past those that a server does not hand out.

A letter at which the line breaks again and again must not hold up the ones behind it: it is asked for by itself, then only its
headers are, then a notice takes its place. The nightly comparison goes on asking for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from channels.adapter import RawItem, Unavailable
from channels.email.limits import MAX_RAW
from channels.email.mailbox.checkpoints import Checkpoint
from channels.email.mailbox.items import BATCH, group_by_size, headers_only, make_item, make_notice
from channels.email.mailbox.mailbox import Declined, Mailbox
from channels.email.settings import EmailSettings

Told: TypeAlias = Mapping[int, tuple[int, datetime | None]]
"""Bytes and INTERNALDATE by UID, as far as the server says."""
_WHOLE = 3
"""So often a letter is asked for as a whole."""
_HEADERS = 5
"""So often it is asked for at all."""
_MOST_TROUBLES = 1000


class Troubles:
    """At which letters the line broke, and how often, across connections."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def of(self, key: str) -> int:
        """How often it broke at this letter."""
        return self._times.get(key, 0)

    def note(self, keys: Sequence[str]) -> None:
        """It broke at one of these."""
        if len(self._times) > _MOST_TROUBLES:
            self._times.clear()
        for key in keys:
            self._times[key] = self.of(key) + 1

    def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._times.pop(key, None)


class Fetch:
    """From one open folder."""

    def __init__(self, box: Mailbox, settings: EmailSettings, troubles: Troubles, folder: str) -> None:
        self._box = box
        self._troubles = troubles
        self._folder = folder
        self._junk = folder in settings.junk_folders

    def groups(self, mark: Checkpoint, uids: Sequence[int]) -> Iterator[tuple[list[int], list[RawItem]]]:
        """The letters of these UIDs, a few at a time: which, and the items to be accepted for them. Letters that somebody
        has removed have no item. Raises Unavailable."""
        for start in range(0, len(uids), BATCH):
            chunk = uids[start : start + BATCH]
            told = self._sizes(chunk)
            for group in self._cut(mark, [(uid, told.get(uid, (0, None))[0]) for uid in chunk]):
                keys = [mark.key(self._folder, uid) for uid, _ in group]
                try:
                    items = self._items(mark, group, told)
                except Unavailable:
                    self._troubles.note(keys)
                    raise
                yield [uid for uid, _ in group], items
                self._troubles.forget(keys)

    def _cut(self, mark: Checkpoint, entries: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        """Small groups, and each letter by itself that was in one at which the line broke."""
        quiet: list[tuple[int, int]] = []
        for entry in entries:
            if self._troubles.of(mark.key(self._folder, entry[0])):
                yield from group_by_size(quiet)
                quiet = []
                yield [entry]
            else:
                quiet.append(entry)
        yield from group_by_size(quiet)

    def _items(self, mark: Checkpoint, group: Sequence[tuple[int, int]], told: Told) -> list[RawItem]:
        bodies = self._bodies([uid for uid, size in group if size <= MAX_RAW and self._is_quiet(mark, uid)])
        absent = [uid for uid, size in group if uid not in bodies and size <= MAX_RAW]
        there = self._box.still_there(absent) if absent else set()
        items: list[RawItem] = []
        for uid, size in group:
            arrived = told.get(uid, (0, None))[1]
            content = bodies.get(uid)
            if content is None and uid in there and self._is_quiet(mark, uid):
                content = self._bodies([uid]).get(uid)
            if content is None and uid not in there and size <= MAX_RAW:
                continue  # somebody removed it between the search and the fetch
            if content is not None and len(content) <= MAX_RAW:
                items.append(make_item(content, mark, self._folder, uid, arrived, size, junk=self._junk))
                continue
            headers = self._headers(mark, uid)
            if headers is not None and max(size, len(content or b"")) > MAX_RAW:
                short = headers_only(headers, max(size, len(content or b"")))
                items.append(make_item(short, mark, self._folder, uid, arrived, size, junk=self._junk))
            else:
                items.append(make_notice(headers, mark, self._folder, uid, arrived, size))
        return items

    def _is_quiet(self, mark: Checkpoint, uid: int) -> bool:
        return self._troubles.of(mark.key(self._folder, uid)) < _WHOLE

    def _sizes(self, uids: Sequence[int]) -> Told:
        try:
            return self._box.sizes(uids)
        except Declined:
            return {}  # of one of them perhaps; the letters themselves say

    def _bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        try:
            return self._box.bodies(uids)
        except Declined:
            return {}

    def _headers(self, mark: Checkpoint, uid: int) -> bytes | None:
        if self._troubles.of(mark.key(self._folder, uid)) >= _HEADERS:
            return None
        try:
            return self._box.headers(uid)
        except Declined:
            return None
