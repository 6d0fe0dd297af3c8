"""F41 against real Dovecot: a mailbox that has waited for long is taken once and in order by real hubs, of which one is killed
in the middle; who chats meanwhile is answered. Rate, memory and waits over 50,000 letters: tests.benchmarks.mailbox_backlog.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from hub.actions.context import Context
from tests.benchmarks.chat_client import CHANNELS as CHAT
from tests.benchmarks.chat_client import visiting
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import serving, until
from tests.fakes.scene import SECRET, a_hub, one, rows
from tests.real_mail.servers import CUSTOMER, SUPPORT, MailServers

MANY = 250
FETCHED = "SELECT coalesce((SELECT (value ->> 'uid')::int FROM bookmark WHERE key = 'imap:INBOX'), 0)"
# However quick a hub is, it stands still behind this many letters for as long as the test holds the lock.
MIDDLE = 100
HALFWAY = f"""
CREATE FUNCTION halfway() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM inbound_raw) >= {MIDDLE} THEN PERFORM pg_advisory_xact_lock_shared(41); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER halfway BEFORE INSERT ON inbound_raw FOR EACH ROW EXECUTE FUNCTION halfway();
"""
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 41 AND NOT granted"
WAITING = "SELECT count(*) FROM inbound_raw WHERE state = 'received'"


def _fill(mail: MailServers) -> None:
    """As another provider's migration leaves them: files in the mailbox, each with its time in its name."""
    folder = mail.dovecot.maildir(SUPPORT)
    owner = (folder.parent.stat().st_uid, folder.parent.stat().st_gid)
    for part in ("", "cur", "new", "tmp"):
        (folder / part).mkdir(exist_ok=True)
    for number in range(MANY):
        (folder / "new" / f"{1_700_000_000 + number}.M{number}P1.host").write_bytes(
            f"From: Lin <{CUSTOMER}>\r\nMessage-ID: <m{number}@a.example>\r\nSubject: s{number}\r\n\r\nHello\r\n".encode()
        )
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, *owner)


@contextlib.asynccontextmanager
async def _standing_still(dsn: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(HALFWAY)
        await connection.execute("SELECT pg_advisory_lock(41)")
        yield
    finally:
        await connection.close()


async def _fetched(ctx: Context, least: int) -> None:
    async def enough() -> bool:
        return bool(await one(ctx, FETCHED) >= least)

    await until(enough, seconds=60, what=f"{least} letters are in the journal")


async def test_a_backlog_is_taken_once_and_in_order_although_its_hub_is_killed_in_the_middle(
    mail: MailServers, database_dsn: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(_fill, mail)
    channels: dict[str, dict[str, Any]] = {
        "support": {"kind": "email", **mail.table(burst_minutes=0)},
        **CHAT,
    }
    secret = SECRET.decode()
    async with a_hub(database_dsn, channels) as ctx:
        async with (
            _standing_still(database_dsn),
            serving(tmp_path / "one", database_dsn, channels, secret=secret) as first,
        ):

            async def halfway() -> bool:
                return bool(await one(ctx, HELD))

            await until(halfway, seconds=60, what="the hub is in the middle of the mailbox")
            await first.kill()
            assert 0 < await one(ctx, FETCHED) < MANY
        # As if the seconds had passed for which a dead hub is waited for.
        await one(ctx, "UPDATE lease SET until = clock_timestamp() RETURNING 1")
        await one(ctx, "UPDATE inbound_raw SET lease_until = NULL WHERE state = 'received' RETURNING 1")
        async with serving(tmp_path / "two", database_dsn, channels, secret=secret) as second:
            async with aiohttp.ClientSession() as client, visiting(client, second.url) as visitor:
                said = 0
                while not said or await one(ctx, FETCHED) < MANY:
                    await visitor.say(f"chat {said}")
                    said += 1
            await _fetched(ctx, MANY)

            async def all_read() -> bool:
                return not await one(ctx, WAITING)

            await until(all_read, seconds=60, what="every letter is on a timeline")
        found = await rows(
            ctx,
            """SELECT r.state, i.subject FROM inbound_raw r JOIN channel c ON c.id = r.channel_id
               LEFT JOIN interaction i ON i.raw_id = r.id WHERE c.kind = 'email' ORDER BY r.id""",
        )
        chats = await rows(ctx, "SELECT text FROM interaction WHERE text LIKE 'chat %' ORDER BY id")
        await assert_invariants(ctx.database, by_hand=True)
    assert [(row["state"], row["subject"]) for row in found] == [("read", f"s{n}") for n in range(MANY)]
    assert [row["text"] for row in chats] == [f"chat {n}" for n in range(said)]
