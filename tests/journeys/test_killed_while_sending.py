"""A hub process that is killed in the middle of sending a letter (F2, F3): what was certain is done by the next, once; what was
not waits for a person, and goes out under the same name."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.actions.answers.recall import send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving as serving_relay
from tests.fakes.processes import HubProcess, serving
from tests.fakes.scene import MAIL, SECRET, SYSTEM, a_hub, one, ticket, write
from tests.fakes.smtp_server import HANG, ScriptedRelay


async def _lease_runs_out(ctx: Context) -> None:
    """As if the minute had passed for which a dead sender is waited for; its channel is free at once."""
    await ctx.database.run(
        lambda c: c.execute("UPDATE outbox SET lease_until = clock_timestamp() WHERE state = 'sending'")
    )
    await ctx.database.run(lambda c: c.execute("UPDATE lease SET until = clock_timestamp()"))


async def _until(ctx: Context, state: str) -> None:
    async with asyncio.timeout(60):
        while await one(ctx, "SELECT state FROM outbox") != state:
            await asyncio.sleep(0.05)


async def _killed_at(hub: HubProcess, relay: ScriptedRelay) -> None:
    async with asyncio.timeout(60):
        await relay.reached.wait()
    await hub.kill()


@pytest.mark.parametrize(
    ("stage", "certain"), [("CONNECT", True), ("EHLO", True), ("MAIL", True), ("RCPT", True), (".", False)]
)
async def test_a_letter_whose_sender_was_killed_leaves_once_or_is_in_doubt(
    database_dsn: str, tmp_path: Path, stage: str, certain: bool
) -> None:
    relay = ScriptedRelay({stage: HANG})
    async with serving_relay(relay.talk) as port:
        support: dict[str, Any] = {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}
        channels = {"support": support}
        async with a_hub(database_dsn, channels) as ctx:
            code = (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"]
            reply = await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
            async with serving(tmp_path / "first", database_dsn, channels, secret=SECRET.decode()) as first:
                await _killed_at(first, relay)
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
