"""Answers posted to another program over a real socket, and what each of its answers means."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from channels.adapter import Misconfigured, Refused, TryLater, Unavailable, Unsure
from channels.api import KIND
from hub.model.interactions import OutboundAttachment, OutboundInteraction
from tests.fakes.leaving import free_to_leave
from tests.fakes.ports import make_ports, serving_routes

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
REPLY = OutboundInteraction(
    interaction_id=41,
    ticket_code="T-10019",
    address="customer-7",
    recipient_name="Li",
    author_name="Ann",
    text="您好",
    queued_at=datetime(2026, 11, 24, tzinfo=UTC),
    attachments=(OutboundAttachment(filename="a.txt", content_type="text/plain", data=b"a"),),
)


class Program:
    """The other side: answers what it is told to, or hangs up."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.hang_up = False
        self.heard: list[tuple[Any, bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers, await request.read()))
        if self.hang_up and request.transport is not None:
            request.transport.abort()
        return web.Response(
            status=self.status, headers=self.headers, text="because" if self.status != 204 else None
        )


@pytest.fixture
async def program() -> Program:
    return Program()


@pytest.fixture
async def adapter(program: Program) -> AsyncIterator[Any]:
    async with serving_routes([web.route("*", "/in", program.answer)]) as base:
        values = {"callback_url": f"{base}/in", "callback_secret": SECRET, "timeout_seconds": 2}
        opened = KIND.open("crm", KIND.settings.model_validate(values), make_ports())
        yield opened
        await opened.close()


async def test_an_answer_is_signed_and_its_id_stays_the_same(adapter: Any, program: Program) -> None:
    receipt = await adapter.send(REPLY, free_to_leave)
    await adapter.send(REPLY, free_to_leave)
    (headers, body), (again, same) = program.heard
    assert (headers["webhook-id"], again["webhook-id"]) == ("reply-41", "reply-41")
    assert body == same
    signed = f"reply-41.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    said = orjson.loads(body)
    assert (said["text"], said["address"], said["ticket"]) == ("您好", "customer-7", "T-10019")
    assert said["attachments"] == [{"filename": "a.txt", "content_type": "text/plain", "data_base64": "YQ=="}]
    assert receipt.external_id == "reply-41"


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, Refused),
        (400, Refused),
        (404, Refused),
        (410, Refused),
        (408, TryLater),
        (429, TryLater),
        (500, TryLater),
        (503, TryLater),
    ],
)
async def test_what_an_answer_means(
    adapter: Any, program: Program, status: int, failure: type[Exception]
) -> None:
    program.status = status
    program.headers = {"Location": "/elsewhere"} if status == 302 else {"Retry-After": "7"}
    with pytest.raises(failure, match=f"answered {status}: because") as caught:
        await adapter.send(REPLY, free_to_leave)
    assert len(program.heard) == 1, "redirects are not followed and nothing is tried twice"
    if isinstance(caught.value, TryLater):
        assert caught.value.retry_after == 7.0


async def test_a_line_that_drops_after_the_body_leaves_doubt(adapter: Any, program: Program) -> None:
    program.hang_up = True
    with pytest.raises(Unsure):
        await adapter.send(REPLY, free_to_leave)
    assert len(program.heard) == 1


async def test_silence_after_the_body_leaves_doubt() -> None:
    closing = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await request.read()
        await closing.wait()
        return web.Response()

    async with serving_routes([web.post("/in", silent)]) as base:
        values = {"callback_url": f"{base}/in", "callback_secret": SECRET, "timeout_seconds": 0.3}
        adapter = KIND.open("crm", KIND.settings.model_validate(values), make_ports())
        with pytest.raises(Unsure):
            await adapter.send(REPLY, free_to_leave)
        closing.set()
        await adapter.close()


async def test_nobody_there_is_certain() -> None:
    values = {"callback_url": "http://127.0.0.1:9/in", "callback_secret": SECRET}
    adapter = KIND.open("crm", KIND.settings.model_validate(values), make_ports())
    with pytest.raises(TryLater):
        await adapter.send(REPLY, free_to_leave)
    with pytest.raises(Unavailable):
        await adapter.check()
    await adapter.close()


async def test_checking_sends_no_answer(adapter: Any, program: Program) -> None:
    await adapter.check()
    assert program.heard[0][1] == b""
    program.status = 500
    with pytest.raises(Unavailable):
        await adapter.check()
    program.status = 401
    with pytest.raises(Misconfigured):
        await adapter.check()


async def test_without_a_way_back_it_says_so() -> None:
    adapter = KIND.open("crm", KIND.settings(), make_ports())
    assert not adapter.capabilities.can_send
    with pytest.raises(Refused, match="no callback_url"):
        await adapter.send(REPLY, free_to_leave)
    await adapter.check()
