"""Starting on a database: an empty one, one that others start on too, one with another key."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from hub.actions import installation
from hub.actions.context import Context
from hub.actions.housekeeping import tidy
from hub.actions.installation import channel_name, report_channel, set_up
from hub.settings import WrongSetting
from storage import database as room
from storage.database import Database, DatabaseUnavailable
from storage.migrate import migrate, missing_migrations
from tests.conftest import at_database
from tests.fakes.processes import until
from tests.fakes.scene import RULES, a_hub, one, rows, say

FEW = {"plain": {"kind": "plain"}, "loop": {"kind": "loopback"}}


async def test_several_hubs_start_at_once_on_an_empty_database(postgres: str) -> None:
    server = await asyncpg.connect(postgres)
    await server.execute("CREATE DATABASE empty_at_first")
    dsn = at_database(postgres, "empty_at_first")
    try:

        async def start() -> list[str]:
            database = await Database.open(dsn, max_size=2)
            assert await missing_migrations(database)
            applied = await migrate(database)
            await database.close()
            async with a_hub(dsn, FEW) as hub:
                assert (await say(hub, who=[("visitor", "v", True)], key="k")).ticket_code
            return applied

        applied = await asyncio.gather(*(start() for _ in range(5)))
        assert sum(bool(names) for names in applied) == 1
        async with a_hub(dsn, FEW) as hub:
            assert await missing_migrations(hub.database) == []
            assert await one(hub, "SELECT count(*) FROM channel") == 2
            assert await one(hub, "SELECT count(*) FROM customer") == 1
    finally:
        await server.execute("DROP DATABASE empty_at_first WITH (FORCE)")
        await server.close()


async def test_hubs_with_the_same_key_agree_also_at_the_same_moment(database_dsn: str) -> None:
    async def start() -> None:
        async with a_hub(database_dsn, FEW):
            pass

    for _ in range(3):
        await asyncio.gather(*(start() for _ in range(6)))
        database = await Database.open(database_dsn)
        await database.run(lambda c: c.execute("DELETE FROM installation"))
        await database.close()


async def test_another_key_is_refused_and_changes_nothing(database_dsn: str) -> None:
    async with a_hub(database_dsn, FEW) as hub:
        async with a_hub(
            database_dsn, {"else": {"kind": "plain"}}, secret=b"another key", ready=False
        ) as wrong:
            with pytest.raises(WrongSetting, match="secret_key"):
                await set_up(wrong)
        found = await rows(hub, "SELECT name, state FROM channel ORDER BY name")
        assert found == [{"name": "loop", "state": "starting"}, {"name": "plain", "state": "starting"}]
        assert hub.secret.hex() not in repr(await rows(hub, "SELECT * FROM installation"))


async def test_what_a_hub_that_stopped_has_locked_is_waited_for(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused in the middle of saying how its channel is: until Postgres ends that, the next hub waits, but not for ever."""
    monkeypatch.setattr(room, "_SERVER_SETTINGS", {**room._SERVER_SETTINGS, "lock_timeout": "200ms"})
    async with a_hub(database_dsn, FEW), a_hub(database_dsn, FEW, ready=False) as late:
        stopped = await asyncpg.connect(database_dsn)
        async with stopped.transaction():
            await stopped.execute("UPDATE channel SET state = 'down'")
            with capture_logs() as said:
                starting = asyncio.create_task(set_up(late))
                await until(lambda: _is_in(said, "setup.held_up"), seconds=30, what="it waits")
        await starting
        async with stopped.transaction():
            await stopped.execute("UPDATE channel SET state = 'up'")
            monkeypatch.setattr(installation, "HELD_UP_SECONDS", 0.0)
            with pytest.raises(DatabaseUnavailable):
                await set_up(late)
        await stopped.close()


