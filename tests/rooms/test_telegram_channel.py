"""The Telegram channel against the sandbox's Bot API, over real sockets, and against lines that fail."""

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels.adapter import (
    Asking,
    ChannelFailure,
    CounterReply,
    Hearing,
    Misconfigured,
    NotAccepted,
    RawItem,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
    heard_by_nobody,
)
from channels.telegram import KIND
from channels.telegram.adapter import SECRET_HEADER
from hub.model.interactions import Choice, InboundInteraction, OutboundAttachment, OutboundInteraction
from hub.sandbox.telegram_world import TelegramWorld
from tests.fakes.leaving import free_to_leave
from tests.fakes.ports import Desk, Journal, Memory, make_ports, serving_routes
from tests.fakes.telegram_keys import mark

MEI = 880001
REPLY = OutboundInteraction(
    interaction_id=1,
    ticket_code="T-10019",
    address=str(MEI),
    recipient_name="小梅",
    author_name="Ann",
    text="您好",
    queued_at=datetime(2026, 11, 24, tzinfo=UTC),
)


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld(first_update_id=500, first_message_id=70) as opened:
        opened.open_chat(MEI, "小梅")
        yield opened


def make_settings(world: TelegramWorld, **more: Any) -> Any:
    values = {
        "token": world.token,
        "base_url": world.base_url,
        "base_file_url": world.base_file_url,
        "poll_seconds": 1,
        "timeout_seconds": 5,
    }
    return KIND.settings.model_validate({**values, **more})


@contextlib.asynccontextmanager
async def opened(
    world: TelegramWorld,
    alive: Any = None,
    counter: Desk | None = None,
    memory: Memory | None = None,
    said: Hearing = heard_by_nobody,
    **more: Any,
) -> AsyncIterator[Any]:
    ports = make_ports(alive=alive, counter=counter, memory=memory, heard=said)
    adapter = KIND.open("shop", make_settings(world, **more), ports)
    try:
        yield adapter
    finally:
        await adapter.close()


@contextlib.asynccontextmanager
async def heard(adapter: Any, journal: Journal) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(adapter.receive(journal.accept))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def read(world: TelegramWorld, item: RawItem) -> InboundInteraction:
    return KIND.translate(item, make_settings(world))


