"""What Postgres and the line to it do to a hub (F16, F17, F18, F23, F25 to F29)."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs

from channels.adapter import NotAccepted
from hub.actions import leases
from hub.actions.announce import EVENTS, Listener, announce
from hub.actions.context import Context
from hub.actions.leases import hold_lease
from hub.settings import Settings, Web
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from hub.wiring import run_hub
from hub.workers.look import look_again
from storage import database as room
from storage import events, silence
from storage.database import Connection, Database, DatabaseUnavailable
from tests.conftest import at_database
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import BOB, SECRET, a_hub, one, rows, say, say_until_kept
from tests.faults.cluster import by_way_of, copied_cluster, socket_of
from tests.faults.proxy import Proxy

POOL = 6
READY_WITHIN = 5.0
"""Seconds after which a hub is ready when the server is back."""
SILENT_SECONDS = 30.0
TOLD_WITHIN = 5.0
TICK = 0.05
ANNOUNCERS, STORM = 2, 100_000
_STORM = f"""
DO $do$ BEGIN
    FOR n IN 1 .. {STORM // ANNOUNCERS} LOOP
        EXECUTE $announce${events._SQL["notify"]}$announce$ USING ARRAY['{EVENTS}'];
        COMMIT;
    END LOOP;
END $do$
"""
"""As the hub announces, and as fast as a server can."""


@asynccontextmanager
async def behind_a_proxy(dsn: str, pool: int = POOL) -> AsyncIterator[tuple[Context, Proxy]]:
    """A hub's context whose every line to Postgres goes through a proxy."""
    async with Proxy(path=socket_of(dsn)) as proxy, a_hub(by_way_of(dsn, proxy.port), pool=pool) as ctx:
        yield ctx, proxy


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_what_was_accepted_survives_the_server_and_the_rest_is_said_again(
    postgres: str, tmp_path: Path, mode: str
) -> None:
    """F16. The server ends at once, as when its power fails, or as it is told to, three times while letters are taken in. A hub
    is ready within five seconds after it is back."""
    assert postgres  # the cluster that is copied is made by now
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr(SECRET.decode()), web=Web(port=0))
    with copied_cluster(tmp_path) as cluster:
        await cluster.say("CREATE DATABASE hub TEMPLATE template_hub")
        dsn = at_database(cluster.dsn, "hub")
        async with a_hub(dsn) as ctx, run_hub(settings, dsn) as hub, aiohttp.ClientSession() as client:

            async def ready() -> bool:
                async with client.get(f"{hub.url}/readyz") as answer:
                    return answer.status == 200

            await until(ready, seconds=30, what="it is ready before")
            for wave in range(3):
                saying = asyncio.gather(*(say_until_kept(ctx, f"{wave}-{n}") for n in range(40)))
                await asyncio.to_thread(cluster.restart, mode)
                await until(ready, seconds=READY_WITHIN, what="it is ready again")
                await saying
            assert await one(ctx, "SELECT count(*) FROM interaction WHERE direction = 'in'") == 120
            assert (
                await one(ctx, "SELECT count(DISTINCT text) FROM interaction WHERE direction = 'in'") == 120
            )
            await assert_invariants(ctx.database)


class Customer:
    """Says something while nobody can take it. `began`, `took`: when, and how long it was until they were told so."""

    def __init__(self, ctx: Context, key: str) -> None:
        self.key, self.began, self.took = key, time.monotonic(), 0.0
        self.asking = asyncio.create_task(self._say(ctx))

    async def _say(self, ctx: Context) -> None:
        with pytest.raises(NotAccepted):
            await say(ctx, who=BOB, item_key=self.key)
        self.took = time.monotonic() - self.began


@contextmanager
def _own_lateness() -> Iterator[list[float]]:
    """Seconds by which this process did not come to what was due, one for each time: the machine's, not the hub's."""
    found: list[float] = []

    async def tick() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(TICK)
            found.append(time.monotonic() - begun - TICK)

    ticking = asyncio.create_task(tick())
    try:
        yield found
    finally:
        ticking.cancel()


