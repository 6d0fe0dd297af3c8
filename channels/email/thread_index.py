"""Thread-Index, by which Outlook puts letters together: read from a letter, and one step longer in its answer. Pure.

[MS-OXOMSG] 2.2.1.3: twenty-two bytes of whoever began, then five for each answer. An answer that repeats them, or has none,
stands apart in Outlook, all the more since our subject bears the ticket's number.
"""

import base64
import binascii
import hashlib
from datetime import UTC, datetime

_BEGINNING, _STEP = 22, 5
MOST_STEPS = 60
"""Answers that a thread is followed for; nobody sees the order of more."""
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_thread_index(value: bytes) -> str:
    """As it is written again; "" for what is none, whatever it holds.

    >>> read_thread_index(b" AdrT2nTzXk1y0m7jTq2mVvQJm2bW4w== "), read_thread_index(b"AdrT"), read_thread_index(b"x: y")
    ('AdrT2nTzXk1y0m7jTq2mVvQJm2bW4w==', '', '')
    """
    written = b"".join(value[:1000].split())
    try:
        data = base64.b64decode(written + b"=" * (-len(written) % 4), validate=True)
    except binascii.Error:
        return ""
    steps, rest = divmod(len(data) - _BEGINNING, _STEP)
    return base64.b64encode(data).decode() if rest == 0 and 0 <= steps < MOST_STEPS else ""


def answer_index(index: str, at: datetime, message_id: str) -> str:
    """The index of an answer of that moment to a letter with `index`, which read_thread_index gave. The same every time: what
    is random in it comes from `message_id`."""
    data = base64.b64decode(index)
    now = int((at - _EPOCH).total_seconds()) * 10_000_000
    passed = max(0, now - (int.from_bytes(data[:6], "big") << 16))
    delta = passed >> 18 & 0x7FFFFFFF if passed >> 49 == 0 else 1 << 31 | passed >> 23 & 0x7FFFFFFF
    chance = hashlib.sha256(message_id.encode()).digest()[0] & 0xF0
    return base64.b64encode(data + delta.to_bytes(4, "big") + bytes([chance])).decode()