async def test_a_text_a_photo_a_document_and_an_edit(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        number = await world.customer_writes(MEI, "小梅", "壶盖碎了", language_code="zh-hans", username="mei")
        await world.customer_sends_photo(MEI, "小梅", b"\xff\xd8jpeg", caption="看")
        await world.customer_sends_document(
            MEI, "小梅", b"%PDF", file_name="../发票.pdf", content_type="application/pdf"
        )
        await world.customer_edits(number, "壶盖和壶嘴都碎了")
        items = await journal.kept(4)
    text, photo, document, edit = (read(world, item) for item in items)
    assert (text.text, text.fields["telegram_username"], text.hints) == (
        "壶盖碎了",
        "@mei",
        {"language": "zh"},
    )
    assert (photo.text, photo.attachments[0].data) == ("看", b"\xff\xd8jpeg")
    assert (document.attachments[0].filename, document.attachments[0].data) == ("发票.pdf", b"%PDF")
    assert (edit.text, edit.fields["edit_of"]) == ("壶盖和壶嘴都碎了", f"{MEI}.{number}")
    assert items[0].external_key == f"update.700000001.500.{mark(MEI, number)}"
    assert items[0].content_key == f"msg.700000001.{mark(MEI, number)}"
    assert len({item.content_key for item in items}) == 4


async def test_a_file_that_no_bot_may_fetch_does_not_hold_up_the_message(world: TelegramWorld) -> None:
    journal = Journal()
    counter = Desk({"too_large": CounterReply(text="Too large")})
    async with opened(world, counter=counter) as adapter, heard(adapter, journal):
        await world.customer_sends_document(
            MEI, "小梅", b"x" * 20_971_521, file_name="film.mov", caption="see"
        )
        (item,) = await journal.kept(1)
    assert [one["text"] for one in world.sent_to(MEI)] == ["Too large"]
    assert [one.too_large for one in counter.asked if one.too_large] == [("film.mov",)]
    interaction = read(world, item)
    assert interaction.attachments == ()
    assert interaction.text == "see\n📎 film.mov (21.0 MB) ✗"


@pytest.mark.parametrize("said", [4, 0])
async def test_of_a_file_no_more_is_held_than_a_bot_may_fetch_whatever_is_said_of_it(
    world: TelegramWorld, said: int
) -> None:
    journal = Journal()
    counter = Desk({"too_large": CounterReply(text="Too large")})
    sent = 0

    async def without_end(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while sent < 100:
                await answer.write(b"x" * 1_048_576)
                sent += 1
        return answer

    kept = world.state.keep_file("videos", "film.mov", "video/quicktime", b"film")
    document = kept.as_dict() | {"file_name": "film.mov", "file_size": said}
    async with (
        serving_routes([web.get("/{any:.+}", without_end)]) as base,
        opened(world, counter=counter, base_file_url=f"{base}/file/bot") as adapter,
        heard(adapter, journal),
    ):
        await world.customer_sends(MEI, "小梅", document=document, caption="see")
        (item,) = await journal.kept(1)
    assert sent < 50, "nobody waits for its end"
    assert [one["text"] for one in world.sent_to(MEI)] == ["Too large"]
    assert [one.too_large for one in counter.asked if one.too_large] == [("film.mov",)]
    interaction = read(world, item)
    assert interaction.attachments == () and interaction.text.startswith("see\n📎 film.mov")
    assert interaction.fields["files_not_fetched"] == "film.mov: larger than the 20 MB that a bot may fetch"


async def test_a_file_server_that_fails_for_ever_holds_nobody_up_for_ever(world: TelegramWorld) -> None:
    journal = Journal()

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async with (
        serving_routes([web.get("/{any:.+}", broken)]) as base,
        opened(world, base_file_url=f"{base}/file/bot") as adapter,
    ):
        await world.customer_sends_document(MEI, "小梅", b"%PDF", file_name="a.pdf", caption="see")
        for _ in range(2):
            with pytest.raises(Unavailable):
                await adapter.receive(journal.accept)
        async with heard(adapter, journal):
            (item,) = await journal.kept(1)
    assert read(world, item).fields["files_not_fetched"].startswith("a.pdf: Telegram does not answer")


async def test_a_file_is_what_its_server_has_and_nothing_of_our_own_disk(
    world: TelegramWorld, tmp_path: Path
) -> None:
    """The library would read a path that is on our disk, and whoever can answer for the server says the path."""
    ours = tmp_path / "secret.key"
    ours.write_bytes(b"ours")
    journal = Journal()
    told = (str(ours), ours.as_uri(), "/proc/self/environ", f"documents/../..{ours}", "")
    async with opened(world) as adapter, heard(adapter, journal):
        for path in told:
            kept = replace(world.state.keep_file("documents", "a.pdf", "", b"theirs"), path=path)
            world.state.files[kept.file_id] = kept
            await world.customer_sends(MEI, "小梅", document=kept.as_dict(), caption="see")
        items = await journal.kept(len(told))
    letters = [read(world, item) for item in items]
    # A path of the server's own, as one in local mode has it, is asked of the server.
    assert [[file.data for file in one.attachments] for one in letters] == [[b"theirs"]] * 3 + [[]] * 2
    assert all(one.text.startswith("see") for one in letters)
    why = [one.fields.get("files_not_fetched", "") for one in letters]
    assert why[3] == why[4] == "document: Telegram does not say where this file is."


async def test_a_group_is_told_in_its_language_and_left(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.group_adds_bot(-7, "茶友", by=7, kind="supergroup", language_code="zh-hans")
        await world.group_adds_bot(-8, "News", by=8, kind="channel")
        await world.customer_writes(MEI, "小梅", "hello")
        (item,) = await journal.kept(1)
        await world.wait_until_confirmed()
    assert read(world, item).text == "hello"
    assert len(journal.offered) == 1
    assert ["私聊" in one["text"] for one in world.sent_to(-7)] == [True]
    assert world.sent_to(-8) == [], "in a channel it may not speak"
    assert all(world.state.groups[one].left for one in (-7, -8))


async def test_mere_words_are_asked_about_together_until_the_hub_has_asked_for_one(
    world: TelegramWorld,
) -> None:
    """Whoever was away for an hour finds thousands: no question to the database for each."""
    journal, li, counter = Journal(), 880002, Unconcerned({"link": CounterReply(text="Address?")})
    for who, text in (
        (MEI, "the lid"),
        (MEI, "/link"),
        (li, "hello"),
        (MEI, "mei@mail.example"),
        (li, "there?"),
    ):
        await world.customer_writes(who, "小梅", text)
    async with opened(world, counter=counter) as adapter, heard(adapter, journal):
        items = await journal.kept(4)
    assert [read(world, item).text for item in items] == ["the lid", "hello", "mei@mail.example", "there?"]
    assert counter.questions == [["the lid", "hello", "mei@mail.example", "there?"]]
    assert [one.words for one in counter.asked] == ["/link", "mei@mail.example"]


class Unconcerned(Desk):
    """A counter that waits for nobody's words, as long as it is asked only once."""

    def __init__(self, replies: dict[str, CounterReply]) -> None:
        super().__init__(replies)
        self.questions: list[list[str]] = []

    async def concerned(self, askings: Sequence[Asking]) -> set[str]:
        self.questions.append([one.words for one in askings])
        return set()


async def test_what_the_hub_answers_itself_is_no_item(world: TelegramWorld) -> None:
    journal = Journal()
    buttons = ((Choice(label="1", data="csat:x:1"), Choice(label="5", data="csat:x:5")),)
    counter = Desk(
        {
            "start": CounterReply(text="Welcome", choices=buttons),
            "link": CounterReply(text="Number?", ask_phone="Share"),
            "csat:x:5": CounterReply(text="Thank you", notice="Thanks!", marked=(buttons[0][::-1],)),
        }
    )
    async with opened(world, counter=counter) as adapter, heard(adapter, journal):
        await world.customer_writes(MEI, "小梅", "/start abc", language_code="zh-hans")
        await world.customer_writes(MEI, "小梅", "/link")
        await world.wait_for_message(MEI, 2)
        query = await world.customer_presses(MEI, world.sent_to(MEI)[0]["message_id"], "csat:x:5")
        await world.wait_for_message(MEI, 3)
        await world.customer_writes(MEI, "小梅", "/unknown")
        (item,) = await journal.kept(1)
        await world.customer_blocks(MEI)
        await world.wait_until_confirmed()
    welcome, number, thanks = world.sent_to(MEI)
    assert [one["callback_data"] for one in welcome["reply_markup"]["inline_keyboard"][0]] == [
        "csat:x:5",
        "csat:x:1",
    ], "as they stand after the press"
    assert number["asks_for"] == [[{"text": "Share", "request_contact": True}]]
    assert (thanks["text"], world.state.notices[query]) == ("Thank you", "Thanks!")
    assert read(world, item).text == "/unknown", "what nobody knows is a word for the agents"
    assert [one.shut for one in counter.asked if one.shut is not None] == [True]
    shown = {code: [one["command"] for one in commands] for code, commands in world.state.commands.items()}
    assert shown == {"": ["help"], "zh": ["help"]}
    assert world.state.commands["zh"][0]["description"] == "帮助"


async def test_the_commands_are_told_once(world: TelegramWorld) -> None:
    memory = Memory()
    for expected in (True, False):
        async with opened(world, memory=memory) as adapter, heard(adapter, Journal()):
            await world.customer_writes(MEI, "小梅", "hello")
            await world.wait_until_confirmed()
        assert bool(world.state.commands) is expected
        world.state.commands.clear()


async def test_an_answer_with_buttons_and_a_voice(world: TelegramWorld) -> None:
    voice = OutboundAttachment(filename="v.ogg", content_type="audio/ogg", data=b"OggS")
    choices = (Choice(label="5", data="csat:x:5"),)
    async with opened(world) as adapter:
        await adapter.send(replace(REPLY, choices=choices), free_to_leave)
        await adapter.send(replace(REPLY, text="听", attachments=(voice,)), free_to_leave)
    asked, spoken = world.sent_to(MEI)
    assert asked["reply_markup"]["inline_keyboard"] == [[{"text": "5", "callback_data": "csat:x:5"}]]
    assert spoken["voice"]["file_size"] == 4 and spoken["caption"] == "听"


async def test_several_photos_leave_as_one_album(world: TelegramWorld) -> None:
    photos = tuple(
        OutboundAttachment(filename=f"{n}.png", content_type="image/png", data=b"\x89PNG%d" % n)
        for n in range(3)
    )
    async with opened(world) as adapter:
        world.faults.flood, world.faults.retry_after = 1, 3
        with pytest.raises(TryLater) as later:
            await adapter.send(replace(REPLY, attachments=photos), free_to_leave)
        assert later.value.retry_after == 3.0
    async with opened(world) as adapter:
        receipt = await adapter.send(replace(REPLY, attachments=photos), free_to_leave)
    sent = world.sent_to(MEI)
    assert len({one["media_group_id"] for one in sent}) == 1
    assert [one.get("caption") for one in sent] == ["您好", None, None]
    assert [world.state.files[one["photo"][0]["file_id"]].data for one in sent] == [
        one.data for one in photos
    ]
    assert len(receipt.detail.split()) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"dice": {"emoji": "🎲", "value": 5}}, "🎲 5"),
        ({"sticker": {"file_id": "s", "emoji": "😡"}}, "😡"),
        (
            {"poll": {"question": "Which?", "options": [{"text": "Green"}, {"text": "Black"}]}},
            "📊 Which?\n– Green\n– Black",
        ),
        (
            {
                "venue": {
                    "title": "Tea House",
                    "address": "1 Lane",
                    "location": {"latitude": 31.2, "longitude": 121.5},
                }
            },
            "📍 Tea House\n1 Lane\n31.200000, 121.500000",
        ),
    ],
)
async def test_what_has_no_text_is_put_into_signs(world: TelegramWorld, content: Any, said: str) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_sends(MEI, "小梅", **content)
        (item,) = await journal.kept(1)
    assert read(world, item).text == said


