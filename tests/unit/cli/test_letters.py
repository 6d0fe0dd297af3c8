"""Finding letters in files."""

from pathlib import Path

import pytest

from channels.email.limits import MAX_RAW
from hub.cli.letters import MOST_KEPT, find_letters

BOX = (
    b"From a Mon Nov  2 10:00:00 2026\nSubject: one\n\n>From me\n>>From you\n\n"
    b"From b Mon Nov  2 10:00:00 2026\nSubject: two\n\nx\n"
)


def test_a_file_is_what_it_is_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "letter").write_bytes(b"Subject: x\r\n\r\ny\r\n")
    (tmp_path / "box.eml").write_bytes(BOX)
    letter = find_letters(tmp_path / "letter")
    box = find_letters(tmp_path / "box.eml")
    assert [raw for _, raw in letter] == [b"Subject: x\r\n\r\ny\r\n"]
    assert [raw for _, raw in box] == [b"Subject: one\n\nFrom me\n>From you\n", b"Subject: two\n\nx\n"]
    assert [where for where, _ in box] == [f"{tmp_path / 'box.eml'} #1", f"{tmp_path / 'box.eml'} #2"]
    assert len(box) == 2


def test_a_folder_is_searched_for_letters_boxes_and_maildirs(tmp_path: Path) -> None:
    (tmp_path / "Maildir/new").mkdir(parents=True)
    (tmp_path / "Maildir/new/1.host").write_bytes(b"Subject: m\n\n")
    (tmp_path / "a.eml").write_bytes(b"Subject: a\n\n")
    (tmp_path / "archive").write_bytes(BOX)
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    shelf = find_letters(tmp_path)
    assert len(shelf) == 4 and len(list(shelf)) == 4
    assert {path.name for path in shelf.skipped} == {"empty.eml", "photo.jpg"}


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_letters(tmp_path / "absent")
    assert len(find_letters(tmp_path)) == 0


def test_a_letter_too_large_to_read_is_taken_whole_and_one_too_large_to_keep_is_named(tmp_path: Path) -> None:
    for name, size in (("unreadable.eml", MAX_RAW + 1), ("unkeepable.eml", MOST_KEPT + 1)):
        with (tmp_path / name).open("wb") as file:
            file.write(b"Subject: big\n\nbody")
            file.truncate(size)
    shelf = find_letters(tmp_path)
    ((where, raw),) = shelf
    assert where.endswith("unreadable.eml") and len(raw) == MAX_RAW + 1
    assert shelf.too_large == [str(tmp_path / "unkeepable.eml")]
