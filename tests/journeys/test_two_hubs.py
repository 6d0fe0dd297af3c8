"""Two hub processes over one database: they share the work, nothing is doubled, and one may be killed in the middle."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from email import message_from_bytes
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.actions.people.staff import add_agent
from hub.model.people import Scope
from hub.sandbox.world import SandboxWorld
from storage.database import Connection
from tests.conftest import SECRET
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import HubProcess, sandbox_channels, serving, until
from tests.fakes.scene import one

WAVE = 25
IMPATIENT = 6999
"""The chat of whoever is answered twenty times at once."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    async with SandboxWorld(tmp_path / "world") as world:
        yield world


async def _texts(ctx: Context) -> Counter[str]:
    async def read(c: Connection) -> Counter[str]:
        rows = await c.fetch("SELECT text FROM interaction WHERE direction = 'in'")
        return Counter(row["text"] for row in rows)

    return await ctx.database.read(read)


async def _count(ctx: Context, query: str) -> int:
    async def read(c: Connection) -> int:
        return int(await c.fetchval(query))

    return await ctx.database.read(read)


async def _holder(ctx: Context, name: str) -> str:
    async def read(c: Connection) -> str:
        return await c.fetchval("SELECT holder FROM lease WHERE name = $1", name) or ""

    return await ctx.database.read(read)


async def _customers_write(world: SandboxWorld, hubs: list[HubProcess], key: str, wave: str) -> set[str]:
    """Letters, Telegram messages, and API posts that are each sent to every hub at the same time."""
    said = set()
    for n in range(WAVE):
        text = f"letter {wave} {n}: where is my order?"
        said.add(text)
        letter = (
            f"From: Customer {n} <c{n}@mail.example>\r\nTo: support@shop.example\r\n"
            f"Message-ID: <{wave}.{n}@mail.example>\r\nSubject: order {wave} {n}\r\n\r\n{text}\r\n"
        )
        await world.mail.deliver("support@shop.example", letter.encode())
        text = f"telegram {wave} {n}: 请问几点开门？"
        said.add(text)
        await world.telegram.customer_writes(7000 + n, f"客户{n}", text)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:

        async def post(hub: HubProcess, n: int) -> None:
            body = {
                "sender": {"name": f"P{n}", "identities": [{"kind": "external", "value": f"{wave}-{n}"}]},
                "text": f"program {wave} {n}: I want to complain",
            }
            headers = {"Idempotency-Key": f"{wave}-{n}"}
            async with client.post(f"{hub.url}/api/v1/interactions", json=body, headers=headers) as answer:
                assert answer.status in (201, 202), await answer.text()

        said |= {f"program {wave} {n}: I want to complain" for n in range(WAVE)}
        await asyncio.gather(*(post(hub, n) for n in range(WAVE) for hub in hubs))
    return said


async def test_two_hubs_share_the_work_and_one_may_die(
    ctx: Context, database_dsn: str, world: SandboxWorld, tmp_path: Path
) -> None:
    key = await create_api_key(ctx, name="test", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])
    agents = [
        await add_agent(
            ctx,
            login=f"a{n}",
            name=f"A{n}",
            password="a long password",
            languages=["zh", "en"],
            capacity=500,
            live_capacity=50,
        )
        for n in range(3)
    ]
    channels = sandbox_channels(world)
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(
                serving(tmp_path / name, database_dsn, channels, secret=SECRET.decode())
            )
            for name in ("one", "two")
        ]
        said = await _customers_write(world, hubs, key, "first")
        said.add("telegram: the same at once")
        await world.telegram.customer_writes(IMPATIENT, "Mei", "telegram: the same at once")
        await _all_arrived(ctx, said)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
            for agent, hub in zip(agents, (hubs[0], hubs[1], hubs[0]), strict=True):
                await client.post(f"{hub.url}/api/v1/agents/{agent}/presence", json={"presence": "online"})
            await until(
                lambda: _is_zero(ctx, "SELECT count(*) FROM ticket WHERE assignee_id IS NULL"),
                seconds=20,
                what="every ticket has an agent",
            )
            said.add(await _the_same_at_once(ctx, client, hubs))
            await _answer_all(ctx, client, hubs)
        await _answers_arrived_once(world)
        answers = ["the same answer at once", f"answer to {await _impatient(ctx)}"]
        assert [sent["text"] for sent in await world.telegram.wait_for_message(IMPATIENT, 2, 30)] == answers

        holder = await _holder(ctx, "channel:support")
        dying = next(hub for hub in hubs if holder.endswith(f":{hub.process.pid}"))
        surviving = [hub for hub in hubs if hub is not dying]
        writing = asyncio.create_task(_customers_write(world, surviving, key, "second"))
        await until(
            lambda: _is_more(ctx, "SELECT count(*) FROM inbound_raw", len(said) + 5),
            seconds=20,
            what="the second wave has begun to arrive",
        )
        await dying.kill()
        said |= await writing
        await _all_arrived(ctx, said)
        await assert_invariants(ctx.database)
        assert len(world.telegram.sent_to(IMPATIENT)) == 2
        for hub in surviving:
            assert await hub.stop() == 0


