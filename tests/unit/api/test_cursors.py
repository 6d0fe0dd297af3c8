"""Cursors come back as they were made, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web.api.cursors import (
    NotACursor,
    read_id_cursor,
    read_time_cursor,
    show_id_cursor,
    show_time_cursor,
)

_TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=_TIMES, row_id=st.integers(0, 2**63 - 1))
def test_a_time_cursor_keeps_time_to_the_microsecond_and_id(at: datetime, row_id: int) -> None:
    assert read_time_cursor(show_time_cursor(at, row_id)) == (at, row_id)


@given(row_id=st.integers(0, 2**63 - 1))
def test_an_id_cursor_keeps_its_id(row_id: int) -> None:
    assert read_id_cursor(show_id_cursor(row_id)) == row_id


@given(st.text(max_size=90))
def test_any_text_is_either_a_cursor_or_refused(text: str) -> None:
    for read in (read_time_cursor, read_id_cursor):
        try:
            read(text)
        except NotACursor:
            continue
        assert text.isascii()


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "!",
        "MQ==",
        show_id_cursor(1) + "A",
        show_id_cursor(2**63),
        show_time_cursor(datetime(2026, 11, 24, tzinfo=UTC), 2**63),
    ],
)
def test_what_was_not_made_here_is_refused(forged: str) -> None:
    with pytest.raises(NotACursor):
        read_id_cursor(forged)
    with pytest.raises(NotACursor):
        read_time_cursor(forged)


def test_a_time_out_of_all_calendars_is_refused() -> None:
    with pytest.raises(NotACursor):
        read_time_cursor("OTIyMzM3MjAzNjg1NDc3NTgwNy4x")  # 9223372036854775807.1
