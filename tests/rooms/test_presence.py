"""Whether somebody is there: by their open pages, which blink; by what they say; by how long nothing was heard."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub.actions.context import Context
from hub.actions.floor.presence import (
    LINE_SECONDS,
    LOST_SECONDS,
    RETURN_SECONDS,
    SILENT_SECONDS,
    drop_line,
    hear_line,
    set_presence,
    take_absent_off_line,
)
from hub.model.people import Actor
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows


async def _presence(ctx: Context) -> str:
    return str(await one(ctx, "SELECT presence FROM agent"))


async def _later(ctx: Context, seconds: float) -> None:
    """So many seconds pass in which nothing is heard."""
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE agent SET unheard_since = unheard_since - $1::interval, presence_since = presence_since - $1::interval",
            timedelta(seconds=seconds),
        )
    )
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE desk_line SET heard_at = heard_at - $1::interval", timedelta(seconds=seconds)
        )
    )


async def _page(ctx: Context, agent_id: int) -> UUID:
    line = uuid4()
    await hear_line(ctx, line, agent_id)
    return line


async def test_a_blink_of_the_network_throws_nobody_out(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    line = await _page(ctx, ann)
    await drop_line(ctx, line, ann)
    await _later(ctx, LOST_SECONDS - 1)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online")
    await _page(ctx, ann)
    await _later(ctx, LOST_SECONDS)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online")


@pytest.mark.parametrize("was", ["online", "busy", "away"])
async def test_whose_last_page_is_gone_is_off_line_and_back_as_they_were(ctx: Context, was: str) -> None:
    ann = await an_agent(ctx, "ann", presence=was)
    first, second = await _page(ctx, ann), await _page(ctx, ann)
    await drop_line(ctx, first, ann)
    await _later(ctx, LOST_SECONDS)
    await hear_line(ctx, second, ann)
    assert await take_absent_off_line(ctx) == 0, "one page is enough"
    await drop_line(ctx, second, ann)
    await _later(ctx, LOST_SECONDS)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (1, "offline")
    assert await take_absent_off_line(ctx) == 0
    await _page(ctx, ann)
    assert await _presence(ctx) == was
    told = await rows(ctx, "SELECT data FROM event WHERE kind = 'presence_changed' ORDER BY id")
    assert [row["data"]["because"] for row in told] == ["desk_is_gone", "desk_is_back"]


async def test_a_page_that_closed_before_it_was_heard_of_was_one(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    await drop_line(ctx, uuid4(), ann)
    assert await one(ctx, "SELECT unheard_since IS NOT NULL FROM agent WHERE id = $1", ann)


async def test_who_comes_back_much_later_says_so_themselves(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    await drop_line(ctx, await _page(ctx, ann), ann)
    await _later(ctx, LOST_SECONDS)
    await take_absent_off_line(ctx)
    await _later(ctx, RETURN_SECONDS)
    await _page(ctx, ann)
    assert await _presence(ctx) == "offline"
    await drop_line(ctx, await _page(ctx, ann), ann)
    await _later(ctx, LOST_SECONDS)
    await _page(ctx, ann)
    assert await _presence(ctx) == "offline", "nor is it remembered"


async def test_what_somebody_says_in_between_stands(ctx: Context) -> None:
    """Who said that they are gone is not on line again because a page of theirs is loaded anew."""
    ann = await an_agent(ctx, "ann")
    await drop_line(ctx, await _page(ctx, ann), ann)
    await _later(ctx, LOST_SECONDS)
    await take_absent_off_line(ctx)
    await set_presence(ctx, agent_id=ann, presence="online", actor=Actor(name="Ann", agent_id=ann))
    line = await _page(ctx, ann)
    await set_presence(ctx, agent_id=ann, presence="offline", actor=Actor(name="Ann", agent_id=ann))
    await drop_line(ctx, line, ann)
    await _page(ctx, ann)
    assert await _presence(ctx) == "offline"


async def test_lines_of_a_hub_that_died_count_until_they_are_stale_and_then_their_agents_may_still_come_back(
    ctx: Context,
) -> None:
    ann = await an_agent(ctx, "ann")
    await _page(ctx, ann)
    await _later(ctx, LINE_SECONDS * 2)
    assert await take_absent_off_line(ctx) == 0
    await _later(ctx, LINE_SECONDS * 2)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online"), (
        "from now on they are unheard"
    )
    assert await one(ctx, "SELECT count(*) FROM desk_line") == 0
    await _later(ctx, LOST_SECONDS)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (1, "offline")


async def test_who_is_said_to_be_here_by_a_program_needs_no_page(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann", presence="offline")
    await set_presence(ctx, agent_id=ann, presence="online", actor=SYSTEM)
    await _later(ctx, SILENT_SECONDS * 10)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online")


async def test_of_two_last_pages_that_close_at_once_one_is_the_last(ctx: Context, database_dsn: str) -> None:
    ann = await an_agent(ctx, "ann")
    async with a_hub(database_dsn, {}) as other:
        for _ in range(10):
            first, second = await _page(ctx, ann), await _page(other, ann)
            await asyncio.gather(drop_line(ctx, first, ann), drop_line(other, second, ann))
            assert await one(ctx, "SELECT unheard_since IS NOT NULL FROM agent")
            assert await one(ctx, "SELECT count(*) FROM desk_line") == 0


async def test_flapping_moves_no_ticket(ctx: Context) -> None:
    """Chatwoot 14495: reassigned dozens of times in a row. Pages that come and go change nothing for as long as each gap is
    short."""
    ann = await an_agent(ctx, "ann")
    for _ in range(30):
        line = await _page(ctx, ann)
        await drop_line(ctx, line, ann)
        await _later(ctx, LOST_SECONDS / 2)
        await take_absent_off_line(ctx)
    assert await _presence(ctx) == "online"
    assert await one(ctx, "SELECT count(*) FROM event") == 0
