"""Finds the letters in files, mbox files and folders. Reads; decides nothing."""

import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

MOST_KEPT = 100 * 1024 * 1024
"""Bytes of a letter that is put into the journal. One that is larger than any that is read is kept, and quarantined."""
_LETTERS = {".eml", ".msg822", ".rfc822"}
_MAILDIR = {"cur", "new"}
_ESCAPED_FROM = re.compile(rb"(?m)^>(>*From )")


@dataclass(slots=True, kw_only=True)
class Shelf:
    """What lies under a path. `boxes`: mbox files, each with its number of letters; `skipped`: files that are no letters;
    `too_large`: letters above MOST_KEPT, known once all were gone through."""

    letters: list[Path] = field(default_factory=list)
    boxes: list[tuple[Path, int]] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.letters) + sum(count for _, count in self.boxes)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """(where it lies, its bytes), one after the other; never more than one in memory."""
        for path in self.letters:
            if path.stat().st_size > MOST_KEPT:
                self.too_large.append(str(path))
            else:
                yield str(path), path.read_bytes()
        for path, _ in self.boxes:
            with closing(mailbox.mbox(path, create=False)) as box:
                for number, key in enumerate(box.iterkeys(), 1):
                    raw, where = box.get_bytes(key), f"{path} #{number}"
                    if len(raw) > MOST_KEPT:
                        self.too_large.append(where)
                    else:
                        # The mbox format puts ">" before lines that begin with "From ".
                        yield where, _ESCAPED_FROM.sub(rb"\1", raw)


def find_letters(path: Path) -> Shelf:
    """A file is taken as what it is; in a folder, at any depth, what looks like a letter or an mbox is. Raises
    FileNotFoundError."""
    shelf = Shelf()
    if path.is_file():
        _put(shelf, path, asked_for=True)
    elif path.is_dir():
        for one in sorted(path.rglob("*")):
            if one.is_file():
                _put(shelf, one, asked_for=False)
    else:
        raise FileNotFoundError(path)
    return shelf


def _put(shelf: Shelf, path: Path, *, asked_for: bool) -> None:
    with path.open("rb") as file:
        start = file.read(5)
    if start == b"From ":
        with closing(mailbox.mbox(path, create=False)) as box:
            shelf.boxes.append((path, len(box)))
    elif start and (asked_for or path.suffix.lower() in _LETTERS or path.parent.name in _MAILDIR):
        shelf.letters.append(path)
    else:
        shelf.skipped.append(path)
