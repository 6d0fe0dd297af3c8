"""What `make run` shows: a hub with customers, within seconds, stopped by Ctrl-C and going on where it was."""

import asyncio
import re
import signal
import stat
from pathlib import Path
from typing import Any

import aiohttp

from tests.journeys.command import Running, running

STARTS_WITHIN, STOPS_WITHIN = 60.0, 30.0


class Looker:
    """Somebody who read the welcome, and calls the API with the key that it shows."""

    def __init__(self, said: str, client: aiohttp.ClientSession) -> None:
        self.url = self._row(said, "Desk").removesuffix("/desk")
        self.password = self._row(said, "Password")
        self._client = client
        self._headers = {"Authorization": f"Bearer {self._row(said, 'API key')}"}

    @staticmethod
    def _row(said: str, name: str) -> str:
        found = re.search(rf"(?m)^  {name} +(\S+)$", said)
        assert found, said
        return found[1]

    async def get(self, path: str) -> Any:
        async with self._client.get(f"{self.url}/api/v1{path}", headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: dict[str, object]) -> Any:
        async with self._client.post(f"{self.url}/api/v1{path}", json=body, headers=self._headers) as answer:
            assert answer.status == 201, await answer.text()
            return await answer.json()

    async def tickets(self) -> dict[str, dict[str, Any]]:
        items = (await self.get("/tickets?limit=100"))["items"]
        return {ticket["number"]: ticket for ticket in items}

    async def wait_for_channels(self, channels: set[str], seconds: float) -> dict[str, dict[str, Any]]:
        async with asyncio.timeout(seconds):
            while True:
                found = await self.tickets()
                if channels <= {ticket["channel"] for ticket in found.values()}:
                    return found
                await asyncio.sleep(0.2)


async def start(demo: Running) -> str:
    await demo.wait_for("Ctrl-C", STARTS_WITHIN)
    return "\n".join(demo.out)


async def test_a_first_look_and_a_second(tmp_path: Path) -> None:
    env = {"HUB_WEB__PORT": "0"}
    async with aiohttp.ClientSession() as client:
        async with running("demo", cwd=tmp_path, env=env) as demo:
            looker = Looker(await start(demo), client)
            found = await looker.wait_for_channels({"support", "feedback", "shop", "telegram"}, 60)
            await log_in(client, looker)
            await answer_and_hear_again(looker, found)
            before = await looker.tickets()
            code, seconds = await demo.end(signal.SIGINT, STOPS_WITHIN)
        assert code == 0 and seconds < STOPS_WITHIN, demo.said
        assert "Traceback" not in demo.said
        assert not (tmp_path / "var/postgres/postmaster.pid").exists()
        assert stat.S_IMODE((tmp_path / "var/demo-login").stat().st_mode) == 0o600

        async with running("demo", cwd=tmp_path, env=env) as demo:
            again = Looker(await start(demo), client)
            assert "again" in demo.said and again.password == looker.password
            assert set(before) <= set(await again.tickets())
            code, seconds = await demo.end(signal.SIGINT, STOPS_WITHIN)
        assert code == 0 and seconds < STOPS_WITHIN, demo.said


async def log_in(client: aiohttp.ClientSession, looker: Looker) -> None:
    """As a browser does; then waiting tickets are given to whoever came."""
    async with client.get(f"{looker.url}/desk/login") as page:
        fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', await page.text()))
    async with client.post(
        f"{looker.url}/desk/login",
        data=fields | {"login": "demo", "password": looker.password},
        headers={"Origin": looker.url},
        allow_redirects=False,
    ) as answer:
        assert answer.status == 303, await answer.text()
    async with asyncio.timeout(10):
        while not any(ticket["assignee_name"] for ticket in (await looker.tickets()).values()):
            await asyncio.sleep(0.1)


async def answer_and_hear_again(looker: Looker, found: dict[str, dict[str, Any]]) -> None:
    """An agent answers a letter; the customer's next letter lands on the same ticket."""
    ticket = next(one for one in found.values() if one["channel"] == "support" and one["language"] == "en")
    path = f"/tickets/{ticket['number']}"
    await looker.post(f"{path}/replies", {"text": "We are sorry, and we will replace it at once."})
    async with asyncio.timeout(30):
        while True:
            timeline = (await looker.get(path))["timeline"]
            if [entry["direction"] for entry in timeline][:3] == ["in", "out", "in"]:
                break
            await asyncio.sleep(0.2)
    assert timeline[1]["delivery"] == "sent"


async def test_a_second_demo_over_the_same_data_is_refused_and_the_port_moves(tmp_path: Path) -> None:
    env = {"HUB_WEB__PORT": "18080", "LANG": "zh_CN.UTF-8"}
    other = tmp_path / "other"
    other.mkdir()
    async with running("demo", cwd=tmp_path, env=env) as demo:
        await demo.wait_for("Ctrl-C", STARTS_WITHIN)
        async with running("demo", cwd=tmp_path, env=env) as second:
            assert await second.ended(STARTS_WITHIN) == 1
            assert "已有一个演示在运行" in second.said
        async with running("demo", cwd=other, env=env) as third:
            await third.wait_for("Ctrl-C", STARTS_WITHIN)
            desks = [re.search(r"工作台 +(\S+)", one.said) for one in (demo, third)]
            assert all(desks) and desks[0][1] != desks[1][1]  # type: ignore[index]
            assert await third.end(signal.SIGTERM, STOPS_WITHIN)