async def test_a_server_that_falls_silent_is_given_up_and_found_again(database_dsn: str) -> None:
    """F17, for thirty seconds and with the times that customers have: all who wait are told within five seconds, also those who
    wait for a connection and those who hold one; whoever comes after that is told at once, and nobody but the one who asks
    tries new lines; afterwards the pool is as good as before."""
    async with behind_a_proxy(database_dsn) as (ctx, proxy):
        # All connections are there, some of them idle: so it takes longest to be sure.
        await asyncio.gather(
            *(ctx.database.read(lambda c: c.execute("SELECT pg_sleep(0.1)")) for _ in range(POOL))
        )
        await say_until_kept(ctx, "before")
        proxy.fall_silent()
        fell, lines = time.monotonic(), proxy.lines_begun
        with capture_logs() as logged, _own_lateness() as late:
            customers = [Customer(ctx, f"first{n}") for n in range(30)]
            while time.monotonic() - fell < SILENT_SECONDS:
                await asyncio.sleep(0.2)
                customers.append(Customer(ctx, f"later{len(customers)}"))
            waiting = [one for one in customers if not one.asking.done()]
            await asyncio.gather(*(one.asking for one in customers))
        first_told = min(one.began + one.took for one in customers)
        assert max(one.took for one in customers) < TOLD_WITHIN + sum(one for one in late if one > TICK)
        assert max(one.took for one in customers if one.began > first_told) < 1
        assert len(waiting) <= 1, "nobody waits beside those who came first"
        assert proxy.lines_begun - lines <= POOL + SILENT_SECONDS / 2
        said = [entry["event"] for entry in logged]
        assert said.count("database.silent") == 1 and "transaction.retry" not in said
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await ctx.database.run(lambda c: c.execute("SELECT 1"))
        proxy.tear()  # it ends meanwhile, as after a fail-over
        proxy.heal()
        async with asyncio.timeout(30):
            await asyncio.gather(*(say_until_kept(ctx, one.key) for one in customers))
        assert await one(ctx, "SELECT count(*) FROM interaction WHERE direction = 'in'") == len(customers) + 1
        assert ctx.database.waiting()[0] <= POOL
        await assert_invariants(ctx.database)


