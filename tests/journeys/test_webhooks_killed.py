"""Webhooks of whole hub processes: from the command line to the receiver, and on after a kill in the middle of a call."""

import asyncio
from pathlib import Path

import pytest

from hub.actions.context import Context
from hub.actions.errands.webhooks import queue_call
from tests.fakes.processes import serving, until
from tests.fakes.receiver import HANG, receiving
from tests.fakes.scene import SECRET, a_hub, one
from tests.journeys.command import command

ALLOWED = {"HUB_WEBHOOKS__ALLOW_PRIVATE": "true"}


async def _state(ctx: Context) -> str:
    return str(await one(ctx, "SELECT state FROM webhook_call WHERE event <> 'test'"))


@pytest.mark.timeout(400)
async def test_what_a_killed_hub_was_telling_is_told_again_by_the_same_name(
    database_dsn: str, tmp_path: Path
) -> None:
    env = {
        "HUB_DATABASE__DSN": database_dsn, "HUB_SECRET_KEY": SECRET.decode(), "HUB_DATA_DIR": str(tmp_path / "var"), **ALLOWED,
    }  # fmt: skip
    async with receiving(200, HANG) as erp, a_hub(database_dsn, {}) as ctx:
        made = await command("webhook", "add", "erp", erp.url, cwd=tmp_path, env=env)
        secret = made.out.strip()
        assert made.code == 0 and secret.startswith("whsec_"), made.said
        tried = await command("webhook", "test", "erp", cwd=tmp_path, env=env)
        assert tried.code == 0 and "taken over" in tried.out, tried.said
        erp.arrived.clear()
        async with serving(
            tmp_path / "first", database_dsn, {}, secret=SECRET.decode(), env=ALLOWED
        ) as first:
            await ctx.database.run(lambda c: queue_call(c, webhook="erp", event="rule.ran", cause="x"))
            async with asyncio.timeout(60):
                await erp.arrived.wait()
            await first.kill()
        assert await _state(ctx) == "sending"
        # As if the time had passed for which a dead sender is waited for.
        await ctx.database.run(lambda c: c.execute("UPDATE webhook_call SET lease_until = clock_timestamp()"))
        async with serving(tmp_path / "second", database_dsn, {}, secret=SECRET.decode(), env=ALLOWED):

            async def is_sent() -> bool:
                return await _state(ctx) == "sent"

            await until(is_sent, seconds=60, what="the call that was cut off")
        _, cut, again = erp.heard
        assert (cut.name, cut.content) == (again.name, again.content)
        assert again.is_signed_by(secret)
        listed = await command("webhook", "list", cwd=tmp_path, env=env)
        assert "erp" in listed.out and "works" in listed.out and secret not in listed.said
        off = await command("webhook", "off", "erp", cwd=tmp_path, env={**env, "LANG": "zh_CN.UTF-8"})
        assert off.code == 0 and "已停用" in off.out
        assert not await one(ctx, "SELECT enabled FROM webhook")
        gone = await command("webhook", "remove", "erp", cwd=tmp_path, env=env)
        assert gone.code == 0
        nobody = await command("webhook", "test", "erp", cwd=tmp_path, env=env)
        assert nobody.code == 1 and "There is no webhook erp" in nobody.err


@pytest.mark.timeout(400)
async def test_without_the_setting_nothing_in_our_own_network_is_called(
    database_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as inner, a_hub(database_dsn, {}) as ctx:
        # As it may be written down: by a name that leads here, or while the setting was another.
        env = {
            "HUB_DATABASE__DSN": database_dsn,
            "HUB_SECRET_KEY": SECRET.decode(),
            "HUB_DATA_DIR": str(tmp_path / "var"),
        }
        refused = await command("webhook", "add", "erp", inner.url, cwd=tmp_path, env=env)
        assert refused.code == 1 and "https://" in refused.err
        added = await command("webhook", "add", "erp", inner.url, cwd=tmp_path, env={**env, **ALLOWED})
        assert added.code == 0
        await ctx.database.run(lambda c: queue_call(c, webhook="erp", event="rule.ran", cause="x"))
        async with serving(tmp_path / "hub", database_dsn, {}, secret=SECRET.decode()):

            async def was_tried() -> bool:
                return str(await one(ctx, "SELECT error FROM webhook_call")) == "private_address"

            await until(was_tried, seconds=60, what="the attempt")
        assert inner.heard == [] and await _state(ctx) == "queued"
