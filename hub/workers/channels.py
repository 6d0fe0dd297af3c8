"""Which channels this hub has open: those of the settings, as they are now. One that is changed at the desk is closed in order
and opened again; the others do not notice."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from aiohttp import web

from hub.actions.announce import CHANNELS
from hub.actions.channels.desk_channels import reload_channels
from hub.actions.context import Context
from hub.actions.installation import report_channel
from hub.workers.channel import ChannelWorker
from hub.workers.look import look_again
from hub.workers.supervise import Well, supervise

log = structlog.get_logger(__name__)

POLL_SECONDS = 5.0


class Doors(Protocol):
    """Where the outside comes in to channels that are spoken to."""

    def open(self, channel: str, routes: Iterable[web.RouteDef], /) -> None: ...

    def shut(self, channel: str, /) -> None: ...


@dataclass(slots=True, kw_only=True)
class _Open:
    """`table`: the settings that it was opened with, compared by identity."""

    worker: ChannelWorker
    table: Mapping[str, Any]
    halt: asyncio.Event
    task: "asyncio.Task[None] | None" = None


class OpenChannels:
    """All channels of one hub process."""

    def __init__(self, ctx: Context, halt: asyncio.Event, doors: Doors) -> None:
        self._ctx = ctx
        self._halt = halt
        self._doors = doors
        self._open: dict[str, _Open] = {}
        for name, table in ctx.channels.items():
            self._add(name, table)

    async def run(self) -> None:
        """Until the hub halts. Returns when what was being sent has been sent; cut short, it cuts that short too."""
        for one in self._open.values():
            self._begin(one)
        try:
            await supervise("channels", self._follow, self._halt)
        finally:
            await self._end(list(self._open))

    async def _follow(self, well: Well) -> None:
        await self._settle()
        await look_again(
            self._ctx.listener, CHANNELS, self._look, every=POLL_SECONDS, halt=self._halt, well=well
        )

    async def _look(self) -> int:
        # Whoever was in a hurry may have read them before: what is open decides, not what is new.
        if not await reload_channels(self._ctx) and not self._differs():
            return 0
        await self._settle()
        return 1

    def _differs(self) -> bool:
        wanted = self._ctx.channels
        return wanted.keys() != self._open.keys() or any(
            wanted[name] is not one.table for name, one in self._open.items()
        )

    async def _settle(self) -> None:
        """Have open what should be, as it should be; tell of what cannot be."""
        wanted = self._ctx.channels
        await self._end([name for name, one in self._open.items() if wanted.get(name) is not one.table])
        for name, table in wanted.items():
            if name not in self._open:
                self._begin(self._add(name, table))
        for name, why in self._ctx.desk_channels.wrong.items():
            await report_channel(self._ctx, name, "misconfigured", why)

    def _add(self, name: str, table: Mapping[str, Any]) -> _Open:
        halt = asyncio.Event()
        worker = ChannelWorker(self._ctx, name, halt)
        self._doors.open(name, worker.routes())
        self._open[name] = _Open(worker=worker, table=table, halt=halt)
        return self._open[name]

    @staticmethod
    def _begin(one: _Open) -> None:
        one.task = asyncio.create_task(_work(one.worker), name=f"channel:{one.worker.name}")

    async def _end(self, names: list[str]) -> None:
        """Those of these that are open, all at once. One stays on the list until it has ended, so that being cut off in the
        middle loses none."""
        for name in names:
            self._doors.shut(name)
            self._open[name].halt.set()
        self._ctx.listener.wake_all()
        tasks = [task for name in names if (task := self._open[name].task) is not None]
        try:
            if tasks:
                await asyncio.wait(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise
        finally:
            for name in names:
                self._open.pop(name)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error(
                    "channel.ended_badly", channel=task.get_name(), error=f"{type(error).__name__}: {error}"
                )


async def _work(worker: ChannelWorker) -> None:
    try:
        await worker.run()
    finally:
        # Not sooner: what it was sending needs its connections.
        await worker.close()
