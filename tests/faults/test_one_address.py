"""Several hubs behind one address: lines are reset, one hub is killed, each is replaced by the next version, while customers
write, agents answer and pages stay open. Nobody misses anything, is told twice, or is refused (F1, F13, F39, F58)."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from tests.fakes.invariants import check_every_commit
from tests.fakes.processes import until
from tests.fakes.scene import PASSWORD, SECRET, a_hub, a_real_agent, an_agent, one, rows
from tests.faults.check import check
from tests.faults.fleet import Fleet, Seat
from tests.faults.front import DeskPage, Front
from tests.faults.inject import AMBIGUOUS, Injected
from tests.faults.load import Load
from tests.faults.plan import Fault
from tests.faults.run import ENV
from tests.faults.soak import copy_code
from tests.faults.watch import TAKE_OVER_SECONDS, Gone, Watch, take_overs
from tests.faults.world import Outside

HUBS = int(os.environ.get("FAULTS_HUBS", "2"))

WIDER = """-- wider
-- depends: {last}

-- migrate: apply

ALTER TABLE ticket ADD COLUMN wider int NOT NULL DEFAULT 0;
ALTER TABLE interaction ADD COLUMN wider text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN wider text NOT NULL DEFAULT '';
CREATE TABLE widened (id int PRIMARY KEY);

-- migrate: rollback

DROP TABLE widened;
"""


def _next_version(folder: Path) -> Path:
    """This code with one migration more."""
    code = copy_code(folder)
    migrations = code / "storage" / "migrations"
    last = max(path.stem for path in migrations.glob("*.sql"))
    (migrations / "9999_wider.sql").write_text(WIDER.format(last=last))
    return code


@pytest.mark.timeout(300)
async def test_hubs_behind_one_address_are_killed_and_replaced_and_nobody_notices(
    database_dsn: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        outside = await enter(Outside(tmp_path / "world", seed=1))
        ctx = await enter(a_hub(database_dsn, outside.channels()))
        await check_every_commit(ctx.database)
        for n in range(5):
            await an_agent(ctx, f"a{n}", capacity=10_000, live_capacity=500)
        await a_real_agent(ctx, "looker")
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])
        fleet = await enter(
            Fleet(tmp_path, database_dsn, outside.channels(), secret=SECRET, hubs=HUBS, env=ENV)
        )
        front = await enter(Front(fleet.seats))
        load = await enter(Load(ctx, outside, [front], key, seed=1, rate=6))  # type: ignore[list-item]
        page, watch = DeskPage(front.url, "looker", PASSWORD), Watch(fleet, database_dsn)
        watching = asyncio.create_task(watch.run())
        looking_on = asyncio.create_task(page.stay())
        await until(lambda: _is(looking_on.done() or page.visits), seconds=60, what="the page is open")
        assert not looking_on.done(), looking_on.exception()
        first = await one(ctx, "SELECT coalesce(max(id), 0) FROM ticket")
        halt = asyncio.Event()
        loading = asyncio.create_task(load.until_begun(halt))
        torn = 0
        try:
            # One is killed: the one that has the mailbox.
            dying = await _holder(fleet, watch)
            await _more(load, 30)
            torn += front.tear()  # every line of every customer and page, in the middle of whatever they say
            died = dying.pid
            fleet.kill(dying)
            await _more(load, 30)
            await until(lambda: _is(dying.alive and dying.pid != died), seconds=60, what="it is begun again")
            await fleet.ready(dying)

            # All are replaced by the next version, one after the other.
            code = await asyncio.to_thread(_next_version, tmp_path / "next")
            for seat in fleet.seats:
                seat.code, before = code, seat.pid
                os.kill(seat.pid, signal.SIGTERM)
                await until(lambda s=seat, b=before: _is(s.alive and s.pid != b), seconds=60, what="it went")  # type: ignore[misc]
                await fleet.ready(seat)
                await _more(load, 20)
                torn += front.tear()
        finally:
            halt.set()
            await loading
        over = asyncio.get_running_loop().time()
        assert await one(ctx, "SELECT count(*) FROM widened") == 0
        await load.settle()
        logs = [seat.folder / "log" for seat in fleet.seats]
        may = [Injected(fault=Fault(at=0, kind="kill"), began=0, doubtful=2 * AMBIGUOUS)]
        verdict = await check(ctx, database_dsn, load, outside, may, since=over, logs=logs, seed=1)
        assert not verdict.wrong, verdict.wrong
        assert verdict.kept > 60 and verdict.sent > 10

        # What pages were shown.
        assert torn >= 3 * len(load.visitors)
        assert all(one.visits > 1 and not one.again for one in load.visitors)
        since = page.read_anew
        opened = {
            f"T-{row['code']}"
            for row in await rows(
                ctx,
                f"""SELECT code FROM ticket
                    WHERE id > {int(first)} AND created_at > to_timestamp({since:f})""",
            )
        }

        async def told() -> bool:
            return opened <= page.tickets or page.read_anew > since

        assert not looking_on.done(), looking_on.exception()
        await until(told, seconds=30, what="the page was told of every ticket")
        assert page.visits > 1
        assert not [cursor for cursor, times in page.told.items() if times > 1]
        looking_on.cancel()
        await asyncio.gather(looking_on, return_exceptions=True)

        watch.end.set()
        await watching
        # Those that were told to go have given back what they held; of the others it is taken.
        ended = [code for seat in fleet.seats for *_, code in seat.ends]
        assert sorted(ended) == [-9, *[0] * HUBS]
        gone = [Gone(at=when, pid=pid) for seat in fleet.seats for when, pid, code in seat.ends if code == -9]
        taken = take_overs(watch.looks, gone)
        assert {"mailbox"} <= {one.what for one in taken}
        assert all(one.seconds <= TAKE_OVER_SECONDS for one in taken), taken


async def _is(true: object) -> bool:
    return bool(true)


async def _more(load: Load, operations: int) -> None:
    """Return when so many more were told that they are done."""
    wanted = load.ledger.counts()["ok"] + operations

    async def enough() -> bool:
        return load.ledger.counts()["ok"] >= wanted

    await until(enough, seconds=120, what=f"{operations} more operations are done")


async def _holder(fleet: Fleet, watch: Watch) -> Seat:
    found: list[Seat] = []

    async def known() -> bool:
        held = watch.looks[-1].held.get("channel:support", "") if watch.looks else ""
        found[:] = [seat for seat in fleet.seats if held.endswith(f":{seat.pid}")]
        return bool(found)

    await until(known, seconds=60, what="somebody holds the mailbox")
    return found[0]
