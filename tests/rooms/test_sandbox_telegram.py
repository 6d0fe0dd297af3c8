"""The sandbox's Telegram against the real client library, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import telegram
from aiohttp import web
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter

from hub.sandbox.telegram_world import TelegramWorld

MEI = 880001


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld(first_update_id=500, first_message_id=70) as opened:
        yield opened


@pytest.fixture
async def bot(world: TelegramWorld) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(
        world.token, base_url=world.base_url, base_file_url=world.base_file_url
    ) as opened:
        yield opened


async def test_the_bot_knows_itself_and_a_wrong_token_is_refused(
    world: TelegramWorld, bot: telegram.Bot
) -> None:
    assert (await bot.get_me()).username == "tea_shop_sandbox_bot"
    stranger = telegram.Bot("1:wrong", base_url=world.base_url)
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()
    async with aiohttp.ClientSession() as raw, raw.get(f"{world.base_url}1:wrong/getMe") as answer:
        assert answer.status == 401
        assert await answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_updates_stay_until_an_offset_confirms_them(world: TelegramWorld, bot: telegram.Bot) -> None:
    await world.customer_writes(MEI, "小梅", "壶盖碎了", language_code="zh-hans", username="mei")
    await world.customer_writes(MEI, "小梅", "能换吗?", language_code="zh-hans")
    first = await bot.get_updates(timeout=0)
    assert [update.update_id for update in first] == [500, 501]
    message = first[0].message
    assert message is not None and message.from_user is not None
    assert (message.message_id, message.text, message.chat.id) == (70, "壶盖碎了", MEI)
    assert (message.from_user.language_code, message.from_user.username) == ("zh-hans", "mei")
    assert await bot.get_updates(timeout=0) == first
    assert [update.update_id for update in await bot.get_updates(offset=501, timeout=0)] == [501]
    assert list(await bot.get_updates(offset=502, timeout=0)) == []
    await world.wait_until_confirmed(1)


async def test_a_long_poll_ends_when_somebody_writes(world: TelegramWorld, bot: telegram.Bot) -> None:
    polling = asyncio.create_task(bot.get_updates(timeout=20))
    await world.customer_writes(MEI, "Mei", "Hello")
    async with asyncio.timeout(15):
        (update,) = await polling
    assert update.message is not None and update.message.text == "Hello"


async def test_a_second_poller_ends_the_first_with_a_conflict(
    world: TelegramWorld, bot: telegram.Bot
) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    async with world.state.changed:  # wait until the first poll has arrived
        await world.state.changed.wait()
    async with telegram.Bot(world.token, base_url=world.base_url) as other:
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await first
        await world.customer_writes(MEI, "Mei", "Hello")
        assert len(await second) == 1


async def test_repeated_updates_come_again_whatever_the_offset(
    world: TelegramWorld, bot: telegram.Bot
) -> None:
    await world.customer_writes(MEI, "Mei", "Once")
    await bot.get_updates(timeout=0)
    await bot.get_updates(offset=501, timeout=0)
    await world.repeat_updates(1)
    assert [update.update_id for update in await bot.get_updates(offset=501, timeout=0)] == [500]
    assert list(await bot.get_updates(offset=501, timeout=0)) == []


async def test_an_answer_arrives_and_can_be_awaited_and_edited(
    world: TelegramWorld, bot: telegram.Bot
) -> None:
    await world.customer_writes(MEI, "Mei", "Hello")
    waiting = asyncio.create_task(world.wait_for_message(MEI, 1, 5))
    sent = await bot.send_message(MEI, "你好,我们马上换。")
    (message,) = await waiting
    assert (message["text"], message["message_id"]) == ("你好,我们马上换。", sent.message_id)
    await bot.edit_message_text("改好了", MEI, sent.message_id)
    assert world.sent_to(MEI)[0]["text"] == "改好了"
    assert await bot.send_chat_action(MEI, "typing")


async def test_what_telegram_refuses_is_refused(world: TelegramWorld, bot: telegram.Bot) -> None:
    with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
        await bot.send_message(1, "Who?")
    world.open_chat(MEI, "Mei")
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_message(MEI, "x" * 4097)
    with pytest.raises(BadRequest, match="text is empty"):
        await bot.send_message(MEI, " ")
    await world.customer_blocks(MEI)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(MEI, "Hello?")
    assert world.sent_to(MEI) == []


async def test_faults_on_request(
    world: TelegramWorld, bot: telegram.Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 and 500 keep nothing; a dropped line has kept the message although the bot cannot know it."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # or the library warns that retry_after will be a timedelta
    world.open_chat(MEI, "Mei")
    world.faults.flood, world.faults.retry_after, world.faults.broken, world.faults.dropped = 1, 7, 1, 1
    with pytest.raises(RetryAfter) as flood:
        await bot.send_message(MEI, "one")
    assert flood.value.retry_after == timedelta(seconds=7)
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.send_message(MEI, "two")
    assert world.sent_to(MEI) == []
    with pytest.raises(NetworkError):
        await bot.send_message(MEI, "three")
    assert [message["text"] for message in world.sent_to(MEI)] == ["three"]
    await bot.send_message(MEI, "four")


async def test_files_travel_both_ways(world: TelegramWorld, bot: telegram.Bot) -> None:
    await world.customer_sends_photo(MEI, "Mei", b"\xff\xd8 jpeg", caption="看,裂了")
    (update,) = await bot.get_updates(timeout=0)
    assert update.message is not None and update.message.caption == "看,裂了"
    file = await bot.get_file(update.message.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"\xff\xd8 jpeg"
    await bot.send_document(MEI, b"%PDF-1.7", filename="退货单.pdf", caption="Form")
    await bot.send_photo(MEI, b"\xff\xd8 ours", filename="lid.jpg")
    document, photo = world.sent_to(MEI)
    assert (document["document"]["file_name"], document["caption"]) == ("退货单.pdf", "Form")
    assert world.state.files[document["document"]["file_id"]].data == b"%PDF-1.7"
    assert world.state.files[photo["photo"][0]["file_id"]].data == b"\xff\xd8 ours"


async def test_edits_and_buttons(world: TelegramWorld, bot: telegram.Bot) -> None:
    number = await world.customer_writes(MEI, "Mei", "Order 12")
    await world.customer_edits(number, "Order 21")
    updates = await bot.get_updates(timeout=0)
    edited = updates[1].edited_message
    assert edited is not None and (edited.message_id, edited.text) == (number, "Order 21")
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Good", callback_data="5")]])
    sent = await bot.send_message(MEI, "How was it?", reply_markup=keyboard)
    query_id = await world.customer_presses(MEI, sent.message_id, "5")
    (pressed,) = await bot.get_updates(offset=updates[1].update_id + 1, timeout=0)
    assert pressed.callback_query is not None and pressed.callback_query.data == "5"
    assert await bot.answer_callback_query(query_id)
    with pytest.raises(BadRequest, match=r"(?i)query id is invalid"):
        await bot.answer_callback_query(query_id)
    assert await bot.set_my_commands([("start", "Begin")])


async def test_a_webhook_gets_updates_in_order_until_it_says_yes(
    world: TelegramWorld, bot: telegram.Bot
) -> None:
    got: list[tuple[int, str]] = []
    answers = iter([500, 200, 200])
    done = asyncio.Event()

    async def hook(request: web.Request) -> web.Response:
        body = await request.json()
        got.append((body["update_id"], request.headers["X-Telegram-Bot-Api-Secret-Token"]))
        if len(got) == 3:
            done.set()
        return web.Response(status=next(answers))

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="s3cret")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates(timeout=0)
        await world.customer_writes(MEI, "Mei", "one")
        await world.customer_writes(MEI, "Mei", "two")
        async with asyncio.timeout(30):
            await done.wait()
        await world.wait_until_confirmed(2)
        assert got == [(500, "s3cret"), (500, "s3cret"), (501, "s3cret")]
        assert (await bot.get_webhook_info()).pending_update_count == 0
        await bot.delete_webhook()
        assert list(await bot.get_updates(timeout=0)) == []
    finally:
        await runner.cleanup()
