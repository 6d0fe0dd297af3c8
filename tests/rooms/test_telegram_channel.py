"""The Telegram channel against the sandbox's Bot API, over real sockets, and against lines that fail."""

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels.adapter import (
    ChannelFailure,
    Misconfigured,
    RawItem,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from channels.telegram import KIND
from channels.telegram.adapter import SECRET_HEADER
from hub.model.interactions import InboundInteraction, OutboundAttachment, OutboundInteraction
from hub.sandbox.telegram_world import TelegramWorld
from tests.fakes.leaving import free_to_leave
from tests.fakes.ports import Journal, make_ports, serving_routes

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
async def opened(world: TelegramWorld, alive: Any = None, **more: Any) -> AsyncIterator[Any]:
    adapter = KIND.open("shop", make_settings(world, **more), make_ports(alive=alive))
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
    assert items[0].external_key == "update.700000001.500"
    assert items[0].content_key == f"msg.{MEI}.{number}"
    assert items[3].content_key.startswith(f"msg.{MEI}.{number}.")


async def test_a_file_that_no_bot_may_fetch_does_not_hold_up_the_message(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_sends_document(
            MEI, "小梅", b"x" * 20_971_521, file_name="film.mov", caption="see"
        )
        (item,) = await journal.kept(1)
    interaction = read(world, item)
    assert interaction.attachments == ()
    assert interaction.text == "see\n📎 film.mov (21.0 MB) ✗"


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


async def test_groups_and_the_start_button_are_passed_over(world: TelegramWorld) -> None:
    journal = Journal()
    async with opened(world) as adapter, heard(adapter, journal):
        await world.customer_writes(MEI, "小梅", "/start")
        world.state.updates[-1]["message"] |= {"chat": {"id": -7, "type": "group", "title": "g"}}
        await world.customer_writes(MEI, "小梅", "/start")
        await world.customer_writes(MEI, "小梅", "hello")
        (item,) = await journal.kept(1)
        await world.wait_until_confirmed()
    assert read(world, item).text == "hello"
    assert len(journal.offered) == 1


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
    assert [item.external_key for item in items] == ["update.700000001.500", "update.700000001.17"]


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


async def test_somebody_elses_webhook_is_told(world: TelegramWorld) -> None:
    world.state.webhook.url = "http://127.0.0.1:9/elsewhere"
    async with opened(world) as adapter:
        with pytest.raises(Unavailable, match="somebody else"):
            await adapter.receive(Journal().accept)


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
    world.faults.flood, world.faults.retry_after = 1, 7
    async with opened(world) as adapter:
        with pytest.raises(TryLater) as caught:
            await adapter.send(REPLY, free_to_leave)
        assert (caught.value.retry_after, caught.value.whole_channel) == (7.0, True)
        await adapter.send(REPLY, free_to_leave)
    assert len(world.sent_to(MEI)) == 1


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
        world.customer_blocks(MEI)
        with pytest.raises(Refused, match="blocked"):
            await adapter.send(REPLY, free_to_leave)
    async with opened(world, base_url="http://127.0.0.1:9/bot") as adapter:
        with pytest.raises(TryLater, match="cannot be reached"):
            await adapter.send(REPLY, free_to_leave)
        with pytest.raises(Unavailable):
            await adapter.check()


async def test_a_failure_after_the_first_piece_is_in_doubt(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        sending = asyncio.create_task(adapter.send(replace(REPLY, text="字" * 9000), free_to_leave))
        await world.wait_for_message(MEI)
        world.faults.flood = 1
        with pytest.raises(Unsure, match=r"[12] of 3 parts arrived"):
            await sending


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
        secret = adapter._secret()
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
    assert list(journal.items) == ["update.700000001.5"]
    other = KIND.open("other", make_settings(world, webhook=True), make_ports())
    assert other._secret() != secret  # type: ignore[attr-defined]
    await other.close()


async def test_polling_has_no_door(world: TelegramWorld) -> None:
    async with opened(world) as adapter:
        assert tuple(adapter.routes(Journal().accept)) == ()
        assert not adapter.capabilities.push
