"""Who comes into which conversation of a chat, by what they show: tokens, links, and what a site says of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from channels.adapter import Opened, OpenFile
from channels.webchat.gate import SEATS
from channels.webchat.sessions import make_token, other_seat, read_token
from tests.fakes.chat_room import LARGE, Room, a_chat, key_of, say, until
from tests.fakes.ports import SECRET, Doorkeeper
from tests.fakes.visitor import IDENTITY_SECRET, statement


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with a_chat(identity_secret=IDENTITY_SECRET, go_on_by="support") as opened:
        yield opened


async def test_s52_a_token_that_was_given_back_opens_nothing_and_its_socket_is_told(room: Room) -> None:
    async with room.line() as (line, welcome):
        token, key = welcome["session"], key_of(welcome)
        await room.notebook.write(key, LARGE, "secret", files=())
        await line.send_json({"type": "link"})
        device = (await until(line, "link"))["url"].partition("#key=")[2]
        await line.send_json({"type": "reset"})
        assert (await until(line, "reset"))["ok"] is True
        assert (await line.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
    async with room.line(token) as (_, again):
        assert key_of(again) != key and again["lines"] == []
    assert (await room.post("say", say(1), token))[0] == 401
    # The other device has a token of its own.
    async with room.line(key=device) as (_, there):
        assert key_of(there) == key and [one["text"] for one in there["lines"]] == ["secret"]
    async with room.line(key="none-of-ours") as (line, stranger):
        assert key_of(stranger) != key
        assert (await until(line, "error"))["code"] == "bad_key"


async def test_another_conversation_begins_when_the_page_asks_for_one(room: Room) -> None:
    async with room.line(identity=statement()) as (_, first):
        pass
    async with room.line(first["session"], fresh=True) as (line, second):
        assert key_of(second) != key_of(first)
        await line.send_json(say(1))
        await until(line, "kept")
    (item,) = room.journal.items.values()
    assert b'"subject":"customer-7"' in item.content  # it is still them
    async with room.line(first["session"]) as (_, third):
        assert key_of(third) not in (key_of(first), key_of(second))


async def test_whom_the_site_names_is_bound_to_the_conversation(room: Room) -> None:
    async with room.line() as (_, anonymous):
        key = key_of(anonymous)
    async with room.line(anonymous["session"], identity=statement(name="李雷")) as (line, named):
        assert key_of(named) == key
        await line.send_json(say(1))
        await until(line, "kept")
    async with room.line(named["session"]) as (line, later):  # without the statement, which is over by then
        assert key_of(later) == key
        await line.send_json(say(2))
        await until(line, "kept")
    assert all(b'"subject":"customer-7"' in item.content for item in room.journal.items.values())
    # Somebody else at the same browser sees nothing of it; who is not believed is nobody.
    async with room.line(named["session"], identity=statement("customer-8")) as (_, other):
        assert key_of(other) != key
    for wrong in (statement(secret="x" * 40), statement(minutes=-5)):
        async with room.line(named["session"], identity=wrong) as (line, same):
            assert key_of(same) == key
            assert (await until(line, "error"))["code"] == "bad_identity"


async def test_s71_a_link_lends_nobody_anothers_name(room: Room) -> None:
    """Whoever sends a customer the link of their own conversation neither reads what the customer writes after they have signed
    in, nor writes under the customer's name."""
    async with room.line() as (line, theirs):
        await line.send_json(say(1))
        await until(line, "kept")
    key = await room.lounge.make_key(key_of(theirs), 3600)
    async with room.line(key=key) as (_, lured):
        assert key_of(lured) == key_of(theirs)
    async with room.line(lured["session"], identity=statement()) as (line, own):
        assert key_of(own) != key_of(theirs) and own["lines"] == []
        await line.send_json(say(2))
        await until(line, "kept")
    async with room.line(own["session"], identity=statement()) as (_, again):
        assert key_of(again) == key_of(own)


