"""One channel at work: hears its outside, sends its outbox, says how it is.

A pushed channel works on every hub; a polled one only on the hub that holds its lease. Hearing and checking are apart: a
mailbox is read although its relay is away.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog
from aiohttp import web

from channels.adapter import ChannelFailure, CountsItems, HasRoutes, HasSentCopy, Misconfigured
from hub.actions.announce import OUTBOX
from hub.actions.answers.under_way import UnderWay
from hub.actions.channels.held import open_for_work
from hub.actions.context import Context
from hub.actions.installation import report_channel
from hub.actions.leases import Lease, hold_lease
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.workers.counting import count_items
from hub.workers.outbound import put_copies, send_out
from hub.workers.supervise import Backoff, Well, supervise

log = structlog.get_logger(__name__)

AFTER_AWAY, LONGEST_AWAY = 1.0, 60.0
"""Seconds between two attempts at an other side that is away or throttles us: the first pause and the longest."""
AFTER_MISCONFIGURED, LONGEST_MISCONFIGURED = 60.0, 900.0
"""The same between two logins with what was refused before: providers lock out who hammers."""
_FAULT = "Something is broken in the hub itself; its log says more."
STEADY_SECONDS = 1.0
"""How long a channel must have been heard without a fault to count as up."""
PROVEN_SECONDS = 10.0
"""How long, until the next fault is followed by a short pause again: who lets us in and throws us out is not hammered."""


class ChannelWorker:
    """One per configured channel and hub process. The adapter is opened here and closed by `close`."""

    def __init__(self, ctx: Context, name: str, halt: asyncio.Event) -> None:
        configured = ctx.channel(name)
        self.name = name
        self._ctx = ctx
        self._halt = halt
        self._lease: Lease | None = None
        self._accept = partial(accept_items, ctx, name)
        self.adapter = open_for_work(ctx, configured, make_ports(ctx, name, alive=self._is_ours))
        # Of the instance, not of the kind: a bot with a webhook is pushed, one without is polled.
        self.pushed = self.adapter.capabilities.push
        self._check_passed = False
        self._steady = False
        self._check_now = asyncio.Event()
        self._state = ("", "")
        self._copies = ""
        self._state_changed = asyncio.Event()

    def routes(self) -> Sequence[web.RouteDef]:
        """The channel's public doors."""
        return self.adapter.routes(self._accept) if isinstance(self.adapter, HasRoutes) else ()

    async def run(self) -> None:
        """Until the hub halts. Returns when what was being sent has been sent and the lease is given back."""
        reporting = asyncio.create_task(supervise(f"report:{self.name}", self._report, self._halt))
        try:
            if self.pushed:
                await self._work(self._halt)
            else:
                await self._work_in_turn()
        finally:
            reporting.cancel()
            await asyncio.wait({reporting})

    async def close(self) -> None:
        """Let go of every connection, visitors' sockets too."""
        try:
            await self.adapter.close()
        except ChannelFailure as failure:
            log.warning("channel.close_failed", channel=self.name, reason=str(failure))

    def _is_ours(self) -> bool:
        return self.pushed or (self._lease is not None and self._lease.alive())

    async def _work_in_turn(self) -> None:
        holding = asyncio.create_task(supervise(f"lease:{self.name}", self._hold, self._halt))
        halting = asyncio.create_task(self._halt.wait())
        try:
            await asyncio.wait({holding, halting}, return_when=asyncio.FIRST_COMPLETED)
            if self._lease is None:  # still queueing for it
                holding.cancel()
            await asyncio.wait({holding})
        finally:
            holding.cancel()
            halting.cancel()
            await asyncio.wait({holding, halting})

    async def _hold(self, well: Well) -> None:
        while not self._halt.is_set():
            async with hold_lease(self._ctx, f"channel:{self.name}") as lease:
                log.info("channel.taken", channel=self.name)
                self._lease = lease
                well()
                try:
                    await self._work_until_lost(lease)
                finally:
                    self._lease = None

    async def _work_until_lost(self, lease: Lease) -> None:
        over = asyncio.Event()

        async def end(waiting_for: "asyncio.Task[object]") -> None:
            await waiting_for
            over.set()

        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(end(group.create_task(self._halt.wait()))),
                group.create_task(end(group.create_task(lease.lost()))),
            ]
            await self._work(over)
            for task in watching:
                task.cancel()
        if not self._halt.is_set():
            log.warning("channel.lost", channel=self.name)

    async def _work(self, over: asyncio.Event) -> None:
        """Hear and send until `over`; then end hearing at once, and sending after what is on its way."""
        self._check_passed = self._steady = False
        self._check_now.set()
        under_way = UnderWay(self._ctx, {self.name: self.adapter})
        async with under_way, asyncio.TaskGroup() as group:
            hearing = [group.create_task(self._hear()), group.create_task(self._check())]
            if isinstance(self.adapter, CountsItems):
                counting = partial(count_items, self._ctx, self.name, self.adapter, self._accept, over)
                hearing.append(group.create_task(supervise(f"count:{self.name}", counting, over)))
            if self.adapter.capabilities.can_send:
                sending = partial(send_out, self._ctx, self.adapter, under_way, over)
                group.create_task(supervise(f"send:{self.name}", sending, over))
            if isinstance(self.adapter, HasSentCopy) and self.adapter.wants_copies:
                copying = partial(put_copies, self._ctx, self.name, self.adapter, self._tell_copies, over)
                hearing.append(group.create_task(supervise(f"copies:{self.name}", copying, over)))
            await over.wait()
            for task in hearing:
                task.cancel()
            self._ctx.listener.wake(OUTBOX)

    async def _hear(self) -> None:
        backoff = Backoff(AFTER_AWAY, LONGEST_AWAY)
        refused = Backoff(AFTER_MISCONFIGURED, LONGEST_MISCONFIGURED)
        loop = asyncio.get_running_loop()
        while True:
            begun, pauses = loop.time(), backoff
            steady = loop.call_later(STEADY_SECONDS, self._heard_steadily)
            try:
                await self.adapter.receive(self._accept)
                self._tell("down", "The channel stopped hearing.")
            except Misconfigured as failure:
                self._tell("misconfigured", str(failure))
                pauses = refused
            except ChannelFailure as failure:
                self._tell("down", str(failure))
            except Exception:
                log.exception("channel.fault", channel=self.name)
                self._tell("down", _FAULT)
            finally:
                steady.cancel()
            if self._steady and self._check_passed and loop.time() - begun >= PROVEN_SECONDS:
                backoff.reset()
                refused.reset()
            self._steady = self._check_passed = False
            self._check_now.set()
            await asyncio.sleep(pauses.next())

    def _heard_steadily(self) -> None:
        self._steady = True
        if self._check_passed:
            self._tell("up", "")

    async def _check(self) -> None:
        """Prove at the start, and after each fault of hearing, that the credentials work."""
        backoff = Backoff(AFTER_AWAY, LONGEST_AWAY)
        refused = Backoff(AFTER_MISCONFIGURED, LONGEST_MISCONFIGURED)
        while True:
            await self._check_now.wait()
            self._check_now.clear()
            try:
                await self.adapter.check()
            except Misconfigured as failure:
                self._tell("misconfigured", str(failure))
                await self._check_later(refused.next())
                continue
            except ChannelFailure as failure:
                self._tell("down", str(failure))
                await self._check_later(backoff.next())
                continue
            except Exception:
                log.exception("channel.fault", channel=self.name)
                self._tell("down", _FAULT)
                await self._check_later(AFTER_MISCONFIGURED)
                continue
            backoff.reset()
            refused.reset()
            self._check_passed = True
            if self._steady:
                self._tell("up", "")

    async def _check_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._check_now.set()

    def _tell(self, state: str, detail: str) -> None:
        """Note how the channel is; logged when the state changes, written down by `_report`."""
        if (state, detail) == self._state:
            return
        if state != self._state[0]:
            say = log.info if state == "up" else log.warning
            say(f"channel.{state}", channel=self.name, reason=detail)
        self._state = (state, detail)
        self._state_changed.set()

    def _tell_copies(self, why: str) -> None:
        """Note what keeps copies from being made. The channel hears and sends all the same."""
        said = f"No copy in the folder of sent letters: {why}" if why else ""
        if said != self._copies:
            self._copies = said
            self._state_changed.set()

    async def _report(self, well: Well) -> None:
        while True:
            await self._state_changed.wait()
            self._state_changed.clear()
            try:
                state, detail = self._state
                if state:
                    await report_channel(self._ctx, self.name, state, detail or self._copies)
            except BaseException:
                self._state_changed.set()  # not written down yet
                raise
            well()
