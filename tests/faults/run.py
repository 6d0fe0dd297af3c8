"""One fault run, from an empty database to the verdict: what the short run of the tests and `make soak` share."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from tests.fakes.invariants import check_every_commit
from tests.fakes.scene import SECRET, a_hub, an_agent
from tests.faults.check import Verdict, check
from tests.faults.cluster import Cluster
from tests.faults.fleet import Fleet, Seat
from tests.faults.front import Front
from tests.faults.inject import PATIENCE_SECONDS, Injected, Injector
from tests.faults.ledger import Ledger
from tests.faults.load import Load
from tests.faults.pauses import noting_pauses
from tests.faults.plan import Fault
from tests.faults.timelines import rows, unhurried
from tests.faults.watch import Look, Watch
from tests.faults.world import Outside

ENV: Mapping[str, str] = {
    "HUB_DELIVERY__UNDO_SECONDS": "0",
    "HUB_TICKETS__CLOSE_RESOLVED_AFTER_DAYS": "0.0001",  # nine seconds, so that timers fire while it goes on
}
ONE_THING_ONLY = 4
"""One agent of so many has room for one ticket and one conversation, so that all hubs want the same place again and again; the
others have room for whatever comes, or most would wait for ever: there are more customers than anybody answers."""


@dataclass(slots=True, kw_only=True)
class Result:
    """`late`: (when it was due, seconds after that at which it fired) of each timer. `paused`: seconds for which the run itself
    stood still, at the longest."""

    began: float
    ended: float
    ledger: Ledger
    injected: list[Injected]
    looks: list[Look]
    seats: list[Seat]
    verdict: Verdict
    late: list[tuple[float, float]]
    dropped: int
    paused: float


async def run_faults(
    folder: Path, dsn: str, plan: Sequence[Fault], *, seed: int, seconds: float, rate: float, hubs: int,
    cluster: Cluster | None = None, agents: int = 40, ledger: Path | None = None,
) -> Result:  # fmt: skip
    """Load for so many seconds, with the plan's faults; then quiet, and the checks."""
    async with contextlib.AsyncExitStack() as stack:
        outside = await stack.enter_async_context(Outside(folder / "world", seed=seed))
        channels = outside.channels()
        ctx = await stack.enter_async_context(a_hub(dsn, channels))
        await check_every_commit(ctx.database)
        for number in range(agents):
            room, talks = (10_000, 500) if number % ONE_THING_ONLY else (1, 1)
            await an_agent(ctx, f"a{number}", capacity=room, live_capacity=talks)
        key = await create_api_key(ctx, name="faults", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])
        fleet = await stack.enter_async_context(
            Fleet(folder, dsn, channels, secret=SECRET, hubs=hubs, env=ENV, seed=seed)
        )
        front = await stack.enter_async_context(Front(fleet.seats))
        book = Ledger(ledger)
        stack.callback(book.close)
        load = await stack.enter_async_context(
            Load(
                ctx,
                outside,
                fleet.seats,
                key,
                seed=seed,
                rate=rate,
                visitors=max(6, int(rate / 3)),
                ledger=book,
                doors=[front],
            )
        )
        watch, injector = Watch(fleet, dsn, outside), Injector(fleet, outside, dsn, cluster, front)
        pauses = await stack.enter_async_context(noting_pauses())
        watching = asyncio.create_task(watch.run())
        failed: list[str] = []
        began = time.time()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_put_on_load(load, injector, seconds))
                group.create_task(injector.follow(plan))
            try:
                await injector.end()
            except AssertionError as error:
                failed.append(str(error))
            since = asyncio.get_running_loop().time()
            try:
                for seat in fleet.seats:
                    await fleet.ready(seat)
                await load.settle()
            except (AssertionError, TimeoutError) as error:
                failed.append(str(error))  # of a run of an hour there has to be a report all the same
            paused = pauses.longest  # nobody waits for the checks
            logs = [seat.folder / "log" for seat in fleet.seats]
            verdict = await check(
                ctx, dsn, load, outside, injector.done,
                since=since, logs=logs, failed=[*failed, *injector.failed],
                noticed=[f"I3: Telegram was told to forget {key} before it was kept" for key in watch.early], seed=seed,
            )  # fmt: skip
        finally:
            watch.end.set()
            await watching
        return Result(
            began=began, ended=time.time(), ledger=load.ledger, injected=injector.done, looks=watch.looks,
            seats=fleet.seats, verdict=verdict, late=await _late(dsn), dropped=outside.relay.dropped,
            paused=paused,
        )  # fmt: skip


async def _put_on_load(load: Load, injector: Injector, seconds: float) -> None:
    """For so long, and on while a fault waits for traffic that has not come by."""
    await load.run(seconds=seconds)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while injector.waiting and time.monotonic() < give_up:
        await load.run(operations=4)


async def _late(dsn: str) -> list[tuple[float, float]]:
    async with unhurried(dsn) as connection:
        return [
            (row["due"], row["late"])
            async for row in rows(
                connection,
                """SELECT extract(epoch FROM due_at)::float8 AS due, extract(epoch FROM fired_at - due_at)::float8 AS late
                   FROM timer WHERE fired_at IS NOT NULL""",
            )
        ]
