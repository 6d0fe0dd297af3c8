"""The chat's socket over a real server: origins, reconnects, limits, slow readers; its page in Chromium."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright

from channels.adapter import Unavailable
from channels.webchat.frames import MOST_FRAME
from channels.webchat.sessions import thread_key
from hub.model.interactions import OutboundInteraction
from tests.fakes.chat_room import LARGE, SITE, Room, a_chat, key_of, say, until
from tests.fakes.chromium import PAUSES, find_chromium
from tests.fakes.leaving import free_to_leave


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with a_chat() as opened:
        yield opened


async def test_only_our_page_and_listed_sites_may_open_a_socket(room: Room) -> None:
    address = f"{room.base}/chat/shop/socket"
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    for origin in (None, "null", "https://evil.example", f"{SITE}.evil.example"):
        headers = upgrade | ({"Origin": origin} if origin else {})
        async with room.client.get(address, headers=headers) as answer:
            assert answer.status == 403, origin
    for origin in (SITE, "https://hub.example", room.base):
        async with room.line(origin=origin) as (_, welcome):
            assert welcome["type"] == "welcome"
    async with room.client.get(address, headers={"Origin": room.base}) as answer:
        assert answer.status == 426


async def test_a_message_is_kept_once_and_comes_back_as_a_line(room: Room) -> None:
    async with room.line() as (line, welcome):
        for _ in range(2):
            await line.send_json(say(1, "壶盖碎了") | {"name": "Li", "email": "li@example.cn"})
            assert await line.receive_json() == {"type": "kept", "client_id": "c1", "ticket": "T-1"}
        await room.notebook.write(key_of(welcome), LARGE + 1, "壶盖碎了", mine=True, client_id="c1")
        frame = await line.receive_json()
    assert frame["lines"] == [
        {
            "id": str(LARGE + 1),
            "mine": True,
            "author": "",
            "text": "壶盖碎了",
            "at": "2026-11-24T09:30:00+00:00",
            "client_id": "c1",
        }
    ]
    (item,) = room.journal.items.values()
    token = welcome["session"]
    assert token not in item.content.decode()
    assert token not in f"{item.external_key}{dict(item.meta)}"


async def test_a_reconnect_has_no_gap_and_no_double(room: Room) -> None:
    async with room.line() as (_, welcome):
        key = key_of(welcome)
    for number in range(450):
        await room.notebook.write(key, LARGE + number, f"line {number}")
    got: list[str] = []
    async with room.line(welcome["session"], after=LARGE + 99) as (line, again):
        assert key_of(again) == key
        got += [one["text"] for one in again["lines"]]
        while len(got) < 350:
            got += [one["text"] for one in (await line.receive_json(timeout=10))["lines"]]
    assert got == [f"line {number}" for number in range(100, 450)]


async def test_a_line_that_was_committed_late_is_not_lost(room: Room) -> None:
    async with room.line() as (line, welcome):
        await room.notebook.write(key_of(welcome), LARGE + 7, "second")
        assert [one["text"] for one in (await line.receive_json())["lines"]] == ["second"]
        await room.notebook.write(key_of(welcome), LARGE + 5, "first, late")
        await room.notebook.write(key_of(welcome), LARGE + 9, "third")
        rest: list[str] = []
        while len(rest) < 2:
            rest += [one["text"] for one in (await line.receive_json(timeout=10))["lines"]]
    assert sorted(rest) == ["first, late", "third"]


async def test_nobody_comes_into_a_conversation_without_its_token(room: Room) -> None:
    async with room.line() as (_, welcome):
        await room.notebook.write(key_of(welcome), 5, "secret")
    token = welcome["session"]
    for guess in ("", "x", key_of(welcome), token[:-4] + token[-4:][::-1], "a" * 65):
        async with room.line(guess) as (_, stranger):
            assert stranger["session"] != token
            assert stranger["lines"] == []


async def test_what_was_not_kept_is_told_and_may_be_said_again(room: Room) -> None:
    room.journal.broken = 1
    async with room.line() as (line, _):
        await line.send_json(say(1))
        refusal = await line.receive_json()
        assert (refusal["type"], refusal["code"], refusal["client_id"]) == ("error", "not_kept", "c1")
        await line.send_json(say(1))
        assert (await line.receive_json())["type"] == "kept"
    assert len(room.journal.items) == 1


async def test_who_asks_for_news_that_cannot_be_had_now_is_told_when_to_ask_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_given: object) -> None:
        raise Unavailable("away on purpose")

    _, (welcome, *_) = await room.post("poll", {"type": "hello"})
    with monkeypatch.context() as patch:
        patch.setattr(room.notebook, "since", away)
        status, (refusal,) = await room.post(
            "poll", {"type": "hello", "session": welcome["session"]}, welcome["session"]
        )
    assert (status, refusal["type"], refusal["code"]) == (503, "error", "not_kept")
    assert (await room.post("poll", {"type": "hello"}, welcome["session"]))[0] == 200


async def test_the_first_frame_must_be_hello(room: Room) -> None:
    headers = {"Origin": room.base}
    for first in ('{"type": "message", "client_id": "a", "text": "x"}', "rubbish"):
        async with room.client.ws_connect(f"{room.base}/chat/shop/socket", headers=headers) as line:
            await line.send_str(first)
            while (await line.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                continue
            assert line.close_code == 1008
    assert room.journal.offered == []


async def test_a_frame_that_is_too_large_closes_the_line(room: Room) -> None:
    async with room.line() as (line, _):
        await line.send_str("x" * (MOST_FRAME + 1))
        assert (await line.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert line.close_code == 1009


async def test_who_is_too_fast_is_told_and_who_goes_on_is_closed() -> None:
    async with a_chat(burst=2, messages_per_minute=1) as room, room.line() as (line, _):
        for number in range(3):
            await line.send_json(say(number))
        answers = [await line.receive_json() for _ in range(3)]
        assert [answer.get("code", "kept") for answer in answers] == ["kept", "kept", "too_fast"]
        assert answers[2]["client_id"] == "c2"
        for number in range(30):
            await line.send_json(say(number))
        while (await line.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
            continue
        assert line.close_code == 1008
    assert len(room.journal.items) == 2


async def test_a_fault_is_told_by_its_number_and_the_conversation_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_given: object) -> None:
        raise RuntimeError("broken on purpose")

    async with a_chat() as room, room.line() as (line, welcome):
        with monkeypatch.context() as patch:
            patch.setattr("channels.webchat.conversation.Conversation.hear", broken)
            for frame in ({"type": "typing", "on": True}, say(1), {"type": "link"}):
                await line.send_json(frame)
            of_words, of_link = await line.receive_json(timeout=10), await line.receive_json(timeout=10)
        for told in (of_words, of_link):
            assert (told["type"], told["code"]) == ("error", "fault")
            assert re.fullmatch("[0-9a-f]{16}", told["fault"]) and "broken" not in str(told)
        assert (of_words["client_id"], "client_id" in of_link) == ("c1", False)
        await line.send_json(say(1))
        assert (await until(line, "kept"))["client_id"] == "c1"
        # Where nothing can go on, the line ends with the number.
        monkeypatch.setattr(room.notebook, "since", broken)
        await room.notebook.write(key_of(welcome), LARGE, "hello")
        assert (await line.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert line.close_code == 1011


async def until_there_is_room(room: Room) -> dict[str, Any]:
    """The welcome of the first socket that is let in again."""
    async with asyncio.timeout(15):
        while True:
            try:
                async with room.line() as (_, welcome):
                    return welcome
            except aiohttp.WSServerHandshakeError as error:
                assert error.status == 503
                await asyncio.sleep(0.05)


async def test_there_is_room_for_so_many_and_then_again() -> None:
    async with a_chat(most_sockets=1) as room:
        async with room.line():
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with room.line():
                    pass
            assert caught.value.status == 503
        assert (await until_there_is_room(room))["type"] == "welcome"


async def test_who_does_not_read_is_cut_and_the_others_go_on() -> None:
    async with a_chat(line_seconds=0.3, most_sockets=2) as room, room.line() as (line, quick):
        async with room.line() as (_, slow):
            session = slow["session"]
        for number in range(200):
            await room.notebook.write(key_of(slow), LARGE + number, "x" * 100_000)
        await until_there_is_room(room)
        host = room.base.removeprefix("http://")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
        writer.write(
            f"GET /chat/shop/socket HTTP/1.1\r\nHost: {host}\r\nOrigin: {room.base}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert b"101 Switching" in await reader.readuntil(b"\r\n\r\n")
        # A client's frame is masked (RFC 6455 5.3); a mask of zeros changes nothing. 126: its length follows in two bytes.
        hello = f'{{"type":"hello","session":"{session}"}}'.encode()
        writer.write(bytes((0x81, 0x80 | 126)) + len(hello).to_bytes(2, "big") + bytes(4) + hello)
        await writer.drain()
        await until_there_is_room(room)
        await room.notebook.write(key_of(quick), 5, "still here")
        assert (await line.receive_json(timeout=10))["lines"][0]["text"] == "still here"
        writer.close()
        await line.close()
        # Where it had got to it goes on.
        async with room.line(session, after=LARGE + 197) as (_, again):
            assert [one["id"] for one in again["lines"]] == [str(LARGE + number) for number in (198, 199)]


async def test_closing_the_channel_tells_the_pages_to_come_back(room: Room) -> None:
    async with room.line() as (line, _):
        await room.adapter.close()
        assert (await line.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert line.close_code == 1001


async def test_an_answer_is_delivered_by_the_transcript(room: Room) -> None:
    answer = OutboundInteraction(
        interaction_id=1,
        ticket_code="T-1",
        address="session." + "a" * 64,
        recipient_name="",
        author_name="Ann",
        text="hello",
        queued_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    assert (await room.adapter.send(answer, free_to_leave)).detail == "in the transcript"


@contextlib.asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


async def test_the_page_sends_shows_and_comes_back_without_doubles() -> None:
    async with a_chat() as room, browser_page() as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        await page.add_init_script(PAUSES)
        await page.goto(f"{room.base}/chat/shop?lang=zh_CN")
        assert await page.locator("html").get_attribute("lang") == "zh-CN"
        box = page.get_by_label("您的消息")
        await box.fill("第一行")
        # Enter that chooses a word in an input method must not send.
        await box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
        assert await page.locator("#lines li").count() == 0
        room.journal.broken = 1
        await box.press("Enter")
        await page.locator("li.failed button").click()
        await page.locator('li[data-state="sent"]').wait_for()
        (item,) = room.journal.items.values()
        session, _, client_id = item.external_key.partition(".")
        await room.notebook.write(thread_key(session), LARGE + 1, "第一行", mine=True, client_id=client_id)
        await room.notebook.write(thread_key(session), LARGE + 2, "<b>您好</b>")
        await page.get_by_text("<b>您好</b>").wait_for()
        assert await page.locator("#lines li").count() == 2
        assert await page.get_by_text("受理编号：T-1").is_visible()
        await room.adapter.close()
        await page.get_by_text("连接已断开").wait_for()
        # Drawn, so that not everybody comes back in the same moment: 0.9 of the first half second, and the least.
        assert 650 in await page.evaluate("pauses")
        await room.notebook.write(thread_key(session), LARGE + 3, "还在吗？")
        await page.get_by_text("还在吗？").wait_for()
        await page.reload()
        await page.get_by_text("还在吗？").wait_for()
        assert await page.locator("#lines .bubble").all_inner_texts() == ["第一行", "<b>您好</b>", "还在吗？"]
        assert problems == []
