"""Finds the letters in files, mbox files and folders. Reads; decides nothing."""

import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from channels.email.limits import MAX_HEADER_BLOCK, MAX_RAW
from channels.email.watch import headers_only

_LETTERS = {".eml", ".msg822", ".rfc822"}
_MAILDIR = {"cur", "new"}
_ESCAPED_FROM = re.compile(rb"(?m)^>(>*From )")


@dataclass(slots=True, kw_only=True)
class Shelf:
    """What lies under a path. `boxes`: mbox files, each with its number of letters; `skipped`: files that are no letters."""

    letters: list[Path] = field(default_factory=list)
    boxes: list[tuple[Path, int]] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.letters) + sum(count for _, count in self.boxes)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """(where it lies, its bytes), one after the other; never more than one in memory."""
        for path in self.letters:
            yield str(path), _read(path)
        for path, _ in self.boxes:
            with closing(mailbox.mbox(path, create=False)) as box:
                for number, key in enumerate(box.iterkeys(), 1):
                    # The mbox format puts ">" before lines that begin with "From ".
                    yield f"{path} #{number}", _ESCAPED_FROM.sub(rb"\1", box.get_bytes(key))


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


def _read(path: Path) -> bytes:
    """Of a letter that is larger than any that is read, the headers with a notice, as of such a one in a mailbox."""
    size = path.stat().st_size
    if size <= MAX_RAW:
        return path.read_bytes()
    with path.open("rb") as file:
        start = file.read(MAX_HEADER_BLOCK).replace(b"\r\n", b"\n")
    return headers_only(start.partition(b"\n\n")[0].replace(b"\n", b"\r\n"), size)