async def test_a_place_that_was_got_by_a_link_ends(room: Room) -> None:
    """However often its browser comes back: a letter may have gone to somebody else. A newer link makes it last longer."""
    async with room.line() as (line, theirs):
        await line.send_json(say(1))
        await until(line, "kept")
    now = datetime.now(UTC).replace(microsecond=0)
    session, ends = key_of(theirs).removeprefix("session."), now + timedelta(days=1)
    seat = other_seat(session, LARGE, ends)
    token = make_token(SECRET, "shop", seat, now, days=30)
    for _ in range(2):
        async with room.line(token) as (_, again):
            token = again["session"]
    back = read_token(SECRET, "shop", token, now)
    assert back is not None and back.until == ends and key_of(again) == key_of(theirs)
    assert read_token(SECRET, "shop", token, ends) is None
    key = await room.lounge.make_key(key_of(theirs), 3600, LARGE + 1)
    async with room.line(token, key=key) as (_, longer):
        later = read_token(SECRET, "shop", longer["session"], now)
    assert later is not None and later.until is not None and later.until > ends + timedelta(days=28)
    assert (later.mark, later.since) == (seat.mark, LARGE), "the same place, and all that both open"


async def test_s90_links_and_tokens_that_are_given_back_make_no_heap() -> None:
    """Nothing is kept of a conversation in which nothing was said, and only so many come into one by its links."""
    gate = Doorkeeper()
    async with a_chat(gate=gate) as room:
        for _ in range(3):
            async with room.line() as (line, empty):
                await line.send_json({"type": "reset"})
                await until(line, "reset")
            async with room.line(empty["session"], fresh=True):
                pass
        assert gate.taken == set()
        for way in ("socket", "poll"):
            async with room.line() as (line, welcome):
                # Not on the transcript yet, which comes a moment later.
                if way == "socket":
                    await line.send_json(say(1))
                    await until(line, "kept")
                    await line.send_json({"type": "reset"})
                    await until(line, "reset")
                else:
                    assert (await room.post("say", say(1), welcome["session"]))[0] == 200
                    assert (await room.post("say", {"type": "reset"}, welcome["session"]))[0] == 200
            assert (await room.post("say", say(2), welcome["session"]))[0] == 401, way
        async with room.line() as (line, theirs):
            await line.send_json(say(1))
            await until(line, "kept")
        key = await room.lounge.make_key(key_of(theirs), 3600)
        talks = []
        for _ in range(SEATS + 1):
            async with room.line(key=key) as (_, there):
                talks.append(key_of(there) == key_of(theirs))
        assert talks == [True] * SEATS + [False]
        async with room.line(theirs["session"], key=key) as (_, own):
            assert key_of(own) == key_of(theirs), "whoever is in it stays in it"


@pytest.mark.parametrize("way", ["socket", "poll"])
async def test_the_link_of_a_letter_opens_what_came_after_it(room: Room, way: str) -> None:
    async with room.line() as (line, theirs):
        for number in (1, 2):
            await line.send_json(say(number))
            await until(line, "kept")
    talk = key_of(theirs)
    room.lounge.files[(talk, LARGE + 1, 1)] = OpenFile(
        name="a.pdf", media_type="application/pdf", content=b"x"
    )
    for number in (1, 2):
        await room.notebook.write(talk, LARGE + number, f"n{number}", mine=True)
    key = await room.lounge.make_key(talk, 3600, LARGE + 1)

    async def come(**said: Any) -> dict[str, Any]:
        if way == "socket":
            async with room.line(**said) as (_, welcome):
                return welcome
        return (await room.post("poll", {"type": "hello", **said}))[1][0]

    for said in ({"key": key}, {"session": (await come(key=key))["session"]}):
        welcome = await come(**said)
        assert welcome["partly"] and [one["id"] for one in welcome["lines"]] == [str(LARGE + 2)]
    token = welcome["session"]
    hello = {"type": "hello", "session": token, "standing": "x" * 16}
    news = (await room.post("poll", hello))[1]
    assert [one["id"] for one in news[0]["lines"]] == [str(LARGE + 2)]
    async with room.client.get(
        f"{room.base}/chat/shop/files/{LARGE + 1}/1", headers={"Authorization": f"Bearer {token}"}
    ) as answer:
        assert answer.status == 404
    link = (await room.post("say", {"type": "link"}, token))[1][0]
    opened = await room.lounge.use_key(link["url"].rpartition("#key=")[2])
    assert opened == Opened(thread_key=talk, since=LARGE + 1), "a link makes no better link"
    assert not (await room.post("say", {"type": "transcript"}, token))[1][0]["ok"]
