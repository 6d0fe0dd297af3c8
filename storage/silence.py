"""Whether Postgres says nothing at all. No statement can tell by itself: a long one is silent too, and may well be.

Where nobody was answered for a while, a question is put that takes no time. Where not even that is answered, all who wait are
told so, and nobody begins to wait, until it is. So a line that was cut without a word is noticed within five seconds, and a
report that takes eight is left alone.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

WONDER_AFTER = 1.5
LOOK_EVERY = 0.25
ON_A_LINE_WITHIN = 1.0
"""Seconds for the question on a line that is there."""
ON_A_NEW_LINE_WITHIN = 1.75
"""Seconds for the question on a new one: the old one alone may be dead."""
ASK_AGAIN_AFTER = 0.5
HELD_UP = 0.5
"""Seconds that a question may take beyond its time; more is a loop that was blocked, which says nothing of Postgres."""


class Wait:
    """Somebody who waits for Postgres. `give_up`: ends their line, once they have one."""

    __slots__ = ("began", "give_up")

    def __init__(self, began: float) -> None:
        self.began = began
        self.give_up: Callable[[], None] | None = None


class Silence:
    """`ask`, `ask_anew`: put the question, on a line that is there and on a new one; whether there was any answer, a refusal
    too. False where there is no line to spare."""

    def __init__(self, ask: Callable[[], Awaitable[bool]], ask_anew: Callable[[], Awaitable[bool]]) -> None:
        self._ask, self._ask_anew = ask, ask_anew
        self._waiting: dict[Wait, None] = {}
        self._answered = 0.0
        self._look: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self.fell = False
        """Whether it is silent now, as far as is known."""

    def begin(self) -> Wait:
        loop = asyncio.get_running_loop()
        wait = Wait(loop.time())
        self._waiting[wait] = None
        if self._look is None:
            self._look = loop.call_later(LOOK_EVERY, self._wonder)
        return wait

    def end(self, wait: Wait, *, answered: bool) -> None:
        del self._waiting[wait]
        if answered:
            self._answered = asyncio.get_running_loop().time()

    async def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking

    def _wonder(self) -> None:
        """While anybody waits: whether it is for so long that somebody should ask."""
        loop = asyncio.get_running_loop()
        longest = next(iter(self._waiting), None)
        if longest is None:
            self._look = None
            return
        since = max(self._answered, longest.began)
        if self._asking is None and loop.time() - since > WONDER_AFTER:
            self._asking = loop.create_task(self._find_out(), name="is Postgres there?")
        self._look = loop.call_later(LOOK_EVERY, self._wonder)

    async def _find_out(self) -> None:
        try:
            while not await self._answers():
                if not self.fell:
                    log.warning("database.silent", waiting=len(self._waiting))
                self.fell = True
                for wait in tuple(self._waiting):
                    if wait.give_up is not None:
                        wait.give_up()
                await asyncio.sleep(ASK_AGAIN_AFTER)
            if self.fell:
                log.info("database.answers_again")
            self._answered = asyncio.get_running_loop().time()
        finally:  # whatever this ended by: whoever waits next wonders anew
            self.fell = False
            self._asking = None

    async def _answers(self) -> bool:
        asked_at = asyncio.get_running_loop().time()
        for ask, within in ((self._ask, ON_A_LINE_WITHIN), (self._ask_anew, ON_A_NEW_LINE_WITHIN)):
            if await self._is_answered(ask, within):
                return True
        return self._answered >= asked_at  # somebody else was answered meanwhile

    async def _is_answered(self, ask: Callable[[], Awaitable[bool]], within: float) -> bool:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                async with asyncio.timeout(within):
                    return await ask()
            except TimeoutError:
                if loop.time() - began < within + HELD_UP:
                    return False
                # It was this process that did not look: the answer may lie there.