async def test_what_is_passed_on_says_whose_it_is(world: TelegramWorld) -> None:
    journal = Journal()
    hidden = {"type": "hidden_user", "sender_user_name": "Old Wang", "date": 1}
    named = {"type": "user", "sender_user": {"id": 9, "first_name": "Bo", "username": "bo"}, "date": 1}
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_sends(MEI, "小梅", text="see", forward_origin=hidden)
        await world.customer_sends(MEI, "小梅", text="see", forward_origin=named)
        items = await journal.kept(2)
    assert [read(world, one).fields["passed_on_from"] for one in items] == ["Old Wang", "Bo (@bo)"]


async def test_every_kind_of_file(world: TelegramWorld) -> None:
    journal = Journal()
    names = ("voice", "audio", "video", "video_note")
    async with opened(world) as adapter, heard(adapter, journal):
        for name in names:
            kept = world.state.keep_file(name, "x", "", name.encode())
            await world.customer_sends(MEI, "小梅", **{name: kept.as_dict() | {"duration": 1}})
        moving = world.state.keep_file("a", "x", "", b"moving").as_dict()
        await world.customer_sends(MEI, "小梅", animation=moving, document=moving)
        items = await journal.kept(5)
    files = [read(world, one).attachments for one in items]
    assert [[(one.filename, one.data) for one in found] for found in files] == [
        [("voice.ogg", b"voice")], [("audio.mp3", b"audio")], [("video.mp4", b"video")], [("video.mp4", b"video_note")],
        [("animation.mp4", b"moving")],
    ]  # fmt: skip


