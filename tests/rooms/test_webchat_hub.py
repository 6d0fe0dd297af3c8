"""The chat on whole hubs over real sockets: a visitor moves from hub to hub, is known by the site's word, sends and gets files,
and nobody else comes in."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from yarl import URL

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.model.codes import TICKET, read_code
from hub.model.interactions import OutboundAttachment
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from tests.conftest import SECRET
from tests.fakes.processes import until
from tests.fakes.scene import MAIL, SYSTEM, one, rows
from tests.fakes.visitor import IDENTITY_SECRET, statement
from tests.faults.proxy import Proxy

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
CHANNELS: dict[str, Any] = {
    "shop": {"kind": "webchat", "go_on_by": "support", "identity_secret": IDENTITY_SECRET},
    "support": MAIL,
}


@dataclass(frozen=True, slots=True)
class House:
    one: Hub
    two: Hub
    client: aiohttp.ClientSession

    async def post(self, hub: Hub, path: str, body: Any, token: str = "") -> list[dict[str, Any]]:
        headers = {"Origin": hub.url, "Authorization": f"Bearer {token}", "Chat-Page": "p1"}
        sent: dict[str, Any] = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        async with self.client.post(f"{hub.url}/chat/shop/{path}", headers=headers, **sent) as answer:
            frames: list[dict[str, Any]] = (await answer.json())["frames"]
            return frames

    async def file(self, hub: Hub, line: str, number: int, token: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.get(f"{hub.url}/chat/shop/files/{line}/{number}", headers=headers) as answer:
            return answer.status, await answer.read()


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    settings = Settings(channels=CHANNELS, web={"port": 0}, secret_key=SECRET.decode())  # type: ignore[arg-type]
    async with (
        run_hub(settings, database_dsn, grace=5) as one,
        run_hub(settings, database_dsn, grace=5) as two,
        aiohttp.ClientSession() as client,
    ):
        yield House(one, two, client)


async def _lines(
    line: aiohttp.ClientWebSocketResponse, count: int, begun: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """So many lines, whichever frames they come in."""
    found = list(begun)
    while len(found) < count:
        frame = await line.receive_json(timeout=20)
        found += frame["lines"] if frame["type"] == "lines" else []
    return found


async def _known(ctx: Context) -> set[tuple[str, str, bool]]:
    found = await rows(ctx, "SELECT kind, value, verified FROM identity")
    return {(row["kind"], row["value"], row["verified"]) for row in found}


async def test_a_visitor_whom_the_site_names_with_files_both_ways_on_two_hubs(house: House) -> None:
    """By long poll on the first hub, by socket on the second, with no line lost on the way."""
    (welcome,) = await house.post(
        house.one, "poll", {"type": "hello", "page": "p1", "identity": statement(name="李雷")}
    )
    token = welcome["session"]
    form = aiohttp.FormData(
        {"client_id": "c1", "text": "壶盖碎了", "email": "li@example.cn"},
        quote_fields=False,
        default_to_multipart=True,
    )
    form.add_field("files", io.BytesIO(PNG), filename="壶.png", content_type="image/png")
    (kept,) = await house.post(house.one, "files", form, token)
    assert kept["type"] == "kept"
    await queue_reply(
        house.one.ctx,
        ticket_code=read_code(TICKET, kept["ticket"]),
        actor=SYSTEM,
        text="Here is the slip.",
        attachments=[
            OutboundAttachment(filename="退货单.pdf", content_type="application/pdf", data=b"%PDF-1")
        ],
    )
    async with house.client.ws_connect(f"{house.two.url}/chat/shop/socket", origin=house.two.url) as line:
        await line.send_json({"type": "hello", "session": token, "page": "p1"})
        again = await line.receive_json(timeout=20)
        mine, theirs = await _lines(line, 2, again["lines"])
        assert (again["standing"]["reference"], again["standing"]["mail"]) == (kept["ticket"], "l•••@•••.cn")
        assert (mine["client_id"], mine["files"][0]["name"], mine["files"][0]["picture"]) == (
            "c1",
            "壶.png",
            True,
        )
        assert (theirs["text"], theirs["files"][0]["name"]) == ("Here is the slip.", "退货单.pdf")
        (stranger,) = await house.post(house.two, "poll", {"type": "hello"})
        for shown, data in ((mine, PNG), (theirs, b"%PDF-1")):
            assert await house.file(house.two, shown["id"], 1, token) == (200, data)
            assert (await house.file(house.two, shown["id"], 1, stranger["session"]))[0] == 404
            assert (await house.file(house.two, shown["id"], 2, token))[0] == 404
    known = await _known(house.one.ctx)
    assert {("external", "customer-7", True), ("email", "li@example.cn", False)} <= known


async def test_a_long_conversation_is_shown_at_once_however_many_pages_of_lines_it_has(house: House) -> None:
    (welcome,) = await house.post(house.one, "poll", {"type": "hello", "page": "p1"})
    await house.post(
        house.one, "say", {"type": "message", "client_id": "c1", "text": "壶盖碎了"}, welcome["session"]
    )
    await one(
        house.one.ctx,
        """WITH added AS (
               INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, text, thread_key)
               SELECT ticket_id, seq + n, customer_id, channel_id, kind, 'out', 'answer ' || n, thread_key
               FROM interaction, generate_series(1, 450) n ORDER BY n RETURNING 1)
           SELECT count(*) FROM added""",
    )
    async with house.client.ws_connect(f"{house.two.url}/chat/shop/socket", origin=house.two.url) as line:
        await line.send_json({"type": "hello", "session": welcome["session"], "page": "p2"})
        first = await line.receive_json(timeout=20)
        async with asyncio.timeout(10):  # a page that is not taken for full waits for twenty seconds
            found = await _lines(line, 451, first["lines"])
    assert [shown["text"] for shown in found] == ["壶盖碎了", *(f"answer {n}" for n in range(1, 451))]


async def test_lines_that_are_torn_while_something_is_said_and_shown(house: House) -> None:
    """Reset before what was said is known to be kept, and in the middle of frames; the page goes on at another hub."""
    async with AsyncExitStack() as stack:
        ways = [
            await stack.enter_async_context(Proxy(port=URL(hub.url).port or 0))
            for hub in (house.one, house.two)
        ]
        ctx, said = house.one.ctx, {"type": "message", "client_id": "c1", "text": "壶盖碎了"}

        async def kept() -> bool:
            return await one(ctx, "SELECT count(*) FROM interaction") == 1

        line, welcome = await _comes(house, ways[0], "", 0)
        ways[0].fall_silent(up=False)
        await line.send_json(said)
        await until(kept, seconds=20, what="it is kept, and the page was told nothing")
        assert ways[0].tear() == 1
        ways[0].heal()
        await line.close()
        line, again = await _comes(house, ways[1], welcome["session"], 0)
        (mine,) = again["lines"]
        assert (mine["client_id"], mine["text"]) == ("c1", "壶盖碎了")
        await line.send_json(said)
        while (frame := await line.receive_json(timeout=20))["type"] != "kept":
            assert frame["type"] != "lines", "nothing new stands there"
        assert await kept() and frame["ticket"] == again["standing"]["reference"]
        await line.close()

        answers = [f"answer {number} " + "字" * 300 for number in range(20)]
        code = read_code(TICKET, frame["ticket"])

        async def answer(some: Sequence[str]) -> None:
            for text in some:
                await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text=text)

        got, torn = [mine], 0
        for turn, cut in enumerate((1, 3000, 2000, 4000, None)):
            way = ways[turn % 2]
            line, again = await _comes(house, way, welcome["session"], got[-1]["id"])
            got += again["lines"]
            way.down.left = cut
            # More than gets through, and not before the line is open: what it begins with is shown whole.
            answering = asyncio.create_task(answer(answers[5 * turn : 5 * turn + 5]))
            while len(got) <= len(answers):
                message = await line.receive(timeout=20)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    torn += 1
                    break
                got += message.json().get("lines", ())
            await line.close()
            await answering
    assert torn == 4
    assert [one_["text"] for one_ in got] == ["壶盖碎了", *answers]


async def _comes(
    house: House, way: Proxy, session: str, after: object
) -> tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]:
    """A page by this way, and its welcome."""
    url = f"http://127.0.0.1:{way.port}"
    line = await house.client.ws_connect(f"{url}/chat/shop/socket", origin=url)
    await line.send_json({"type": "hello", "session": session, "after": str(after), "page": "p1"})
    return line, await line.receive_json(timeout=20)


async def test_one_customer_in_two_browsers_and_a_link_to_another_device(house: House) -> None:
    """Whom the site names twice is one customer with two conversations; a token given back at one hub is none at the other."""
    tokens = []
    for number in range(2):
        (welcome,) = await house.post(house.one, "poll", {"type": "hello", "identity": statement()})
        tokens.append(welcome["session"])
        message = {"type": "message", "client_id": f"c{number}", "text": "Hello"}
        assert (await house.post(house.one, "say", message, tokens[-1]))[0]["type"] == "kept"
    found = await rows(house.one.ctx, "SELECT customer_id FROM ticket")
    assert len(found) == 2 and len({row["customer_id"] for row in found}) == 1

    (link,) = await house.post(house.one, "say", {"type": "link"}, tokens[0])
    key = link["url"].partition("/chat/shop#key=")[2]
    await house.post(house.one, "say", {"type": "reset"}, tokens[0])
    gone = await house.post(house.two, "say", {"type": "transcript"}, tokens[0])
    assert gone[0]["code"] == "bad_session"
    (there,) = await house.post(house.two, "poll", {"type": "hello", "key": key})
    assert [one["client_id"] for one in there["lines"]] == ["c0"]
