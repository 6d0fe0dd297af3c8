"""Two hubs behind one bot that calls them, their own loops at work: an album that both hear in parts, words that come three
times at once and in no order, answers, a rating."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.telegram.adapter import SECRET_HEADER
from hub.actions.answers.reply import queue_reply
from hub.actions.status import change_status
from hub.model.people import HUB
from hub.sandbox.telegram_world import TelegramWorld
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from storage import views
from storage.database import Connection
from tests.conftest import SECRET
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, one, rows

MEI = 880001


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld(first_update_id=500, first_message_id=70) as opened:
        yield opened


@pytest.fixture
async def hubs(world: TelegramWorld, database_dsn: str, tmp_path: Path) -> AsyncIterator[list[Hub]]:
    bot: dict[str, Any] = {
        "kind": "telegram", "token": world.token, "base_url": world.base_url, "base_file_url": world.base_file_url,
        "webhook": True, "timeout_seconds": 5, "rating_after_minutes": 0,
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        opened = []
        for name in ("one", "two"):
            settings = Settings(
                data_dir=tmp_path / name,
                secret_key=SECRET.decode(),  # type: ignore[arg-type]
                web={"port": 0},  # type: ignore[arg-type]
                channels={"bot": bot},
            )
            opened.append(await stack.enter_async_context(run_hub(settings, database_dsn, grace=5)))
        yield opened


async def test_an_album_is_heard_by_two_hubs_and_its_customer_is_asked(
    hubs: list[Hub], world: TelegramWorld
) -> None:
    await _is_called(world)
    first, second, third = await world.customer_sends_album(
        MEI, "小梅", [b"1", b"2", b"3"], caption="壶盖碎了", tell=False
    )
    headers = {SECRET_HEADER: world.state.webhook.secret}
    async with aiohttp.ClientSession(headers=headers) as client:
        # As Telegram does it with several lines at once: in no order, and once more where it did not hear the answer.
        for update, hub in ((third, hubs[0]), (first, hubs[1]), (first, hubs[0]), (second, hubs[1])):
            async with client.post(f"{hub.url}/telegram/bot/webhook", json=update) as answer:
                assert answer.status == 200
    ctx = hubs[0].ctx

    async def whole() -> bool:
        return bool(await one(ctx, "SELECT count(*) = 1 FROM interaction"))

    await until(whole, seconds=20, what="the album is on the timeline")

    async def look(connection: Connection) -> list[views.TimelineRow]:
        ticket_id = await one(ctx, "SELECT id FROM ticket")
        return await views.latest_of_ticket(connection, ticket_id)

    (entry,) = await ctx.database.read(look)
    assert (entry.text, [file.filename for file in entry.attachments]) == (
        "壶盖碎了",
        ["photo-70.jpg", "photo-71.jpg", "photo-72.jpg"],
    )
    code = await one(ctx, "SELECT code FROM ticket")
    await change_status(ctx, ticket_code=code, status="resolved", actor=HUB)
    (asked,) = await world.wait_for_message(MEI, 1, 20)
    data = asked["reply_markup"]["inline_keyboard"][0][4]["callback_data"]
    await world.customer_presses(MEI, asked["message_id"], data)
    thanks = (await world.wait_for_message(MEI, 2, 20))[1]
    assert thanks["text"] == "谢谢您的评价！"
    assert await rows(ctx, "SELECT score FROM survey_invitation") == [{"score": 5}]


async def test_what_comes_three_times_at_once_and_in_no_order_is_there_once_and_answered_in_order(
    hubs: list[Hub], world: TelegramWorld
) -> None:
    await _is_called(world)
    chats = range(MEI, MEI + 4)
    updates = [_said(world, number, chats[number % 4]) for number in range(16)]
    calls = [(update, hub) for update in updates for hub in (*hubs, hubs[update["update_id"] % 2])]
    random.Random(50).shuffle(calls)
    async with aiohttp.ClientSession(
        headers={SECRET_HEADER: world.state.webhook.secret}, connector=aiohttp.TCPConnector(limit=0)
    ) as client:

        async def tell(update: dict[str, Any], hub: Hub) -> int:
            async with client.post(f"{hub.url}/telegram/bot/webhook", json=update) as answer:
                return answer.status

        assert set(await asyncio.gather(*(tell(*one_) for one_ in calls))) == {200}
    ctx = hubs[0].ctx
    there = await rows(
        ctx,
        """SELECT i.thread_key, array_agg(i.text ORDER BY i.text) AS texts, array_agg(DISTINCT t.code) AS codes
           FROM interaction i JOIN ticket t ON t.id = i.ticket_id GROUP BY 1 ORDER BY 1""",
    )
    assert [(row["thread_key"], row["texts"], len(row["codes"])) for row in there] == [
        (f"chat.{chat}", sorted(f"word {number}" for number in range(16) if chats[number % 4] == chat), 1)
        for chat in chats
    ]
    for row in there:
        for text in ("1", "2", "3"):
            await queue_reply(ctx, ticket_code=row["codes"][0], actor=SYSTEM, text=text)
    for chat in chats:
        sent = await world.wait_for_message(chat, 3, 30)
        assert [message["text"] for message in sent] == ["1", "2", "3"]

    async def settled() -> bool:
        return bool(await one(ctx, "SELECT bool_and(state = 'sent') FROM outbox"))

    await until(settled, seconds=20, what="every answer is known to have left")
    await assert_invariants(ctx.database)


def _said(world: TelegramWorld, number: int, chat: int) -> dict[str, Any]:
    """An update with a word of this chat's customer, as Telegram sends it, which nobody has sent yet."""
    person = world.open_chat(chat, f"C{chat}")
    return {
        "update_id": 9000 + number,
        "message": world.state.new_message(chat, person.as_user(), text=f"word {number}"),
    }


async def _is_called(world: TelegramWorld) -> None:
    async def known() -> bool:
        return bool(world.state.webhook.url)

    await until(known, seconds=20, what="Telegram knows where to call")
