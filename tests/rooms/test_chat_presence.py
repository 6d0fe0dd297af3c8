"""What a visitor is told of how their conversation stands, and what the desk is told of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from hub.actions.announce import VISITORS
from hub.actions.chat.visitors import read_visitors
from hub.actions.chat.writing import tell_writing
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.lists.looks import Doing, Look, say_look
from hub.actions.status import change_status
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor, Role
from hub.model.permissions import Sight
from storage import wallboard
from storage.database import Connection
from storage.wallboard import LineRow
from tests.fakes.chat import CHAT, Visitor, answers, pass_minutes
from tests.fakes.floor import floor_rules
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one

LI = "li@x.example"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, CHAT) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
def li(ctx: Context) -> Visitor:
    return Visitor(ctx, "li")


# ── how it stands ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_how_a_conversation_stands_from_its_beginning_to_its_end(ctx: Context, li: Visitor) -> None:
    new = await li.lounge.standing(li.key)
    assert (new.reference, new.serving, new.place, new.over) == ("", True, None, False)
    opened = await li.says(email=LI)
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "Ann"))
    waits = await li.lounge.standing(li.key)
    assert (waits.reference, waits.place, waits.agent) == (show_code(TICKET, opened["code"]), 1, "")
    assert (waits.least, waits.most, waits.mail) == (0, 0, "l•••@•••.example")
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann.agent_id, actor=ann)
    served = await li.lounge.standing(li.key)
    assert (served.place, served.agent, served.typing) == (None, "Ann", False)
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=ann)
    assert (await li.lounge.standing(li.key)).over


async def test_everybody_in_line_has_a_place_of_their_own(ctx: Context) -> None:
    await an_agent(ctx, "Ann", presence="offline")
    visitors = [Visitor(ctx, f"v{number}") for number in range(8)]
    for visitor in visitors:
        await visitor.says()
    found = await asyncio.gather(*(visitor.lounge.standing(visitor.key) for visitor in visitors))
    assert [standing.place for standing in found] == list(range(1, 9))


async def test_the_line_is_looked_at_once_for_everybody(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What visitors ask again and again must not cost a look at the floor each time."""
    visitors = [Visitor(ctx, f"v{number}") for number in range(4)]
    for visitor in visitors:
        await visitor.says()
    looks = 0
    line_now = wallboard.line_now

    async def counted(connection: Connection, now: datetime) -> list[LineRow]:
        nonlocal looks
        looks += 1
        return await line_now(connection, now)

    monkeypatch.setattr(wallboard, "line_now", counted)
    for _ in range(3):
        await asyncio.gather(*(visitor.lounge.standing(visitor.key) for visitor in visitors))
    assert looks == 1


async def test_outside_the_hours_it_says_when_somebody_is_there_again(database_dsn: str) -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    not_now = days[(datetime.now(UTC).weekday() + 3) % 7]
    rules = floor_rules(
        'calendar = "once"',
        live=False,
        more=f"""[[calendar]]\nname = "once"\ntitle_en = "o"\ntitle_zh = "o"\nzone = "UTC"
hours = {{ {not_now} = ["09:00-10:00"] }}""",
    )
    async with a_hub(database_dsn, CHAT, rules=rules) as ctx:
        li = Visitor(ctx, "li")
        for _ in range(2):  # before the first message, and after it
            found = await li.lounge.standing(li.key)
            assert not found.serving
            assert found.opens_at is not None and found.opens_at > datetime.now(UTC)
            await li.says()


async def test_an_agent_who_writes_is_seen_to_write(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "Ann"))
    line = uuid4()
    with li.lounge.wake(li.key) as heard:
        assert await tell_writing(ctx, frozenset()) == frozenset()
        await say_look(ctx, line, ann, Look(ticket_code=opened["code"], doing=Doing.TYPING))
        writing = await tell_writing(ctx, frozenset())
        async with asyncio.timeout(10):
            await heard.wait(60)
    assert (await li.lounge.standing(li.key)).typing
    with li.lounge.wake(li.key) as heard:
        await say_look(ctx, line, ann, Look(ticket_code=opened["code"]))
        assert await tell_writing(ctx, writing) == frozenset()
        async with asyncio.timeout(10):
            await heard.wait(60)
    assert not (await li.lounge.standing(li.key)).typing


