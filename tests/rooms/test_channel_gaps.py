"""A channel that was not heard for longer than its outside keeps what it has: people are told once, until they have seen it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels.adapter import Unavailable
from hub.actions.channels.hearing import HeardChannel, list_gaps, note_heard, put_gaps_away
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.people import Actor
from storage.channels import GapRow
from tests.fakes.scene import a_hub, one, rows

CHANNELS: dict[str, dict[str, Any]] = {
    "bot": {"kind": "telegram", "token": "700000001:" + "t" * 35},
    "loop": {"kind": "loopback"},
}
ANN = Actor(name="Ann", agent_id=1)


async def quiet(ctx: Context, hours: float) -> None:
    """Nothing was heard by any channel for so long."""
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE bookmark SET written_at = written_at - $1::interval WHERE key = 'hub:heard'",
            timedelta(hours=hours),
        )
    )


async def gaps(ctx: Context) -> list[GapRow]:
    return list(await ctx.database.read(list_gaps))


async def told(ctx: Context) -> list[str]:
    return [row["kind"] for row in await rows(ctx, "SELECT kind FROM event ORDER BY id")]


async def test_a_silence_of_more_than_a_day_is_told_once_by_however_many_hubs(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHANNELS) as ctx, a_hub(database_dsn, CHANNELS) as other:
        for hours in (0, 23.9):
            await quiet(ctx, hours)
            await note_heard(ctx, "bot")
            assert await gaps(ctx) == [] and await told(ctx) == []
        await quiet(ctx, 24.1)
        await asyncio.gather(*(note_heard(hub, "bot") for hub in (ctx, other, ctx, other)))
        (gap,) = await gaps(ctx)
        assert (gap.channel, gap.kind, gap.hours) == ("bot", "telegram", 24)
        assert timedelta(hours=24.1) < gap.until - gap.since < timedelta(hours=24.2)
        assert await rows(ctx, "SELECT kind, data FROM event") == [
            {
                "kind": "channel_gap",
                "data": {"channel": "bot", "since": gap.since.isoformat(), "until": gap.until.isoformat()},
            }
        ]
        await quiet(ctx, 48)
        await note_heard(other, "bot")
        assert len(await gaps(ctx)) == 2
        await put_gaps_away(ctx, name="bot", actor=ANN)
        assert await gaps(ctx) == [] and await told(ctx) == ["channel_gap", "channel_gap", "channel_changed"]
        with pytest.raises(NotFound):
            await put_gaps_away(ctx, name="bot", actor=ANN)


async def test_a_channel_whose_outside_keeps_everything_has_no_gaps(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHANNELS) as ctx:
        await note_heard(ctx, "loop")
        await quiet(ctx, 1000)
        await note_heard(ctx, "loop")
        assert await gaps(ctx) == [] and await told(ctx) == []


async def test_what_nobody_looked_at_for_two_weeks_is_shown_no_more(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHANNELS) as ctx:
        await note_heard(ctx, "bot")
        await quiet(ctx, 30)
        await note_heard(ctx, "bot")
        for days, shown in ((13.9, 1), (0.2, 0)):
            await ctx.database.run(
                lambda c, days=days: c.execute(
                    "UPDATE bookmark SET value = jsonb_set(value, '{0,until}', "
                    "to_jsonb((value #>> '{0,until}')::timestamptz - $1::interval)) WHERE key = 'hub:gaps'",
                    timedelta(days=days),
                )
            )
            assert len(await gaps(ctx)) == shown


async def test_it_is_written_down_once_a_minute_and_not_taken_for_written_before_it_is(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def when(ctx: Context) -> Any:
        return await one(ctx, "SELECT written_at FROM bookmark WHERE key = 'hub:heard'")

    async with a_hub(database_dsn, CHANNELS) as ctx:
        heard = HeardChannel(ctx, "bot")
        await heard()
        first = await when(ctx)
        await heard()
        assert await when(ctx) == first
        monkeypatch.setattr("hub.actions.channels.hearing.EVERY_SECONDS", 0.0)
        await heard()
        assert await when(ctx) > first
        monkeypatch.undo()
        later = HeardChannel(ctx, "bot")
        await ctx.database.close()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await later()
