"""An album arrives picture by picture, in any order, twice, at two hubs, some of which die: it is one entry with them all."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import RawItem
from channels.telegram.envelope import pack
from hub.actions.context import Context
from hub.actions.gather import gather_due, next_gathering
from hub.actions.lock_name import lock_number
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from storage import inbound
from storage.database import Connection
from storage.views import latest_of_ticket
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, a_hub, one, rows

BOT = 123456789
DAY = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def hubs(database_dsn: str) -> AsyncIterator[tuple[Context, Context]]:
    async with a_hub(database_dsn) as first, a_hub(database_dsn) as second:
        yield first, second
        await assert_invariants(first.database)


def picture(
    album: int,
    place: int,
    *,
    caption: str = "",
    edited: int = 0,
    chat: int = 5,
    text: str = "",
    data: bytes = b"",
) -> RawItem:
    """Picture `place` of an album, as the adapter hands it on."""
    number = album * 100 + place
    message: dict[str, Any] = {
        "message_id": number, "date": 1_700_000_000 + number, "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "first_name": "Li"},
    }  # fmt: skip
    if text:
        message["text"] = text
    else:
        message |= {"media_group_id": f"g{album}", "photo": [{"file_id": f"f{number}", "file_size": 3}]}
    if caption:
        message["caption"] = caption
    key = "message"
    if edited:
        message["edit_date"], key = 1_700_000_000 + number + edited, "edited_message"
    files = {} if text else {f"f{number}": data or b"%d" % number}
    return pack(
        {"update_id": number + 100_000 * edited, key: message},
        bot_id=BOT,
        received_at=DAY,
        files=files,
        missing={},
    )


async def gather(ctx: Context) -> None:
    while await gather_due(ctx, quiet_seconds=0):
        pass


async def shown(ctx: Context, ticket_id: int) -> list[tuple[str, list[str]]]:
    """What the desk shows: the words, and the pictures by name."""

    async def look(connection: Any) -> list[tuple[str, list[str]]]:
        entries = await latest_of_ticket(connection, ticket_id)
        return [(one.text, [file.filename for file in one.attachments]) for one in entries]

    return await ctx.database.read(look)


async def test_an_album_is_one_entry_with_its_pictures_in_order(hubs: tuple[Context, Context]) -> None:
    ctx, other = hubs
    for place in (2, 0, 1):
        (kept,) = await accept_items(ctx, "bot", [picture(1, place, caption="" if place else "The lid")])
        assert (kept.duplicate, kept.ticket_code, kept.quarantined) == (False, "", "")
    (again,) = await accept_items(other, "bot", [picture(1, 2)])
    assert again.duplicate
    assert await one(ctx, "SELECT count(*) FROM interaction") == 0, "nothing is there before it is whole"
    soon = await next_gathering(ctx)
    assert soon is not None and soon <= 1.0
    assert await gather_due(ctx) == 0, "another picture may come"
    await asyncio.gather(gather(ctx), gather(other))
    ticket_id = await one(ctx, "SELECT ticket_id FROM interaction")
    assert await shown(ctx, ticket_id) == [("The lid", ["photo-100.jpg", "photo-101.jpg", "photo-102.jpg"])]
    assert await rows(ctx, "SELECT DISTINCT state, interaction_id IS NULL AS lost FROM inbound_raw") == [
        {"state": "read", "lost": False}
    ]
    assert await next_gathering(ctx) is None


async def test_a_picture_that_comes_late_completes_its_album_and_is_no_new_word(
    hubs: tuple[Context, Context],
) -> None:
    ctx, other = hubs
    await accept_items(ctx, "bot", [picture(1, 0), picture(1, 2)])
    await gather(ctx)
    ticket_id = await one(ctx, "SELECT ticket_id FROM interaction")
    code = await one(ctx, "SELECT code FROM ticket")
    await change_status(ctx, ticket_code=code, status="resolved", actor=SYSTEM)
    await accept_items(other, "bot", [picture(1, 1, caption="The lid")])
    await gather(other)
    assert await shown(ctx, ticket_id) == [("The lid", ["photo-100.jpg", "photo-101.jpg", "photo-102.jpg"])]
    assert await one(ctx, "SELECT status FROM ticket") == "resolved"
    kinds = await rows(ctx, "SELECT kind FROM event WHERE ticket_id = $1 ORDER BY seq", ticket_id)
    assert [row["kind"] for row in kinds] == ["ticket_opened", "status_changed", "interaction_revised"]


async def test_a_picture_that_comes_while_its_album_is_filed_is_not_lost(
    hubs: tuple[Context, Context],
) -> None:
    """One hub has read two pictures and waits for the customer's turn; meanwhile a third comes to the other."""
    ctx, other = hubs
    await accept_items(ctx, "bot", [picture(1, 0), picture(1, 1)])
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(connection: Connection) -> None:
        await inbound.lock_conversations(connection, [lock_number("telegram:5")])
        held.set()
        await let_go.wait()

    holding = asyncio.create_task(ctx.database.run(hold))
    await held.wait()
    filing = asyncio.create_task(gather(ctx))
    waiting = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    await until(lambda: blocked(other, waiting), seconds=20, what="the first hub waits")
    await accept_items(other, "bot", [picture(1, 2)])
    second = asyncio.create_task(gather(other))
    await asyncio.wait({second}, timeout=1)
    let_go.set()
    await asyncio.gather(holding, filing, second)
    await gather(other)
    ticket_id = await one(ctx, "SELECT DISTINCT ticket_id FROM interaction")
    assert await shown(ctx, ticket_id) == [("", ["photo-100.jpg", "photo-101.jpg", "photo-102.jpg"])]


