"""The open e-mail channel: joins the mailbox's thread and the relay to the hub's ports. No protocol
detail lives here."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Any

from channels.adapter import Accept, Capabilities, Ports, RawItem, Receipt, Refused
from channels.email import hand_over, watch
from channels.email.compose import CannotCompose, checked_address, compose_letter
from channels.email.settings import EmailSettings
from hub.model.interactions import OutboundInteraction

CAPABILITIES = Capabilities(subject=True, html=True, attachments=True)


class EmailAdapter:
    """One inbox (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = CAPABILITIES

    def __init__(self, name: str, settings: EmailSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._watches: set[watch.Watch] = set()

    async def check(self) -> None:
        """Log in to both servers; send nothing. Raises Misconfigured or Unavailable."""
        await _in_thread(lambda: watch.check_login(self._settings))
        await hand_over.check_login(self._settings)

    async def receive(self, accept: Accept) -> None:
        """Hear the mailbox until cancelled."""
        hearing = watch.Watch(self._settings)
        hand = _Hand(asyncio.get_running_loop(), accept, self._ports)
        self._watches.add(hearing)
        done = _in_thread(lambda: hearing.run(hand, self._ports.alive))
        try:
            await asyncio.shield(done)
        finally:
            hearing.stop()
            # A commit under way ends before the thread does; its outcome no longer matters to this call.
            await asyncio.wait([done], timeout=self._settings.timeout_seconds)
            if done.done() and not done.cancelled():
                done.exception()
            self._watches.discard(hearing)

    async def send(self, message: OutboundInteraction) -> Receipt:
        """Send once. Automatic mail leaves with an empty envelope sender, so that nothing answers it (RFC
        3834)."""
        try:
            letter = compose_letter(message, self._settings)
            recipient = checked_address(message.address)
        except CannotCompose as error:
            raise Refused(f"The letter cannot be composed: {error}") from error
        receipt = await hand_over.hand_over(
            letter,
            sender="" if message.automatic else self._settings.address,
            recipient=recipient,
            settings=self._settings,
            alive=self._ports.alive,
        )
        return Receipt(external_id=message.message_id, detail=receipt.detail)

    async def close(self) -> None:
        """Let go of the mailbox's connection; sending keeps none open."""
        for hearing in tuple(self._watches):
            hearing.stop()


class _Hand:
    """The thread's way to the hub: each call runs on the event loop and is waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, accept: Accept, ports: Ports) -> None:
        self._loop = loop
        self._accept = accept
        self._ports = ports

    def read_mark(self, key: str) -> Any:
        return asyncio.run_coroutine_threadsafe(self._ports.bookmark.read(key), self._loop).result()

    def commit(self, items: Sequence[RawItem], key: str, mark: dict[str, int]) -> None:
        asyncio.run_coroutine_threadsafe(self._commit(items, key, mark), self._loop).result()

    async def _commit(self, items: Sequence[RawItem], key: str, mark: dict[str, int]) -> None:
        if items:
            await self._accept(items)
        await self._ports.bookmark.write(key, mark)


def _in_thread(work: Any) -> "asyncio.Future[None]":
    """Run `work` in a thread of its own, not in the pool: a thread that hears a mailbox lives for ever
    and would starve it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def body() -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is carried to the awaiting task, not swallowed
            failure = error
        with contextlib.suppress(RuntimeError):
            # RuntimeError: the loop was closed meanwhile, nobody is waiting any more.
            loop.call_soon_threadsafe(settle, failure)

    threading.Thread(target=body, name="mailbox", daemon=True).start()
    return done
