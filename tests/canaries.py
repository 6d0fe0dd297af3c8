"""Secrets and words of customers that the tests use, and where none of them may be found: in anything that is logged.

Each test's logs are read as they would be written (masked by hub.logs), the hub's own and the libraries'. Known secrets,
whatever looks like a key or a session, and every text that a fixture has a customer write are looked for.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from hub.logs import mask, masked

FIXED = (
    "correct horse battery",
    "a key of thirty-two bytes for tests",
    b"a key of thirty-two bytes for tests".hex(),
    "AAEtesttoken",
    "sandbox-only",
    "a secret that only the shop and its hub know",
)
"""Passwords, the installation's key and a bot's token, as the fixtures have them."""
LOOKS_SECRET = re.compile(
    r"\b(?:chk_|whsec_)[A-Za-z0-9+/_=-]{6,}"  # keys of programs, secrets of webhooks
    r"|(?<![\w+=.-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{32})(?![\w=-])"
    # sessions, links of customers
)
SHORT = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
"""Shows what is logged where a test fails. structlog's own way draws each frame of an error with its source and all variables,
which can take seconds for one line; what is looked through is made by `watching`."""
SHORTEST = 14
"""Characters. Shorter texts stand in other words by chance."""
_written: set[str] = set()


def written(text: str) -> str:
    """The same: a customer has written it, or a browser holds it, so no log may have it."""
    if len(text) >= SHORTEST:
        _written.add(text)
    return text


def leaks(log: str) -> list[str]:
    """What stands in a log and must not; no more of it than is needed to find it."""
    found = [canary for canary in (*FIXED, *_written) if canary in log]
    return [*found, *(match.group() for match in LOOKS_SECRET.finditer(log))]


@contextmanager
def watching() -> Iterator[None]:
    """Raises AssertionError at the end where something leaked meanwhile."""
    said: list[str] = []

    def note(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        seen = structlog.processors.format_exc_info(_logger, method, dict(event))
        said.append(str(mask(_logger, method, dict(seen))))
        return event

    root, handler = logging.getLogger(), _Noting(said)
    others = [one for one in root.handlers if isinstance(one, _Noting)]  # where a watch is what is tried
    configured = structlog.get_config() if others else None
    structlog.reset_defaults()
    processors = structlog.get_config()["processors"]
    structlog.configure(processors=[*processors[:-1], note, SHORT])
    for one in others:
        root.removeHandler(one)
    root.addHandler(handler)
    _written.clear()
    try:
        yield
        found = {canary: line for line in said for canary in leaks(line)}
        assert not found, f"in the log: {found}"
    finally:
        root.removeHandler(handler)
        for one in others:
            root.addHandler(one)
        structlog.reset_defaults()
        if configured is not None:
            structlog.configure(**configured)


class _Noting(logging.Handler):
    """What libraries log."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter())
        self._said = said

    def emit(self, record: Any) -> None:
        self._said.append(masked(self.format(record)))