# ── who is there ────────────────────────────────────────────────────────────────────────────────────────────────────
async def seen_by(
    ctx: Context, opened: dict[str, Any], actor: Actor = SYSTEM
) -> tuple[bool, bool, bool] | None:
    """(here, writes, away since is known), as the desk has it."""
    found = await read_visitors(ctx, actor, [opened["code"]])
    return next(((one.here, one.typing, one.away_since is not None) for one in found), None)


async def test_a_visitor_is_here_as_long_as_one_of_their_pages_is(
    ctx: Context, li: Visitor, database_dsn: str
) -> None:
    opened = await li.says(email=LI)
    assert await seen_by(ctx, opened) == (False, False, False)
    async with a_hub(database_dsn, CHAT) as other:
        await li.lounge.here(li.key, "p1")
        await li.at(other).here(li.key, "p2")
        await li.at(other).typing(li.key, True)
        assert await seen_by(ctx, opened) == (True, True, False) == await seen_by(other, opened)
        await li.lounge.gone(li.key, "p1")
        assert await seen_by(ctx, opened) == (True, True, False)
        await li.at(other).gone(li.key, "p2")
        assert await seen_by(ctx, opened) == (False, False, True)
    await li.lounge.here(li.key, "p3")
    assert await seen_by(ctx, opened) == (True, False, False)


async def test_names_of_pages_cost_nothing(ctx: Context, li: Visitor) -> None:
    """Whoever says that ever new pages are open fills no table with them (S90)."""
    await li.says()
    for number in range(25):
        await li.lounge.here(li.key, f"p{number}")
    assert await one(ctx, "SELECT count(*) FROM chat_page") == 20
    await pass_minutes(ctx, 2)
    await li.lounge.here(li.key, "again")
    assert await one(ctx, "SELECT string_agg(page, ' ') FROM chat_page") == "again"


async def test_who_falls_silent_is_gone_by_themselves(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    await li.lounge.here(li.key, "p1")
    await li.lounge.typing(li.key, True)
    await pass_minutes(ctx, 0.2)
    assert await seen_by(ctx, opened) == (True, False, False)
    await pass_minutes(ctx, 1)
    assert await seen_by(ctx, opened) == (False, False, True)


async def test_news_of_visitors_is_told_once(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    line = await answers(ctx, opened)
    connection = await ctx.database.connect_alone()
    heard: list[str] = []
    told: list[int] = []
    try:
        await connection.add_listener(VISITORS, lambda *_: heard.append(VISITORS))
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            lambda: li.lounge.here(li.key, "p1"),
            lambda: li.lounge.here(li.key, "p1"),
            lambda: li.lounge.typing(li.key, True),
            lambda: li.lounge.typing(li.key, True),
            lambda: li.lounge.typing(li.key, False),
            lambda: li.lounge.seen(li.key, line),
            lambda: li.lounge.seen(li.key, line),
            lambda: li.lounge.gone(li.key, "p1"),
            lambda: li.lounge.gone(li.key, "p1"),
        )
        for step in steps:
            await step()
            await connection.execute("SELECT 1")
            told.append(len(heard))
    finally:
        await connection.close()
    assert told == [1, 1, 2, 2, 3, 4, 4, 5, 5]


async def test_what_is_out_of_sight_has_no_visitor(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    await li.lounge.here(li.key, "p1")
    kim = Actor(name="Kim", agent_id=await an_agent(ctx, "Kim"), role=Role.AGENT, sight=Sight.OWN)
    assert await seen_by(ctx, opened, kim) is None
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=kim.agent_id, actor=SYSTEM)
    assert await seen_by(ctx, opened, kim) == (True, False, False)


async def test_seen_goes_forward_and_only_as_far_as_there_are_answers(ctx: Context, li: Visitor) -> None:
    opened = await li.says()
    stranger = Visitor(ctx, "bob")
    theirs = await answers(ctx, await stranger.says(), "Not for Li")
    first = await answers(ctx, opened, "One")
    second = await answers(ctx, opened, "Two")

    async def seen() -> int:
        (found,) = await read_visitors(ctx, SYSTEM, [opened["code"]])
        return found.seen_line

    for line, then in (
        (theirs, 0),
        (0, 0),
        (-1, 0),
        (2**70, 0),
        (first, first),
        (2**63 - 1, second),
        (first, second),
    ):
        await li.lounge.seen(li.key, line)
        assert await seen() == then