async def test_an_update_that_no_library_can_read_passes_and_what_follows_too(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter:
        hostile = {"message_id": 1, "date": "soon", "chat": None, "from": [], "text": 5, "entities": 7}
        world.state.updates.append({"update_id": 500, "message": hostile})
        world.state.next_update_id = 501
        await world.customer_writes(MEI, "小梅", "hello")
        async with heard(adapter, journal):
            items = await journal.kept(2)
            await world.wait_until_confirmed()
    assert read(world, items[1]).text == "hello"


async def test_lower_update_ids_after_a_quiet_week_are_heard(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_writes(MEI, "小梅", "before")
        await journal.kept(1)
        await world.wait_until_confirmed()
        # A poll that finds nothing has confirmed what was before; the next comes without an offset.
        polls = _polls(world)
        async with asyncio.timeout(10), world.state.changed:
            await world.state.changed.wait_for(lambda: _polls(world) >= polls + 2)
        world.state.next_update_id = 17
        await world.customer_writes(MEI, "小梅", "after")
        items = await journal.kept(2)
    keys = [f"update.700000001.500.{mark(MEI, 70)}", f"update.700000001.17.{mark(MEI, 71)}"]
    assert [item.external_key for item in items] == keys


def _polls(world: TelegramWorld) -> int:
    """How often the bot has asked; every asking is announced."""
    api: Any = world._runner.app.router.routes()  # type: ignore[union-attr]
    return next(route.handler.__self__._poll for route in api if hasattr(route.handler, "__self__"))


async def test_a_hub_without_the_lease_confirms_nothing(world: TelegramWorld) -> None:
    journal, lease = Journal(), [True]
    async with opened(world, alive=lambda: lease[0]) as adapter:
        await world.customer_writes(MEI, "小梅", "hello")
        journal.gate.clear()
        hearing = asyncio.create_task(adapter.receive(journal.accept))
        await journal.offers(1)
        lease[0] = False
        journal.gate.set()
        with pytest.raises(Unavailable, match="Another hub"):
            await hearing
        assert list(world.state.confirmed) == []
        with pytest.raises(TryLater, match="Another hub"):
            await adapter.send(REPLY, free_to_leave)


async def test_that_the_bot_was_heard_is_said_also_when_nobody_wrote_and_only_after_the_commit(
    world: TelegramWorld,
) -> None:
    journal, said, once = Journal(broken=1), list[int](), asyncio.Event()

    async def heard_now() -> None:
        said.append(len(journal.items))
        once.set()

    async with opened(world, said=heard_now) as adapter:
        async with heard(adapter, journal):
            await asyncio.wait_for(once.wait(), 15)
        assert said[0] == 0
        said.clear()
        await world.customer_writes(MEI, "小梅", "壶盖碎了")
        with pytest.raises(NotAccepted):
            await adapter.receive(journal.accept)
        assert said == []
        once.clear()
        async with heard(adapter, journal):
            await asyncio.wait_for(once.wait(), 15)
        assert said[0] == 1


async def test_a_called_hub_was_heard_when_nothing_waits_at_telegram(
    world: TelegramWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.telegram.adapter._LOOK_SECONDS", 0.01)
    said, once = list[int](), asyncio.Event()

    async def heard_now() -> None:
        said.append(len(world.state.updates))
        once.set()

    async def hears_nothing(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    path = "/telegram/shop/webhook"
    async with serving_routes([web.post(path, hears_nothing)]) as base:
        ports = make_ports(heard=heard_now, public_url=base)
        adapter = KIND.open("shop", make_settings(world, webhook=True), ports)
        await world.customer_writes(MEI, "小梅", "壶盖碎了")
        async with heard(adapter, Journal()):
            async with asyncio.timeout(15):
                while not world.state.webhook.last_error:
                    await asyncio.sleep(0.01)
            assert said == []
            world.state.updates.clear()
            await asyncio.wait_for(once.wait(), 15)
            assert said[0] == 0
        await adapter.close()


async def test_somebody_elses_webhook_is_told(world: TelegramWorld) -> None:
    world.state.webhook.url = "http://127.0.0.1:9/elsewhere"
    async with opened(world) as adapter:
        with pytest.raises(Unavailable, match="somebody else"):
            await adapter.receive(Journal().accept)


async def test_another_who_asks_is_told_and_asked_against_again(world: TelegramWorld) -> None:
    """Telegram ends the older of two polls with 409."""
    journal = Journal()
    async with opened(world, poll_seconds=50) as adapter, aiohttp.ClientSession() as client:
        asking = asyncio.create_task(adapter.receive(journal.accept))
        async with asyncio.timeout(10), world.state.changed:
            await world.state.changed.wait_for(lambda: _polls(world) >= 1)
        async with client.get(f"{world.base_url}{world.token}/getUpdates") as answer:
            assert answer.status == 200
        with pytest.raises(Unavailable, match="somebody else"):
            await asking
        async with heard(adapter, journal):
            await world.customer_writes(MEI, "小梅", "hello")
            await journal.kept(1)


async def test_our_own_webhook_ends_when_we_ask_ourselves(world: TelegramWorld) -> None:
    world.state.webhook.url = "https://hub.example/telegram/shop/webhook"
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_writes(MEI, "小梅", "hello")
        (item,) = await journal.kept(1)
    assert read(world, item).text == "hello"
    assert world.state.webhook.url == ""


async def test_a_long_answer_and_its_files_arrive_in_order(world: TelegramWorld) -> None:
    files = (
        OutboundAttachment(filename="a.png", content_type="image/png", data=b"\x89PNG"),
        OutboundAttachment(filename="条款.pdf", content_type="application/pdf", data=b"%PDF"),
    )
    async with opened(world) as adapter:
        receipt = await adapter.send(replace(REPLY, text="字" * 5000, attachments=files), free_to_leave)
    sent = world.sent_to(MEI)
    assert [len(one["text"]) for one in sent[:2]] == [4096, 904]
    assert "photo" in sent[2]
    assert sent[3]["document"]["file_name"] == "条款.pdf"
    assert receipt.external_id == f"{MEI}.{sent[0]['message_id']}"
    assert len(receipt.detail.split()) == 4


async def test_flood_control_stops_the_whole_channel(world: TelegramWorld) -> None:
    """Nothing that speaks is tried until the pause is over, to whomever it is and whoever says it; customers are heard."""
    world.faults.flood, world.faults.retry_after = 1, 600
    world.open_chat(MEI + 1, "Li")
    counter, journal = Desk({"help": CounterReply(text="Help")}), Journal()
    async with opened(world, counter=counter) as adapter:
        for address in (MEI, MEI + 1):
            with pytest.raises(TryLater) as caught:
                await adapter.send(replace(REPLY, address=str(address)), free_to_leave)
            assert caught.value.whole_channel and 0 < (caught.value.retry_after or 0) <= 600
        async with heard(adapter, journal):
            await world.customer_writes(MEI, "小梅", "/help")
            await world.group_adds_bot(-7, "茶友", by=7)
            await world.customer_writes(MEI, "小梅", "hello")
            await journal.kept(1)
            await world.wait_until_confirmed()
        assert [one.command for one in counter.asked if one.command] == ["help"]
    assert not any(world.sent_to(one) for one in (MEI, MEI + 1, -7))
    async with opened(world) as adapter:
        await adapter.send(REPLY, free_to_leave)
    assert len(world.sent_to(MEI)) == 1


async def test_a_pause_in_the_middle_of_an_answer_is_kept_and_the_rest_follows(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        sending = asyncio.create_task(adapter.send(replace(REPLY, text="字" * 9000), free_to_leave))
        await world.wait_for_message(MEI)
        world.faults.flood = 1
        receipt = await sending
    assert world.faults.flood == 0
    assert [len(one["text"]) for one in world.sent_to(MEI)] == [4096, 4096, 808]
    assert len(receipt.detail.split()) == 3


async def test_what_is_certain_and_what_is_not(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        world.faults.dropped = 1
        with pytest.raises(Unsure):
            await adapter.send(REPLY, free_to_leave)
        assert len(world.sent_to(MEI)) == 1, "it had arrived, which is why nobody may send it again blindly"
        world.faults.broken = 1
        with pytest.raises(Unsure):
            await adapter.send(REPLY, free_to_leave)
        with pytest.raises(Refused, match="Chat not found"):
            await adapter.send(replace(REPLY, address="99"), free_to_leave)
        with pytest.raises(Refused, match="neither text nor files"):
            await adapter.send(replace(REPLY, text=" "), free_to_leave)
        await world.customer_blocks(MEI)
        with pytest.raises(Refused, match="blocked") as shut:
            await adapter.send(REPLY, free_to_leave)
        assert shut.value.shut
    async with opened(world, base_url="http://127.0.0.1:9/bot") as adapter:
        with pytest.raises(TryLater, match="cannot be reached"):
            await adapter.send(REPLY, free_to_leave)
        with pytest.raises(Unavailable):
            await adapter.check()


async def test_a_failure_after_the_first_piece_is_in_doubt(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        sending = asyncio.create_task(adapter.send(replace(REPLY, text="字" * 9000), free_to_leave))
        await world.wait_for_message(MEI)
        world.faults.flood, world.faults.retry_after = 1, 61  # nobody waits for so long with half an answer
        with pytest.raises(Unsure, match=r"[12] of 3 parts arrived"):
            await sending


async def test_what_may_be_anothers_by_now_is_not_gone_on_with(world: TelegramWorld) -> None:
    """This hub was stopped between two parts: the answer may have been taken back, and a later one may stand there."""

    async def for_the_first_part() -> Callable[[], bool]:
        return lambda: not world.sent_to(MEI)

    async with opened(world) as adapter:
        with pytest.raises(Unsure, match="1 of 3 parts arrived"):
            await adapter.send(replace(REPLY, text="字" * 9000), for_the_first_part)
    assert len(world.sent_to(MEI)) == 1


async def test_the_token_is_in_no_log_and_in_no_exception(
    world: TelegramWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "1:canary-token-that-must-not-be-seen"
    failures: list[ChannelFailure] = []
    async with opened(world, token=secret) as adapter:
        for attempt in (
            adapter.check(),
            adapter.send(REPLY, free_to_leave),
            adapter.receive(Journal().accept),
        ):
            with pytest.raises(Misconfigured) as caught:
                await attempt
            failures.append(caught.value)
    async with opened(world, token=secret, base_url="http://127.0.0.1:9/bot") as adapter:
        with pytest.raises(TryLater) as later:
            await adapter.send(REPLY, free_to_leave)
        failures.append(later.value)
    for failure in failures:
        seen: BaseException | None = failure
        while seen is not None:
            assert "canary" not in f"{seen!s}{seen!r}"
            seen = seen.__cause__ or seen.__context__
    assert caplog.records
    assert "canary" not in caplog.text


async def test_the_webhook_wants_the_secret_and_sane_json(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world, webhook=True) as adapter:
        secret = adapter._secrets()[0]
        update = {
            "update_id": 5,
            "message": {"message_id": 1, "chat": {"id": 5}, "from": {"id": 5}, "text": "x"},
        }
        async with (
            serving_routes(adapter.routes(journal.accept)) as base,
            aiohttp.ClientSession() as client,
        ):

            async def post(data: bytes | None = None, **headers: str) -> int:
                body: dict[str, Any] = {"json": update} if data is None else {"data": io.BytesIO(data)}
                address = f"{base}/telegram/shop/webhook"
                async with client.post(address, headers=headers, **body) as answer:
                    return answer.status

            assert await post() == 401
            assert await post(**{SECRET_HEADER: "wrong"}) == 401
            assert await post(**{SECRET_HEADER: secret[:-1]}) == 401
            assert journal.offered == []
            good = {SECRET_HEADER: secret}
            for data in (b"", b"[]", b"{}", b"[" * 10_000, b'{"update_id": "5"}', b'{"a": "\\ud800"}'):
                assert await post(data, **good) == 400
            assert await post(b"x" * 1_048_577, **good) == 413
            journal.broken = 1
            assert await post(**good) == 503
            assert await post(**good) == 200
            assert await post(**good) == 200
    assert list(journal.items) == [f"update.700000001.5.{mark(5, 1)}"]
    other = KIND.open("other", make_settings(world, webhook=True), make_ports())
    assert other._secrets()[0] != secret  # type: ignore[attr-defined]
    await other.close()


async def test_polling_has_no_door(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        assert tuple(adapter.routes(Journal().accept)) == ()
        assert not adapter.capabilities.push
