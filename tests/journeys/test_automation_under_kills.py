"""Rules on hub processes that are killed in the middle: each thing that happened is dealt with once by each rule."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from tests.fakes.automation import automated
from tests.fakes.crowd import tickets_wait
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import serving, until
from tests.fakes.scene import SECRET, a_hub, one, rows

TICKETS = 150
RULES = """
[[automation]]
name = "first"
on = ["opened"]
then = [ { note = "first" }, { add_tags = ["seen"] } ]
[[automation]]
name = "second"
on = ["tag_added"]
then = [ { note = "second" }, { priority = "urgent" } ]
"""


async def test_hubs_that_are_killed_leave_nothing_undone_and_nothing_done_twice(
    database_dsn: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(automated(RULES))

    async with a_hub(database_dsn, rules=automated(RULES)) as ctx, AsyncExitStack() as stack:

        async def begin(name: str):  # type: ignore[no-untyped-def]
            return await stack.enter_async_context(
                serving(
                    tmp_path / name, database_dsn, {"floor": {"kind": "webform"}}, secret=SECRET.decode(),
                    env={"HUB_ROUTING_RULES": str(path)},
                )
            )  # fmt: skip

        async def done(share: float) -> bool:
            return int(await one(ctx, "SELECT count(*) FROM automation_run")) >= 2 * TICKETS * share

        victim, other = await asyncio.gather(begin("victim"), begin("other"))
        await tickets_wait(ctx, TICKETS)
        await until(lambda: done(0.2), seconds=90, what="a fifth is done")
        await victim.kill()
        await until(lambda: done(0.5), seconds=90, what="half is done")
        await other.kill()
        assert not await done(1)
        await begin("third")
        await until(lambda: done(1), seconds=120, what="all is done")
        notes = await rows(ctx, "SELECT ticket_id, text FROM interaction WHERE direction = 'internal'")
        assert set(Counter((row["ticket_id"], row["text"]) for row in notes).values()) == {1}
        assert len(notes) == 2 * TICKETS
        assert await one(ctx, "SELECT count(*) FROM ticket WHERE tags = '{seen}' AND priority = 4") == TICKETS
        outcomes = await rows(ctx, "SELECT DISTINCT outcome FROM automation_run")
        assert outcomes == [{"outcome": "done"}]
        await assert_invariants(ctx.database)