async def test_what_a_hub_that_stopped_in_the_middle_of_a_statement_has_locked_is_let_go(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres does not end its session; the hub that begins does."""
    monkeypatch.setattr(room, "_SERVER_SETTINGS", {**room._SERVER_SETTINGS, "lock_timeout": "200ms"})
    monkeypatch.setattr(room, "FORGOTTEN_SECONDS", 0.5)
    async with a_hub(database_dsn, FEW) as hub, a_hub(database_dsn, FEW, ready=False) as late:
        stopped = await hub.database.connect_alone()
        await stopped.execute("BEGIN")
        await stopped.execute("UPDATE channel SET state = 'down'")
        await stopped.prepare("SELECT 1 + $1")
        await set_up(late)
        stopped.terminate()


async def _is_in(said: Sequence[Mapping[str, Any]], event: str) -> bool:
    return any(one["event"] == event for one in said)


async def test_channels_come_go_and_come_back_with_their_history(database_dsn: str) -> None:
    async def states(hub: Context) -> dict[str, Any]:
        return {row["name"]: row["state"] for row in await rows(hub, "SELECT * FROM channel")}

    async with a_hub(database_dsn, FEW) as hub:
        number = await one(hub, "SELECT id FROM channel WHERE name = 'loop'")
        await report_channel(hub, "loop", "up")
    async with a_hub(database_dsn, {"plain": FEW["plain"]}) as hub:
        assert await states(hub) == {"plain": "starting", "loop": "retired"}
        assert await channel_name(hub, number) == "loop"
    async with a_hub(database_dsn, FEW) as hub:
        assert await states(hub) == {"plain": "starting", "loop": "starting"}
        assert await one(hub, "SELECT id FROM channel WHERE name = 'loop'") == number


async def test_queues_follow_the_rules_and_what_waits_in_a_retired_one_stays(database_dsn: str) -> None:
    async with a_hub(database_dsn, FEW) as hub:
        await say(hub, who=[("visitor", "v", True)], hints={"queue": "feedback"})
    text = RULES.read_text()
    start, end = text.index('[[queue]]\nname = "feedback"'), text.index("[[rule]]")
    fewer = text[:start] + text[end:]
    fewer = fewer.replace('then = { queue = "feedback" }', 'then = { queue = "enquiries" }')
    fewer = fewer.replace('title_en = "Complaints"', 'title_en = "Grievances"')
    async with a_hub(database_dsn, FEW, rules=fewer.encode()) as hub:
        found = {row["name"]: row for row in await rows(hub, "SELECT * FROM queue")}
        assert found["feedback"]["retired"] and not found["complaints"]["retired"]
        assert found["complaints"]["title_en"] == "Grievances"
        assert (await say(hub, who=[("visitor", "w", True)], text="Great service, thank you!")).ticket_code
    async with a_hub(database_dsn, FEW) as hub:
        assert not await one(hub, "SELECT retired FROM queue WHERE name = 'feedback'")
        assert (
            await one(
                hub, "SELECT count(*) FROM ticket JOIN queue q ON q.id = queue_id WHERE q.name = 'feedback'"
            )
            == 1
        )


async def test_a_channels_state_is_told_when_it_changes(database_dsn: str) -> None:
    async with a_hub(database_dsn, FEW) as hub:
        for _ in range(3):
            await report_channel(hub, "loop", "down", "The line dropped. " * 100)
        await report_channel(hub, "nowhere", "up")
        assert await rows(hub, "SELECT data FROM event WHERE kind = 'channel_changed'") == [
            {"data": {"channel": "loop"}}
        ]
        assert await one(hub, "SELECT length(state_detail) FROM channel WHERE name = 'loop'") == 500


async def _forget_months(hub: Context) -> None:
    """As if nobody had made partitions for some time."""
    for row in await rows(
        hub,
        r"SELECT relname FROM pg_class WHERE relname ~ '^(interaction|inbound_raw)_\d{4}_\d{2}$' AND relkind = 'r'",
    ):
        name = row["relname"]
        await hub.database.run(lambda c, name=name: c.execute(f"DROP TABLE {name}"))  # type: ignore[misc]


async def test_two_hubs_make_the_months_ahead_at_once(database_dsn: str) -> None:
    async with a_hub(database_dsn, FEW) as hub, a_hub(database_dsn, FEW) as other:
        for _ in range(3):
            await _forget_months(hub)
            await asyncio.gather(tidy(hub), tidy(other), tidy(hub), tidy(other))
        made = await one(hub, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'interaction'::regclass")
        assert made == 4  # this month, two ahead, and elsewhen


async def test_rows_of_a_wild_clock_do_not_stop_the_hub_from_starting(database_dsn: str) -> None:
    """Written when their month had no partition, they lie in `elsewhen`; the month can then not be made, and need not be."""
    async with a_hub(database_dsn, FEW) as hub:
        await _forget_months(hub)
        kept = await say(hub, who=[("visitor", "v", True)])
        assert await one(hub, "SELECT count(*) FROM interaction_elsewhen") == 1
    async with a_hub(database_dsn, FEW) as hub:
        await tidy(hub)
        assert (await say(hub, who=[("visitor", "v", True)])).ticket_code
        assert await one(hub, "SELECT count(*) FROM interaction") == 2
        assert await one(hub, "SELECT state FROM inbound_raw WHERE id = $1", kept.raw_id) == "read"


async def test_tidying_keeps_what_is_still_asked_for(database_dsn: str) -> None:
    async with a_hub(database_dsn, FEW) as hub:
        for age in ("1 day", "3 days"):
            await hub.database.run(
                lambda c, age=age: c.execute(  # type: ignore[misc]
                    f"""INSERT INTO idempotency VALUES ('p', '{age}', '', 200, '{{}}', now() - interval '{age}');
                        INSERT INTO rate_limit VALUES ('{age}', now() - interval '{age}' + interval '1 hour', 1);
                        INSERT INTO lease VALUES ('{age}', 'h', gen_random_uuid(),
                                                  now() - interval '{age}' + interval '1 hour')"""
                )
            )
        await tidy(hub)
        for table, column in (("idempotency", "key"), ("rate_limit", "key"), ("lease", "name")):
            assert await rows(hub, f"SELECT {column} AS name FROM {table}") == [{"name": "1 day"}]
