"""Who looks on: every hub sees it, what is out of sight is not shown, and a page that falls silent is gone by itself."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from hub.actions.announce import LOOKS
from hub.actions.context import Context
from hub.actions.floor.presence import LINE_SECONDS, drop_line, hear_line
from hub.actions.lists.looks import Doing, Look, read_looks, say_look
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.web.desk.lists.looks import read_look
from tests.fakes.floor import opened
from tests.fakes.scene import a_hub, an_agent, one


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def someone(ctx: Context, login: str, **more: Any) -> Actor:
    return Actor(name=login, agent_id=await an_agent(ctx, login, presence="offline"), **more)


async def seen(ctx: Context, actor: Actor) -> list[tuple[int, str, str]]:
    return [(one.code, one.name, one.doing) for one in await read_looks(ctx, actor)]


async def test_what_one_hub_hears_the_other_shows(ctx: Context, database_dsn: str) -> None:
    lin, kim = await someone(ctx, "lin"), await someone(ctx, "kim")
    code = (await opened(ctx))["code"]
    first, second = uuid4(), uuid4()
    async with a_hub(database_dsn) as other:
        await say_look(other, first, lin, Look(ticket_code=code))
        assert await seen(ctx, kim) == [(code, "lin", "viewing")]
        assert await seen(ctx, lin) == []
        # Two pages of one agent are one colleague, who does what is most.
        await say_look(ctx, second, lin, Look(ticket_code=code, doing=Doing.TYPING))
        assert await seen(other, kim) == [(code, "lin", "typing")]
        await hear_line(other, first, lin.agent_id or 0)
        await drop_line(ctx, second, lin.agent_id or 0)
        assert await seen(ctx, kim) == [(code, "lin", "viewing")]
        await say_look(other, first, lin, Look(ticket_code=None))
        assert await seen(ctx, kim) == []


async def test_a_page_that_falls_silent_is_gone(ctx: Context) -> None:
    lin, kim = await someone(ctx, "lin"), await someone(ctx, "kim")
    code, line = (await opened(ctx))["code"], uuid4()
    await say_look(ctx, line, lin, Look(ticket_code=code))
    await one(
        ctx,
        "UPDATE desk_line SET heard_at = now() - make_interval(secs => $1) RETURNING 1",
        LINE_SECONDS * 3 + 1,
    )
    assert await seen(ctx, kim) == []
    # Its hub says that it is there after all: it still shows what it showed.
    await hear_line(ctx, line, lin.agent_id or 0)
    assert await seen(ctx, kim) == [(code, "lin", "viewing")]


async def test_what_is_out_of_sight_is_not_shown(ctx: Context) -> None:
    lin, kim = await someone(ctx, "lin"), await someone(ctx, "kim", sight=Sight.OWN)
    theirs, hers = (await opened(ctx, 0))["code"], (await opened(ctx, 1))["code"]
    await one(ctx, "UPDATE ticket SET assignee_id = $2 WHERE code = $1 RETURNING 1", hers, kim.agent_id)
    await say_look(ctx, uuid4(), lin, Look(ticket_code=theirs))
    await say_look(ctx, uuid4(), lin, Look(ticket_code=hers))
    assert await seen(ctx, kim) == [(hers, "lin", "viewing")]
    # Nor is one told to look at what they may not see.
    await say_look(ctx, uuid4(), kim, Look(ticket_code=theirs))
    assert await seen(ctx, lin) == []


async def test_news_is_told_once(ctx: Context) -> None:
    lin = await someone(ctx, "lin")
    code, line = (await opened(ctx))["code"], uuid4()
    connection = await ctx.database.connect_alone()
    heard: list[str] = []
    try:
        await connection.add_listener(LOOKS, lambda *_: heard.append(LOOKS))
        for doing in (Doing.VIEWING, Doing.VIEWING, Doing.TYPING, Doing.TYPING):
            await say_look(ctx, line, lin, Look(ticket_code=code, doing=doing))
        await connection.execute("SELECT 1")
    finally:
        await connection.close()
    assert len(heard) == 2


@pytest.mark.parametrize(
    "said",
    [
        "", "[]", "null", "{}", '{"ticket": 5, "doing": "viewing"}', '{"ticket": "T-1", "doing": "viewing"}',
        '{"ticket": null, "doing": "dancing"}', '{"ticket": ["T-10019"], "doing": "idle"}', "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_word_is_not_heard(said: str) -> None:
    assert read_look(said) is None
