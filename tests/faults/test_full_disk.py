"""F20, F21: a disk that is really full, under the tables and under the log of the server."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.adapter import NotAccepted
from hub.actions.context import Context
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from tests.conftest import at_database, ready_made
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import BOB, a_hub, one, say, say_until_kept
from tests.faults.full_disk import FullDisk, on_small_disks

LONG = random.Random(20).randbytes(25_000).hex()
"""Nothing makes it smaller: each takes pages of its own, in the tables and in the log."""


async def _answers(server: FullDisk) -> bool:
    try:
        await (await asyncpg.connect(server.dsn, timeout=5)).close()
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


async def _ended(server: FullDisk) -> bool:
    return not server.runs


async def _until(server: FullDisk, condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """If it does not come, the failure tells what the server said."""
    try:
        await until(condition, seconds=60, what=what)
    except AssertionError as late:
        late.add_note(server.said()[-6000:])
        raise


async def _say_until_refused(ctx: Context, kept: list[str], word: str) -> str:
    """The first that was not accepted; what was is added to `kept`."""
    for n in range(2_000):
        key = f"{word}{n}"
        try:
            await say(ctx, who=BOB, item_key=key, text=f"{key} {LONG}")
        except NotAccepted:
            return key
        kept.append(key)
    raise AssertionError("the disk was never full")


async def _all_there(ctx: Context, kept: list[str]) -> None:
    found = await one(
        ctx, "SELECT array_agg(split_part(text, ' ', 1) ORDER BY id) FROM interaction WHERE direction = 'in'"
    )
    assert sorted(found) == sorted(kept)
    await assert_invariants(ctx.database)


@pytest.mark.timeout(300)
async def test_a_disk_that_is_full_loses_nothing_that_was_accepted(postgres: str) -> None:
    assert postgres  # the cluster that is copied is made by now
    kept: list[str] = []
    with on_small_disks(ready_made()) as server:
        server.start()
        await _until(server, lambda: _answers(server), "the server answers")
        boss = await asyncpg.connect(server.dsn)
        folder = f"{server.dsn.rpartition('host=')[2].removesuffix('/line')}/tables"
        await boss.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        await boss.execute("CREATE DATABASE hub TEMPLATE template_hub TABLESPACE small")
        await boss.close()
        async with (
            a_hub(at_database(server.dsn, "hub")) as ctx,
            TestClient(TestServer(make_app(ctx, ChannelDoors(), _nothing))) as client,
        ):
            # F20: the tables.
            server.fill(server.tables)
            refused = await _say_until_refused(ctx, kept, "tables")
            assert "No space left on device" in server.said()
            async with client.get("/healthz") as answer:
                assert answer.status == 200
            assert await one(ctx, "SELECT count(*) FROM interaction") == len(kept), "reads still work"
            server.free(server.tables)
            await say(ctx, who=BOB, item_key=refused, text=refused)
            kept.append(refused)
            await _all_there(ctx, kept)

            # F21: its log. It can do nothing but end; it tries to begin again by itself, and ends over that too.
            server.fill(server.log)
            refused = await _say_until_refused(ctx, kept, "log")
            await _until(server, lambda: _ended(server), "it ends")
            assert "PANIC" in server.said()
            with pytest.raises(NotAccepted):
                await say(ctx, who=BOB, item_key=refused, text=refused)
            server.free(server.log)
            server.start()
            await _until(server, lambda: _answers(server), "the server answers again")
            async with asyncio.timeout(60):
                await say_until_kept(ctx, refused)
            kept.append(refused)
            await _all_there(ctx, kept)


def test_where_no_disk_is_to_be_had_ci_does_not_pass_it_over(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert postgres
    forbidden = tmp_path / "unshare"
    forbidden.write_text("#!/bin/sh\nexit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CI", "true")
    with pytest.raises((pytest.fail.Exception, pytest.skip.Exception)) as told, on_small_disks(ready_made()):
        pass
    assert told.type is pytest.fail.Exception


async def _nothing() -> dict[str, str]:
    return {}
