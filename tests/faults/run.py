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
from tests.faults.inject import Injected, Injector
from tests.faults.ledger import Ledger
from tests.faults.load import Load
from tests.faults.plan import Fault
from tests.faults.timelines import rows, unhurried
from tests.faults.watch import Look, Watch
from tests.faults.world import Outside

ENV: Mapping[str, str] = {
    "HUB_DELIVERY__UNDO_SECONDS": "0",
    "HUB_TICKETS__CLOSE_RESOLVED_AFTER_DAYS": "0.0001",  # nine seconds, so that timers fire while it goes on
}


@dataclass(slots=True, kw_only=True)
class Result:
    """`late`: (when it was due, seconds after that at which it fired) of each timer."""

    began: float
    ended: float
    ledger: Ledger
    injected: list[Injected]
    looks: list[Look]
    seats: list[Seat]
    verdict: Verdict
    late: list[tuple[float, float]]
    dropped: int


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
            await an_agent(ctx, f"a{number}", capacity=10_000, live_capacity=500)
        key = await create_api_key(ctx, name="faults", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])
        fleet = await stack.enter_async_context(
            Fleet(folder, dsn, channels, secret=SECRET, hubs=hubs, env=ENV, seed=seed)
        )
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
            )
        )
        watch, injector = Watch(fleet, dsn), Injector(fleet, outside, dsn, cluster)
        watching = asyncio.create_task(watch.run())
        failed: list[str] = []
        began = time.time()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(load.run(seconds=seconds))
                group.create_task(injector.follow(plan))
            since = asyncio.get_running_loop().time()
            outside.relay.unsure = 0
            outside.sandbox.telegram.faults.flood = 0
            try:
                for seat in fleet.seats:
                    await fleet.ready(seat)
                await load.settle()
            except (AssertionError, TimeoutError) as error:
                failed.append(str(error))  # of a run of an hour there has to be a report all the same
            logs = [seat.folder / "log" for seat in fleet.seats]
            verdict = await check(
                ctx, dsn, load, outside, injector.done,
                since=since, logs=logs, failed=[*failed, *injector.failed], seed=seed,
            )  # fmt: skip
        finally:
            watch.end.set()
            await watching
        return Result(
            began=began, ended=time.time(), ledger=load.ledger, injected=injector.done, looks=watch.looks,
            seats=fleet.seats, verdict=verdict, late=await _late(dsn), dropped=outside.relay.dropped,
        )  # fmt: skip


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