async def _the_same_at_once(ctx: Context, client: aiohttp.ClientSession, hubs: Sequence[HubProcess]) -> str:
    """Twenty times the same by the same key, half of them at each hub: an item, then an answer. One effect, and twenty times
    the same word of it, also afterwards. Returns what the item says."""

    async def post(hub: HubProcess, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        headers = {"Idempotency-Key": f"the same {path}"}
        async with client.post(f"{hub.url}/api/v1/{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    text = "program: the same at once"
    sender = {"name": "P", "identities": [{"kind": "external", "value": "the-same"}]}
    for path, body, query in (
        (
            "interactions",
            {"sender": sender, "text": text},
            "SELECT count(*) FROM interaction WHERE text = $1",
        ),
        (
            f"tickets/T-{await _impatient(ctx)}/replies",
            {"text": "the same answer at once"},
            "SELECT count(*) FROM outbox WHERE message->>'text' = $1",
        ),
    ):
        answers = await asyncio.gather(*(post(hubs[n % 2], path, body) for n in range(20)))
        answers += [await post(hub, path, body) for hub in hubs]
        assert answers == [answers[0]] * 22 and answers[0][0] == 201, answers
        assert await one(ctx, query, body["text"]) == 1
    return text


async def _impatient(ctx: Context) -> int:
    """The number of their ticket."""
    return int(
        await one(
            ctx,
            "SELECT t.code FROM ticket t JOIN interaction i ON i.ticket_id = t.id WHERE i.thread_key = $1 LIMIT 1",
            f"chat.{IMPATIENT}",
        )
    )


async def _is_zero(ctx: Context, query: str) -> bool:
    return await _count(ctx, query) == 0


async def _is_more(ctx: Context, query: str, than: int) -> bool:
    return await _count(ctx, query) > than


async def _all_arrived(ctx: Context, said: set[str]) -> None:
    async def arrived() -> bool:
        return set(await _texts(ctx)) >= said

    await until(arrived, seconds=60, what="everything that was said is on the timeline")
    texts = await _texts(ctx)
    assert set(texts) == said
    assert set(texts.values()) == {1}, "something was doubled"


async def _answer_all(ctx: Context, client: aiohttp.ClientSession, hubs: list[HubProcess]) -> None:
    async def codes(c: Connection) -> list[int]:
        rows = await c.fetch(
            "SELECT t.code FROM ticket t JOIN channel ch ON ch.id = t.channel_id "
            "WHERE ch.kind IN ('email', 'telegram') ORDER BY t.id"
        )
        return [row["code"] for row in rows]

    async def answer(place: int, code: int) -> None:
        url = f"{hubs[place % 2].url}/api/v1/tickets/T-{code}/replies"
        async with client.post(url, json={"text": f"answer to {code}"}) as response:
            assert response.status == 201, await response.text()

    await asyncio.gather(*(answer(place, code) for place, code in enumerate(await ctx.database.read(codes))))


async def _answers_arrived_once(world: SandboxWorld) -> None:
    for n in range(WAVE):
        (letter,) = await world.mail.wait_for_letter(f"c{n}@mail.example", 1, 30)
        assert message_from_bytes(letter)["In-Reply-To"] == f"<first.{n}@mail.example>"
        assert len(await world.telegram.wait_for_message(7000 + n, 1, 30)) == 1
