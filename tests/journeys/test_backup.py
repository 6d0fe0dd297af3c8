"""`contact-hub backup` and `restore`: everything comes back, nothing leaves twice, and the ledger goes on on another server."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.actions.answers.schedule import schedule_reply
from hub.actions.backup.manifest import NotACopy
from hub.actions.backup.put_back import check_copy
from hub.actions.context import Context
from hub.actions.errands.webhooks import add_webhook
from hub.actions.feed import TooFarBehind
from hub.model.keyring import Keyring
from hub.model.people import Actor
from storage import backups, feed_marks
from tests.conftest import SECRET, at_database
from tests.fakes.scene import SYSTEM, a_hub, say, ticket
from tests.journeys.command import Done, command

FAR = 5_000_000_000
"""A transaction that no server of a test comes to."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


@pytest.fixture
async def empty_dsn(postgres: str, database_dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"{database_dsn.partition('?')[0].rpartition('/')[2]}_copy"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield at_database(postgres, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


def _env(dsn: str, secret: bytes = SECRET) -> dict[str, str]:
    return {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": secret.decode()}


async def _backup(ctx: Context, dsn: str, tmp_path: Path, *more: str) -> Path:
    done = await command("backup", "copy", *more, cwd=tmp_path, env=_env(dsn))
    assert done.code == 0, done.said
    return tmp_path / "copy"


async def _restore(dsn: str, tmp_path: Path, **more: Any) -> Done:
    return await command("restore", "copy", cwd=tmp_path, env=_env(dsn, **more))


async def _all(dsn: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


async def test_a_reply_for_later_whose_time_has_come_is_a_draft_again(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    (agent,) = await _all(
        database_dsn,
        "INSERT INTO agent (login, name, role, password_hash) VALUES ('mei', 'Mei', 'agent', '') RETURNING id",
    )
    mei = Actor(name="Mei", agent_id=agent["id"])
    opened = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="a"))
    (now,) = await _all(database_dsn, "SELECT clock_timestamp() + interval '1 hour' AS later")
    await schedule_reply(
        ctx, ticket_code=opened["code"], actor=mei, send_at=now["later"], text="until tomorrow"
    )
    await _all(database_dsn, "UPDATE scheduled_reply SET send_at = clock_timestamp() - interval '1 hour'")
    await _backup(ctx, database_dsn, tmp_path)
    done = await _restore(empty_dsn, tmp_path)
    assert done.code == 0 and "1 scheduled replies" in done.out, done.said
    (row,) = await _all(empty_dsn, "SELECT state, why FROM scheduled_reply")
    assert tuple(row) == ("cancelled", "put_back")
    (draft,) = await _all(empty_dsn, "SELECT text FROM draft")
    assert draft["text"] == "until tomorrow"


async def test_a_ledger_from_another_server_is_read_on_where_each_reader_was(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    for number in range(3):
        await say(ctx, who=[("visitor", f"v{number}", True)], text="hello")
    # As a server would have it that has come much further; the bell had read two of three, the rules and somebody else none.
    events = await _all(
        database_dsn,
        "UPDATE event SET xid = ($1::bigint + id)::text::xid8 RETURNING id, xid::text AS xid",
        FAR,
    )
    second = sorted(events, key=lambda row: int(row["xid"]))[1]
    await _all(database_dsn, "UPDATE feed_mark SET xid = '0', event_id = 0 WHERE name <> 'notices'")
    await _all(database_dsn, "INSERT INTO feed_mark (name, xid, event_id) VALUES ('somebody', '0', 0)")
    await _all(
        database_dsn,
        "UPDATE feed_mark SET xid = $1::text::xid8, event_id = $2 WHERE name = 'notices'",
        second["xid"],
        second["id"],
    )
    await _backup(ctx, database_dsn, tmp_path)
    done = await _restore(empty_dsn, tmp_path)
    assert done.code == 0, done.said
    kinds = {row["kind"] for row in await _all(database_dsn, "SELECT DISTINCT kind FROM event")}
    async with a_hub(empty_dsn) as again:
        await again.feed.start()
        await say(again, who=[("visitor", "new", True)], text="after")
        newest = (await _all(empty_dsn, "SELECT max(id) AS id FROM event"))[0]["id"]

        async def read(name: str) -> list[int]:
            rows = await again.database.run(lambda c: feed_marks.read_on(c, name, kinds, 1000))
            return [row.id for row in rows or ()]

        old = [row["id"] for row in sorted(events, key=lambda row: row["id"])]
        told = await read("notices")
        assert told[: len(old) - 2] == old[2:] and told[-1] == newest
        assert (await read("somebody"))[: len(old)] == old
        assert await read("automation") == [newest], (
            "the restore had the rules look at what they had not come to"
        )
        with pytest.raises(TooFarBehind):
            await again.feed.replay(f"{FAR + 2}.{old[1]}")
        assert [event.cursor for event in await again.feed.replay(again.feed.cursor)]
        assert not await again.database.read(backups.ledger_is_foreign)


async def test_what_is_not_whole_not_ours_or_in_the_way_changes_nothing(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    copy = await _backup(ctx, database_dsn, tmp_path)
    again = await command("backup", "copy", cwd=tmp_path, env=_env(database_dsn))
    assert again.code == 1 and "is there already" in again.err

    taken = await _restore(database_dsn, tmp_path)
    assert taken.code == 1 and "There are tables in this database already" in taken.err
    foreign = await _restore(empty_dsn, tmp_path, secret=b"another key of thirty-two bytes, or more")
    assert foreign.code == 1 and "another key" in foreign.err

    manifest = json.loads((copy / "manifest.json").read_text())
    for change, said in (
        ({"dump_bytes": manifest["dump_bytes"] + 1}, "not whole"),
        ({"dump_sha256": hashlib.sha256(b"").hexdigest()}, "was changed since"),
        ({"format": 2}, "manifest.json"),
    ):
        (copy / "manifest.json").write_text(json.dumps(manifest | change))
        with pytest.raises(NotACopy, match=said):
            await check_copy(copy)
    (copy / "manifest.json").write_text(
        json.dumps(manifest | {"migrations": [*manifest["migrations"], "9999_of_tomorrow"]})
    )
    newer = await _restore(empty_dsn, tmp_path)
    assert newer.code == 1 and "newer release" in newer.err
    assert await _all(empty_dsn, "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []

    (copy / "manifest.json").write_text(json.dumps(manifest | {"rows": manifest["rows"] | {"ticket": 7}}))
    differs = await _restore(empty_dsn, tmp_path)
    assert differs.code == 1 and "ticket: 0 rows, 7 were copied" in differs.err


async def test_the_key_comes_along_where_it_is_asked_for(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    copy = await _backup(ctx, database_dsn, tmp_path, "--with-key")
    assert (copy / "secret.key").stat().st_mode & 0o777 == 0o600 and copy.stat().st_mode & 0o777 == 0o700
    done = await command("restore", "copy", cwd=tmp_path, env={"HUB_DATABASE__DSN": empty_dsn})
    assert done.code == 0, done.said
    assert (tmp_path / "var" / "secret.key").read_bytes().strip() == SECRET


async def test_a_copy_that_was_made_while_the_key_is_changed_brings_both_and_the_change_goes_on(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    newer = b"a newer key of thirty-two bytes, or more"
    await add_webhook(ctx, name="erp", url="https://erp.example/", actor=SYSTEM)
    async with a_hub(database_dsn, secret=Keyring(newer, [SECRET])):
        pass
    changing = _env(database_dsn, newer) | {"HUB_OTHER_SECRET_KEYS": json.dumps([SECRET.decode()])}
    copied = await command("backup", "copy", "--with-key", cwd=tmp_path, env=changing)
    assert copied.code == 0, copied.said
    there = {"HUB_DATABASE__DSN": empty_dsn}
    done = await command("restore", "copy", cwd=tmp_path, env=there)
    assert done.code == 0, done.said
    sealed = await command("keys", "reseal", cwd=tmp_path, env=there | {"LC_ALL": "zh_CN.UTF-8"})
    assert sealed.code == 0 and "Webhook 密钥" in sealed.out and "恢复码" not in sealed.out, sealed.said
