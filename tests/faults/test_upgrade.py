"""F13: the schema changes under hubs that work: it widens for the next version, and loses what no version needs any more."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

import storage.database
import storage.migrate
from hub.actions.context import Context
from storage.migrate import migrate
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import BOB, a_hub, one, say, say_until_kept

WIDER = """ALTER TABLE ticket ADD COLUMN wider int NOT NULL DEFAULT 0;
ALTER TABLE interaction ADD COLUMN wider text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN wider text NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN wider text NOT NULL DEFAULT '';
CREATE TABLE widened (id int PRIMARY KEY);
"""
NARROWER = """ALTER TABLE ticket DROP COLUMN wider;
ALTER TABLE interaction DROP COLUMN wider;
ALTER TABLE outbox DROP COLUMN wider;
ALTER TABLE customer DROP COLUMN wider;
DROP TABLE widened;
"""


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All of this version, to which later ones can be added."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in (Path(storage.migrate.__file__).parent / "migrations").glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(storage.migrate, "files", lambda _package: tmp_path)
    return folder


def _later(folder: Path, name: str, sql: str) -> None:
    last = max(path.stem for path in folder.glob("*.sql"))
    (folder / f"{name}.sql").write_text(
        f"-- {name}\n-- depends: {last}\n\n-- migrate: apply\n\n{sql}\n-- migrate: rollback\n\nSELECT 1;\n"
    )


async def test_the_schema_widens_and_loses_what_nobody_needs_while_hubs_work(
    ctx: Context, database_dsn: str, migrations: Path
) -> None:
    """Each time three hubs of the next version start at once: one migrates; hubs that work meanwhile fail nobody, then or
    later."""
    async with a_hub(database_dsn) as hub:
        await asyncio.gather(*(say(hub, who=BOB, item_key=f"before{n}") for n in range(10)))
        for name, sql in (("9998_wider", WIDER), ("9999_narrower", NARROWER)):
            _later(migrations, name, sql)
            saying = asyncio.gather(
                *(say(hub, who=BOB, item_key=f"{name} during{n}") for n in range(30)), return_exceptions=True
            )
            applied = await asyncio.gather(*(migrate(ctx.database) for _ in range(3)))
            assert sorted(applied) == [[], [], [name]]
            failed = [one for one in await saying if isinstance(one, BaseException)]
            assert not failed, failed
            await asyncio.gather(*(say(hub, who=BOB, item_key=f"{name} after{n}") for n in range(10)))
        assert await one(hub, "SELECT count(*) FROM interaction") == 90
        await assert_invariants(hub.database)


async def test_a_migration_waits_for_nobody_for_long_and_is_begun_again(
    database_dsn: str, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads a table for long: while the migration waited for it, all others would wait behind the migration."""
    _later(migrations, "9998_wider", WIDER)
    monkeypatch.setattr(storage.migrate, "LOCK_WITHIN_MS", 100)
    async with a_hub(database_dsn) as hub:
        await say(hub, who=BOB, item_key="before")
        reader = await asyncpg.connect(database_dsn)
        async with reader.transaction():
            await reader.execute("LOCK TABLE interaction IN ACCESS SHARE MODE")
            with capture_logs() as logged:
                migrating = asyncio.create_task(migrate(hub.database))

                async def again() -> bool:
                    return sum(entry["event"] == "migrate.retry" for entry in logged) > 1

                await until(again, seconds=60, what="it was begun again")
                await say_until_kept(hub, "during")
        await reader.close()
        assert await migrating == ["9998_wider"]
        await say_until_kept(hub, "after")
        assert await one(hub, "SELECT count(*) FROM interaction") == 3


async def test_a_hub_that_stopped_in_the_middle_of_a_statement_does_not_hold_up_a_migration(
    database_dsn: str, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13. Nobody else is there to end its session."""
    _later(migrations, "9998_wider", WIDER)
    monkeypatch.setattr(storage.migrate, "LOCK_WITHIN_MS", 100)
    monkeypatch.setattr(storage.database, "FORGOTTEN_SECONDS", 0.5)
    async with a_hub(database_dsn) as hub:
        stopped = await hub.database.connect_alone()
        await stopped.execute("BEGIN")
        await stopped.prepare("SELECT count(*) FROM interaction WHERE id = $1")
        assert await migrate(hub.database) == ["9998_wider"]
        stopped.terminate()