async def test_a_long_statement_is_left_alone(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F17: no false alarm. Every connection is at something long, and a loop that was blocked meanwhile proves nothing."""
    monkeypatch.setattr(silence, "WONDER_AFTER", 0.1)
    monkeypatch.setattr(silence, "LOOK_EVERY", 0.05)
    asked = 0

    async def counting(database: Database) -> bool:
        nonlocal asked
        asked += 1
        time.sleep(0.3)  # noqa: ASYNC251 - a blocked loop is what is tried
        return await asks(database)

    asks = Database._asks_on_a_new_line
    monkeypatch.setattr(Database, "_asks_on_a_new_line", counting)
    async with a_hub(database_dsn, pool=2) as ctx:
        with capture_logs() as logged:
            await asyncio.gather(
                *(ctx.database.read(lambda c: c.execute("SELECT pg_sleep(1.5)")) for _ in range(2))
            )
        assert asked > 1, "somebody wondered"
        assert not [entry for entry in logged if entry["event"].startswith("database.")]


async def test_a_lease_holds_while_every_word_is_half_a_second_late(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F18. The usual lease is for 15 seconds; this one for six, which is less room for the same lateness. Another hub asks for
    it all the while and never has it; the late one works on, takes nothing for silence, and stays ready."""
    monkeypatch.setattr(leases, "TTL_SECONDS", 6.0)
    monkeypatch.setattr(leases, "_MARGIN_SECONDS", 0.5)
    monkeypatch.setattr(leases, "_ASK_AGAIN_SECONDS", 0.2)
    held, times = "SELECT until, token FROM lease WHERE name = 'x'", set()

    async def ready() -> Mapping[str, str]:
        return {}

    async with (
        behind_a_proxy(database_dsn, pool=10) as (ctx, proxy),
        a_hub(database_dsn) as other,
        TestClient(TestServer(make_app(ctx, ChannelDoors(), ready))) as client,
        hold_lease(ctx, "x") as lease,
    ):
        # Connections are there, as in a hub that has worked: each costs several words.
        await asyncio.gather(
            *(ctx.database.read(lambda c: c.execute("SELECT pg_sleep(0.1)")) for _ in range(10))
        )
        proxy.up.late = (0.35, 0.3)
        with capture_logs() as logged:
            wanting = asyncio.create_task(_have(other, "x"))
            working = asyncio.gather(
                *(say(ctx, who=[("visitor", f"v{n}", True)], item_key=f"k{n}") for n in range(3))
            )

            async def renewed() -> bool:
                (row,) = await rows(other, held)
                assert lease.alive() and row["token"] == lease.token and not wanting.done()
                times.add(row["until"])
                return len(times) > 3

            async def is_ready() -> bool:
                async with client.get("/readyz") as answer:
                    return answer.status == 200

            await until(is_ready, seconds=20, what="it is ready, late as it is")

            await until(renewed, seconds=60, what="three renewals")
            await working
        wanting.cancel()
        await asyncio.gather(wanting, return_exceptions=True)
        proxy.heal()
    assert not [
        entry for entry in logged if entry["event"].startswith(("lease.", "database.", "transaction."))
    ]


async def _have(ctx: Context, name: str) -> None:
    async with hold_lease(ctx, name):
        return


async def test_those_who_lock_in_opposite_order_and_those_who_lost_a_race_are_run_again(ctx: Context) -> None:
    """F23. One of two is chosen by Postgres and ends; it is run again, and nobody above hears of it."""
    await ctx.database.run(
        lambda c: c.execute("CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
    )
    await ctx.database.run(lambda c: c.execute("INSERT INTO pair VALUES (1), (2)"))
    met, runs = asyncio.Barrier(2), 0

    async def both(first: int, second: int) -> None:
        begun = False

        async def work(c: Connection) -> None:
            nonlocal begun, runs
            runs += 1
            await c.execute("UPDATE pair SET n = n + 1 WHERE id = $1", first)
            if not begun:
                begun = True
                await met.wait()
            await c.execute("UPDATE pair SET n = n + 1 WHERE id = $1", second)

        await ctx.database.run(work)

    await asyncio.gather(both(1, 2), both(2, 1))
    assert runs == 3

    async def strictly(begun: asyncio.Barrier) -> None:
        first = True

        async def work(c: Connection) -> None:
            nonlocal first
            await c.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            n = await c.fetchval("SELECT n FROM pair WHERE id = 1")
            if first:
                first = False
                await begun.wait()
            await c.execute("UPDATE pair SET n = $1 WHERE id = 1", n + 1)

        await ctx.database.run(work)

    begun = asyncio.Barrier(2)
    await asyncio.gather(strictly(begun), strictly(begun))
    assert await one(ctx, "SELECT array_agg(n ORDER BY id) FROM pair") == [4, 2]


async def test_where_every_connection_is_taken_others_are_told_and_leases_live_on(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F25. A lease has a connection of its own."""
    monkeypatch.setattr(room, "ACQUIRE_TIMEOUT", 0.3)
    monkeypatch.setattr(room, "TRY_AGAIN_WITHIN", 0.2)
    monkeypatch.setattr(leases, "TTL_SECONDS", 3.0)
    monkeypatch.setattr(leases, "_MARGIN_SECONDS", 0.3)
    async with a_hub(database_dsn, pool=2) as ctx, hold_lease(ctx, "x") as lease:
        holding, let_go = asyncio.Barrier(3), asyncio.Event()

        async def hold(c: Connection) -> None:
            await c.execute("SELECT 1")
            await holding.wait()
            await let_go.wait()

        holders = [asyncio.create_task(ctx.database.run(hold)) for _ in range(2)]
        await holding.wait()
        others = await asyncio.gather(
            *(ctx.database.read(lambda c: c.fetchval("SELECT 1")) for _ in range(50)), return_exceptions=True
        )
        assert all(isinstance(one, DatabaseUnavailable) for one in others), others
        first = lease.remaining

        async def renewed() -> bool:
            return lease.remaining > first

        await until(renewed, seconds=20, what="the lease is renewed")
        assert lease.alive()
        let_go.set()
        await asyncio.gather(*holders)
        assert await one(ctx, "SELECT 1") == 1


async def test_a_server_that_takes_no_writes_makes_the_hub_unready(ctx: Context, database_dsn: str) -> None:
    """F26. After a fail-over to a standby nothing is accepted, and the balancer sends work elsewhere."""
    name = database_dsn.partition("?")[0].rpartition("/")[2]

    async def ready() -> Mapping[str, str]:
        return {}

    async def switch(to: str) -> None:
        server = await asyncpg.connect(database_dsn)
        await server.execute("SET default_transaction_read_only = off")
        await server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {to}")
        await server.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        await server.close()

    async with (
        TestClient(TestServer(make_app(ctx, ChannelDoors(), ready))) as client,
        a_hub(database_dsn) as hub,
    ):
        await say(hub, who=BOB, item_key="before")
        await switch("on")
        async with client.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["reasons"]) == (
                503, {"database": "takes no writes: it is read-only"},
            )  # fmt: skip
        with pytest.raises(NotAccepted):
            await say(hub, who=BOB, item_key="k")
        await switch("off")
        async with client.get("/readyz") as answer:
            assert answer.status == 200
        await say(hub, who=BOB, item_key="k")
        assert await one(hub, "SELECT count(*) FROM interaction") == 2


async def test_a_transaction_that_its_owner_forgot_is_ended_and_its_locks_with_it(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F27. The owner may be a hub that was paused; sessions of every hub end after 15 s of that."""
    assert room._SERVER_SETTINGS["idle_in_transaction_session_timeout"] == "15s"
    monkeypatch.setattr(
        room, "_SERVER_SETTINGS", {**room._SERVER_SETTINGS, "idle_in_transaction_session_timeout": "300ms"}
    )
    async with a_hub(database_dsn) as hub:
        await say(hub, who=BOB, key="c", item_key="first")
        forgotten = await hub.database.connect_alone()
        await forgotten.execute("BEGIN; LOCK TABLE interaction")
        await say_until_kept(hub, "second")
        forgotten.terminate()
        assert await one(hub, "SELECT count(*) FROM interaction") == 2


async def test_a_hub_that_stopped_in_the_middle_of_a_statement_holds_nothing_for_long(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6, F27. The first half of a statement has been sent: its session does not count as idle, and another hub ends it. When
    the hub goes on, what it was about is done from the start."""
    assert room.FORGOTTEN_SECONDS == 15
    monkeypatch.setattr(room, "FORGOTTEN_SECONDS", 0.5)
    monkeypatch.setattr("hub.workers.clock.LOOK_ROUND_SECONDS", 0.1)
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr(SECRET.decode()), web=Web(port=0))
    async with run_hub(settings, database_dsn), a_hub(database_dsn) as stopped, a_hub(database_dsn) as ctx:
        await say(ctx, who=BOB, key="c", item_key="first")
        halves, go_on = 0, asyncio.Event()

        async def work(connection: Connection) -> str:
            nonlocal halves
            await connection.execute("LOCK TABLE interaction")
            statement = await connection.prepare("SELECT 'done' || $1")
            halves += 1
            await go_on.wait()
            return str(await statement.fetchval("."))

        working = asyncio.create_task(stopped.database.run(work))
        while not halves:
            await asyncio.sleep(0.01)
        await say_until_kept(ctx, "second")
        go_on.set()
        assert await working == "done."
        assert halves == 2
        assert await one(ctx, "SELECT count(*) FROM interaction") == 2


async def test_whoever_takes_long_or_copies_rows_is_not_taken_for_one_who_stopped(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FORGOTTEN_SECONDS", 0.1)
    enough = asyncio.Event()

    async def for_as_long() -> AsyncIterator[tuple[int]]:
        yield (1,)
        await enough.wait()

    async with AsyncExitStack() as stack:
        slow, copying, stopped, foreign = [await ctx.database.connect_alone() for _ in range(4)]
        for connection in (slow, copying, stopped, foreign):
            stack.callback(connection.terminate)
        await copying.execute("CREATE TEMPORARY TABLE copied (n int)")
        await foreign.execute("SET application_name = 'psql'")
        sleeping = asyncio.create_task(slow.execute("SELECT pg_sleep(60)"))
        filling = asyncio.create_task(copying.copy_records_to_table("copied", records=for_as_long()))
        for connection in (stopped, foreign):
            await connection.execute("BEGIN")
            await connection.prepare("SELECT 1 + $1")

        async def all_have_stood_for_long() -> bool:
            return bool(
                await one(
                    ctx,
                    """SELECT count(*) = 4 FROM pg_stat_activity WHERE pid = ANY($1) AND state = 'active'
                       AND state_change < clock_timestamp() - interval '0.2 s'""",
                    [connection.get_server_pid() for connection in (slow, copying, stopped, foreign)],
                )
            )

        await until(all_have_stood_for_long, seconds=20, what="all stand there")
        assert await ctx.database.end_forgotten() == 1
        enough.set()
        assert await filling == "COPY 1"
        assert await foreign.fetchval("SELECT 1") == 1
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await stopped.fetchval("SELECT 1")
        assert not sleeping.done()
        sleeping.cancel()
        await asyncio.wait({sleeping})
        assert await ctx.database.end_forgotten() == 0


async def test_a_listener_behind_a_line_that_fell_silent_listens_on_another(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F28. No error comes, and what was announced meanwhile never does: it is woken when it is back."""
    monkeypatch.setattr("hub.actions.announce._HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr("hub.actions.announce._RECONNECT_SECONDS", 0.05)
    monkeypatch.setattr(room, "COMMAND_TIMEOUT", 0.5)
    monkeypatch.setattr(room, "CONNECT_TIMEOUT", 0.5)
    async with Proxy(path=socket_of(database_dsn)) as proxy, a_hub(database_dsn) as ctx:
        far = await Database.open(by_way_of(database_dsn, proxy.port), max_size=2)
        listener = Listener(far)
        listening = asyncio.create_task(listener.run())

        async def hears() -> bool:
            expected = asyncio.create_task(listener.expect(EVENTS).wait(0.5))
            await asyncio.sleep(0)
            await ctx.database.run(lambda c: announce(c, EVENTS))
            began = time.monotonic()
            await expected
            return time.monotonic() - began < 0.4

        await until(hears, seconds=20, what="it hears")
        lines = proxy.lines_begun
        proxy.fall_silent()
        assert not await hears()

        async def on_another() -> bool:
            return proxy.lines_begun > lines

        await until(on_another, seconds=30, what="it tries another line")
        proxy.heal()
        await until(hears, seconds=30, what="it hears again")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await far.close()


async def test_a_storm_of_announcements_fills_no_queue(database_dsn: str) -> None:
    """F29. A hundred thousand commits with an announcement each, while somebody who listens sleeps in a transaction, so that
    none may be thrown away. None fails, nor do the hub's own among them; all of them are a thousandth of the queue; a loop of
    the hub that they wake looks as often as it wants to, and not as often as it is told. What is announced is that there is
    something, once in a transaction."""
    heard: Counter[object] = Counter()
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(a_hub(database_dsn))
        sleeper, *announcers = [await asyncpg.connect(database_dsn) for _ in range(1 + ANNOUNCERS)]
        for line in (sleeper, *announcers):
            stack.callback(line.terminate)
        await sleeper.add_listener(EVENTS, lambda *told: heard.update([told[-1]]))
        await sleeper.execute("BEGIN; SELECT 1")

        async with _looking(ctx) as looks:
            before, said = len(looks), 0
            storming = asyncio.gather(*(line.execute(_STORM) for line in announcers))
            while not storming.done():
                await say(ctx, who=BOB, item_key=f"k{said}")
                said += 1
            await storming
            assert before < len(looks) < before + STORM / 100
        usage = await one(ctx, "SELECT pg_notification_queue_usage()")
        assert 0 < usage < 0.001, "of the whole queue"
        assert await one(ctx, "SELECT count(*) FROM interaction") == said > 10

        await sleeper.execute("COMMIT")
        await until(lambda: _so_many(heard, STORM + said), seconds=60, what="who slept hears everything")
        slept_through = heard.total()
        await ctx.database.run(_announce_often)
        await ctx.database.run(lambda c: announce(c, EVENTS))
        await until(lambda: _so_many(heard, slept_through + 2), seconds=20, what="two more are heard")
        assert heard == {"": slept_through + 2}

        async def nothing_is_left() -> bool:
            return bool(await one(ctx, "SELECT pg_notification_queue_usage() = 0"))

        await until(nothing_is_left, seconds=20, what="the queue is empty")


@asynccontextmanager
async def _looking(ctx: Context) -> AsyncIterator[list[float]]:
    """A loop like those of the hub, which listens and notes when it looks."""
    looks: list[float] = []
    halt = asyncio.Event()

    async def look() -> int:
        looks.append(time.monotonic())
        return 0

    async def was_woken() -> bool:
        return len(looks) > 1

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(ctx.listener.run())
        group.create_task(
            look_again(ctx.listener, EVENTS, look, every=600, halt=halt, well=lambda: None, rest=0.1)
        )
        await until(was_woken, seconds=20, what="it listens, and wakes whoever waits")
        yield looks
        halt.set()
        ctx.listener.wake_all()
        listening.cancel()


async def _so_many(heard: Counter[object], wanted: int) -> bool:
    return heard.total() >= wanted


async def _announce_often(connection: Connection) -> None:
    for _ in range(2_000):
        await announce(connection, EVENTS)
