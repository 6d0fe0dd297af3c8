"""What the scripted IMAP server keeps: folders of letters with their numbers. No protocol."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(kw_only=True)
class Letter:
    uid: int
    raw: bytes
    arrived: datetime
    flags: set[str] = field(default_factory=set)
    size: int | None = None
    """What RFC822.SIZE says; None: the truth."""


@dataclass(kw_only=True)
class Folder:
    name: str
    validity: int = 7
    next_uid: int = 1
    letters: list[Letter] = field(default_factory=list)
    """In the order of their UIDs."""
    writable: bool = True

    def put(self, raw: bytes, arrived: datetime | None = None, *, uid: int | None = None) -> Letter:
        letter = Letter(uid=uid or self.next_uid, raw=raw, arrived=arrived or datetime.now(UTC))
        self.letters.append(letter)
        self.next_uid = letter.uid + 1
        return letter

    def within(self, numbers: str) -> list[Letter]:
        """Letters of a UID set such as 3,5:9,12:*; the star is the highest there is."""
        top = max((letter.uid for letter in self.letters), default=0)
        wanted: list[tuple[int, int]] = []
        for part in numbers.split(","):
            low, _, high = part.partition(":")
            ends = [top if end == "*" else int(end) for end in (low, high or low)]
            wanted.append((min(ends), max(ends)))
        found: dict[int, Letter] = {}
        for low, high in wanted:
            begin = bisect_left(self.letters, low, key=lambda one: one.uid)
            end = bisect_right(self.letters, high, key=lambda one: one.uid)
            found |= {one.uid: one for one in self.letters[begin:end]}
        return [found[uid] for uid in sorted(found)]

    def number(self, letter: Letter) -> int:
        """Its message sequence number."""
        return bisect_left(self.letters, letter.uid, key=lambda one: one.uid) + 1
