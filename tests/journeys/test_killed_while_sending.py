"""A hub process that is killed in the middle of sending a letter (F2, F3): what was certain is done by the next, once; what was
not waits for a person, and goes out under the same name."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.actions.answers.recall import send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving as serving_relay
from tests.fakes.processes import serving
from tests.fakes.scene import MAIL, SECRET, SYSTEM, a_hub, one, ticket, write
from tests.fakes.smtp_server import HANG, ScriptedRelay

BEFORE, HEARD = "before", "heard"
"""The hub has taken the letter up and called nobody yet; it has heard that the relay has the letter and not written it down."""
_WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_RECORDING = f"SELECT count(*) {_WAITING} AND query LIKE '%UPDATE outbox%settled_at%'"
_FREE = f"SELECT pg_terminate_backend(pid) {_WAITING} AND pid <> pg_backend_pid()"


class Relay(ScriptedRelay):
    """Before it says that it has taken a letter over, `first` is done, once."""

    first: Callable[[], Awaitable[object]] | None = None

    async def _say(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, usual: str
    ) -> bool:
        if key == "." and self.first is not None:
            first, self.first = self.first, None
            await first()
        return await super()._say(reader, writer, key, usual)


class Holder:
    """Somebody who keeps what a hub needs next, so that it waits at exactly this step until it is killed."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._keeping = connection.transaction()

    async def keep(self, statement: str) -> None:
        await self._keeping.start()
        await self._connection.execute(statement)

    async def let_go(self) -> None:
        """What a dead hub's session waits for is not done in its name: the line that it had is gone."""
        await self._connection.fetch(_FREE)
        await self._keeping.rollback()


@asynccontextmanager
async def _a_holder(dsn: str) -> AsyncIterator[Holder]:
    connection = await asyncpg.connect(dsn)
    try:
        yield Holder(connection)
    finally:
        await connection.close()


async def _lease_runs_out(ctx: Context) -> None:
    """As if the seconds had passed for which a dead sender is waited for; its channel is free at once."""
    await ctx.database.run(
        lambda c: c.execute("UPDATE outbox SET lease_until = clock_timestamp() WHERE state = 'sending'")
    )
    await ctx.database.run(lambda c: c.execute("UPDATE lease SET until = clock_timestamp()"))


async def _until(ctx: Context, state: str) -> None:
    async with asyncio.timeout(60):
        while await one(ctx, "SELECT state FROM outbox") != state:
            await asyncio.sleep(0.05)


async def _comes_to(ctx: Context, stage: str, relay: Relay, holder: Holder) -> None:
    """Return when the hub, which is ready, is there with the letter that waits, and stays there."""
    if stage == BEFORE:
        # Between taking a letter up and calling the relay its files are looked for.
        await holder.keep("LOCK TABLE attachment IN ACCESS EXCLUSIVE MODE")
    if stage == HEARD:
        relay.first = lambda: holder.keep("SELECT FROM ticket FOR UPDATE")
    await one(ctx, "UPDATE outbox SET not_before = clock_timestamp() RETURNING pg_notify('hub_outbox', '')")
    if stage == BEFORE:
        await _until(ctx, "sending")
        assert relay.verbs == []
        return
    async with asyncio.timeout(60):
        while stage == HEARD and not await one(ctx, _RECORDING):
            await asyncio.sleep(0.05)
        if stage != HEARD:
            await relay.reached.wait()


@pytest.mark.parametrize(
    ("stage", "certain"), [(BEFORE, True), ("CONNECT", True), ("RCPT", True), (".", False), (HEARD, False)]
)
async def test_a_letter_whose_sender_was_killed_leaves_once_or_is_in_doubt(
    database_dsn: str, tmp_path: Path, stage: str, certain: bool
) -> None:
    relay = Relay({stage: HANG})
    async with serving_relay(relay.talk) as port, _a_holder(database_dsn) as holder:
        support: dict[str, Any] = {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}
        channels = {"support": support}
        async with a_hub(database_dsn, channels) as ctx:
            code = (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"]
            reply = await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
            await one(ctx, "UPDATE outbox SET not_before = 'infinity' RETURNING 1")
            async with serving(tmp_path / "first", database_dsn, channels, secret=SECRET.decode()) as first:
                await _comes_to(ctx, stage, relay, holder)
                await first.kill()
            if stage in (BEFORE, HEARD):
                await holder.let_go()
            assert await one(ctx, "SELECT state FROM outbox") == "sending"
            relay.answers.clear()
            await _lease_runs_out(ctx)
            async with serving(tmp_path / "second", database_dsn, channels, secret=SECRET.decode()):
                if not certain:
                    await _until(ctx, "uncertain")
                    assert len(relay.letters) == 1
                    await send_again(ctx, interaction_id=reply, actor=SYSTEM)
                await _until(ctx, "sent")
            await assert_invariants(ctx.database)
    # Certain: exactly one letter. In doubt: two at the most, which are the same, byte for byte.
    assert len(relay.letters) == (1 if certain else 2)
    assert len(set(relay.letters)) == 1
