"""The hub as a service: a process that starts, serves, shares one database with others, and stops in order."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.sandbox.telegram_world import TelegramWorld
from tests.journeys.command import Running, command, running

LISA = 4711


@pytest.fixture
def env(database_dsn: str) -> dict[str, str]:
    return {
        "HUB_DATABASE__DSN": database_dsn,
        "HUB_SECRET_KEY": "one key for all hubs of one installation",
        "HUB_WEB__PORT": "0",
        "HUB_CHANNELS__SHOP__KIND": "webchat",
        "HUB_CHANNELS__FORM__KIND": "webform",
        "HUB_CHANNELS__API__KIND": "api",
    }


@asynccontextmanager
async def serving(cwd: Path, env: Mapping[str, str]) -> AsyncIterator[tuple[Running, str]]:
    async with running("serve", cwd=cwd, env=env) as hub:
        line = json.loads(await hub.wait_for("hub.ready"))
        yield hub, line["url"]


async def make_key(cwd: Path, env: Mapping[str, str]) -> dict[str, str]:
    done = await command("api-key", "create", "--name", "t", "--scope", "admin", cwd=cwd, env=env)
    assert done.code == 0, done.said
    return {"Authorization": f"Bearer {done.out.strip()}"}


async def tickets(url: str, key: Mapping[str, str]) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/api/v1/tickets", headers=key) as answer:
        assert answer.status == 200
        items: list[dict[str, Any]] = (await answer.json())["items"]
        return items


async def wait_for_ticket(url: str, key: Mapping[str, str], preview: str, seconds: float) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            for ticket in await tickets(url, key):
                if preview in ticket["preview"]:
                    return ticket
            await asyncio.sleep(0.1)


async def test_it_is_ready_and_sigterm_stops_it_in_order(tmp_path: Path, env: dict[str, str]) -> None:
    async with serving(tmp_path, env) as (hub, url), aiohttp.ClientSession() as client:
        for path, status in (
            ("/readyz", 200), ("/healthz", 200), ("/desk/login", 200), ("/forms/form", 200), ("/chat/shop", 200),
        ):  # fmt: skip
            async with client.get(url + path) as answer:
                assert answer.status == status, path
        async with client.ws_connect(f"{url}/chat/shop/socket", headers={"Origin": url}) as visitor:
            await visitor.send_json({"type": "hello", "session": ""})
            assert (await visitor.receive_json())["type"] == "welcome"
            hub.send(signal.SIGTERM)
            async with asyncio.timeout(10):
                async for _ in visitor:
                    pass
            assert visitor.close_code == aiohttp.WSCloseCode.GOING_AWAY
        assert await hub.ended(10) == 0, hub.said
    assert "Traceback" not in hub.said
    events = [json.loads(line) for line in hub.err]
    assert all({"event", "level", "timestamp"} <= set(event) for event in events)
    assert [event["event"] for event in events][-2:] == ["hub.stopping", "hub.stopped"]
    assert events[-1]["cut"] == 0
    assert not hub.out


async def test_a_second_signal_ends_it_at_once(tmp_path: Path, env: dict[str, str]) -> None:
    async with serving(tmp_path, env) as (hub, url):
        # A request whose body never ends keeps the first signal waiting.
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = (
            "POST /forms/form HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\na"
        )
        writer.write(head.encode())
        await writer.drain()
        hub.send(signal.SIGTERM)
        hub.send(signal.SIGTERM)
        await hub.wait_for("hub.stopping")
        # These two were one; now an impatient hand, again and again until it is over.
        async with asyncio.timeout(6):
            while not hub.is_over:
                hub.send(signal.SIGTERM)
                await asyncio.sleep(0.2)
        writer.close()


async def test_a_taken_port_is_named(tmp_path: Path, env: dict[str, str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        done = await command("serve", cwd=tmp_path, env={**env, "HUB_WEB__PORT": str(port)})
    assert done.code == 2
    assert f"web.port: {port} is taken" in done.err and "HUB_WEB__PORT" in done.err


async def test_a_bad_account_is_told_and_disturbs_nobody(tmp_path: Path, env: dict[str, str]) -> None:
    env |= {
        "HUB_CHANNELS__BOT__KIND": "telegram",
        "HUB_CHANNELS__BOT__TOKEN": "123:not-the-token",
        "HUB_CHANNELS__ECHO__KIND": "loopback",
        "HUB_CHANNELS__ECHO__PASSWORD": "wrong",
    }
    async with TelegramWorld() as telegram:
        env["HUB_CHANNELS__BOT__BASE_URL"] = telegram.base_url
        async with serving(tmp_path, env) as (hub, url):
            said = json.loads(await hub.wait_for('"event":"channel.misconfigured"'))
            await hub.wait_for('"channel":"shop"')
            key = await make_key(tmp_path, env)
            body = {
                "sender": {"identities": [{"kind": "email", "value": "a@b.example"}]},
                "text": "Hello there",
            }
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{url}/api/v1/interactions", json=body, headers=key) as answer,
            ):
                assert answer.status == 201
            assert await tickets(url, key)
    assert said["level"] == "warning"
    assert "not-the-token" not in hub.said


async def test_two_hubs_share_a_bot_and_one_takes_over_from_the_killed(
    tmp_path: Path, env: dict[str, str]
) -> None:
    async with TelegramWorld() as telegram:
        env |= {
            "HUB_CHANNELS__BOT__KIND": "telegram",
            "HUB_CHANNELS__BOT__TOKEN": telegram.token,
            "HUB_CHANNELS__BOT__BASE_URL": telegram.base_url,
            "HUB_CHANNELS__BOT__BASE_FILE_URL": telegram.base_file_url,
            "HUB_CHANNELS__BOT__POLL_SECONDS": "1",
        }
        async with serving(tmp_path, env) as (first, url):
            await first.wait_for("channel.taken")
            key = await make_key(tmp_path, env)
            async with serving(tmp_path, env) as (second, other_url):
                await telegram.customer_writes(LISA, "Lisa", "Is anybody there?")
                ticket = await wait_for_ticket(other_url, key, "Is anybody there?", 10)
                assert "channel.taken" not in second.said
                first.send(signal.SIGKILL)
                await first.ended()
                await telegram.customer_writes(LISA, "Lisa", "And now?")
                again = await wait_for_ticket(other_url, key, "And now?", 30)
                assert again["number"] == ticket["number"]
                async with (
                    aiohttp.ClientSession() as client,
                    client.post(
                        f"{other_url}/api/v1/tickets/{ticket['number']}/replies",
                        json={"text": "Yes, still."},
                        headers=key,
                    ) as answer,
                ):
                    assert answer.status == 201, await answer.text()
                (sent,) = await telegram.wait_for_message(LISA, 1, 10)
                assert "Yes, still." in sent["text"]
            # Telegram would have told them so, had both asked at once.
            assert "somebody else" not in first.said + second.said
        assert url != other_url


async def test_a_hub_that_stops_gives_its_bot_away_at_once(tmp_path: Path, env: dict[str, str]) -> None:
    async with TelegramWorld() as telegram:
        env |= {
            "HUB_CHANNELS__BOT__KIND": "telegram",
            "HUB_CHANNELS__BOT__TOKEN": telegram.token,
            "HUB_CHANNELS__BOT__BASE_URL": telegram.base_url,
        }
        async with serving(tmp_path, env) as (first, _):
            await first.wait_for("channel.taken")
            async with serving(tmp_path, env) as (second, _):
                code, seconds = await first.end(signal.SIGINT, 15)
                await second.wait_for("channel.taken", 5)
    assert code == 0 and seconds < 10
