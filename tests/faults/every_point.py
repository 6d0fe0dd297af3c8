"""A hub that dies at one point after another while customers write and agents answer: `make crash-points MATCH=deliver`; or at
so many at random, at whichever time they are passed: `make crash-points MATCH="receive: accept" TIMES=200 SEED=1` (F1)."""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from storage.database import Database
from storage.migrate import migrate
from tests.fakes.processes import until
from tests.fakes.scene import SECRET, a_hub, an_agent
from tests.faults.check import Verdict, check
from tests.faults.cluster import own_cluster
from tests.faults.crash_points import all_points
from tests.faults.fleet import Fleet
from tests.faults.inject import AMBIGUOUS, Injected
from tests.faults.load import Load
from tests.faults.plan import Fault
from tests.faults.run import ENV
from tests.faults.world import Outside

TIMES_PASSED = 20
"""A point is chosen with the time at which it is passed, up to this."""


class Trial:
    """One hub under load. `reached`: whether it died at each point that was tried."""

    def __init__(self, fleet: Fleet, load: Load, outside: Outside) -> None:
        self._fleet, self._load, self._outside = fleet, load, outside
        self.reached: dict[str, bool] = {}

    async def die_at(self, points: Sequence[str], *, patience: float) -> None:
        """At each in turn: the process that follows on one that has died finds what that one left, and dies itself. One that
        does not come to its point within so many seconds after it is ready is killed."""
        (seat,) = self._fleet.seats
        seat.crash_at = list(points)
        halt = asyncio.Event()
        loading = asyncio.create_task(self._load.until_begun(halt))
        self._fleet.kill(seat)
        for point in points:

            async def begun(point: str = point) -> bool:
                return seat.point == point and (seat.alive or self._died_at(point))

            await until(begun, seconds=120, what=f"a hub that dies at {point} begins")
            self.reached[point] = await self._dies(point, patience)
            if not self.reached[point]:
                self._fleet.kill(seat)
        halt.set()
        await loading

    def _died_at(self, point: str) -> bool:
        return point in self._fleet.seats[0].died_at

    async def _dies(self, point: str, patience: float) -> bool:
        (seat,) = self._fleet.seats
        loop = asyncio.get_running_loop()
        ready: float | None = None
        while not self._died_at(point):
            if ready is None and await self._fleet.is_ready(seat):
                ready = loop.time()
            if ready is not None and loop.time() - ready > patience:
                return False
            if seat.point != point:
                return False  # it ended for another reason; the next has begun
            await asyncio.sleep(0.05)
        return True


@contextlib.asynccontextmanager
async def trying(
    folder: Path, dsn: str, points: Sequence[str], *, patience: float, seed: int
) -> AsyncIterator[tuple[Trial, Verdict]]:
    """Die at all of these, then come to rest and be checked."""
    async with contextlib.AsyncExitStack() as stack:
        outside = await stack.enter_async_context(Outside(folder / "world", seed=seed))
        channels = outside.channels()
        ctx = await stack.enter_async_context(a_hub(dsn, channels))
        for number in range(10):
            await an_agent(ctx, f"a{number}", capacity=10_000, live_capacity=500)
        key = await create_api_key(ctx, name="faults", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])
        fleet = await stack.enter_async_context(
            Fleet(folder, dsn, channels, secret=SECRET, hubs=1, env=ENV, seed=seed)
        )
        load = await stack.enter_async_context(
            Load(ctx, outside, fleet.seats, key, seed=seed, rate=8, visitors=2)
        )
        trial = Trial(fleet, load, outside)
        await trial.die_at(points, patience=patience)
        since = asyncio.get_running_loop().time()
        await fleet.ready(fleet.seats[0])
        await load.settle()
        may = [
            Injected(fault=Fault(at=0, kind="crash", point=point), began=0, doubtful=4 * AMBIGUOUS)
            for point in points
        ]
        yield (
            trial,
            await check(
                ctx, dsn, load, outside, may, since=since, logs=[fleet.seats[0].folder / "log"], seed=seed
            ),
        )


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--match", default="", help="only points in whose name one of these words stands")
    given.add_argument("--times", type=int, default=0, help="so many at random; 0: each once")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--patience", type=float, default=6)
    asked = given.parse_args()
    words = asked.match.split() or [""]
    points = [point for point in all_points() if any(word in point for word in words)]
    if asked.times:
        passed = [f"{point}#{time}" for point in points for time in range(1, TIMES_PASSED + 1)]
        points = random.Random(asked.seed).sample(passed, min(asked.times, len(passed)))
    with tempfile.TemporaryDirectory(prefix="hub-points-") as folder:
        Path(folder).chmod(0o755)
        with own_cluster(Path(folder) / "postgres") as cluster:
            return asyncio.run(_main(Path(folder), cluster.dsn, points, asked.patience, asked.seed))


async def _main(folder: Path, dsn: str, points: Sequence[str], patience: float, seed: int) -> int:
    database = await Database.open(dsn, max_size=2)
    await migrate(database)
    await database.close()
    async with trying(folder, dsn, points, patience=patience, seed=seed) as (trial, verdict):
        for point, reached in trial.reached.items():
            print("died at    " if reached else "not reached", point)
        died = sum(trial.reached.values())
        print(
            f"{died} of {len(points)} reached; {verdict.kept} kept, {verdict.sent} sent, {verdict.uncertain} in doubt"
        )
        print("\n".join(verdict.wrong) or "every invariant holds")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
