"""The chat's doors over a real server: the long poll, files both ways, who comes in by what, what is too much."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from channels.adapter import Counted, FileOfLine, OpenFile, Tally
from tests.fakes.chat_room import LARGE, SITE, Room, a_chat, key_of, say, until
from tests.fakes.ports import Doorkeeper
from tests.fakes.visitor import IDENTITY_SECRET

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with a_chat(identity_secret=IDENTITY_SECRET, go_on_by="support") as opened:
        yield opened


def a_form(client_id: str, *files: tuple[str, bytes], text: str = "") -> aiohttp.FormData:
    form = aiohttp.FormData(
        {"client_id": client_id, "text": text}, quote_fields=False, default_to_multipart=True
    )
    for name, data in files:
        form.add_field("files", io.BytesIO(data), filename=name, content_type="image/png")
    return form


# ── how it stands, and what the page says of it ─────────────────────────────────────────────────────────────────────
async def test_the_page_is_told_how_it_stands_and_the_hub_what_the_page_does(room: Room) -> None:
    async with room.line(page="p1") as (line, welcome):
        key = key_of(welcome)
        assert welcome["standing"]["serving"] is True
        await line.send_json(say(1, email="li@example.cn"))
        assert await room.lounge.heard("mail", key) == ("mail", key, "li@example.cn")
        assert await room.lounge.heard("here", key, "p1")
        await room.lounge.set(key, reference="T-1", place=2, least=60.0, most=180.0)
        standing = await until(line, "standing")
        while standing["place"] is None:
            standing = await until(line, "standing")
        assert (standing["reference"], standing["least"], standing["mail"]) == ("T-1", 60.0, "l•••@•••.cn")
        for frame, heard in (
            ({"type": "typing", "on": True}, ("typing", key, "True")),
            ({"type": "seen", "id": str(LARGE)}, ("seen", key, str(LARGE))),
        ):
            await line.send_json(frame)
            assert await room.lounge.heard(*heard)
        await line.send_json({"type": "transcript"})
        assert (await until(line, "transcript"))["ok"] is True
        await room.lounge.set(key, over=True, question="q1")
        await line.send_json({"type": "rate", "token": "q1", "score": 4, "comment": "quick"})
        assert (await until(line, "rated"))["ok"] is True
        assert await room.lounge.heard("rated", key, "q1", "4", "quick")
    assert await room.lounge.heard("gone", key, "p1")


# ── the same without a socket ───────────────────────────────────────────────────────────────────────────────────────
async def test_the_long_poll_has_the_same_frames(room: Room) -> None:
    status, (welcome,) = await room.post("poll", {"type": "hello", "page": "p1"})
    assert (status, welcome["type"], welcome["lines"]) == (200, "welcome", [])
    token, key = welcome["session"], key_of(welcome)
    for _ in range(2):  # what is said again is kept once
        assert await room.post("say", say(1), token) == (
            200,
            [{"type": "kept", "client_id": "c1", "ticket": "T-1"}],
        )
    assert len(room.journal.items) == 1

    hello = {"type": "hello", "session": token, "page": "p1", "standing": welcome["standing"]["digest"]}
    asking = asyncio.create_task(room.post("poll", hello))
    await room.lounge.heard("here", key, "p1")
    await room.notebook.write(key, LARGE + 7, "second")
    assert [one["text"] for one in (await asking)[1][0]["lines"]] == ["second"]
    # A line below one that the page has is not lost, and none is told twice.
    await room.notebook.write(key, LARGE + 5, "first, late")
    _, (late,) = await room.post("poll", hello | {"have": [str(LARGE + 7)]})
    assert [one["text"] for one in late["lines"]] == ["first, late"]
    both = hello | {"have": [str(LARGE + 7), str(LARGE + 5)]}
    asking = asyncio.create_task(room.post("poll", both))
    await room.lounge.set(key, agent="Ann", typing=True)
    assert [(one["type"], one["agent"]) for one in (await asking)[1]] == [("standing", "Ann")]
    assert await room.post("say", {"type": "bye"}, token) == (200, [])
    assert await room.lounge.heard("gone", key, "p1")


async def test_closing_the_channel_answers_the_pages_that_wait(room: Room) -> None:
    _, (welcome,) = await room.post("poll", {"type": "hello", "page": "p1"})
    token = welcome["session"]
    await room.post("say", say(1), token)
    hello = {"type": "hello", "session": token, "after": "5", "standing": welcome["standing"]["digest"]}
    asking = asyncio.create_task(room.post("poll", hello | {"page": "p2"}))
    await room.lounge.heard("here", key_of(welcome), "p2")
    await room.adapter.close()
    assert (await asking)[0] == 503


async def test_s71_s72_only_our_page_and_listed_sites_may_ask(room: Room) -> None:
    for origin in (None, "null", "https://evil.example", f"{SITE}.evil.example"):
        for path in ("poll", "say", "files"):
            assert (await room.post(path, {"type": "hello"}, origin=origin))[0] == 403, origin
    assert (await room.post("poll", {"type": "hello"}, origin=SITE))[0] == 200
    bad: list[Any] = [{"type": "message", "client_id": "a", "text": "x"}, [], {"type": "hello", "session": 5}]
    for body in bad:
        assert (await room.post("poll", body))[0] == 400
    assert (await room.post("say", say(1)))[0] == 401
    assert room.journal.offered == []


async def test_s74_the_page_names_who_may_show_it(room: Room) -> None:
    async with room.client.get(f"{room.base}/chat/shop") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SITE}" in policy and "unsafe" not in policy
    assert "default-src 'none'" in policy


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_files_are_kept_with_their_message(room: Room) -> None:
    _, (welcome,) = await room.post("poll", {"type": "hello"})
    form = a_form("c1", ("壶.png", PNG), ("b.png", b"y"), text="look")
    status, frames = await room.post("files", form, welcome["session"], form=True)
    assert (status, frames[0]["type"]) == (200, "kept")
    (item,) = room.journal.items.values()
    assert item.content.count(b'"filename"') == 2 and "壶.png".encode() in item.content


async def test_s91_limits_of_files() -> None:
    async with a_chat(most_files=2, most_file_mb=1, address_mb=4) as room:
        _, (welcome,) = await room.post("poll", {"type": "hello"})
        token = welcome["session"]
        large = b"x" * (1024 * 1024 + 1)
        for number, (files, status, code) in enumerate(
            (
                ([("a.png", large)], 413, "file_too_big"),
                ([("a", b"x"), ("b", b"x"), ("c", b"x")], 413, "too_many_files"),
                ([], 400, "empty"),
            )
        ):
            form = a_form(f"c{number}", *files)
            answer = await room.post("files", form, token, form=True)
            assert (answer[0], answer[1][0]["code"]) == (status, code)
        assert (await room.post("files", a_form("x", ("a", b"x")), form=True))[0] == 401
        assert room.journal.offered == []
        statuses = [
            (await room.post("files", a_form(f"d{number}", ("a", large[:-1])), token, form=True))[0]
            for number in range(4)
        ]
        assert statuses[0] == 200 and statuses[-1] == 429
    async with a_chat(uploads=False) as room:
        _, (welcome,) = await room.post("poll", {"type": "hello"})
        assert (await room.post("files", a_form("x", ("a", b"x")), welcome["session"], form=True))[0] == 403


async def test_s29_s31_s33_a_file_is_handed_to_its_own_visitor_and_as_a_download(room: Room) -> None:
    _, (mine,) = await room.post("poll", {"type": "hello"})
    _, (other,) = await room.post("poll", {"type": "hello"})
    name = "a\"; filename*=UTF-8''evil.html\r\nX: y 壶.png"
    room.lounge.files[key_of(mine), LARGE, 1] = OpenFile(name=name, media_type="image/png", content=PNG)
    file = f"{room.base}/chat/shop/files/{LARGE}/1"
    async with room.client.get(file, headers={"Authorization": f"Bearer {mine['session']}"}) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
        headers = answer.headers
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''a%22%3B%20filename")
    assert "\r" not in headers["Content-Disposition"] and "X" not in headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff" and "no-store" in headers["Cache-Control"]
    for wanted, token in (
        (file, other["session"]),
        (file, ""),
        (file, "x"),
        (file[:-1] + "2", mine["session"]),
    ):
        async with room.client.get(wanted, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 404


async def test_lines_name_their_files(room: Room) -> None:
    async with room.line() as (line, welcome):
        files = (FileOfLine(number=1, name="壶.png", bytes=7, picture=True),)
        await room.notebook.write(key_of(welcome), LARGE, "", files=files)
        (shown,) = (await until(line, "lines"))["lines"]
    assert shown["files"] == [{"number": 1, "name": "壶.png", "bytes": 7, "picture": True}]


# ── too much ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s90_a_flood_of_pages_and_messages_is_refused_by_every_hub() -> None:
    gate = Doorkeeper()
    limits: dict[str, Any] = {"address_opens": 3, "address_messages": 10, "burst": 100, "most_sockets": 50}
    async with a_chat(gate=gate, **limits) as one, a_chat(gate=gate, **limits) as two:
        async with one.line() as (line, welcome):
            for number in range(10):
                await line.send_json(say(number))
                assert (await line.receive_json(timeout=10))["type"] in ("kept", "standing")
            token = welcome["session"]
            # The address has said enough, on the other hub too, whichever way it comes.
            status, frames = await two.post("say", say(50), token)
            assert (status, frames[0]["code"]) == (429, "too_fast")
            await line.send_json(say(51))
            assert (await until(line, "error"))["code"] == "too_fast"
        async with two.line():
            pass
        assert (await two.post("poll", {"type": "hello"}))[0] == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with one.line():
                pass
        assert caught.value.status == 429
        assert caught.value.headers is not None and int(caught.value.headers["Retry-After"]) > 0
        assert (await one.post("poll", {"type": "hello"}))[0] == 429


async def test_when_it_opens_next_is_told_with_its_zone() -> None:
    async with a_chat() as room:
        opens = datetime.now(UTC) + timedelta(days=2)
        room.lounge.usual = type(room.lounge.usual)(serving=False, opens_at=opens)
        _, (welcome,) = await room.post("poll", {"type": "hello"})
        assert welcome["standing"]["serving"] is False
        assert datetime.fromisoformat(welcome["standing"]["opens_at"]) == opens


# ── very many at once ───────────────────────────────────────────────────────────────────────────────────────────────
class BusyDoorkeeper(Doorkeeper):
    """Answers when it is let. `most`: how many it was asked about at the same time; `slow`: seconds in which it says whether a
    token was given back."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.asked = self.most = 0
        self.slow = 0.0

    async def count(self, what: Sequence[Counted]) -> list[Tally]:
        async with self._asked(0):
            return await super().count(what)

    async def was_taken(self, mark: str) -> bool:
        async with self._asked(self.slow):
            return await super().was_taken(mark)

    @asynccontextmanager
    async def _asked(self, seconds: float) -> AsyncIterator[None]:
        self.asked += 1
        self.most = max(self.most, self.asked)
        try:
            await self.go.wait()
            await asyncio.sleep(seconds)
            yield
        finally:
            self.asked -= 1


async def test_who_comes_in_is_looked_after_in_turn_and_not_kept_waiting_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("channels.webchat.doors._KNOCK_SECONDS", 0.3)
    gate = BusyDoorkeeper()
    async with a_chat(gate=gate) as room:

        async def comes(session: str = "") -> dict[str, Any]:
            async with room.line(session) as (_, welcome):
                return welcome

        knocking = [asyncio.create_task(comes()) for _ in range(10)]
        async with asyncio.timeout(20):
            while len(waiting := [one for one in knocking if not one.done()]) > 1:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in set(knocking) - set(waiting):
            with pytest.raises(aiohttp.WSServerHandshakeError) as sent_away:
                await one
            assert (sent_away.value.status, (sent_away.value.headers or {})["Retry-After"]) == (503, "5")
        assert gate.most == 1
        gate.go.set()
        session = (await waiting[0])["session"]
        # Each of many: at the door one at a time, three who are shown their conversation, two more looks in passing.
        gate.most, gate.slow = 0, 0.1
        welcomes = await asyncio.gather(*(comes(session) for _ in range(12)))
        assert len(welcomes) == 12 and 1 < gate.most <= 6
