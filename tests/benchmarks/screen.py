"""One agent's screen without a browser: signed in, asking for pages one after the other."""

import time
from collections.abc import Sequence

import aiohttp

from tests.benchmarks.figure import BenchmarkFailed
from tests.benchmarks.stage import PASSWORD


class Screen:
    """`client` keeps cookies; `url` is the hub's."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client, self._url = client, url

    async def log_in(self, login: str) -> None:
        """Through the door, as people do."""
        form = {"login": login, "password": PASSWORD}
        async with self._client.post(
            f"{self._url}/desk/login", data=form, headers={"Origin": self._url}
        ) as answer:
            if answer.url.path != "/desk":
                raise BenchmarkFailed(f"{login} could not log in: {answer.status} {answer.url.path}")

    async def ask(self, paths: Sequence[str], *, piece: bool = False) -> list[float]:
        """Milliseconds of each, to the last byte. `piece`: as htmx asks, for a part of a page that it has already."""
        headers = {"HX-Request": "true"} if piece else {}
        took = []
        for path in paths:
            began = time.perf_counter()
            async with self._client.get(self._url + path, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                if answer.status != 200:
                    raise BenchmarkFailed(f"{path}: {answer.status}")
            took.append((time.perf_counter() - began) * 1000)
        return took

    async def line(self, cursor: str) -> aiohttp.ClientWebSocketResponse:
        """Its live line, from this place of the feed on."""
        return await self._client.ws_connect(f"{self._url}/desk/live?cursor={cursor}", origin=self._url)


def cookies() -> aiohttp.CookieJar:
    """A jar that keeps what a server on an address without a name gives out."""
    return aiohttp.CookieJar(unsafe=True)
