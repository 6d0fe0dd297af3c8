"""Opaque cursors of keyset pages. What a caller sends back is checked here before it reaches a query."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**63 - 1


class NotACursor(ValueError):
    """It was not made here."""


def show_time_cursor(at: datetime, row_id: int) -> str:
    """After this row, in a list ordered by a time and then an id."""
    return _wrap((at - _EPOCH) // timedelta(microseconds=1), row_id)


def read_time_cursor(cursor: str) -> tuple[datetime, int]:
    """Raises NotACursor."""
    microseconds, row_id = _unwrap(cursor, 2)
    try:
        return _EPOCH + timedelta(microseconds=microseconds), row_id
    except OverflowError as error:
        raise NotACursor(cursor) from error


def show_id_cursor(row_id: int) -> str:
    """After this row, in a list ordered by id."""
    return _wrap(row_id)


def read_id_cursor(cursor: str) -> int:
    """Raises NotACursor."""
    return _unwrap(cursor, 1)[0]


def _wrap(*numbers: int) -> str:
    plain = ".".join(str(number) for number in numbers).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _unwrap(cursor: str, expected: int) -> list[int]:
    if len(cursor) > 80:
        raise NotACursor(cursor)
    try:
        plain = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        numbers = [int(part) for part in plain.decode("ascii").split(".") if part.isdigit()]
    except (binascii.Error, ValueError) as error:
        raise NotACursor(cursor) from error
    if len(numbers) != expected or max(numbers) > _MOST or _wrap(*numbers) != cursor:
        raise NotACursor(cursor)
    return numbers
