"""A flood over two hub processes and one Postgres: what is kept is bounded by what all hubs have counted together, who is
refused is told when to come again, and a customer comes through."""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import Path

import aiohttp
import orjson
import pytest
from altcha import Challenge, Payload, solve_challenge

from hub.actions.context import Context
from hub.sandbox.visit import read_form
from tests.conftest import SECRET
from tests.fakes.processes import HubProcess, serving
from tests.fakes.scene import one

BUSY, MINE, POSTS, LINES = 4, 5, 120, 60
FORM = {"kind": "webform", "fill_in_seconds": 0, "busy_posts": BUSY, "address_posts": MINE}
TRUSTING = {"HUB_WEB__TRUSTED_PROXIES": '["127.0.0.1"]'}


@asynccontextmanager
async def hubs_of(
    folder: Path, dsn: str, names: tuple[str, ...], env: dict[str, str] | None = None
) -> AsyncIterator[list[HubProcess]]:
    async with AsyncExitStack() as stack:
        secret, told = SECRET.decode(), TRUSTING | (env or {})
        yield [
            await stack.enter_async_context(
                serving(
                    folder / name, dsn, {"form": FORM, "chat": {"kind": "webchat"}}, secret=secret, env=told
                )
            )
            for name in names
        ]


async def post(client: aiohttp.ClientSession, hub: HubProcess, peer: str, page: str) -> tuple[int, str, str]:
    fields = {**read_form(page).fields, "message": "Hello", "email": "li@shop.example", "kind": "enquiry"}
    if found := re.search(r'data-proof="([^"]+)"', page):
        challenge = Challenge.from_dict(orjson.loads(unescape(found[1])))
        solution = solve_challenge(challenge)
        assert solution is not None
        fields["altcha"] = Payload(challenge=challenge, solution=solution).to_base64()
    headers = {"X-Forwarded-For": peer, "Origin": hub.url}
    async with client.post(f"{hub.url}/forms/form", data=fields, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers.get("Retry-After", "")


async def open_form(client: aiohttp.ClientSession, hub: HubProcess, peer: str) -> str:
    async with client.get(f"{hub.url}/forms/form", headers={"X-Forwarded-For": peer}) as answer:
        assert answer.status == 200
        return await answer.text()


async def flood(
    client: aiohttp.ClientSession, hubs: list[HubProcess], peers: Iterator[str], pages: list[str]
) -> Counter[int]:
    """POSTS of them, a dozen at a time, to both hubs in turn. All that are refused are told when they may come again."""
    answers: Counter[int] = Counter()
    left = iter(range(POSTS))

    async def send() -> None:
        for number in left:
            # A page of its own each, as from many browsers: the same one twice would be the same message.
            status, _, after = await post(client, hubs[number % 2], next(peers), pages[number % len(pages)])
            answers[status] += 1
            assert status in (200, 422) or (status == 429 and int(after) > 0), status

    await asyncio.gather(*(send() for _ in range(12)))
    return answers


async def test_s90_a_flood_over_two_hubs_is_bounded_and_a_customer_comes_through(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    async with hubs_of(tmp_path, database_dsn, ("one", "two")) as hubs, aiohttp.ClientSession() as client:
        pages = [await open_form(client, hubs[0], "203.0.113.9") for _ in range(60)]
        mine = await flood(client, hubs, itertools.repeat("203.0.113.9"), pages)
        # The first few as from anybody, then as many as one address may; pages without work are asked for it.
        assert mine[200] == BUSY and mine[200] + mine[422] == MINE and mine[429] == POSTS - MINE
        assert await one(ctx, "SELECT count(*) FROM ticket") == BUSY
        assert await one(ctx, "SELECT hits FROM rate_limit WHERE key = 'form:form:posts'") == MINE
        customer = await open_form(client, hubs[1], "198.51.100.1")
        assert (await post(client, hubs[1], "198.51.100.1", customer))[0] == 200

        many = (f"10.0.{n // 250}.{n % 250}" for n in itertools.count())
        all_of_them = await flood(client, hubs, many, pages)
        assert all_of_them[200] == 0, "no work was done"
        assert all_of_them[422] + all_of_them[429] == POSTS
        # A hub asks about strangers only until all together are above the limit, give or take those under way.
        known = await one(ctx, "SELECT count(*) FROM rate_limit WHERE key LIKE 'form:form:post:%'")
        assert known <= 10 * BUSY + 2 * 12, known
        for hub, peer in zip(hubs, ("198.51.100.2", "198.51.100.3"), strict=True):
            status, page, _ = await post(client, hub, peer, await open_form(client, hub, peer))
            if status == 429:
                # Their page is of the second before the hub knew; it comes back with the work, and all that was written.
                status, page, _ = await post(client, hub, peer, page)
            assert status == 200, page
        assert await one(ctx, "SELECT count(*) FROM ticket") == BUSY + 3


async def _is_cut(reader: asyncio.StreamReader) -> bool:
    """What was on its way when the line was cut makes a reset of its end."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def test_s90_open_lines_are_bounded_and_who_comes_new_is_served(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    few = {
        "HUB_WEB__MOST_LINES": str(LINES),
        "HUB_WEB__VISITOR_LINES": "5",
        "HUB_WEB__VISITOR_REQUESTS": "40",
    }
    async with hubs_of(tmp_path, database_dsn, ("one",), few) as (hub,), aiohttp.ClientSession() as client:
        port = int(hub.url.rpartition(":")[2])
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(LINES * 3)]
        # Half of them have said half a head, and say no more: no reason to be let stay.
        for _, writer in lines[::2]:
            writer.write(b"GET /help HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        page = await open_form(client, hub, "198.51.100.1")
        assert (await post(client, hub, "198.51.100.1", page))[0] == 200
        # Of those that said nothing whole as many were cut as were too many.
        async with asyncio.timeout(20):
            gone = {reader for reader, _ in lines[: LINES * 2] if await _is_cut(reader)}
        assert len(gone) == LINES * 2
        for _, writer in lines:
            writer.close()

        # One visitor's sockets.
        headers = {"X-Forwarded-For": "203.0.113.9", "Origin": hub.url}
        async with AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(
                    client.ws_connect(f"{hub.url}/chat/chat/socket", headers=headers)
                )
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{hub.url}/chat/chat/socket", headers=headers)
            assert refused.value.status == 429
            assert (await open_form(client, hub, "198.51.100.2")).count("<form") == 1
        # And what one visitor asks for, whatever it is.
        statuses: Counter[int] = Counter()
        headers = {"X-Forwarded-For": "203.0.113.10"}
        for _ in range(60):
            async with client.get(f"{hub.url}/help", headers=headers, allow_redirects=False) as answer:
                statuses[answer.status] += 1
                assert answer.status != 429 or int(answer.headers["Retry-After"]) > 0
        assert statuses[303] >= 40 and statuses[429] > 0
