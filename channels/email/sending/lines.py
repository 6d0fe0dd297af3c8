"""Lines to a relay that stay open for a moment, so that letters which leave one after the other log in once.

One letter at a time has a line. It is kept only after a letter that the relay took over: whatever else happened on it, the
next letter begins on one of its own. No letter is composed or sent here.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiosmtplib

KEPT_SECONDS = 10.0
"""How long a line waits for the next letter: long enough for those of one queue, so short that no relay minds."""
MOST_KEPT = 8
MOST_LETTERS = 20
"""By one line; relays that count have larger numbers (Exchange's own connectors send as many by default)."""


@dataclass(slots=True, eq=False)
class Line:
    """`letters`: how many have left by it. `alarm` ends it while it waits."""

    client: aiosmtplib.SMTP
    letters: int = 0
    alarm: asyncio.TimerHandle | None = None

    @property
    def used(self) -> bool:
        """Whether it has waited since it logged in, and the relay may have had enough of it."""
        return self.letters > 0

    def end(self) -> None:
        """At once, without a word."""
        self.client.close()

    def leave(self) -> None:
        """QUIT as RFC 5321 4.1.1.10 wants it. All letters have been taken over: the answer is not waited for."""
        if self.client.protocol is not None:
            with contextlib.suppress(aiosmtplib.SMTPException):
                self.client.protocol.write(b"QUIT\r\n")
        self.end()


class Lines:
    """Of one inbox. `log_in` opens one, and raises what there is to say where that fails."""

    def __init__(self, log_in: Callable[[], Awaitable[aiosmtplib.SMTP]]) -> None:
        self._log_in = log_in
        self._waiting: list[Line] = []
        self._closed = False

    async def take(self, *, fresh: bool = False) -> Line:
        """The one that waited least, or a new one; `fresh`: a new one in any case."""
        while self._waiting and not fresh:
            line = self._waiting.pop()
            if line.alarm is not None:
                line.alarm.cancel()
            if line.client.is_connected:
                return line
            line.end()
        return Line(client=await self._log_in())

    def keep(self, line: Line) -> None:
        """It has carried a letter to its end: it waits for another one, for a moment."""
        line.letters += 1
        if self._closed or line.letters >= MOST_LETTERS or len(self._waiting) >= MOST_KEPT:
            line.leave()
            return
        line.alarm = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._let_go, line)
        self._waiting.append(line)

    def close(self) -> None:
        """Those that wait leave; those on which a letter is under way leave after it."""
        self._closed = True
        for line in tuple(self._waiting):
            self._let_go(line)

    def _let_go(self, line: Line) -> None:
        if line.alarm is not None:
            line.alarm.cancel()
        self._waiting.remove(line)
        line.leave()
