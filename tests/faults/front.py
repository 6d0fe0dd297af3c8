"""One address for several hubs, as a balancer gives it; and a page of the desk that comes back to it."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp

from tests.faults.fleet import Seat
from tests.faults.proxy import Proxy

ENDS_SECONDS = 5.0


class Front(Proxy):
    """Each new line goes to the next hub in turn, or to one after it where that does not take it."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        super().__init__()
        self._seats, self._turn = seats, 0

    async def __aexit__(self, *why: object) -> None:
        """Whoever came is gone by now: their lines may end by themselves, for of one that is cancelled the loop complains."""
        self.tear()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ENDS_SECONDS)
        await super().__aexit__(*why)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._turn += 1
        for place in range(len(self._seats)):
            seat = self._seats[(self._turn + place) % len(self._seats)]
            try:
                return await asyncio.open_connection("127.0.0.1", seat.port)
            except OSError:  # the next one
                continue
        raise ConnectionRefusedError("no hub takes the line")


class DeskPage:
    """A page that somebody has open: it notes what it is told, and after a break goes on from the last it was told. Run `stay`
    as a task."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._url, self._form = url, {"login": login, "password": password}
        self._cursor = ""
        self.told: Counter[str] = Counter()
        """How often each change was told, by its cursor."""
        self.tickets: set[str] = set()
        self.visits = 0
        self.read_anew = 0.0
        """When it was last told to load everything anew, in seconds since 1970: what was there by then it has seen."""

    async def stay(self) -> None:
        origin = {"Origin": self._url}
        jar = aiohttp.CookieJar(unsafe=True)
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(cookie_jar=jar, headers=origin, connector=connector) as browser:
            async with browser.post(
                f"{self._url}/desk/login", data=self._form, allow_redirects=False
            ) as answer:
                assert answer.status == 303
            async with browser.get(f"{self._url}/desk") as answer:
                found = re.search(r'data-cursor="([^"]+)"', await answer.text())
            assert found is not None
            self._cursor = found[1]
            while True:
                try:
                    live = f"{self._url}/desk/live"
                    async with browser.ws_connect(live, params={"cursor": self._cursor}, heartbeat=4) as page:
                        self.visits += 1
                        async for frame in page:
                            if frame.type is aiohttp.WSMsgType.TEXT:
                                self._note(frame.json())
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass  # whatever ended the line: the next one is tried, as every page does
                await asyncio.sleep(0.3)

    def _note(self, event: dict[str, Any]) -> None:
        if "cursor" not in event:
            return  # of the moment: who types, who looks on
        self._cursor = event["cursor"]
        if event.get("reload"):
            self.read_anew = time.time()
            return
        self.told[self._cursor] += 1
        self.tickets.add(str(event["ticket"]))
