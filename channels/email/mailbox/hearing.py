"""The mailbox's threads seen from the event loop: hearing, counting, and proving that the login works.

Each runs in a thread of its own, not in the pool: one that hears a mailbox lives for ever and would starve it.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from channels.adapter import Accept, Count, Ports, RawItem
from channels.email.accounts.oauth import TokenRefused, Tokens
from channels.email.mailbox.count import Counting
from channels.email.mailbox.fetch import Troubles
from channels.email.mailbox.watch import Watch, check_login
from channels.email.sending.sent_copy import SentCopies
from channels.email.settings import EmailSettings

T = TypeVar("T")

_ENDING_SECONDS = 10.0
"""A thread that was told to stop ends its commit first; so long is it waited for."""


class Hearing:
    """All that one inbox hears."""

    def __init__(self, settings: EmailSettings, ports: Ports, tokens: Tokens) -> None:
        self._settings = settings
        self._ports = ports
        self._tokens = tokens
        self._troubles = Troubles()
        self._running: set[Watch | Counting | SentCopies] = set()

    async def check(self) -> None:
        """Open every folder. Raises Misconfigured or Unavailable."""
        await self._logged_in(lambda token: in_thread(lambda: check_login(self._settings, token)))

    async def receive(self, accept: Accept) -> None:
        """Hear until cancelled. Raises Misconfigured or Unavailable; what `accept` raises passes through."""
        hand = _Hand(asyncio.get_running_loop(), accept, self._ports)

        async def hear(token: str) -> None:
            watch = Watch(self._settings, self._troubles, token)
            await self._until_done(watch, lambda: watch.run(hand, self._ports.alive))

        await self._logged_in(hear)

    async def count(self, accept: Accept) -> Sequence[Count]:
        """Compare the folders with the journal. Raises Misconfigured or Unavailable."""
        hand = _Hand(asyncio.get_running_loop(), accept, self._ports)

        async def count(token: str) -> list[Count]:
            counting = Counting(self._settings, token)
            return await self._until_done(counting, lambda: counting.run(hand))

        return await self._logged_in(count)

    async def put_copies(self, letters: Sequence[tuple[bytes, datetime]]) -> Sequence[str]:
        """Put letters of ours into the folder of sent ones (see sent_copy). Raises Misconfigured or Unavailable."""

        async def put(token: str) -> list[str]:
            copies = SentCopies(self._settings, token)
            return await self._until_done(copies, lambda: copies.run(letters))

        return await self._logged_in(put)

    def stop(self) -> None:
        """End every thread soon."""
        for one in tuple(self._running):
            one.stop()

    async def _logged_in(self, work: Callable[[str], Awaitable[T]]) -> T:
        """Do it with the access token where there is one, once more with a fresh one where the server wants that."""
        if self._settings.auth == "password":
            return await work("")
        try:
            return await work(await self._tokens.access_token())
        except TokenRefused as error:
            fresh = await self._tokens.access_token(refused=error.token)
        return await work(fresh)

    async def _until_done(self, one: Watch | Counting | SentCopies, work: Callable[[], T]) -> T:
        self._running.add(one)
        done = in_thread(work)
        try:
            return await asyncio.shield(done)
        finally:
            one.stop()
            await asyncio.wait([done], timeout=_ENDING_SECONDS)
            if done.done() and not done.cancelled():
                done.exception()  # looked at: nobody waits for it any more
            self._running.discard(one)


class _Hand:
    """The threads' way to the hub: each call runs on the event loop and is waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, accept: Accept, ports: Ports) -> None:
        self._loop = loop
        self._accept = accept
        self._ports = ports

    def read_mark(self, key: str) -> Any:
        return self._wait(self._ports.bookmark.read(key))

    def write_mark(self, key: str, value: Any) -> None:
        self._wait(self._ports.bookmark.write(key, value))

    def known(self, keys: Sequence[str]) -> set[str]:
        return self._wait(self._ports.known(keys))

    def commit(self, items: Sequence[RawItem]) -> None:
        self._wait(self._accept(items))

    def _wait(self, call: Awaitable[T]) -> T:
        async def make() -> T:
            return await call

        return asyncio.run_coroutine_threadsafe(make(), self._loop).result()


def in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Run `work` in a thread of its own, in the context of whoever asks; its outcome is the future's."""
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    done: asyncio.Future[T] = loop.create_future()

    def settle(outcome: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(outcome)
        else:
            done.set_exception(error)

    def body() -> None:
        outcome, failure = None, None
        try:
            outcome = context.run(work)
        except BaseException as error:  # noqa: BLE001 - it is carried to the awaiting task, not swallowed
            failure = error
        with contextlib.suppress(RuntimeError):
            # RuntimeError: the loop was closed meanwhile, nobody is waiting any more.
            loop.call_soon_threadsafe(settle, outcome, failure)

    threading.Thread(target=body, name="mailbox", daemon=True).start()
    return done