async def blocked(ctx: Context, query: str) -> bool:
    return bool(await one(ctx, query))


async def test_what_is_said_after_an_album_stands_after_it(hubs: tuple[Context, Context]) -> None:
    """Also when both come in one batch; another customer's album goes on waiting."""
    ctx, _ = hubs
    await accept_items(ctx, "bot", [picture(1, 0), picture(9, 0, chat=6)])
    await accept_items(
        ctx, "bot", [picture(1, 1), picture(2, 0, text="See?"), picture(3, 0), picture(4, 0, text="And?")]
    )
    ticket_id = await one(ctx, "SELECT DISTINCT ticket_id FROM interaction")
    assert await shown(ctx, ticket_id) == [
        ("", ["photo-100.jpg", "photo-101.jpg"]),
        ("See?", []),
        ("", ["photo-300.jpg"]),
        ("And?", []),
    ]
    assert await one(ctx, "SELECT count(*) FROM gathering WHERE filed_as IS NULL") == 1
    await gather(ctx)


async def test_a_part_that_cannot_be_read_is_quarantined_and_the_others_are_shown(
    hubs: tuple[Context, Context],
) -> None:
    ctx, _ = hubs
    broken = picture(1, 1)
    broken = RawItem(
        external_key=broken.external_key, part_of=broken.part_of, received_at=DAY, content=b"no JSON"
    )
    await accept_items(ctx, "bot", [picture(1, 0), broken])
    await gather(ctx)
    ticket_id = await one(ctx, "SELECT ticket_id FROM interaction")
    assert await shown(ctx, ticket_id) == [("", ["photo-100.jpg"])]
    states = await rows(ctx, "SELECT state, error <> '' AS told FROM inbound_raw ORDER BY id")
    assert states == [{"state": "read", "told": False}, {"state": "quarantined", "told": True}]


async def test_what_waits_of_a_channel_that_is_switched_off_is_not_looked_at(
    hubs: tuple[Context, Context], database_dsn: str
) -> None:
    ctx, _ = hubs
    await accept_items(ctx, "bot", [picture(1, 0)])
    async with a_hub(database_dsn, {"plain": {"kind": "plain"}}, ready=False) as without:
        assert await next_gathering(without) is None, "or it would look without end"
        assert await gather_due(without, quiet_seconds=0) == 0
    assert await gather_due(ctx, quiet_seconds=0) == 1, "it waits until the channel is there again"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_order_and_whoever_dies(hubs: tuple[Context, Context], seed: int) -> None:
    """Albums of one customer, mixed; pictures in any order and twice, some changed afterwards, put together at any moment by
    either hub, and killed at any step of it."""
    chance = random.Random(seed)
    expected: dict[int, list[str]] = {}
    todo: list[RawItem] = []
    for album in range(1, 4):
        places = range(chance.randint(2, 5))
        todo += [picture(album, place, caption=f"first {album}" if not place else "") for place in places]
        todo += [picture(album, 0, caption=f"last {album}", edited=5)]
        expected[album] = [f"photo-{album * 100 + place}.jpg" for place in places]
    todo += chance.sample(todo, 4)
    chance.shuffle(todo)
    for item in todo:
        await accept_items(chance.choice(hubs), "bot", [item])
        if chance.random() < 0.5:
            await die_while_gathering(chance.choice(hubs), chance.randint(1, 60))
        if chance.random() < 0.2:
            await gather(chance.choice(hubs))
    await asyncio.gather(*(gather(hub) for hub in hubs))
    ctx = hubs[0]
    ticket_id = await one(ctx, "SELECT DISTINCT ticket_id FROM interaction")
    found = await shown(ctx, ticket_id)
    assert sorted(found) == [(f"last {album}", names) for album, names in expected.items()]
    assert await one(ctx, "SELECT count(*) FROM inbound_raw WHERE state NOT IN ('read', 'duplicate')") == 0


async def die_while_gathering(ctx: Context, turns: int) -> None:
    """Cut off after so many turns of the event loop, wherever that is."""
    dying = asyncio.create_task(gather(ctx))
    for _ in range(turns):
        await asyncio.sleep(0)
    dying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dying
