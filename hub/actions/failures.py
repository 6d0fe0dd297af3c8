"""Why an action was not done. `code` is stable (screens translate it, the API returns it); the text is English."""

import traceback
from pathlib import Path

MOST_SHORT = 300


class ActionFailure(Exception):
    """Base. Nothing was changed."""

    code = "failed"

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        if code:
            self.code = code


class NotFound(ActionFailure):
    """There is no such thing, or the actor may not know of it."""

    code = "not_found"


class Conflict(ActionFailure):
    """The ticket changed since the actor looked: `current_seq` is where it stands now."""

    code = "changed_meanwhile"

    def __init__(self, text: str, *, current_seq: int, code: str = "") -> None:
        super().__init__(text, code=code)
        self.current_seq = current_seq


class NotPossible(ActionFailure):
    """The ticket or the channel does not allow it; the code says what stands in the way."""

    code = "not_possible"


class LoginRefused(ActionFailure):
    """Somebody did not show who they are, or tried too often; `retry_after` seconds in the latter case. Other codes than
    `login_refused` and `too_many_tries` belong to a second step, a passkey or the company's own sign-in."""

    code = "login_refused"

    def __init__(self, text: str, *, retry_after: int = 0, code: str = "") -> None:
        super().__init__(text, code="too_many_tries" if retry_after else code or "login_refused")
        self.retry_after = retry_after


PUT_OFF_SECONDS = 3600.0
"""Until what is done by itself, and failed by itself, is tried once more: the log does not bear it every second."""


def in_short(error: BaseException) -> str:
    """What was raised and where, in a line: for people who look after the hub. What Postgres adds below the first line quotes
    the row, which is a customer's, so it is left out.

    >>> in_short(ValueError("too bad\\nDETAIL: Li Wei"))
    'ValueError: too bad'
    """
    said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".rstrip(": ")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return said[:MOST_SHORT] + where
