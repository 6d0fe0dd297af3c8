"""Where a folder is read on after its numbers have changed their meaning."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.mailbox.checkpoints import Checkpoint, at_sight, read_checkpoint

TODAY = date(2026, 11, 25)


def mark(validity: int = 7, uid: int = 12, **more: object) -> Checkpoint:
    return Checkpoint(validity=validity, uid=uid, first=TODAY, **more)  # type: ignore[arg-type]


def test_a_folder_seen_for_the_first_time_is_read_from_the_start() -> None:
    assert at_sight(None, 7, 100, TODAY) == mark(uid=0)


@pytest.mark.parametrize("uid_next", [13, 14, 2**32, None])
def test_the_same_numbering_is_read_on(uid_next: int | None) -> None:
    assert at_sight(mark(), 7, uid_next, TODAY) == mark()


def test_a_new_numbering_is_read_from_the_start_and_the_old_one_remembered() -> None:
    seen = at_sight(mark(), 8, 13, TODAY)
    assert (seen.validity, seen.uid, seen.turn) == (8, 0, 0)
    assert seen.earlier == ((7, 12, 0),)


def test_back_and_forth_each_is_read_on_where_it_was_left() -> None:
    seen = at_sight(mark(), 8, 3, TODAY).reached(2)
    back = at_sight(seen, 7, 14, TODAY)
    assert (back.validity, back.uid, back.turn) == (7, 12, 0)
    forth = at_sight(back.reached(13), 8, 3, TODAY)
    assert (forth.uid, at_sight(forth, 7, 14, TODAY).uid) == (2, 13)


def test_a_folder_that_went_back_in_time_is_read_anew_under_other_keys() -> None:
    """A restored backup: UID 12 may be another letter than before."""
    seen = at_sight(mark(), 7, 9, TODAY)
    assert (seen.uid, seen.turn) == (0, 1)
    assert seen.key("INBOX", 12) != mark().key("INBOX", 12)
    assert at_sight(seen.reached(8), 7, 9, TODAY).uid == 8


def test_a_lower_numbering_that_is_not_remembered_may_have_had_other_letters() -> None:
    assert at_sight(mark(), 6, 100, TODAY).turn == 1
    assert at_sight(mark(turn=4), 6, 100, TODAY).turn == 5


def test_what_the_bookmark_keeps_reads_back() -> None:
    kept = mark(turn=2, earlier=((6, 5, 1), (5, 4, 0)))
    assert read_checkpoint(kept.written(), date(2030, 1, 1)) == kept
    assert read_checkpoint({"uidvalidity": 7, "uid": 12}, TODAY) == mark()
    assert read_checkpoint(None, TODAY) is None
    assert read_checkpoint({"letters": 3}, TODAY) is None


def test_only_the_last_days_count_from_the_first_sight() -> None:
    assert mark().since(0) is None
    assert mark().since(7) == date(2026, 11, 17)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6)), max_size=30))
def test_no_key_ever_means_two_letters(states: list[tuple[int, int]]) -> None:
    """Whatever a server shows: once it has gone back in time, what it numbers anew has keys that were not used."""
    seen: Checkpoint | None = None
    used: dict[str, int] = {}
    restored: dict[int, int] = {}
    top: dict[int, int] = {}
    for validity, uid_next in states:
        if uid_next <= top.get(validity, 0):
            restored[validity] = restored.get(validity, 0) + 1
        seen = at_sight(seen, validity, uid_next, TODAY)
        for uid in range(seen.uid + 1, uid_next):
            meaning = restored.get(validity, 0)
            assert used.setdefault(seen.key("INBOX", uid), meaning) == meaning
        seen = seen.reached(uid_next - 1)
        top[validity] = uid_next - 1
