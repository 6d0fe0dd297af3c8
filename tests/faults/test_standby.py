"""F26 with a real standby: the server that hubs are moved to after a fail-over still follows another, and lags behind it."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.adapter import NotAccepted
from hub.actions.timers import fire_due
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from storage.database import DatabaseUnavailable
from tests.conftest import at_database
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import a_hub, one, say
from tests.faults.cluster import Cluster, by_way_of, copied_cluster, socket_of, standby_of
from tests.faults.proxy import Proxy

BOB = [("email", "bob@example.com", True)]


async def _nothing() -> dict[str, str]:
    return {}


async def _count(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM interaction"))
    finally:
        await connection.close()


@pytest.mark.timeout(300)
async def test_hubs_on_a_standby_accept_nothing_until_it_leads(postgres: str) -> None:
    assert postgres  # the cluster that is copied is made by now
    with tempfile.TemporaryDirectory(prefix="hub-standby-") as name:
        folder = Path(name)
        with copied_cluster(folder, "wal_level = replica", "max_wal_senders = 4") as first:
            await first.say("CREATE DATABASE hub TEMPLATE template_hub")
            with standby_of(first, folder / "second") as second:
                await _moved(at_database(first.dsn, "hub"), at_database(second.dsn, "hub"), first, second)


async def _moved(first_dsn: str, second_dsn: str, first: Cluster, second: Cluster) -> None:
    async with (
        Proxy(path=socket_of(first_dsn)) as line,
        a_hub(by_way_of(first_dsn, line.port)) as ctx,
        a_hub(first_dsn) as other,
        TestClient(TestServer(make_app(ctx, ChannelDoors(), _nothing))) as client,
    ):
        await say(ctx, who=BOB, item_key="before")

        async def arrived() -> bool:
            return await _count(second_dsn) == 1

        await until(arrived, seconds=60, what="what was committed arrives at the standby")
        await second.say("SELECT pg_wal_replay_pause()")
        await say(other, who=BOB, item_key="later")

        line.lead_to(socket_of(second_dsn))
        async with client.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["reasons"]) == (
                503, {"database": "takes no writes: it is read-only"},
            )  # fmt: skip
        assert await one(ctx, "SELECT count(*) FROM interaction") == 1, "it is behind, and may be read"
        with pytest.raises(NotAccepted):
            await say(ctx, who=BOB, item_key="k")
        with pytest.raises(DatabaseUnavailable):
            await fire_due(ctx)  # the timers are the other server's

        # The first goes in order, so that nothing is left behind with it; then the second leads.
        await second.say("SELECT pg_wal_replay_resume()")
        await asyncio.to_thread(first.stop, "fast")
        await second.say("SELECT pg_promote()")
        async with client.get("/readyz") as answer:
            assert answer.status == 200
        await say(ctx, who=BOB, item_key="k")
        again = await say(ctx, who=BOB, item_key="later")
        assert again.duplicate and await one(ctx, "SELECT count(*) FROM interaction") == 3
        await fire_due(ctx)
        await assert_invariants(ctx.database)
