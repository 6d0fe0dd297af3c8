"""The signed pass in each page: which submission it is, and since when the page has been open. Pure.

The same pass with the same words is the same submission, so pressing the button twice doubles nothing.
"""

import hashlib
import hmac
import re
from datetime import datetime
from uuid import UUID

from hub.model.keyring import every_key

_SHAPE = re.compile(r"([0-9a-f]{32})\.(\d{1,11})\.([0-9a-f]{32})")
LONGEST_AGE = 7 * 24 * 3600
"""Seconds for which a page may stay open before it is sent."""


def make_pass(secret: bytes, form: str, submission: UUID, at: datetime) -> str:
    """A pass for one page of the form, opened at `at`."""
    seconds = int(at.timestamp())
    return f"{submission.hex}.{seconds}.{_signature(secret, form, submission.hex, seconds)}"


def read_pass(secret: bytes, form: str, value: str, at: datetime) -> tuple[str, float] | None:
    """The submission's id and the page's age in seconds; None for a pass that is not ours, or too old."""
    match = _SHAPE.fullmatch(value)
    if match is None:
        return None
    submission, seconds, signature = match[1], int(match[2]), match[3]
    if not _is_signed(secret, form, submission, seconds, signature):
        return None
    age = at.timestamp() - seconds
    return (submission, age) if age <= LONGEST_AGE else None


def make_trial(secret: bytes, form: str, at: datetime) -> str:
    """What stands in the address of a form that somebody of the house tries: good for a day, so that no customer's message is
    ever taken for a test because of an old link."""
    seconds = int(at.timestamp())
    return f"{seconds}.{_signature(secret, form, 'trial', seconds)}"


def is_trial(secret: bytes, form: str, value: str, at: datetime) -> bool:
    """Whether we made it for this form, not long ago."""
    head, _, signature = value.partition(".")
    if not (head.isascii() and head.isdigit() and len(head) < 12):
        return False
    return _is_signed(secret, form, "trial", int(head), signature) and at.timestamp() - int(head) <= 24 * 3600


def _is_signed(secret: bytes, form: str, submission: str, seconds: int, signature: str) -> bool:
    given = signature.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(_signature(key, form, submission, seconds).encode(), given)
        for key in every_key(secret)
    )


def _signature(secret: bytes, form: str, submission: str, seconds: int) -> str:
    said = f"form-pass:{form}:{submission}:{seconds}".encode()
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:32]
